//! One store, connected as one identity: every call to its provider goes through here, within budgets.
//!
//! ```text
//! fetch ─► line (joined by key, until sent) ─► place in flight ─► rate of the backend ─► one call ─► all who asked
//! ```

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError, Reason},
    provider::{Dialect, Fetch, Fetched, SecretProvider},
};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::queue::Lane;

mod line;

mod backends;
mod circuit;
mod fence;
mod pace;
mod questions;
mod search;
mod verdict;
mod writes;

mod call;

pub use backends::Backends;
use backends::{SharedBackend, Sort, pause, rest};
use circuit::{Circuit, Probe, Witness};
pub use fence::Fence;
use line::{Answer, Line, Waiting};
use pace::Pace;
use questions::{Question, Questions};
use search::Searches;
use verdict::{Verdict, is_reply, refuses_login, verdict};

/// How one store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// How many calls may be under way at once: reads as many, and of writes no more than that beside them.
    pub in_flight: NonZeroUsize,
    /// How often one read is tried again after it was throttled or not answered (`retrySettings.maxRetries`).
    pub retries: u32,
    /// How long to wait before each of these (`retrySettings.retryInterval`).
    pub retry_interval: Duration,
    /// A number of the identity that it is connected as. A store that is connected anew has the same, and counts as
    /// the same witness of an outage of what is behind it; `None` is an identity of its own.
    pub identity: Option<u64>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        let in_flight = NonZeroUsize::new(32).expect("32 must not be zero");
        Self { in_flight, retries: 0, retry_interval: Duration::from_secs(1), identity: None }
    }
}

/// A connected store.
///
/// Guarantees:
/// - A request joins an equal one only while that is not sent, so nobody gets a value older than their question, and
///   never a value of another store: each identity has its own `Store`.
/// - Whoever goes away takes nothing from others who ask the same.
/// - Every request is answered: a call that does not end is cut, one that panics is contained.
/// - A store or backend that gives no answer several times in a row is not asked until it answers a probe; all
///   requests fail with [`ErrorKind::Unavailable`] at once until then.
#[derive(Debug)]
pub struct Store {
    provider: Arc<dyn SecretProvider>,
    settings: StoreSettings,
    /// Its number in this process.
    number: u64,
    line: Mutex<Drained>,
    arrived: Notify,
    reads: Own,
    writes: Own,
    backend: Arc<SharedBackend>,
    fence: Fence,
    circuit: Arc<Circuit>,
    calls: AtomicU64,
    searches: Searches,
    questions: Mutex<Questions>,
    /// Told when a call shows that the login is not good.
    refused: Notify,
    tasks: TaskTracker,
    closed: CancellationToken,
}

/// The bounds of some of its calls that are the store's own.
#[derive(Debug)]
struct Own {
    in_flight: Arc<Semaphore>,
    /// Its pauses.
    pace: Mutex<Pace>,
}

impl Own {
    fn new(in_flight: usize) -> Self {
        Self { in_flight: Arc::new(Semaphore::new(in_flight)), pace: Mutex::new(Pace::new(None)) }
    }
}

/// The line, and whether somebody serves it.
#[derive(Debug, Default)]
struct Drained {
    line: Line,
    is_served: bool,
}

/// A place in flight, of the store and of what is behind it.
struct Pass {
    _of_the_store: OwnedSemaphorePermit,
    _of_the_backend: OwnedSemaphorePermit,
}

/// How many writes of one store may be under way at once: as many as one object makes.
const WRITES_IN_FLIGHT: usize = 8;

static NUMBERS: AtomicU64 = AtomicU64::new(0);

