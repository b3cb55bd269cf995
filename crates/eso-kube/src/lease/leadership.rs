//! Whether this process leads, for whoever writes.

use std::{fmt, sync::Arc};

use eso_sync::store::Fence;
use jiff::Timestamp;
use thiserror::Error;
use tokio::{sync::watch, time::Instant};

/// Whether this process leads. A clone is the same.
///
/// It is asked right before each write. It says yes only for [`renew_deadline`](super::Terms::renew_deadline) after the
/// last renewal began, by a clock that goes on while the process stands still: one that was stopped, and wakes up when
/// another one leads, writes nothing any more.
#[derive(Clone)]
pub struct Leadership {
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// It does not lead yet.
    Standby,
    /// It leads, until then or for ever.
    Leading { since: Timestamp, until: Option<Instant> },
    /// It will never lead again.
    Over,
}

/// A write was not sent, for this process does not lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this process does not lead, and writes nothing")]
pub struct NotLeading;

impl Leadership {
    /// That of a process that asks nobody.
    pub fn always() -> Self {
        Self::in_state(State::Leading { since: Timestamp::now(), until: None })
    }

    /// That of a process that takes part in an election.
    pub(crate) fn standby() -> Self {
        Self::in_state(State::Standby)
    }

    fn in_state(state: State) -> Self {
        Self { state: Arc::new(watch::Sender::new(state)) }
    }

    /// Whether a write may be begun at this moment.
    pub fn may_write(&self) -> bool {
        match *self.state.borrow() {
            State::Leading { until, .. } => until.is_none_or(|until| Instant::now() < until),
            State::Standby | State::Over => false,
        }
    }

    /// The same question, for the stores.
    pub fn fence(&self) -> Fence {
        let leadership = self.clone();
        Fence::new(move || leadership.may_write())
    }

    /// When it began to lead; `None` where it does not.
    pub fn since(&self) -> Option<Timestamp> {
        match *self.state.borrow() {
            State::Leading { since, .. } => Some(since),
            State::Standby | State::Over => None,
        }
    }

    /// Returns when this process leads, and never where it has led.
    pub async fn led(&self) {
        self.reaches(|state| matches!(state, State::Leading { .. })).await;
    }

    /// Returns when this process leads no longer, and never will again.
    pub async fn over(&self) {
        self.reaches(|state| matches!(state, State::Over)).await;
    }

    async fn reaches(&self, is_reached: fn(&State) -> bool) {
        let mut told = self.state.subscribe();
        told.wait_for(is_reached).await.expect("whoever waits must hold the sender");
    }

    pub(crate) fn renewed(&self, until: Instant) {
        self.state.send_modify(|state| {
            let since = match *state {
                State::Leading { since, .. } => since,
                State::Standby | State::Over => Timestamp::now(),
            };
            *state = State::Leading { since, until: Some(until) };
        });
    }

    pub(super) fn end(&self) {
        self.state.send_replace(State::Over);
    }
}

impl Default for Leadership {
    fn default() -> Self {
        Self::always()
    }
}

impl fmt::Debug for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leadership").field(&*self.state.borrow()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt as _;
    use tokio::time::{Instant, advance};

    use super::Leadership;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_write_may_be_begun_until_the_last_renewal_is_too_long_ago_whatever_is_told_then() {
        let leadership = Leadership::standby();
        assert!(!leadership.may_write());
        leadership.renewed(Instant::now() + 10 * SECOND);
        assert!(leadership.may_write());
        advance(9 * SECOND).await;
        leadership.renewed(Instant::now() + 10 * SECOND);
        advance(9 * SECOND).await;
        assert!(leadership.may_write() && leadership.fence().is_open());
        advance(SECOND).await;
        assert!(!leadership.may_write() && !leadership.fence().is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_is_over() {
        let leadership = Leadership::standby();
        assert!(leadership.led().now_or_never().is_none());
        leadership.renewed(Instant::now() + 10 * SECOND);
        assert!(leadership.led().now_or_never().is_some());
        assert!(leadership.over().now_or_never().is_none());
        leadership.end();
        assert!(leadership.over().now_or_never().is_some());
        assert!(!leadership.may_write());
        assert_eq!(leadership.since(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_nobody_leads_for_ever() {
        let leadership = Leadership::always();
        leadership.led().await;
        advance(1_000_000 * SECOND).await;
        assert!(leadership.may_write());
    }
}
