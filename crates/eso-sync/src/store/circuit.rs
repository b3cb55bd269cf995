//! A circuit: after several calls in a row without an answer nothing more is asked, until a probe is answered.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use async_trait::async_trait;
use eso_core::error::{ErrorKind, ProviderError, Reason};
use parking_lot::Mutex;
use tokio::{sync::watch, time::sleep};

/// How many witnesses in a row open a circuit: one may be a lost packet, two a restart.
const WITNESSES: usize = 3;

/// The first probe comes soon, for a server that only restarts.
const FIRST_PROBE: Duration = Duration::from_secs(1);

/// Later ones come this often at the least, so that an outage is not outlived for long: objects recover within 30 s.
const LAST_PROBE: Duration = Duration::from_secs(10);

/// One circuit, of a store or of what is behind several.
///
/// It opens when [`WITNESSES`] different witnesses in a row say that there was no answer. For a store's circuit every
/// call is a witness; for a backend's every identity is one, so that a store with a black hole of its own opens it for
/// nobody else, however often it is connected anew.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    witnesses: Mutex<BTreeSet<Witness>>,
    /// What is answered while it is open.
    refusal: watch::Sender<Option<ProviderError>>,
    members: Mutex<VecDeque<Weak<dyn Probe>>>,
}

/// Who says that there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Witness {
    /// A call.
    Call(u64),
    /// A store of this process.
    Store(u64),
    /// An identity, by a store that is connected as it.
    Identity(u64),
}

/// A store that can be probed.
#[async_trait]
pub(super) trait Probe: std::fmt::Debug + Send + Sync {
    /// Asks once, past all budgets. Whether there was an answer; `None` where there is nothing to ask, or it came to no
    /// question.
    async fn probe(&self) -> Option<bool>;

    /// Whether it ever got an answer to a read.
    fn is_proven(&self) -> bool;
}

impl Circuit {
    /// Adds a store that may be probed. Probes go round, so that one with a black hole keeps nobody out for long.
    pub(super) fn join(&self, member: Weak<dyn Probe>) {
        let mut members = self.members.lock();
        members.retain(|member| member.strong_count() > 0);
        members.push_back(member);
    }

    /// What a request is answered without being asked; `None` while the circuit is closed.
    pub(super) fn refusal(&self) -> Option<ProviderError> {
        self.refusal.borrow().clone()
    }

    /// There was an answer: the circuit is closed.
    pub(super) fn answered(&self) {
        self.witnesses.lock().clear();
        self.refusal.send_if_modified(|refusal| refusal.take().is_some());
    }

    /// There was no answer. If that opens the circuit, it is probed from now on until it is closed.
    pub(super) fn unanswered(self: &Arc<Self>, witness: Witness, failure: &ProviderError) {
        let mut witnesses = self.witnesses.lock();
        witnesses.insert(witness);
        if witnesses.len() < WITNESSES {
            return;
        }
        witnesses.clear();
        drop(witnesses);
        let opened = self.refusal.send_if_modified(|refusal| match refusal {
            Some(_) => false,
            None => {
                *refusal = Some(refusal_after(failure));
                true
            }
        });
        if opened {
            tokio::spawn(probe_until_answered(Arc::clone(self)));
        }
    }

    /// Ends when the circuit is open, with what a request is then answered.
    pub(super) async fn opened(&self) -> ProviderError {
        let mut refusals = self.refusal.subscribe();
        let open =
            refusals.wait_for(Option::is_some).await.expect("a circuit must outlive those who watch it");
        open.clone().expect("an open circuit must have a refusal")
    }

    /// Ends when the circuit is closed.
    pub(super) async fn closed(&self) {
        let mut refusals = self.refusal.subscribe();
        refusals.wait_for(Option::is_none).await.expect("a circuit must outlive those who watch it");
    }

    /// Asks the members in turn, until one of them has something to ask. With none of them left nobody waits.
    ///
    /// `proven`: first those that once got an answer. Whoever makes a hundred stores that never do must not keep the
    /// others out for as long as it takes to ask each of them.
    async fn probe(&self, proven: bool) -> bool {
        let members = self.members.lock().len();
        for _ in 0..members {
            let Some(member) = self.next_member(proven) else { break };
            if let Some(answered) = member.probe().await {
                return answered;
            }
        }
        true
    }

    fn next_member(&self, proven: bool) -> Option<Arc<dyn Probe>> {
        let mut members = self.members.lock();
        members.retain(|member| member.strong_count() > 0);
        let is_proven = |member: &Weak<dyn Probe>| member.upgrade().is_some_and(|member| member.is_proven());
        let place = if proven { members.iter().position(is_proven).unwrap_or(0) } else { 0 };
        let member = members.remove(place)?;
        members.push_back(Weak::clone(&member));
        member.upgrade()
    }
}

async fn probe_until_answered(circuit: Arc<Circuit>) {
    let (mut delay, mut proven) = (FIRST_PROBE, true);
    while circuit.refusal().is_some() {
        sleep(delay).await;
        if circuit.probe(proven).await {
            circuit.answered();
        }
        proven = !proven;
        delay = (delay * 2).min(LAST_PROBE);
    }
}

/// It says the same for as long as the circuit is open, so that no status is rewritten.
fn refusal_after(failure: &ProviderError) -> ProviderError {
    let reason = std::error::Error::source(failure).map(ToString::to_string);
    let reason = reason.unwrap_or_else(|| failure.kind().in_words().to_owned());
    let refusal = ProviderError::new(ErrorKind::Unavailable, failure.operation())
        .with_reason(Reason::new(format!("{reason}; it is not asked again until it answers a probe")));
    let refusal = if failure.is_of_login() { refusal.in_login() } else { refusal };
    if failure.is_from_elsewhere() { refusal.from_elsewhere() } else { refusal }
}
