//! The suite on trial: each vice of a provider breaks the promise that is about it.

use std::{fmt, num::NonZeroUsize, sync::Arc};

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError, Reason},
    key::{RemoteKey, Version},
    provider::{
        CallObserver, Delete, Expected, Fetch, Fetched, Found, Held, Inspect, Part, PropertySyntax, Put,
        Query, SecretFinder, SecretProvider, SecretWriter, Value,
    },
};
use parking_lot::Mutex;

use super::{Fault, Faults, Subject, broken_promises};
use crate::memory::MemoryProvider;

/// How a provider on trial misbehaves. Each way breaks exactly the promise that is about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vice {
    None,
    Nameless,
    Trims,
    AbsentIsDenied,
    Remembers,
    BatchIsSorted,
    BatchIsShort,
    CheckFails,
    CheckReads,
    TellsNothing,
    TellsFailure,
    CloseIsShared,
    Prints,
    DeniedIsAbsent,
    QuotesBody,
    NumbersErrors,
    StaysBroken,
    FindsLess,
    FindsUnderOtherKeys,
    FindsTheGone,
    FindsNothingInAFault,
    QuotesSearches,
    DescribesValues,
    DescribesTheGone,
    CannotWrite,
    Forgets,
    Overwrites,
    TakesOver,
    DeletesTheirs,
    DeletesOnce,
    KeepsDeleted,
    DropsValues,
    PutsTwice,
    IsAlwaysDressed,
    DropsWishes,
    FaultIsAbsence,
    DeletesInAFault,
    QuotesWrites,
    QuotesDeletions,
}

impl Vice {
    /// Whether it is tried on a provider that writes: none, and those of its writer.
    fn is_of_writers(self) -> bool {
        self == Self::None || self as usize >= Self::CannotWrite as usize
    }
}

/// A provider over [`MemoryProvider`], with a vice.
struct Sinner {
    vice: Vice,
    store: Arc<MemoryProvider>,
    server: Arc<Server>,
    calls: Arc<dyn CallObserver>,
    memory: Mutex<Vec<(Fetch, Fetched)>>,
    broken: Mutex<bool>,
}

#[derive(Default)]
struct Server {
    fault: Mutex<Option<(Fault, String)>>,
    closed: Mutex<bool>,
    errors: Mutex<usize>,
}

impl Sinner {
    fn is(&self, vice: Vice) -> bool {
        self.vice == vice
    }

    fn store(&self) -> &dyn SecretWriter {
        self.store.writer().unwrap()
    }

    fn fault(&self) -> Option<ProviderError> {
        let (fault, body) = self.server.fault.lock().clone()?;
        *self.broken.lock() = true;
        let kind = match fault {
            Fault::Denied if self.is(Vice::DeniedIsAbsent) => ErrorKind::NotFound,
            Fault::Denied => ErrorKind::Denied,
            Fault::Throttled => ErrorKind::Throttled,
            Fault::Failing | Fault::Cut | Fault::Silent => ErrorKind::Unavailable,
            Fault::Garbled | Fault::Empty => ErrorKind::Unexpected,
        };
        let mut errors = self.server.errors.lock();
        *errors += 1;
        let reason = match self.vice {
            Vice::QuotesBody => body,
            Vice::NumbersErrors => format!("request {errors}"),
            _ => "it does not work".to_owned(),
        };
        Some(ProviderError::new(kind, "Fetch").with_reason(Reason::new(reason)))
    }

    fn spoil(&self, fetched: Fetched) -> Fetched {
        match fetched.value {
            Value::Bytes(bytes) if self.is(Vice::Trims) => {
                let text = bytes.expose_str().unwrap_or_default().trim().to_owned();
                Fetched::new(Value::Bytes(text.into()))
            }
            value => Fetched::new(value),
        }
    }