impl Store {
    /// Puts a provider behind the budgets that it shares with other stores of its backend.
    pub fn new(provider: Arc<dyn SecretProvider>, settings: StoreSettings, backends: &Backends) -> Arc<Self> {
        let backend = backends.get(provider.backend().as_ref());
        Arc::new_cyclic(|store: &Weak<Self>| {
            let circuit = Arc::<Circuit>::default();
            let member: Weak<dyn Probe> = Weak::<Self>::clone(store);
            circuit.join(Weak::clone(&member));
            backend.circuit.join(member);
            Self {
                provider,
                settings,
                number: NUMBERS.fetch_add(1, Ordering::Relaxed),
                line: Mutex::default(),
                arrived: Notify::new(),
                reads: Own::new(settings.in_flight.get()),
                writes: Own::new(settings.in_flight.get().min(WRITES_IN_FLIGHT)),
                backend,
                fence: backends.fence.clone(),
                circuit,
                calls: AtomicU64::new(0),
                searches: Searches::default(),
                questions: Mutex::default(),
                refused: Notify::new(),
                tasks: TaskTracker::new(),
                closed: CancellationToken::new(),
            }
        })
    }

    /// The provider itself, for what is no read: its name, its notice, its further powers.
    pub fn provider(&self) -> &Arc<dyn SecretProvider> {
        &self.provider
    }

    /// How the values of this store are read for properties.
    pub fn dialect(&self) -> Dialect {
        self.provider.dialect()
    }

    /// Reads values: one result for each request, in order.
    ///
    /// Requests of [`Lane::Changed`] are sent as soon as there is room, others wait a few milliseconds for company.
    /// A future that is dropped takes its requests back as far as they were not sent.
    pub async fn fetch(
        self: &Arc<Self>,
        requests: Vec<Fetch>,
        lane: Lane,
    ) -> Vec<Result<Fetched, ProviderError>> {
        if let Some(refusal) = self.refusal() {
            let wanted = requests.last().cloned().map(Question::Read);
            wanted.into_iter().for_each(|wanted| self.questions.lock().wanted(wanted));
            return requests.into_iter().map(|request| Err(refusal.clone().with_key(request.key))).collect();
        }
        let answers: Vec<_> = {
            let now = Instant::now();
            let line = &mut self.line.lock().line;
            requests.into_iter().map(|request| line.join(request, lane, self.settings.retries, now)).collect()
        };
        self.serve_line();
        let answers = answers.into_iter().map(async |answer| answer.await.unwrap_or_else(|_| Err(closed())));
        futures::future::join_all(answers).await
    }

    /// Whether the login is good, asked within the same bounds as reads.
    pub async fn check(&self) -> Result<(), ProviderError> {
        let _call = self.tasks.token();
        let _pass = self.admit(Sort::Single).await?;
        let result = call::check(&*self.provider).await;
        let verdict = verdict([result.as_ref().err()]);
        // A check that succeeds is no witness: it may have been answered from memory, without any call.
        if matches!(verdict, Verdict::Unanswered(_)) {
            self.questions.lock().wanted(Question::Check);
            self.judge(verdict);
        }
        self.slow_down(Sort::Single, [result.as_ref().err()]);
        result
    }

    /// Why requests fail at once, while the store or what is behind it gives no answer; `None` as long as it is asked.
    pub fn refusal(&self) -> Option<ProviderError> {
        if self.closed.is_cancelled() {
            return Some(closed());
        }
        self.circuit.refusal().or_else(|| self.backend.circuit.refusal())
    }

    /// Ends when the store is asked again, at once if it is asked now, and when it is closed.
    pub async fn recovered(&self) {
        let both = async {
            self.circuit.closed().await;
            self.backend.circuit.closed().await;
        };
        tokio::select! {
            () = both => {}
            () = self.closed.cancelled() => {}
        }
    }

    /// Ends when a call has shown, since it last ended, that the login is not good, as against a key that may not be read:
    /// a [`check`](Self::check) would find it out, which is none of those calls. For one waiter at a time.
    pub async fn login_refused(&self) {
        self.refused.notified().await;
    }

    /// Waits for the calls under way and ends the login. Requests that wait, or come later, fail.
    pub async fn close(&self) {
        if self.closed.is_cancelled() {
            return;
        }
        self.closed.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        call::close(&*self.provider).await;
    }

