//! One store, as it was understood: a malformed one is understood to be malformed, and holds up nobody.

use std::time::Duration;

use eso_core::{
    api::{
        refusals,
        secret_store::{NamespaceCondition, Provider, RetrySettings, SecretStoreSpec, SecretStoreStatus},
    },
    credentials::CredentialError,
    key::StoreKind,
};
use eso_plan::status::Event;
use eso_sync::store::StoreSettings;
use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::util::intstr::IntOrString};
use serde_json::Value;

use super::{
    Connect, StoreKey,
    conditions::Conditions,
    references::{self, Named, Reference},
};
use crate::{
    credentials::{CredentialObject, Scope},
    watch::{Object, UNREADABLE_SPEC},
};

/// How often one read of an AWS store is tried again where `retrySettings` are there and do not say it.
const AWS_RETRIES: u32 = 3;

/// A store that is there.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    /// Its name.
    pub(crate) key: StoreKey,
    /// The object itself: another object of the same name has another.
    pub(crate) uid: String,
    /// Which edit of its spec this is.
    pub(crate) generation: i64,
    /// The class that it asks for; empty for any.
    pub(crate) class: String,
    /// What it asks for, or what is wrong with it.
    pub(crate) specification: Result<Specification, String>,
    /// What its status says.
    pub(crate) status: SecretStoreStatus,
}

/// What a store asks for.
#[derive(Clone, Debug)]
pub(crate) struct Specification {
    /// Its provider.
    pub(crate) provider: Provider,
    /// Which objects it names.
    pub(crate) references: Vec<Reference>,
    /// How its provider is asked.
    pub(crate) settings: StoreSettings,
    /// The time between two validations, where it says one.
    pub(crate) refresh_interval: Option<Duration>,
    /// Which namespaces may use it.
    pub(crate) conditions: Conditions,
    /// Whether its provider is another one to each namespace that asks.
    is_of_namespace: bool,
}

impl Parsed {
    /// Reads a store of this kind, which `connect` will connect.
    pub(crate) fn new(kind: StoreKind, object: Object, connect: &dyn Connect) -> Self {
        let Object { metadata, spec, status } = object;
        let namespace = match kind {
            StoreKind::SecretStore => metadata.namespace,
            StoreKind::ClusterSecretStore | StoreKind::Environment => None,
        };
        let key = StoreKey { kind, namespace, name: metadata.name.unwrap_or_default() };
        Self {
            uid: metadata.uid.unwrap_or_default(),
            generation: metadata.generation.unwrap_or_default(),
            class: class(spec.as_ref()).to_owned(),
            specification: spec
                .ok_or_else(|| UNREADABLE_SPEC.to_owned())
                .and_then(|spec| Specification::new(&key, spec, connect)),
            status: serde_json::from_value(status).unwrap_or_default(),
            key,
        }
    }

    /// Whether this is the same object with the same spec, so that its connection stays good.
    pub(crate) fn is_same_edit(&self, other: &Self) -> bool {
        self.uid == other.uid && self.generation == other.generation
    }

    /// Whether an operator of that class serves it.
    pub(crate) fn is_of_class(&self, class: &str) -> bool {
        self.class.is_empty() || self.class == class
    }

    /// Where its selectors may point when an object of that namespace asks.
    pub(crate) fn scope(&self, asking: Option<&str>) -> Scope {
        scope(&self.key, asking)
    }

    /// What people should hear of this edit of a store that can be used.
    pub(crate) fn warning(&self) -> Option<Event> {
        let loose = self.specification.as_ref().ok()?.conditions.loose_patterns();
        (!loose.is_empty()).then(|| Event {
            warning: true,
            reason: "UnanchoredNamespaceRegex",
            message: format!(
                "spec.conditions[].namespaceRegexes match anywhere in a name: begin with ^ and end with $ what should \
                 match whole names: {}",
                loose.join(", ")
            ),
        })
    }

    /// The store, for an event.
    pub(crate) fn reference(&self) -> ObjectReference {
        ObjectReference {
            api_version: Some("external-secrets.io/v1".to_owned()),
            kind: Some(self.key.kind.to_string()),
            namespace: self.key.namespace.clone(),
            name: Some(self.key.name.clone()),
            uid: Some(self.uid.clone()),
            ..ObjectReference::default()
        }
    }
}

impl Specification {
    fn new(key: &StoreKey, spec: Value, connect: &dyn Connect) -> Result<Self, String> {
        let spec: SecretStoreSpec = serde_json::from_value(spec).map_err(|error| unreadable(&error))?;
        let SecretStoreSpec { controller: _, provider, retry_settings, refresh_interval, conditions } = spec;
        exactly_one(&provider)?;
        let references = references::references(&provider);
        within_bounds(&references, &scope(key, Some("")))?;
        Ok(Self {
            settings: store_settings(&provider, retry_settings.as_ref())?,
            refresh_interval: interval(refresh_interval.as_ref())?,
            conditions: match key.kind {
                StoreKind::SecretStore => conditions_of_no_use(&conditions)?,
                StoreKind::ClusterSecretStore | StoreKind::Environment => Conditions::parse(&conditions)?,
            },
            is_of_namespace: connect.is_of_namespace(&provider),
            provider,
            references,
        })
    }

