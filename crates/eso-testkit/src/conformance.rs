//! What a `SecretProvider` promises, as tests that every provider runs.
//!
//! Write a [`Subject`] for each server that the provider is tried against, and call [`run`]: against a real server,
//! which can do little on demand, and against a scripted one, which names every [`Fault`] it can play.
//! A broken promise is reported by its name, all of them at once.

mod promises;
mod searches;
mod writes;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::{
    key::RemoteKey,
    provider::{CallObserver, SecretProvider, Value},
};

/// The longest that one promise may take, on the slowest machine: longer than any provider's own time-outs together.
const PATIENCE: Duration = Duration::from_secs(240);

/// A provider to try, and the power over the server behind it.
#[async_trait]
pub trait Subject: Send + Sync {
    /// A new provider, connected to the server as it is now.
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider>;

    /// Puts a value in the store, or a newer one in its place. It is there when this ends.
    async fn put(&self, key: &RemoteKey, value: &Value);

    /// Takes a value out of the store, so that the store itself says that it is not there.
    async fn delete(&self, key: &RemoteKey);

    /// How the store keeps a text: as bytes, or inside a document.
    fn value(&self, text: &str) -> Value;

    /// Values that the store can keep, and must give back byte for byte. Add bytes that are no text where it can.
    fn samples(&self) -> Vec<Value> {
        TEXTS.iter().map(|text| self.value(text)).collect()
    }

    /// A name that the store accepts, made of this word, which is the same for the same word.
    fn key(&self, word: &str) -> RemoteKey {
        RemoteKey::new(format!("conformance/{word}"))
    }

    /// The calls, as the provider tells them to its observer, that read values. None: it makes no calls.
    fn read_calls(&self) -> &[&str] {
        &[]
    }

    /// Whether a provider that is connected sees what is put later. Not where values are part of what it is made of.
    fn is_live(&self) -> bool {
        true
    }

    /// Whether the provider can write values.
    fn writes(&self) -> bool {
        false
    }

    /// Something that may be wanted beside a value, in the provider's own terms, and that is not so unless it is put.
    /// None: nothing can be.
    fn wish(&self) -> Option<serde_json::Value> {
        None
    }

    /// Whether the provider can look for values.
    fn finds(&self) -> bool {
        false
    }

    /// Whether the provider knows metadata of values.
    fn describes(&self) -> bool {
        false
    }

    /// The power to make the server misbehave, where there is one.
    fn faults(&self) -> Option<&dyn Faults> {
        None
    }
}

/// The power to make a server misbehave.
#[async_trait]
pub trait Faults: Send + Sync {
    /// The faults that this server can play; [`Fault::ALL`] where it is a scripted one.
    fn known(&self) -> &[Fault];

    /// From now on each answer to a question for a value is this fault, and holds `canary` wherever it has a body.
    async fn play(&self, fault: Fault, canary: &str);

    /// From now on the server behaves.
    async fn mend(&self);
}

/// What a server can do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It knows who asks, and says no.
    Denied,
    /// It asks to be asked less often.
    Throttled,
    /// It answers with a 5xx, or an error that means the same.
    Failing,
    /// It says yes with a body that is not what its protocol says, such as a proxy's page.
    Garbled,
    /// It says yes with no body.
    Empty,
    /// It cuts the connection in place of an answer.
    Cut,
    /// It takes the question, and never answers.
    Silent,
}

impl Fault {
    /// Every fault.
    pub const ALL: &[Self] =
        &[Self::Denied, Self::Throttled, Self::Failing, Self::Garbled, Self::Empty, Self::Cut, Self::Silent];
}

/// A promise that a provider broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The promise, as a sentence.
    pub promise: &'static str,
    /// What happened. It may hold values: they are a test's.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.how)
    }
}

/// Tries every promise.
///
/// # Panics
/// Where a promise is broken: the text lists every one that is.
pub async fn run(subject: &dyn Subject) {
    let broken = broken_promises(subject).await;
    let list: Vec<_> = broken.iter().map(|broken| format!("\n - {broken}")).collect();
    assert!(broken.is_empty(), "{} promises of a provider are broken:{}", broken.len(), list.concat());
}

/// Tries every promise, one after another, and says which are broken.
pub async fn broken_promises(subject: &dyn Subject) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (promise, trial) in promises::ALL.into_iter().chain(searches::ALL).chain(writes::ALL) {
        let outcome = match tokio::time::timeout(PATIENCE, trial(subject)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("it did not end within {PATIENCE:?}")),
        };
        if let Some(faults) = subject.faults() {
            faults.mend().await;
        }
        broken.extend(outcome.err().map(|how| Broken { promise, how }));
    }
    broken
}

/// Texts that are easily spoilt on the way.
const TEXTS: &[&str] = &[
    "plain",
    " spaces at both ends ",
    "a line\nand its end\n",
    "carriage\r\nreturn\ttab",
    "gr\u{fc}\u{df} \u{1f511} \u{65e5}\u{672c}",
    r#"{"b": 1.0, "a": [9007199254740993, "x"], "b": 2}"#,
    "0x1F",
    "null",
];

#[cfg(test)]
mod tests;
