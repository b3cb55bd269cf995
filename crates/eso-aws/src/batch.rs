//! Reads of several values in one call, and what happens where that call does not serve.

use std::{
    collections::HashSet,
    future::Future,
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::Version,
    provider::{Fetch, Fetched, Notice, Part},
};
use futures::future::join_all;
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::access::{Access, TIME_LIMIT};

/// How many keys are remembered that spoil batches, at a few dozen bytes each.
const MOST_SPOILERS: usize = 256;

pub(crate) type Read = Result<Fetched, ProviderError>;

/// A service that reads one value, or several in one call.
pub(crate) trait Batched: Sync {
    /// The name of the single read in errors.
    const SINGLE: &'static str;

    /// What the call for several values answers.
    type Answer: Send + Sync;

    fn access(&self) -> &Access;

    fn batches(&self) -> &Batches;

    /// What the service is asked for by a request.
    fn name(&self, request: &Fetch) -> String;

    /// Whether a request could be answered in company.
    fn is_batchable(&self, request: &Fetch) -> bool;

    /// Reads one value or its metadata.
    fn read_one(&self, request: &Fetch) -> impl Future<Output = Read> + Send;

    /// Asks for several values, each name once.
    fn read_many(&self, names: &[&str]) -> impl Future<Output = Result<Self::Answer, Refusal>> + Send;

    /// Which part of an answer belongs to the request that asked for `name`; `asked` is all names, this one among them.
    fn part(&self, request: &Fetch, name: &str, asked: &[&str], answer: &Self::Answer) -> Answered;
}

/// What an answer to a batch says about one request.
#[derive(Debug)]
pub(crate) enum Answered {
    /// This value, or this failure.
    Settled(Read),
    /// It may be one of several, on a further page, or nothing that the answer explains: the key is to be read singly.
    Unclear,
    /// Nothing at all.
    Missing,
}

/// Why a batch failed as a whole.
pub(crate) struct Refusal {
    /// As a failure of each of its keys.
    pub(crate) error: ProviderError,
    /// Whether AWS itself said that the identity may not make this call, of these keys or of any.
    pub(crate) is_denied: bool,
}

/// How many values a single call takes, now.
#[derive(Debug)]
pub(crate) struct Batches {
    size: NonZeroUsize,
    /// What to do about it where the call is denied.
    advice: &'static str,
    /// Whether AWS said that this identity may not read in batches; false to begin with, and never again.
    is_denied: AtomicBool,
    /// Names that a batch failed for; they are read singly until they succeed.
    spoilers: Mutex<HashSet<String>>,
}

impl Batches {
    pub(crate) fn new(size: NonZeroUsize, advice: &'static str) -> Self {
        Self { size, advice, is_denied: AtomicBool::new(false), spoilers: Mutex::default() }
    }

    /// From now on all is read singly.
    pub(crate) fn deny(&self) {
        self.is_denied.store(true, Ordering::Relaxed);
    }

    /// What the store's condition says.
    pub(crate) fn notice(&self) -> Option<Notice> {
        self.is_denied.load(Ordering::Relaxed).then(|| Notice(self.advice.to_owned()))
    }

    fn take(&self, name: &str) -> bool {
        !self.is_denied.load(Ordering::Relaxed) && !self.spoilers.lock().contains(name)
    }

    /// Each key of a batch that failed as a whole was read singly, and came to this.
    fn learn(&self, refusal: &Refusal, names: &[String], results: &[Read]) {
        let is_spoiler = |result: &Read| {
            let kind = result.as_ref().err().map(ProviderError::kind);
            matches!(kind, Some(ErrorKind::Denied | ErrorKind::Invalid))
        };
        let mut found = names.iter().zip(results).filter(|(_, result)| is_spoiler(result)).peekable();
        if found.peek().is_none() && refusal.is_denied {
            self.deny();
        }
        let mut spoilers = self.spoilers.lock();
        for (name, _) in found {
            if spoilers.len() >= MOST_SPOILERS {
                spoilers.clear();
            }
            spoilers.insert(name.clone());
        }
    }

    fn forget(&self, name: &str) {
        let mut spoilers = self.spoilers.lock();
        if !spoilers.is_empty() {
            spoilers.remove(name);
        }
    }
}