    async fn answer(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        if let Some(error) = self.fault() {
            return Err(error);
        }
        let stuck = (self.is(Vice::StaysBroken) && *self.broken.lock())
            || (self.is(Vice::CloseIsShared) && *self.server.closed.lock());
        if stuck {
            return Err(ProviderError::new(ErrorKind::Unavailable, "Fetch"));
        }
        let remembered = self.memory.lock().iter().find(|(known, _)| known == request).cloned();
        if let Some((_, fetched)) = remembered.filter(|_| self.is(Vice::Remembers)) {
            return Ok(fetched);
        }
        let fetched = match (self.vice, request.part) {
            (Vice::DescribesValues, Part::Metadata) => {
                self.store.fetch(&Fetch::new(request.key.clone())).await
            }
            (Vice::DescribesTheGone, Part::Metadata) => Ok(Fetched::new(Value::Document("{}".into()))),
            _ => self.store.fetch(request).await.map(|fetched| self.spoil(fetched)),
        };
        if let Ok(fetched) = &fetched {
            self.memory.lock().push((request.clone(), fetched.clone()));
        }
        fetched.map_err(|error| match error.kind() {
            ErrorKind::NotFound if self.is(Vice::AbsentIsDenied) => {
                ProviderError::new(ErrorKind::Denied, "Fetch")
            }
            _ => error,
        })
    }
}

#[async_trait]
impl SecretProvider for Sinner {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let answer = self.answer(request).await;
        if !self.is(Vice::TellsNothing) {
            self.calls.called("Sinner", "Read", answer.is_ok() && !self.is(Vice::TellsFailure));
        }
        answer
    }

    async fn check(&self) -> Result<(), ProviderError> {
        if self.is(Vice::CheckReads) {
            self.calls.called("Sinner", "Read", true);
        }
        match self.vice {
            Vice::CheckFails => Err(ProviderError::new(ErrorKind::Invalid, "Check")),
            _ => Ok(()),
        }
    }

    async fn fetch_all(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        let mut requests = requests.to_vec();
        match self.vice {
            Vice::BatchIsSorted => requests.sort_by(|a, b| a.key.cmp(&b.key)),
            Vice::BatchIsShort => requests.dedup(),
            _ => {}
        }
        let mut answers = Vec::new();
        for request in &requests {
            answers.push(self.answer(request).await);
        }
        if self.is(Vice::BatchIsShort) {
            answers.retain(|answer| !matches!(answer, Err(error) if error.kind() == ErrorKind::NotFound));
        }
        answers
    }

    fn batch_size(&self, _request: &Fetch) -> NonZeroUsize {
        NonZeroUsize::new(20).unwrap()
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(self)
    }

    fn writer(&self) -> Option<&dyn SecretWriter> {
        (self.vice.is_of_writers() && !self.is(Vice::CannotWrite)).then_some(self)
    }

    async fn close(&self) {
        *self.server.closed.lock() = true;
    }
}

#[async_trait]
impl SecretFinder for Sinner {
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let fault = self.server.fault.lock().clone();
        if let Some((fault, body)) = fault {
            let kind = super::promises::kinds(fault)[0];
            let error = ProviderError::new(kind, "Find");
            return match self.vice {
                Vice::FindsNothingInAFault => Ok(Vec::new()),
                Vice::QuotesSearches => Err(error.with_reason(Reason::new(body))),
                _ => Err(error),
            };
        }
        let mut found = self.store.finder().unwrap().find(query).await?;
        match self.vice {
            Vice::FindsLess => drop(found.pop()),
            Vice::FindsUnderOtherKeys => {
                found.iter_mut().for_each(|found| found.key = format!("/{}", found.key).into())
            }
            Vice::FindsTheGone => {
                found.push(Found { key: RemoteKey::new("conformance/sought-gone"), value: None })
            }
            _ => {}
        }
        Ok(found)
    }
}

#[async_trait]
impl SecretWriter for Sinner {
    async fn inspect(&self, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        if let Some(error) = self.fault() {
            return if self.is(Vice::FaultIsAbsence) { Ok(None) } else { Err(error) };
        }
        let mut held = self.store().inspect(question).await?;
        if let Some(held) = &mut held {
            held.is_ours &= !self.is(Vice::Forgets);
            held.is_dressed |= self.is(Vice::IsAlwaysDressed);
        }
        Ok(held)
    }

