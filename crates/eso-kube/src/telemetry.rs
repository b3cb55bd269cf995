//! What is counted: one trait, that whoever runs the controllers implements with metrics of their own.

use std::{fmt, time::Duration};

use eso_core::provider::CallObserver;
use jiff::Timestamp;

/// Told what happens, so that it can be counted. Every call returns at once.
///
/// It is also told about each call to a store, through [`CallObserver`].
pub trait Telemetry: CallObserver {
    /// A run for an object ended (a sync of an ExternalSecret, a validation of a store).
    fn reconciled(&self, subject: Subject<'_>, succeeded: bool, took: Duration);

    /// What the object's `Ready` condition says now, written or found.
    fn condition(&self, subject: Subject<'_>, ready: Ready);

    /// The object's values are as old as this.
    fn refreshed(&self, subject: Subject<'_>, at: Timestamp);

    /// The object is gone, and its series with it.
    fn forgotten(&self, subject: Subject<'_>);

    /// An event was not sent, for too many were waiting.
    fn event_dropped(&self);
}

/// The object that a count belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for a kind of the cluster.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The kinds that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `ExternalSecret`.
    ExternalSecret,
    /// `ExternalSecret` of `kubernetes-client.io`.
    LegacyExternalSecret,
    /// `SecretStore`.
    SecretStore,
    /// `ClusterSecretStore`.
    ClusterSecretStore,
    /// `ClusterExternalSecret`.
    ClusterExternalSecret,
    /// `PushSecret`.
    PushSecret,
    /// `ClusterPushSecret`.
    ClusterPushSecret,
    /// A Secret that says itself what it wants, and was filled.
    FilledSecret,
}

/// The status of a `Ready` condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ready {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`.
    Unknown,
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        })
    }
}

/// Counts nothing.
impl Telemetry for () {
    fn reconciled(&self, _subject: Subject<'_>, _succeeded: bool, _took: Duration) {}
    fn condition(&self, _subject: Subject<'_>, _ready: Ready) {}
    fn refreshed(&self, _subject: Subject<'_>, _at: Timestamp) {}
    fn forgotten(&self, _subject: Subject<'_>) {}
    fn event_dropped(&self) {}
}

#[cfg(test)]
mod tests {
    use super::Telemetry;

    #[test]
    fn telemetry_is_dyn_compatible() {
        fn takes(_: Option<Box<dyn Telemetry>>) {}
        takes(None);
    }
}