    /// Its number, which no other store of this process has.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    fn witness(&self) -> Witness {
        self.settings.identity.map_or(Witness::Store(self.number), Witness::Identity)
    }

    /// Sees to it that somebody serves the line.
    fn serve_line(self: &Arc<Self>) {
        let was_served = std::mem::replace(&mut self.line.lock().is_served, true);
        if was_served {
            self.arrived.notify_one();
        } else {
            self.tasks.spawn(Arc::clone(self).drain());
        }
    }

    /// Serves the line until it is empty.
    async fn drain(self: Arc<Self>) {
        while let Some(sort) = self.next_call().await {
            match self.admit(sort).await {
                Ok(pass) => self.send(sort, pass),
                Err(refusal) => self.refuse_all(&refusal),
            }
        }
    }

    /// Waits until a call should be made; `None` where nobody waits any more, and the line is no longer served.
    async fn next_call(&self) -> Option<Sort> {
        loop {
            let (sort, waits_until) = {
                let mut drained = self.line.lock();
                let Some(sort) = drained.line.next(|request| self.batch_size(request)) else {
                    drained.is_served = false;
                    return None;
                };
                (sort, drained.line.waits_until(|request| self.batch_size(request)))
            };
            let Some(until) = waits_until.filter(|until| *until > Instant::now()) else { return Some(sort) };
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.arrived.notified() => {}
                () = self.closed.cancelled() => return Some(sort),
            }
        }
    }

    /// Waits for a place in flight and for the backend's rate; or says why nothing is asked.
    async fn admit(&self, sort: Sort) -> Result<Pass, ProviderError> {
        let Own { in_flight, pace } = self.own(sort);
        let pass = async {
            rest(pace).await;
            let place = Arc::clone(in_flight).acquire_owned().await.expect("the places must stay open");
            Pass { _of_the_store: place, _of_the_backend: self.backend.admit(sort).await }
        };
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(closed()),
            refusal = self.circuit.opened() => Err(refusal),
            refusal = self.backend.circuit.opened() => Err(refusal),
            pass = pass => Ok(pass),
        }
    }

    /// What is sent is taken out of the line here, and not before.
    fn send(self: &Arc<Self>, sort: Sort, pass: Pass) {
        let batch = self.line.lock().line.take(sort, |request| self.batch_size(request));
        if !batch.is_empty() {
            self.tasks.spawn(Arc::clone(self).call(batch, sort, pass));
        }
    }

    async fn call(self: Arc<Self>, batch: Vec<Waiting>, sort: Sort, pass: Pass) {
        let requests: Vec<&Fetch> = batch.iter().map(|waiting| &waiting.request).collect();
        let answers = call::read(&*self.provider, &requests).await;
        let errors = || answers.iter().map(|answer| answer.as_ref().err());
        self.judge_reads(&requests, &answers);
        self.slow_down(sort, errors());
        self.doubt_login(errors());
        drop(pass);
        self.deliver(batch, &answers).await;
    }

    /// Hands the answers out; what may be tried again stands in line again after a while.
    async fn deliver(self: &Arc<Self>, batch: Vec<Waiting>, answers: &[Answer]) {
        let mut again = Vec::new();
        for (mut waiting, answer) in batch.into_iter().zip(answers) {
            if waiting.retries > 0 && is_worth_a_retry(answer) {
                waiting.retries -= 1;
                again.push(waiting);
            } else {
                waiting.answer(answer);
            }
        }
        if again.is_empty() {
            return;
        }
        tokio::select! {
            () = sleep(self.settings.retry_interval) => {}
            () = self.closed.cancelled() => {}
        }
        again.into_iter().for_each(|waiting| self.line.lock().line.put(waiting));
        self.serve_line();
    }

    fn refuse_all(&self, refusal: &ProviderError) {
        let refused = self.line.lock().line.take_all();
        for waiting in refused {
            let answer = Err(refusal.clone().with_key(waiting.request.key.clone()));
            waiting.answer(&answer);
        }
    }

    fn judge_reads(&self, requests: &[&Fetch], answers: &[Answer]) {
        let verdict = verdict(answers.iter().map(|answer| answer.as_ref().err()));
        let mut questions = self.questions.lock();
        match &verdict {
            Verdict::Answered => {
                let answered = requests.iter().zip(answers).filter(|(_, answer)| is_answer(answer));
                questions.answered(&answered.map(|(request, _)| *request).collect::<Vec<_>>());
            }
            Verdict::Unanswered(_) if !questions.unanswered(requests) => return,
            Verdict::Unanswered(_) | Verdict::Unknown => {}
        }
        drop(questions);
        self.judge(verdict);
    }

    fn judge(&self, verdict: Verdict) {
        match verdict {
            Verdict::Answered => {
                self.circuit.answered();
                self.backend.circuit.answered();
            }
            Verdict::Unanswered(failure) => {
                let call = Witness::Call(self.calls.fetch_add(1, Ordering::Relaxed));
                self.circuit.unanswered(call, &failure);
                // What one store logs in through may be away while others read from the same service.
                if !failure.is_from_elsewhere() {
                    self.backend.circuit.unanswered(self.witness(), &failure);
                }
            }
            Verdict::Unknown => {}
        }
    }

    fn slow_down<'a>(&self, sort: Sort, errors: impl IntoIterator<Item = Option<&'a ProviderError>>) {
        let errors = errors.into_iter().flatten();
        let throttled: Vec<_> = errors.filter(|error| error.kind() == ErrorKind::Throttled).collect();
        let Some(longest) = throttled.iter().map(|error| error.retry_after()).max() else { return };
        // A backend that has a rate has it for all its stores; another one says no to the identity that asked, and so does
        // whoever that one logs in through.
        let shared = self.backend.pace(sort);
        let is_of_backend = throttled.iter().any(|error| !error.is_from_elsewhere());
        let is_everybodys = is_of_backend && shared.lock().is_limited();
        pause(if is_everybodys { shared } else { &self.own(sort).pace }, longest);
    }

    /// Its own bounds for calls of that sort: a write that is throttled keeps no read waiting.
    fn own(&self, sort: Sort) -> &Own {
        match sort {
            Sort::Single | Sort::Batch => &self.reads,
            Sort::Write => &self.writes,
        }
    }

    fn doubt_login<'a>(&self, errors: impl IntoIterator<Item = Option<&'a ProviderError>>) {
        if errors.into_iter().flatten().any(refuses_login) {
            self.refused.notify_one();
        }
    }

    /// Contained as a call is: were it to panic in the one who serves the line, nobody in it would get an answer.
    fn batch_size(&self, request: &Fetch) -> usize {
        catch_unwind(AssertUnwindSafe(|| self.provider.batch_size(request).get())).unwrap_or(1)
    }
}