    async fn put(&self, put: &Put) -> Result<Option<Version>, ProviderError> {
        if let Some(error) = self.fault() {
            let quoted = put.value.as_ref().and_then(|value| value.expose_str()).unwrap_or_default();
            return Err(match self.vice {
                Vice::QuotesWrites => error.with_reason(Reason::new(quoted.to_owned())),
                _ => error,
            });
        }
        let mut put = put.clone();
        let now = Inspect::new(put.key.clone());
        let held = self.store().inspect(&now).await?;
        match (self.vice, held) {
            (Vice::Overwrites, Some(held)) if held.is_ours => put.expected = Expected::Ours(held.version),
            (Vice::TakesOver, Some(held)) if !held.is_ours => {
                let value = put.value.clone().unwrap();
                self.store.put_value(Fetch::new(put.key), Value::Bytes(value));
                return Ok(None);
            }
            (Vice::PutsTwice, Some(held)) if held.value == put.value.clone().map(Value::Bytes) => {
                put.expected = Expected::Ours(held.version);
            }
            (Vice::DropsWishes, _) => put.metadata = None,
            (Vice::DropsValues, _) => put.value = put.value.or_else(|| Some("".into())),
            _ => {}
        }
        self.store().put(&put).await
    }

    async fn delete(&self, delete: &Delete) -> Result<(), ProviderError> {
        let body = self.server.fault.lock().clone().map(|(_, body)| body);
        if let Some((error, body)) = self.fault().zip(body) {
            return match self.vice {
                Vice::DeletesInAFault => self.store().delete(delete).await,
                Vice::QuotesDeletions => Err(error.with_reason(Reason::new(body))),
                _ => Err(error),
            };
        }
        let held = self.store().inspect(&Inspect::new(delete.key.clone())).await?;
        match (self.vice, held) {
            (Vice::DeletesTheirs, Some(held)) if !held.is_ours => {
                self.store.delete(delete.key.as_str());
                Ok(())
            }
            (Vice::DeletesOnce, None) => Err(ProviderError::new(ErrorKind::NotFound, "Delete")),
            (Vice::KeepsDeleted, Some(held)) if held.is_ours && held.version == delete.version => Ok(()),
            _ => self.store().delete(delete).await,
        }
    }

    fn property_syntax(&self) -> PropertySyntax {
        PropertySyntax::Path
    }
}

impl fmt::Debug for Sinner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sinner")?;
        if self.is(Vice::Prints) {
            for (_, fetched) in self.memory.lock().iter() {
                if let Value::Bytes(bytes) = &fetched.value {
                    f.write_str(bytes.expose_str().unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Sinner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is(Vice::Nameless) { "" } else { "Sinner" })
    }
}

struct Trial {
    vice: Vice,
    store: Arc<MemoryProvider>,
    server: Arc<Server>,
}

#[async_trait]
impl Subject for Trial {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        *self.server.closed.lock() = false;
        Arc::new(Sinner {
            vice: self.vice,
            store: Arc::clone(&self.store),
            server: Arc::clone(&self.server),
            calls,
            memory: Mutex::default(),
            broken: Mutex::default(),
        })
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        self.store.put_value(Fetch::new(key.clone()), value.clone());
    }

    async fn delete(&self, key: &RemoteKey) {
        self.store.delete(key.as_str());
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(text.into())
    }

    fn read_calls(&self) -> &[&str] {
        &["Read"]
    }

    fn writes(&self) -> bool {
        self.vice.is_of_writers()
    }

    fn wish(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({"team": "a"}))
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        true
    }

    fn faults(&self) -> Option<&dyn Faults> {
        Some(self)
    }
}

#[async_trait]
impl Faults for Trial {
    fn known(&self) -> &[Fault] {
        Fault::ALL
    }

    async fn play(&self, fault: Fault, canary: &str) {
        *self.server.fault.lock() = Some((fault, format!("a page about {canary}")));
    }

    async fn mend(&self) {
        *self.server.fault.lock() = None;
    }
}

#[track_caller]
fn check(vice: Vice, broken: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = MemoryProvider::new();
    store.set_writable(PropertySyntax::Path);
    let trial = Trial { vice, store, server: Arc::default() };
    let found = runtime.block_on(broken_promises(&trial));
    let names: Vec<_> = found.iter().map(|broken| broken.promise).collect();
    assert_eq!(names, broken, "{vice:?}: {found:?}");
}

