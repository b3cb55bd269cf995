//! Takes, renews and gives up a Lease, as it is decided.

use std::{
    fmt,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Candidate, Leadership, Now, Record, Seen, Standing, Step, Terms, decide, terms::JITTER_TENTHS};
use crate::apply::FIELD_MANAGER;

/// How often giving up is tried: once more after somebody else wrote.
const GIVES_UP: usize = 2;

/// How an election ended for this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to end, and gave the lease up where it held it.
    GivenUp,
    /// It led, and does so no longer.
    Lost,
}

/// Takes part in an election, for a Lease of this name and namespace.
///
/// Guarantees: no call to the API server takes longer than half the renew deadline; its [`Leadership`] says that it leads
/// only after the API server took its record, and at most for the renew deadline after that was sent; when it is dropped
/// in whatever way, that says so no longer.
pub struct Elector {
    leases: Api<Lease>,
    name: String,
    identity: String,
    terms: Terms,
    leadership: Leadership,
    standing: Standing,
    /// What was last seen; `None` where there is no Lease.
    seen: Option<(Seen, Lease)>,
    /// Whether it must be looked at before anything is decided.
    is_stale: bool,
    tries: u64,
}

impl Elector {
    /// One that does nothing before it is [`run`](Self::run).
    ///
    /// `client` is one that sends writes whether or not this process leads; `terms` are [checked](Terms::checked).
    pub fn new(client: Client, namespace: &str, name: &str, identity: String, terms: Terms) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity,
            terms,
            leadership: Leadership::standby(),
            standing: Standing::Standby,
            seen: None,
            is_stale: true,
            tries: 0,
        }
    }

    /// Whether this process leads.
    pub fn leadership(&self) -> Leadership {
        self.leadership.clone()
    }

    /// Takes part until `stop` is cancelled, or it led and does so no longer. Nothing may be written any more when `stop`
    /// is cancelled: the lease is given up then.
    pub async fn run(mut self, stop: CancellationToken) -> End {
        loop {
            if let Some(End::Lost) = stop.run_until_cancelled(self.turn()).await.flatten() {
                self.leadership.end();
                warn!(lease = self.name, identity = self.identity, "the lease is lost");
                return End::Lost;
            }
            if stop.run_until_cancelled(sleep_until(self.next())).await.is_none() {
                self.give_up().await;
                return End::GivenUp;
            }
        }
    }

    /// Looks, decides, and does.
    async fn turn(&mut self) -> Option<End> {
        if self.is_stale
            && let Err(problem) = self.look().await
        {
            warn!(lease = self.name, problem, "the lease cannot be read");
        }
        let now = Now { instant: Instant::now(), timestamp: Timestamp::now() };
        let candidate = Candidate { identity: &self.identity, terms: &self.terms, standing: self.standing };
        match decide(self.seen.as_ref().map(|(seen, _)| seen), &candidate, now) {
            Step::StepDown => return Some(End::Lost),
            // What could not be looked at is not written over.
            Step::Create(_) | Step::Replace(_) if self.is_stale => {}
            Step::Create(record) | Step::Replace(record) => self.hold(&record, now.instant).await,
            Step::Wait => self.is_stale = true,
        }
        None
    }

    /// Reads the Lease.
    async fn look(&mut self) -> Result<(), &'static str> {
        let found = self.within(self.leases.get_opt(&self.name)).await?;
        self.note(found, Instant::now());
        Ok(())
    }

    /// Notes how the Lease is.
    fn note(&mut self, found: Option<Lease>, now: Instant) {
        self.is_stale = false;
        let before = self.seen.take().map(|(seen, _)| seen);
        self.seen = found.map(|lease| {
            let record = Record::read(lease.spec.as_ref(), self.terms.lease_duration);
            let is_known = before.as_ref().is_some_and(|before| before.record.holder == record.holder);
            if !is_known && record.holder != self.identity {
                info!(lease = self.name, holder = record.holder, "somebody else holds the lease");
            }
            let same = before.filter(|before| before.record == record);
            (same.unwrap_or(Seen { record, since: now }), lease)
        });
    }

    /// Takes or renews the lease; leads from then on where that succeeds.
    async fn hold(&mut self, record: &Record, began: Instant) {
        // Until it is answered, and for good where that is not waited for.
        self.is_stale = true;
        match self.write(record).await {
            Ok(written) => {
                self.note(Some(written), began);
                if self.standing == Standing::Standby {
                    info!(lease = self.name, identity = self.identity, "this process leads");
                }
                self.standing = Standing::Leading { renewed: began };
                self.leadership.renewed(began + self.terms.renew_deadline);
            }
            Err(problem) => warn!(lease = self.name, problem, "the lease could not be taken or renewed"),
        }
    }

    /// Makes the Lease, as far as it was seen, say this.
    async fn write(&self, record: &Record) -> Result<Lease, &'static str> {
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let metadata = match &self.seen {
            // With its version: it is replaced only where nobody wrote meanwhile.
            Some((_, lease)) => lease.metadata.clone(),
            None => ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
        };
        let lease = Lease { metadata, spec: Some(record.written()) };
        match &self.seen {
            Some(_) => self.within(self.leases.replace(&self.name, &params, &lease)).await,
            None => self.within(self.leases.create(&params, &lease)).await,
        }
    }

    /// Gives the lease up where it is ours, so that the next one need not wait.
    async fn give_up(mut self) {
        self.leadership.end();
        for _ in 0..GIVES_UP {
            // A write whose answer was not waited for may have made it ours.
            if self.is_stale && self.look().await.is_err() {
                return;
            }
            let ours = self.seen.as_ref().filter(|(seen, _)| seen.record.holder == self.identity);
            let Some((seen, _)) = ours else { return };
            let record = seen.record.given_up(Timestamp::now());
            match self.write(&record).await {
                Ok(_) => return info!(lease = self.name, "the lease is given up"),
                Err(problem) => warn!(lease = self.name, problem, "the lease could not be given up"),
            }
            self.is_stale = true;
        }
    }

    /// Waits for a call, and not so long that the deadline is missed.
    async fn within<T>(&self, call: impl Future<Output = kube::Result<T>>) -> Result<T, &'static str> {
        let latest = Instant::now() + self.terms.renew_deadline / 2;
        let latest = self.deadline().map_or(latest, |deadline| latest.min(deadline));
        let answer = timeout_at(latest, call).await.map_err(|_| "the API server does not answer")?;
        answer.map_err(|error| match error {
            kube::Error::Api(status) => match status.code {
                403 => "the API server forbids it: check the operator's role for leases",
                409 => "somebody else was faster",
                _ => "the API server refuses it",
            },
            _ => "the API server cannot be reached",
        })
    }

    /// When a leader steps down if it cannot renew.
    fn deadline(&self) -> Option<Instant> {
        match self.standing {
            Standing::Standby => None,
            Standing::Leading { renewed } => Some(renewed + self.terms.renew_deadline),
        }
    }

    /// When the next turn is: who waits comes at odd times, so that not all come at once.
    fn next(&mut self) -> Instant {
        self.tries += 1;
        let now = Instant::now();
        match self.deadline() {
            Some(deadline) => deadline.min(now + self.terms.retry_period),
            None => now + pause(self.terms.retry_period, (&self.identity, self.tries)),
        }
    }
}

/// A pause of one period, and up to 1.2 more, as client-go's.
fn pause(period: Duration, of: (&str, u64)) -> Duration {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(of);
    let thousandths = u32::try_from(hash % 1001).unwrap_or(0);
    period + period * JITTER_TENTHS / 10 * thousandths / 1000
}

impl Drop for Elector {
    fn drop(&mut self) {
        self.leadership.end();
    }
}

impl fmt::Debug for Elector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, identity, terms, standing, .. } = self;
        let mut elector = f.debug_struct("Elector");
        elector.field("name", name).field("identity", identity).field("terms", terms);
        elector.field("standing", standing).finish_non_exhaustive()
    }
}