#[async_trait]
impl Probe for Store {
    async fn probe(&self) -> Option<bool> {
        let question = self.questions.lock().next()?;
        let _call = self.tasks.token();
        if self.closed.is_cancelled() {
            return None;
        }
        let read = match question {
            Question::Read(read) => read,
            Question::Find(query) => {
                return is_reply(call::find(&*self.provider, &query).await.err().as_ref());
            }
            Question::Inspect(question) => {
                return is_reply(call::inspect(&*self.provider, &question).await.err().as_ref());
            }
            Question::Check => return is_reply(call::check(&*self.provider).await.err().as_ref()),
        };
        let is_answered = is_reply(call::read(&*self.provider, &[&read]).await.remove(0).err().as_ref());
        if is_answered == Some(true) {
            self.questions.lock().answered(&[&read]);
        }
        is_answered
    }

    fn is_proven(&self) -> bool {
        self.questions.lock().are_proven()
    }
}

fn is_answer(answer: &Answer) -> bool {
    is_reply(answer.as_ref().err()) == Some(true)
}

fn is_worth_a_retry<T>(answer: &Result<T, ProviderError>) -> bool {
    let kind = answer.as_ref().err().map(ProviderError::kind);
    matches!(kind, Some(ErrorKind::Throttled | ErrorKind::Unavailable))
}

fn closed() -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, "Fetch").with_reason(Reason::new(
        "the store was closed because it changed; it is asked again under its new settings",
    ))
}

#[cfg(test)]
mod tests;