#[test]
fn a_good_provider_keeps_every_promise() {
    check(Vice::None, &[]);
}

#[test]
fn each_vice_breaks_the_promise_that_is_about_it() {
    let absence = "only what is not there is not found";
    let later = "a later value is seen";
    let batch = "a batch answers in order, one for each request";
    let check_reads = "a check succeeds and reads no value";
    let told = "calls are told to the observer";
    check(Vice::Nameless, &["it has a name"]);
    check(Vice::Trims, &["values come whole, byte for byte"]);
    let metadata = "metadata is known of what is there, and of nothing else";
    check(Vice::AbsentIsDenied, &[absence, later, batch, metadata]);
    check(Vice::Remembers, &[later]);
    check(Vice::BatchIsSorted, &[batch]);
    check(Vice::BatchIsShort, &[batch]);
    check(Vice::CheckFails, &[check_reads]);
    check(Vice::CheckReads, &[check_reads]);
    check(Vice::TellsNothing, &[told]);
    check(Vice::TellsFailure, &[told]);
    check(Vice::CloseIsShared, &["closing one provider hurts no other"]);
    check(Vice::StaysBroken, &["after a fault it works again"]);
}

#[test]
fn a_value_that_is_printed_is_found() {
    let kind = "a fault has its kind, and is never taken for absence";
    let body = "an error holds nothing that the server sent";
    check(Vice::Prints, &["Debug and Display hold no value"]);
    check(Vice::DeniedIsAbsent, &[kind]);
    check(Vice::QuotesBody, &[body]);
    check(Vice::NumbersErrors, &[body]);
}

#[test]
fn each_vice_of_a_search_breaks_the_promise_that_is_about_it() {
    let found = "a search finds what is there, by the keys that it is read by";
    let fault = "a fault of a search has its kind, and is never an empty list";
    let metadata = "metadata is known of what is there, and of nothing else";
    check(Vice::FindsLess, &[found]);
    check(Vice::FindsUnderOtherKeys, &[found]);
    check(Vice::FindsTheGone, &[found]);
    check(Vice::FindsNothingInAFault, &[fault]);
    check(Vice::QuotesSearches, &[fault]);
    check(Vice::DescribesValues, &[metadata]);
    check(Vice::DescribesTheGone, &[metadata]);
}

#[test]
fn each_vice_of_a_writer_breaks_the_promise_that_is_about_it() {
    let read = "what was put is read, and is ours";
    let conflict = "a put over anything but what is expected is a conflict";
    let theirs = "what others wrote is left alone";
    let gone = "what was deleted is gone, and may be put again";
    let fault = "a fault of a write has its kind, and shows no value";
    check(Vice::Forgets, &[read]);
    let twice = "the same put made twice is one";
    let wish = "what is wanted beside a value is seen to be missing, and is there once it was put";
    check(Vice::Overwrites, &[conflict, twice]);
    check(Vice::PutsTwice, &[twice]);
    check(Vice::IsAlwaysDressed, &[wish]);
    check(Vice::DropsWishes, &[wish]);
    check(Vice::TakesOver, &[theirs]);
    check(Vice::DeletesTheirs, &[theirs]);
    check(Vice::DeletesOnce, &[gone]);
    check(Vice::KeepsDeleted, &[gone]);
    check(Vice::DropsValues, &["a put without a value leaves the value", wish]);
    check(Vice::FaultIsAbsence, &[fault]);
    check(Vice::DeletesInAFault, &[fault]);
    check(Vice::QuotesWrites, &[fault]);
    check(Vice::QuotesDeletions, &[fault]);
}

#[test]
fn a_provider_that_cannot_write_though_it_should_is_found() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = MemoryProvider::new();
    let trial = Trial { vice: Vice::CannotWrite, store, server: Arc::default() };
    let found = runtime.block_on(broken_promises(&trial));
    assert!(found.iter().any(|broken| broken.promise.starts_with("it can write")), "{found:?}");
}
