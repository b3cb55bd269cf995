//! Flags of the original that decide nothing here: each is taken, so that its Deployment works as it is, and logged.

use std::time::Duration;

use clap::{
    Arg, ArgMatches, Command, Error, FromArgMatches,
    builder::{BoolishValueParser, ValueParser},
    parser::ValueSource,
    value_parser,
};

use super::{SWITCH, go_duration};

/// Under what heading they stand in the help.
pub(crate) const HEADING: &str = "Accepted for the original's sake";

/// Those that the command line has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted(Vec<&'static Flag>);

/// A flag that decides nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: &'static str,
    /// Why it decides nothing.
    pub why: &'static str,
    takes: Takes,
}

/// What a flag is given. Anything else is refused, as the original refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Switch,
    Number,
    Duration,
    Text,
}

const CACHE: &str = "the watches keep what is needed of Secrets and ConfigMaps, and nothing else";
const GENERATORS: &str = "generators are not served";
const LOGIN: &str = "a login always lasts as long as its token, for all who share the store";
const CERTIFICATE: &str = "metrics are served without TLS or not at all";
const NOT_SERVED: &str = "this provider is not served";

/// All of them. A test compares them, and those that are served, with the original's list.
const FLAGS: &[Flag] = &[
    text("zap-time-encoding", "times are logged as RFC 3339"),
    text("metrics-cert-dir", CERTIFICATE),
    text("metrics-cert-name", CERTIFICATE),
    text("metrics-key-name", CERTIFICATE),
    switch("enable-http2", "metrics are served by HTTP/1.1"),
    switch("enable-extended-metric-labels", "metrics have no labels of the objects' own"),
    switch("enable-secret-store-reconciler", "SecretStores that are served are always validated"),
    switch("enable-flood-gate", "a store that is not ready is asked by nobody, until it is"),
    switch("enable-secrets-caching", CACHE),
    switch("enable-configmaps-caching", CACHE),
    switch("enable-managed-secrets-caching", CACHE),
    switch("enable-secret-api-read-on-cache-mismatch", CACHE),
    switch("enable-generator-state", GENERATORS),
    duration("generator-gc-grace-period", GENERATORS),
    switch("enable-vault-token-cache", LOGIN),
    switch("experimental-enable-vault-token-cache", LOGIN),
    number("vault-token-cache-size", LOGIN),
    number("experimental-vault-token-cache-size", LOGIN),
    switch("experimental-enable-aws-session-cache", LOGIN),
    number("pulumi-oidc-cache-size", NOT_SERVED),
    switch("experimental-enable-doppler-oidc-cache", NOT_SERVED),
    number("experimental-doppler-oidc-cache-size", NOT_SERVED),
    number("doppler-oidc-cache-size", NOT_SERVED),
    number("doppler-etag-cache-size", NOT_SERVED),
    number("mysterybox-tokens-cache-size", NOT_SERVED),
    number("mysterybox-connections-cache-size", NOT_SERVED),
];

const fn switch(name: &'static str, why: &'static str) -> Flag {
    Flag { name, why, takes: Takes::Switch }
}

const fn number(name: &'static str, why: &'static str) -> Flag {
    Flag { name, why, takes: Takes::Number }
}

const fn duration(name: &'static str, why: &'static str) -> Flag {
    Flag { name, why, takes: Takes::Duration }
}

const fn text(name: &'static str, why: &'static str) -> Flag {
    Flag { name, why, takes: Takes::Text }
}

impl Accepted {
    /// Each that the command line has, in the order of the reference page.
    pub fn given(&self) -> &[&'static Flag] {
        &self.0
    }

    /// Says of each that it decides nothing, and why.
    pub(crate) fn log(&self) {
        for Flag { name, why, .. } in self.given() {
            tracing::info!(flag = format!("--{name}"), why, "a flag that decides nothing here");
        }
    }
}

impl Flag {
    fn argument(&self) -> Arg {
        let Self { name, why, takes } = self;
        let argument =
            Arg::new(*name).long(*name).help(format!("Decides nothing: {why}")).help_heading(HEADING);
        argument.value_parser(takes.parser()).value_name(takes.word())
    }
}

impl Takes {
    fn parser(self) -> ValueParser {
        match self {
            Self::Switch => BoolishValueParser::new().into(),
            Self::Number => value_parser!(i64).into(),
            Self::Duration => {
                ValueParser::new(|text: &str| -> Result<Duration, String> { go_duration(text) })
            }
            Self::Text => ValueParser::string(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Switch => SWITCH,
            Self::Number => "NUMBER",
            Self::Duration => "DURATION",
            Self::Text => "TEXT",
        }
    }
}

impl clap::Args for Accepted {
    fn augment_args(command: Command) -> Command {
        FLAGS.iter().fold(command, |command, flag| command.arg(flag.argument()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Accepted {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let is_given = |flag: &&Flag| matches.value_source(flag.name) == Some(ValueSource::CommandLine);
        Ok(Self(FLAGS.iter().filter(is_given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