    /// Whether it logs in anew for each namespace that asks.
    pub(crate) fn follows_who_asks(&self, kind: StoreKind) -> bool {
        match kind {
            StoreKind::SecretStore | StoreKind::Environment => false,
            StoreKind::ClusterSecretStore => {
                self.is_of_namespace || references::follow_who_asks(&self.references)
            }
        }
    }

    /// Whether it matters which namespaces there are, and how they are labelled: a login with the credentials of one, or
    /// in its name, must end with it, for the next one of its name may be somebody else's.
    pub(crate) fn needs_namespaces(&self, kind: StoreKind) -> bool {
        self.conditions.ask_for_labels() || self.follows_who_asks(kind)
    }

    /// Whether it matters what happens to service accounts.
    pub(crate) fn names_an_account(&self) -> bool {
        self.references.iter().any(|reference| reference.what == Named::ServiceAccount)
    }

    /// The objects whose edit matters, for an identity of this scope.
    pub(crate) fn credential_objects(&self, scope: &Scope) -> Vec<CredentialObject> {
        self.references.iter().filter_map(|reference| reference.object(scope)).collect()
    }
}

fn class(spec: Option<&Value>) -> &str {
    spec.and_then(|spec| spec["controller"].as_str()).unwrap_or_default()
}

fn scope(key: &StoreKey, asking: Option<&str>) -> Scope {
    match &key.namespace {
        Some(own) => Scope::Own(own.clone()),
        None => Scope::Any { asking: asking.map(str::to_owned) },
    }
}

/// serde's text can quote a value, and a fake store's spec is full of them: only the name of a missing field is told.
fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) => format!("the spec cannot be read: the field {field} is missing"),
        None => "the spec cannot be read: a field has a wrong type or value".to_owned(),
    }
}

fn exactly_one(provider: &Provider) -> Result<(), String> {
    let Provider { aws, vault, fake, others } = provider;
    let known = [aws.is_some(), vault.is_some(), fake.is_some()];
    match known.into_iter().filter(|is_there| *is_there).count() + others.len() {
        1 => Ok(()),
        count => Err(format!("secret stores must only have exactly one backend specified, found {count}")),
    }
}

/// The original ignores the conditions of a SecretStore, which nobody can use but its own namespace. Of keys, which it
/// does not know, somebody expects a fence that is not there.
fn conditions_of_no_use(conditions: &[NamespaceCondition]) -> Result<Conditions, String> {
    match conditions.iter().position(|condition| condition.keys.is_some()) {
        None => Ok(Conditions::default()),
        Some(index) => Err(format!(
            "spec.conditions[{index}].keys is for a ClusterSecretStore: who can edit a SecretStore can edit its fence"
        )),
    }
}

/// Refuses a selector that points where the store may not look, also one that its provider would never use.
fn within_bounds(references: &[Reference], scope: &Scope) -> Result<(), String> {
    references.iter().try_for_each(|reference| match reference.namespace_within(scope) {
        Ok(_) => Ok(()),
        Err(
            CredentialError::Missing(problem)
            | CredentialError::Forbidden(problem)
            | CredentialError::Unavailable(problem),
        ) => Err(match refusals::of_selector(&reference.path) {
            Some(words) => format!("{words}: {problem} ({})", reference.path),
            None => format!("{problem} ({})", reference.path),
        }),
    })
}

/// How often one read is tried again at the most: an object waits meanwhile, and takes the place of another.
const MOST_RETRIES: u32 = 10;

/// How long one read is tried again at the most; after that the engine tries again, and others come first.
const LONGEST_RETRYING: Duration = Duration::from_secs(30);

/// A store is not validated more often, whatever it says.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

fn store_settings(provider: &Provider, retry: Option<&RetrySettings>) -> Result<StoreSettings, String> {
    let mut settings = StoreSettings::default();
    let Some(RetrySettings { max_retries, retry_interval }) = retry else { return Ok(settings) };
    let usual = if provider.aws.is_some() { AWS_RETRIES } else { 0 };
    settings.retries = max_retries.map_or(usual, |retries| u32::try_from(retries).unwrap_or(0));
    if let Some(text) = retry_interval.as_deref().filter(|text| !text.is_empty()) {
        settings.retry_interval = duration("retryInterval", text)?;
    }
    settings.retries = settings.retries.min(MOST_RETRIES);
    settings.retry_interval = settings.retry_interval.min(LONGEST_RETRYING / settings.retries.max(1));
    Ok(settings)
}

fn interval(refresh_interval: Option<&IntOrString>) -> Result<Option<Duration>, String> {
    let interval = match refresh_interval {
        None => return Ok(None),
        Some(IntOrString::Int(seconds)) => u64::try_from(*seconds)
            .map(Duration::from_secs)
            .map_err(|_| format!("invalid refreshInterval {seconds}: must not be negative"))?,
        Some(IntOrString::String(text)) if text.is_empty() => return Ok(None),
        Some(IntOrString::String(text)) => duration("refreshInterval", text)?,
    };
    Ok(Some(interval).filter(|interval| !interval.is_zero()).map(|interval| interval.max(SHORTEST_INTERVAL)))
}

fn duration(field: &str, text: &str) -> Result<Duration, String> {
    let duration = eso_core::duration::parse(text)
        .map_err(|problem| format!("invalid {field} \"{text}\": {problem}"))?;
    Duration::try_from(duration).map_err(|_| format!("invalid {field} \"{text}\": must not be negative"))
}

#[cfg(test)]
mod tests;