/// How many requests of this one's sort a single call takes, now.
pub(crate) fn batch_size<S: Batched>(service: &S, request: &Fetch) -> NonZeroUsize {
    let fits = fault(service, request).is_none()
        && service.is_batchable(request)
        && service.batches().take(&service.name(request));
    if fits { service.batches().size } else { NonZeroUsize::MIN }
}

/// Reads one value, or its metadata.
pub(crate) async fn fetch<S: Batched>(service: &S, request: &Fetch) -> Read {
    let access = service.access();
    let result = access.in_time(&request.key, access.reading(S::SINGLE), read(service, request)).await;
    if result.is_ok() {
        service.batches().forget(&service.name(request));
    }
    result
}

/// One result for each request, in order.
pub(crate) async fn fetch_all<S: Batched>(service: &S, requests: &[Fetch]) -> Vec<Read> {
    // One key alone is read singly: Secrets Manager's quota of that call is a hundred times the batch's.
    let size = service.batches().size;
    let is_batch = requests.len() > 1 && requests.iter().all(|request| batch_size(service, request) == size);
    if !is_batch {
        return join_all(requests.iter().map(|request| fetch(service, request))).await;
    }
    match timeout(TIME_LIMIT, read_batch(service, requests)).await {
        Ok(results) => results,
        Err(_) => {
            let late = service.access().reading(S::SINGLE).late();
            requests.iter().map(|request| Err(late.clone().with_key(request.key.clone()))).collect()
        }
    }
}

async fn read<S: Batched>(service: &S, request: &Fetch) -> Read {
    let result = match fault(service, request) {
        Some(advice) => Err(service.access().reading(S::SINGLE).refused(advice)),
        None => service.read_one(request).await,
    };
    result.map_err(|error| error.with_key(request.key.clone()))
}

async fn read_singly<S: Batched>(service: &S, requests: &[Fetch]) -> Vec<Read> {
    join_all(requests.iter().map(|request| read(service, request))).await
}

/// A batch that fails as a whole for what may be one key's fault, or for the call's own, is read singly: the others must
/// not suffer, and what is said about a batch is not true of each of its keys.
async fn read_batch<S: Batched>(service: &S, requests: &[Fetch]) -> Vec<Read> {
    let names: Vec<String> = requests.iter().map(|request| service.name(request)).collect();
    let mut asked: Vec<&str> = names.iter().map(String::as_str).collect();
    asked.sort_unstable();
    asked.dedup();
    match service.read_many(&asked).await {
        Ok(answer) => {
            let parts = requests.iter().zip(&names).map(|(request, name)| {
                let part = service.part(request, name, &asked, &answer);
                settle(service, request, part)
            });
            join_all(parts).await
        }
        Err(refusal) if is_about_the_batch(&refusal.error, S::SINGLE) => {
            let results = read_singly(service, requests).await;
            service.batches().learn(&refusal, &names, &results);
            results
        }
        Err(Refusal { error, .. }) => {
            requests.iter().map(|request| Err(error.clone().with_key(request.key.clone()))).collect()
        }
    }
}

/// Failures read as those of a single read, so that a status does not depend on the company that a request was in.
async fn settle<S: Batched>(service: &S, request: &Fetch, part: Answered) -> Read {
    let missing = || {
        let call = service.access().reading(S::SINGLE);
        call.nonsense("the answer to a batch does not mention this key".to_owned())
    };
    match part {
        Answered::Settled(result) => result.map_err(|error| error.with_key(request.key.clone())),
        Answered::Unclear => read(service, request).await,
        Answered::Missing => Err(missing().with_key(request.key.clone())),
    }
}

/// Why a request cannot be sent at all.
fn fault<S: Batched>(service: &S, request: &Fetch) -> Option<String> {
    service.access().fault(&request.key)
}

/// Whether a failed batch says nothing about the keys in it: not the login's failure, nor the service's.
fn is_about_the_batch(error: &ProviderError, read: &str) -> bool {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Invalid | ErrorKind::Conflict => {
            error.operation() == read
        }
        ErrorKind::Unauthenticated
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Unexpected => false,
    }
}

/// An empty version is none.
pub(crate) fn named(version: Option<&Version>) -> Option<&str> {
    version.map(Version::as_str).filter(|version| !version.is_empty())
}

/// Whether a value is asked for, and not its metadata.
pub(crate) fn is_of_value(request: &Fetch) -> bool {
    match request.part {
        Part::Value => true,
        Part::Metadata => false,
    }
}
