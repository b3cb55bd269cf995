//! `eso render`: the target of an ExternalSecret, made without a cluster. It is one of the places that show values: that is
//! what it is for.

pub(super) mod files;
mod target;

use std::{collections::BTreeMap, io::Write as _, path::Path, process::ExitCode};

use anyhow::{Context as _, anyhow, bail};
use eso_core::{
    api::external_secret::ExternalSecret,
    error::{ErrorKind, ProviderError},
    key::RemoteKey,
    provider::{Dialect, Fetched, Part, Query, Value},
    value::SecretBytes,
};
use eso_plan::{
    convert::external_secret,
    desired::{Ask, Content, Desired, Entry},
    render::{Answer, Given, ReadError, Rendered, render},
    template::{self, Surroundings},
};
use jiff::Timestamp;

use crate::{
    args::{Args, Rendered as Asked},
    logs, run,
};
use files::Files;

/// What the stores hold, by remote key.
type Values = BTreeMap<String, SecretBytes>;

/// Prints the target. The code is 1 where it cannot be made.
pub fn main(args: &Args, asked: &Asked) -> ExitCode {
    logs::keep_panics_quiet();
    let printed = rendered(args, asked)
        .and_then(|text| std::io::stdout().write_all(text.as_bytes()).context("cannot print"));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody else reads the standard error of a command, and its log has no reader at all.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The targets of all ExternalSecrets of the file, as YAML.
fn rendered(args: &Args, asked: &Asked) -> anyhow::Result<String> {
    let files = Files::read(&asked.filename)?;
    let values = asked.values.as_deref().map(values).transpose()?.unwrap_or_default();
    let texts: Vec<String> = files
        .objects
        .iter()
        .map(|object| {
            let name = object.metadata.name.as_deref().unwrap_or_default();
            one(args, object, &files, &values).with_context(|| format!("ExternalSecret {name:?}"))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(texts.join("---\n"))
}

fn one(args: &Args, object: &ExternalSecret, files: &Files, values: &Values) -> anyhow::Result<String> {
    let desired = external_secret::desired(object).map_err(|problem| anyhow!("{problem}"))?;
    check_values(&desired, values)?;
    let answers: Vec<Answer> = desired.entries.iter().map(|entry| answer(entry, values)).collect();
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let mut surroundings = Surroundings {
        sources: &files.sources(namespace, desired.template.iter().flat_map(|template| template.sources())),
        delimiters: &run::delimiters(args),
        limits: template::limits(),
        now: Timestamp::now(),
        random: &mut |buffer| getrandom::fill(buffer).expect("the system must give random bytes"),
    };
    let rendered = render(&desired, &answers, &mut surroundings).map_err(|error| anyhow!("{error}"))?;
    match rendered {
        Rendered::Content { content, .. } => target::yaml(object, &desired, &content),
        Rendered::Empty | Rendered::Gone(_) => target::yaml(object, &desired, &Content::default()),
    }
}

/// A key that is asked for and not given is most likely a slip: all of them are told at once.
fn check_values(desired: &Desired, values: &Values) -> anyhow::Result<()> {
    let asked = desired.entries.iter().filter_map(|entry| entry.ask.key());
    let missing: Vec<&str> = asked.map(RemoteKey::as_str).filter(|key| !values.contains_key(*key)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("give values for these keys in the file of --values: {}", missing.join(", "))
}

/// What a store would answer that holds these values.
fn answer(entry: &Entry, values: &Values) -> Answer {
    let given = match &entry.ask {
        Ask::Read(fetch) if fetch.part == Part::Metadata => {
            Err(ReadError::Store("there is no metadata without a store".to_owned()))
        }
        Ask::Read(fetch) => match values.get(fetch.key.as_str()) {
            Some(value) => Ok(Given::Value(fetched(value))),
            None => Err(ReadError::Provider(
                ProviderError::new(ErrorKind::NotFound, "Read").with_key(fetch.key.clone()),
            )),
        },
        Ask::Find(query) => found(query, values),
    };
    Answer { dialect: Dialect::default(), given }
}

fn found(Query { path, name, tags }: &Query, values: &Values) -> Result<Given, ReadError> {
    if !tags.is_empty() {
        return Err(ReadError::Store("there are no tags without a store".to_owned()));
    }
    let is_meant = |key: &str| {
        path.as_deref().is_none_or(|path| key.starts_with(path))
            && name.as_ref().is_none_or(|name| name.accepts(key))
    };
    let met = values.iter().filter(|(key, _)| is_meant(key));
    Ok(Given::Found(met.map(|(key, value)| (key.as_str().into(), fetched(value))).collect()))
}

fn fetched(value: &SecretBytes) -> Fetched {
    Fetched::new(Value::Bytes(value.clone()))
}

/// A YAML map of remote keys and values: texts as they are, everything else as JSON.
fn values(path: &Path) -> anyhow::Result<Values> {
    let text = files::text(path)?;
    let read: BTreeMap<String, serde_json::Value> = files::yaml(&text)
        .with_context(|| format!("{} is no YAML map of remote keys and values", path.display()))?;
    let bytes = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => SecretBytes::from(text),
        other => SecretBytes::from(other.to_string()),
    };
    Ok(read.into_iter().map(|(key, value)| (key, bytes(value))).collect())
}

#[cfg(test)]
mod tests;
