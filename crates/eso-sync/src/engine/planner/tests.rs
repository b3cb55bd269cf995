//! Where plans are made, and that it makes no difference to them.

use eso_core::provider::{Fetched, Value};
use eso_plan::{
    observed::{Held, Observed, Record},
    plan::{Outcome, Plan, Step, plan},
    render::{Answer, render},
};
use futures::FutureExt;
use jiff::Timestamp;

use super::{LIGHT, Planner};
use crate::engine::tests::world::wants;

fn observed() -> Observed {
    Observed {
        desired: wants("main", ["k1"]),
        record: Record::default(),
        held: Held::Nothing,
        refreshed: None,
        started: Timestamp::UNIX_EPOCH,
        spread: 0,
    }
}

/// The answer of a store to one entry, of that length.
fn answers(length: usize) -> Vec<Answer> {
    let fetched = Fetched::new(Value::Bytes("x".repeat(length).into()));
    vec![Answer { dialect: Default::default(), fetched: Ok(fetched) }]
}

/// A plan that is made at once is there when it is asked for the first time.
#[track_caller]
fn check_at_once(length: usize, expected: bool) {
    let (planner, observed) = (Planner::default(), observed());
    let at_once = planner.plan(&observed, answers(length)).now_or_never();
    assert_eq!(at_once.is_some(), expected, "{length} bytes");
}

#[tokio::test]
async fn what_is_heavy_is_made_off_the_threads_that_serve_everybody() {
    check_at_once(0, true);
    check_at_once(LIGHT, true);
    check_at_once(LIGHT + 1, false);
}

#[tokio::test]
async fn a_plan_is_the_same_wherever_it_is_made() {
    let (planner, observed) = (Planner::default(), observed());
    for length in [1, LIGHT, LIGHT + 1, 2 << 20] {
        let made = planner.plan(&observed, answers(length)).await;
        assert_eq!(made, plan(&observed, render(&observed.desired, &answers(length))));
        let Plan { step, outcome } = made;
        assert_eq!(matches!(step, Step::Write { .. }), length <= 1 << 20, "a Secret holds 1 MiB");
        assert_eq!(outcome == Outcome::Synced, length <= 1 << 20);
    }
}

#[tokio::test]
async fn heavy_plans_are_made_one_at_a_time() {
    let (planner, observed) = (Planner::default(), observed());
    let first = planner.0.acquire().await.unwrap();
    let mut second = Box::pin(planner.plan(&observed, answers(LIGHT + 1)));
    assert!((&mut second).now_or_never().is_none());
    assert!(planner.plan(&observed, answers(1)).now_or_never().is_some(), "a light one waits for none");
    drop(first);
    assert_eq!(second.await.outcome, Outcome::Synced);
}
