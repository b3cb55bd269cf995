//! The table of decisions, in seconds under tokio's paused time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, advance};

use super::{Candidate, Now, Record, Seen, Standing, Step, decide};
use crate::lease::Terms;

const ME: &str = "me";

/// A record of so many seconds' duration.
fn held_by(holder: &str, duration: u64) -> Record {
    Record {
        holder: holder.to_owned(),
        duration: Duration::from_secs(duration),
        acquired: Some(Timestamp::UNIX_EPOCH),
        renewed: Some(Timestamp::UNIX_EPOCH),
        transitions: 7,
    }
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

/// What is decided at once and after each of these seconds since the record was seen to change, and, for one who leads,
/// since it began its renewal.
struct Case {
    record: Option<Record>,
    leads: bool,
}

impl Case {
    async fn after(&self, passed: Duration) -> Step {
        let since = Instant::now();
        let seen = self.record.clone().map(|record| Seen { record, since });
        let standing = if self.leads { Standing::Leading { renewed: since } } else { Standing::Standby };
        advance(passed).await;
        let candidate = Candidate { identity: ME, terms: &Terms::default(), standing };
        // The wall clock says something of its own.
        decide(seen.as_ref(), &candidate, Now { instant: Instant::now(), timestamp: at(1000).unwrap() })
    }

    async fn check(&self, table: &[(u64, Step)]) {
        for (millis, expected) in table {
            assert_eq!(self.after(Duration::from_millis(*millis)).await, *expected, "after {millis} ms");
        }
    }
}

fn standby(record: Record) -> Case {
    Case { record: Some(record), leads: false }
}

fn leader(record: Record) -> Case {
    Case { record: Some(record), leads: true }
}

/// Ours now, with so many transitions, held since that second.
fn mine(transitions: i32, acquired: i64) -> Record {
    Record {
        holder: ME.to_owned(),
        duration: Duration::from_secs(15),
        acquired: at(acquired),
        renewed: at(1000),
        transitions,
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_not_there_is_made() {
    let nobody = Case { record: None, leads: false };
    nobody.check(&[(0, Step::Create(mine(0, 1000))), (60_000, Step::Create(mine(0, 1000)))]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_held_is_taken_when_its_own_duration_is_over() {
    let taken = Step::Replace(mine(8, 1000));
    standby(held_by("go", 15)).check(&[(0, Step::Wait), (14_999, Step::Wait), (15_000, taken.clone())]).await;
    standby(held_by("go", 40)).check(&[(15_000, Step::Wait), (39_999, Step::Wait), (40_000, taken)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_given_up_is_taken_at_once() {
    standby(held_by("", 1)).check(&[(0, Step::Replace(mine(8, 1000)))]).await;
}

#[tokio::test(start_paused = true)]
async fn who_leads_renews_until_the_deadline_and_then_steps_down() {
    let renewed = Step::Replace(mine(7, 0));
    leader(held_by(ME, 15))
        .check(&[(0, renewed.clone()), (9_999, renewed), (10_000, Step::StepDown), (60_000, Step::StepDown)])
        .await;
}

#[tokio::test(start_paused = true)]
async fn who_led_steps_down_as_soon_as_somebody_else_holds_the_lease_or_nobody_does() {
    for holder in ["go", ""] {
        leader(held_by(holder, 15)).check(&[(0, Step::StepDown), (60_000, Step::StepDown)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_leads_makes_a_lease_anew_that_was_deleted() {
    let deleted = Case { record: None, leads: true };
    deleted.check(&[(0, Step::Create(mine(0, 1000))), (10_000, Step::StepDown)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_taking_was_never_answered_is_known_as_ours() {
    standby(held_by(ME, 15)).check(&[(0, Step::Replace(mine(7, 0)))]).await;
}

#[tokio::test(start_paused = true)]
async fn no_clock_on_a_wall_decides() {
    let since = Instant::now();
    let seen = |renewed| Seen { record: Record { renewed, ..held_by("go", 15) }, since };
    let candidate = Candidate { identity: ME, terms: &Terms::default(), standing: Standing::Standby };
    for (theirs, ours) in [(0, 1_000_000), (1_000_000, 0)] {
        let now = Now { instant: Instant::now(), timestamp: at(ours).unwrap() };
        assert_eq!(decide(Some(&seen(at(theirs))), &candidate, now), Step::Wait);
    }
}
