//! The engine over a world in memory. Time is tokio's, paused: it moves on only when everybody waits.

use std::{sync::Arc, time::Duration};

use eso_core::error::{ErrorKind, ProviderError};
use eso_plan::{
    desired::{Absence, Refresh},
    due::Due,
    plan::{Attempt, Outcome},
};
use eso_testkit::memory::Call;
use tokio::time::sleep;

use super::{Cause, Engine, Preview, Settings};
use crate::{
    ports::{GroupId, ObjectId},
    store::StoreSettings,
};

pub(crate) mod world;

mod found;
mod templated;

use world::{Fault, MINUTE, Memory, SECOND, State, World, entry, wants};

/// A hundred objects of the store `main` over ten keys.
fn hundred() -> impl Iterator<Item = (u64, eso_plan::desired::Desired)> {
    (0..100).map(|object| (object, wants("main", [&format!("k{}", object % 10)])))
}

/// How many reads a world has cost, and whether all of them were batches.
fn batches(calls: &[Call]) -> usize {
    calls.iter().filter(|call| matches!(call, Call::FetchAll(_))).count()
}

#[tokio::test(start_paused = true)]
async fn a_new_object_is_read_written_and_reported_once() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1", "k2"]));
    world.synced().await;
    assert_eq!(world.elapsed(), Duration::ZERO, "a person waits for it");
    world.thing(1, |thing| {
        assert_eq!((thing.entry("e0"), thing.entry("e1")), (Some("first of k1"), Some("first of k2")));
        assert_eq!((thing.steps.len(), thing.reports.len()), (1, 1));
    });
    assert_eq!(provider.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_value_is_read_once_an_interval_and_written_no_more() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.synced().await;
    sleep(5 * MINUTE + SECOND).await;
    assert_eq!(provider.reads(), 6);
    world.thing(1, |thing| assert_eq!((thing.steps.len(), thing.reports.len()), (1, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_changed_value_is_written_at_the_next_interval_with_one_read_and_one_write() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.synced().await;
    provider.put("k1", "second");
    provider.clear_calls();
    world.until(|thing| thing.entry("e0") == Some("second")).await;
    assert!((MINUTE..=MINUTE + 2 * SECOND).contains(&world.elapsed()), "{:?}", world.elapsed());
    assert_eq!(provider.reads(), 1);
    world.thing(1, |thing| assert_eq!(thing.steps.len(), 2));
}

#[tokio::test(start_paused = true)]
async fn the_status_of_an_unchanged_object_is_written_again_after_the_heartbeat() {
    let world = World::new();
    let _provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.synced().await;
    sleep(9 * MINUTE + 30 * SECOND).await;
    world.thing(1, |thing| assert_eq!(thing.reports.len(), 1));
    sleep(MINUTE).await;
    world.thing(1, |thing| assert_eq!(thing.reports.len(), 2));
}

#[tokio::test(start_paused = true)]
async fn an_object_counts_as_read_from_before_the_store_was_asked() {
    let world = World::new();
    let provider = world.store("main");
    provider.hold();
    let asked = world.target.now();
    world.add(1, 1, wants("main", ["k1"]));
    provider.held(1).await;
    sleep(5 * SECOND).await;
    provider.release();
    world.synced().await;
    world.thing(1, |thing| assert_eq!(thing.refreshed, Some(asked)));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_objects_over_ten_keys_that_come_due_in_one_second_cost_one_batch() {
    let world = World::new();
    let provider = world.store("main");
    provider.set_batch_size(20);
    world.list(1, hundred());
    world.synced().await;
    sleep(SECOND).await;
    for _ in 0..3 {
        provider.clear_calls();
        sleep(MINUTE).await;
        assert_eq!((batches(&provider.calls()), provider.calls().len()), (1, 1), "{:?}", provider.calls());
        assert_eq!(provider.asked().len(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_objects_over_ten_keys_that_came_over_five_seconds_cost_ten_reads_a_later_cycle() {
    let world = World::new();
    let provider = world.store("main");
    for (object, desired) in hundred() {
        world.list(1, [(object, desired)]);
        sleep(SECOND / 20).await;
    }
    world.synced().await;
    provider.clear_calls();
    for cycle in 1..=3 {
        sleep(MINUTE).await;
        assert_eq!(provider.reads(), 10 * cycle);
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_brought_along_brings_nobody_along() {
    let world = World::new();
    let provider = world.store("main");
    world.list(1, [(1, wants("main", ["k1"]))]);
    sleep(3 * SECOND).await;
    world.list(1, [(2, wants("main", ["k1", "k2"]))]);
    sleep(3 * SECOND).await;
    world.list(1, [(3, wants("main", ["k2"]))]);
    sleep(50 * SECOND).await;
    provider.clear_calls();
    sleep(5 * SECOND).await;
    let mut asked = provider.asked();
    asked.sort();
    assert_eq!(asked, ["k1".into(), "k2".into()], "the first is due, and takes the second along");
    sleep(6 * SECOND).await;
    assert_eq!(provider.asked().len(), 3, "the third comes at its own time");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_not_due_soon_is_not_brought_along() {
    let world = World::new();
    let provider = world.store("main");
    world.list(1, [(1, wants("main", ["k1"]))]);
    sleep(30 * SECOND).await;
    world.list(1, [(2, wants("main", ["k1"]))]);
    sleep(25 * SECOND).await;
    provider.clear_calls();
    sleep(10 * SECOND).await;
    world.thing(2, |thing| assert_eq!(thing.observed, 1));
    assert_eq!(provider.reads(), 1);
}

/// The calls that a healthy store gets for 200 objects, beside another with as many that may hang.
async fn calls_beside(batch_size: usize, hangs: bool) -> Vec<Call> {
    let world = World::new();
    let (healthy, neighbour) = (world.store("healthy"), world.store("neighbour"));
    healthy.set_batch_size(batch_size);
    if hangs {
        neighbour.hold();
        world.list(
            2,
            (1_000..1_200).map(|object| (object, wants("neighbour", [&format!("k{}", object % 100)]))),
        );
        neighbour.held(1).await;
    }
    world.list(1, (0..200).map(|object| (object, wants("healthy", [&format!("k{}", object % 100)]))));
    world.until(|thing| thing.is_ready() || thing.desired.entries[0].store.name == "neighbour").await;
    tokio::time::sleep_until(world.began + 90 * SECOND).await;
    healthy.calls()
}

#[tokio::test(start_paused = true)]
async fn two_hundred_objects_beside_a_dead_store_cost_the_same_calls_in_the_same_order_as_without_it() {
    for batch_size in [1, 20] {
        let expected = calls_beside(batch_size, false).await;
        assert!(expected.len() >= 2 * 100 / batch_size, "both cycles were seen: {}", expected.len());
        let beside = calls_beside(batch_size, true).await;
        let differs = beside.iter().zip(&expected).position(|(one, other)| one != other);
        assert_eq!((differs, beside.len()), (None, expected.len()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_read_writes_and_deletes_nothing() {
    use ErrorKind::{
        Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected,
    };
    for kind in [Conflict, Denied, Invalid, Throttled, Unauthenticated, Unavailable, Unexpected, NotFound] {
        let world = World::new();
        let provider = world.store("main");
        let mut desired = wants("main", ["k1", "k2"]);
        desired.absence = if kind == NotFound { Absence::Retain } else { Absence::Delete };
        world.add(1, 1, desired);
        world.synced().await;
        provider.fail_key("k2", kind);
        world.until(|thing| !thing.is_ready()).await;
        sleep(2 * MINUTE).await;
        world.thing(1, |thing| {
            assert_eq!((thing.entry("e1"), thing.steps.len()), (Some("first of k2"), 1), "after {kind:?}");
            assert_eq!(thing.reports.len(), 2, "it is told once, and not at each retry");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_deleted_when_its_store_says_that_everything_is_gone() {
    let world = World::new();
    let provider = world.store("main");
    let mut desired = wants("main", ["k1"]);
    desired.absence = Absence::Delete;
    world.add(1, 1, desired);
    world.synced().await;
    provider.delete("k1");
    world.until(|thing| thing.entries.is_none()).await;
    world.thing(1, |thing| assert_eq!(thing.steps, ["write e0", "delete"]));
}

#[tokio::test(start_paused = true)]
async fn a_failed_object_is_tried_again_after_one_second_doubling_to_thirty() {
    let world = World::new();
    let provider = world.store("main");
    provider.fail(ErrorKind::Denied);
    world.add(1, 1, wants("main", ["k1"]));
    sleep(4 * MINUTE).await;
    // 1, 2, 4, 8, 16 and then 30 s, each a tenth more or less.
    assert!((10..=14).contains(&provider.reads()), "{} reads", provider.reads());
    provider.mend();
    let mended = world.elapsed();
    world.synced().await;
    assert!(world.elapsed() - mended <= 30 * SECOND, "{:?}", world.elapsed() - mended);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_acted_on_at_once_however_long_the_object_would_wait() {
    let world = World::new();
    let provider = world.store("main");
    provider.fail(ErrorKind::Denied);
    world.add(1, 1, wants("main", ["k1"]));
    sleep(2 * MINUTE).await;
    provider.mend();
    let mended = world.elapsed();
    world.wake(1, Cause::Changed);
    world.synced().await;
    assert_eq!(world.elapsed(), mended);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_changed_and_fails_still_is_tried_again_soon() {
    let world = World::new();
    let provider = world.store("main");
    provider.fail(ErrorKind::Denied);
    world.add(1, 1, wants("main", ["k1"]));
    sleep(2 * MINUTE).await;
    provider.clear_calls();
    world.wake(1, Cause::Changed);
    sleep(4 * SECOND).await;
    assert_eq!(provider.reads(), 3, "at once, and after 1 and 3 s");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_asks_to_be_left_alone_is() {
    let world = World::new();
    let provider = world.store("main");
    provider.fail_with(ProviderError::new(ErrorKind::Throttled, "Fetch").with_retry_after(15 * SECOND));
    world.add(1, 1, wants("main", ["k1"]));
    sleep(14 * SECOND).await;
    assert_eq!(provider.reads(), 1);
    provider.mend();
    world.synced().await;
    assert!(world.elapsed() <= 20 * SECOND, "{:?}", world.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_reads_do_not_end_fails_and_is_tried_again() {
    let world = World::new();
    let settings = StoreSettings { retries: 10, retry_interval: 30 * SECOND, ..StoreSettings::default() };
    let provider = world.store_with("main", settings);
    provider.fail(ErrorKind::Throttled);
    world.add(1, 1, wants("main", ["k1"]));
    world.until(|thing| thing.message().ends_with("its stores did not give all values within 120 s")).await;
    assert_eq!(world.elapsed(), 2 * MINUTE);
    assert_eq!(world.handle.running(), 0, "its place is free");
    provider.mend();
    world.synced().await;
    assert!(world.elapsed() <= 2 * MINUTE + 3 * SECOND, "{:?}", world.elapsed());
    world.thing(1, |thing| assert_eq!((thing.entry("e0"), thing.reports.len()), (Some("first of k1"), 2)));
}

#[tokio::test(start_paused = true)]
async fn a_large_value_is_written_as_any_other_and_one_that_no_secret_holds_is_not() {
    let world = World::new();
    let provider = world.store("main");
    let large = "x".repeat(1 << 20);
    provider.put("large", large.as_str());
    provider.put("too-large", "x".repeat((1 << 20) + 1));
    world.add(1, 1, wants("main", ["large"]));
    world.synced().await;
    world.thing(1, |thing| assert_eq!(thing.entry("e0"), Some(large.as_str())));
    world.add(2, 1, wants("main", ["too-large"]));
    let told = |thing: &world::Thing| thing.message().contains("more than the 1 MiB that a Secret holds");
    world.until(|thing| thing.is_ready() || told(thing)).await;
    world.thing(2, |thing| assert_eq!((thing.steps.len(), thing.entries.is_none()), (0, true)));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_objects_recover_within_thirty_seconds_of_their_store() {
    let world = World::new();
    let provider = world.store("main");
    world.list(1, (0..1_000).map(|object| (object, wants("main", [&format!("k{}", object % 100)]))));
    world.synced().await;
    provider.fail(ErrorKind::Unavailable);
    world.until(|thing| !thing.is_ready()).await;
    provider.clear_calls();
    sleep(5 * MINUTE).await;
    assert!(provider.reads() <= 35, "a dead store is probed at most every ten seconds: {}", provider.reads());
    provider.mend();
    let mended = world.elapsed();
    world.synced().await;
    assert!(world.elapsed() - mended <= 11 * SECOND, "{:?}", world.elapsed() - mended);
    let told = world.target.objects.lock().values().map(|thing| thing.reports.len()).max();
    assert!(told <= Some(4), "a status was written {told:?} times for one outage");
}

#[tokio::test(start_paused = true)]
async fn an_object_whose_store_comes_later_is_told_so_and_synced_at_once_when_it_comes() {
    let world = World::new();
    world.add(1, 1, wants("main", ["k1"]));
    world.until(|thing| thing.message().contains("could not get SecretStore \"main\"")).await;
    sleep(MINUTE).await;
    let _provider = world.store("main");
    let came = world.elapsed();
    world.wake(1, Cause::SourceReady);
    world.synced().await;
    assert!(world.elapsed() - came < SECOND, "{:?}", world.elapsed() - came);
}

#[tokio::test(start_paused = true)]
async fn a_changed_source_is_read_at_once_and_an_object_that_only_may_have_changed_is_not() {
    let world = World::new();
    let provider = world.store("main");
    let mut desired = wants("main", ["k1"]);
    desired.refresh = Refresh::Every(60 * MINUTE);
    world.add(1, 1, desired);
    world.synced().await;
    for cause in [Cause::Changed, Cause::Listed, Cause::SourceReady] {
        world.wake(1, cause);
        sleep(SECOND).await;
        assert_eq!(provider.reads(), 1);
    }
    world.wake(1, Cause::SourceChanged);
    sleep(SECOND).await;
    assert_eq!(provider.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_edited_object_and_a_drifted_or_deleted_target_are_mended_at_once() {
    let world = World::new();
    let _provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.synced().await;
    let edits: [fn(&mut world::Thing); 3] = [
        |thing| thing.drifted = true,
        |thing| thing.entries = None,
        |thing| {
            thing.desired = eso_plan::desired::Desired { revision: "2".to_owned(), ..wants("main", ["k2"]) }
        },
    ];
    for edit in edits {
        let edited = world.elapsed();
        let before = world.thing(1, |thing| thing.steps.len());
        world.thing(1, edit);
        world.wake(1, Cause::Changed);
        world.until(|thing| thing.steps.len() > before && thing.entries.is_some()).await;
        assert_eq!(world.elapsed(), edited);
        // For a while somebody else leaves it alone: what comes then is a single drift again.
        sleep(2 * MINUTE).await;
    }
    world.thing(1, |thing| assert_eq!(thing.entry("e0"), Some("first of k2")));
}

/// Changes the target of the first object back as soon as it was written, for so long.
async fn fight(world: &World, lasts: Duration) {
    let fights = async {
        loop {
            world.thing(1, |thing| thing.drifted = true);
            world.wake(1, Cause::Changed);
            world.until(|thing| !thing.drifted).await;
        }
    };
    tokio::time::timeout(lasts, fights).await.expect_err("a fight must not end by itself");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_changed_again_and_again_is_repaired_less_and_less_often() {
    let world = World::new();
    let provider = world.store("main");
    let mut desired = wants("main", ["k1"]);
    desired.refresh = Refresh::OnChange;
    world.add(1, 1, desired);
    world.synced().await;
    provider.clear_calls();
    fight(&world, 5 * MINUTE).await;
    // At once, after 1, 2, 4, 8, 16, and then every 30 s, each a tenth more or less.
    let writes = world.thing(1, |thing| thing.steps.len()) - 1;
    assert!((13..=17).contains(&writes), "{writes} writes in five minutes");
    assert_eq!(provider.reads(), writes, "and the store is read no more often");
    let over = world.elapsed();
    world.until(|thing| !thing.drifted).await;
    assert!(world.elapsed() - over <= 30 * SECOND, "the last change is repaired too");
    sleep(2 * MINUTE).await;
    let again = world.elapsed();
    world.thing(1, |thing| thing.drifted = true);
    world.wake(1, Cause::Changed);
    world.until(|thing| !thing.drifted).await;
    assert_eq!(world.elapsed(), again, "after a quiet while a repair is immediate");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_object_or_its_source_does_not_wait_for_a_fight() {
    let world = World::new();
    let provider = world.store("main");
    let mut desired = wants("main", ["k1"]);
    desired.refresh = Refresh::Every(60 * MINUTE);
    world.add(1, 1, desired);
    world.synced().await;
    fight(&world, 2 * MINUTE).await;
    let before = world.elapsed();
    provider.put("k1", "second");
    world.wake(1, Cause::SourceChanged);
    world.until(|thing| thing.entry("e0") == Some("second")).await;
    world.thing(1, |thing| {
        thing.desired = eso_plan::desired::Desired { revision: "2".to_owned(), ..wants("main", ["k2"]) }
    });
    world.wake(1, Cause::Changed);
    world.until(|thing| thing.entry("e0") == Some("first of k2")).await;
    assert!(world.elapsed() - before < SECOND, "{:?}", world.elapsed() - before);
}

#[tokio::test(start_paused = true)]
async fn a_repair_that_meets_a_conflict_is_tried_again_at_once() {
    let world = World::new();
    let _provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.synced().await;
    world.thing(1, |thing| {
        thing.drifted = true;
        thing.faults.extend([Fault::Conflict; 2]);
    });
    world.wake(1, Cause::Changed);
    world.until(|thing| !thing.drifted).await;
    assert_eq!(world.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_changes_while_it_is_under_way_is_looked_at_again() {
    let world = World::new();
    let provider = world.store("main");
    provider.hold();
    world.add(1, 1, wants("main", ["k1"]));
    provider.held(1).await;
    world.thing(1, |thing| {
        thing.desired = eso_plan::desired::Desired { revision: "2".to_owned(), ..wants("main", ["k2"]) }
    });
    world.wake(1, Cause::Changed);
    provider.release();
    world.until(|thing| thing.entry("e0") == Some("first of k2")).await;
    assert_eq!(world.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_object_may_have_several_stores_and_their_answers_are_not_mixed_up() {
    let world = World::new();
    let (first, second) = (world.store("first"), world.store("second"));
    first.put("password", "of the first");
    second.put("password", "of the second");
    let mut desired = wants("first", ["password"]);
    desired.entries.extend([
        entry(1, "second", "password"),
        entry(2, "first", "k3"),
        entry(3, "first", "password"),
    ]);
    world.add(1, 1, desired);
    world.synced().await;
    world.thing(1, |thing| {
        let entries = ["e0", "e1", "e2", "e3"].map(|name| thing.entry(name).unwrap());
        assert_eq!(entries, ["of the first", "of the second", "first of k3", "of the first"]);
    });
    assert_eq!((first.asked().len(), second.asked().len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_at_a_look_or_a_write_is_looked_at_again_at_once() {
    for conflict in [Fault::Changing, Fault::Conflict] {
        let world = World::new();
        let _provider = world.store("main");
        world.add(1, 1, wants("main", ["k1"]));
        world.thing(1, |thing| thing.faults.extend([conflict; 3]));
        world.synced().await;
        assert_eq!(world.elapsed(), Duration::ZERO);
        world.thing(1, |thing| assert_eq!((thing.observed, thing.reports.len()), (4, 1), "{conflict:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_does_not_end_is_no_loop() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.thing(1, |thing| thing.faults.extend([Fault::Conflict; 10_000]));
    sleep(MINUTE).await;
    assert!(provider.reads() <= 4 * 8, "{} reads in a minute", provider.reads());
    world.thing(1, |thing| {
        assert_eq!(thing.reports.len(), 1, "it is told once");
        thing.faults.clear();
    });
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_tried_again() {
    let world = World::new();
    let _provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.thing(1, |thing| thing.faults.push_back(Fault::NoAnswer));
    world.synced().await;
    assert!(world.elapsed() <= 2 * SECOND, "{:?}", world.elapsed());
    let outcomes = world.target.outcomes.lock();
    assert!(matches!(outcomes[0], (1, Some(Outcome::Unwritable(Attempt::Write, _)))), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_looked_at_is_told_once_and_looked_at_again() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.thing(1, |thing| thing.faults.extend([Fault::Unseen; 3]));
    world.until(|thing| thing.message() == "could not update secret: it cannot be read: ask for it").await;
    assert_eq!(world.elapsed(), Duration::ZERO);
    world.synced().await;
    assert!((6 * SECOND..9 * SECOND).contains(&world.elapsed()), "after 1, 2 and 4 s: {:?}", world.elapsed());
    world.thing(1, |thing| assert_eq!(thing.reports.len(), 2, "{:?}", thing.reports));
    assert_eq!(provider.reads(), 1, "the store is not read for nothing");
    let outcomes = world.target.outcomes.lock();
    assert!(matches!(outcomes[0], (1, Some(Outcome::Unwritable(Attempt::Look, _)))), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_deleted_is_said_to_be_so() {
    let world = World::new();
    let provider = world.store("main");
    let desired = eso_plan::desired::Desired { absence: Absence::Delete, ..wants("main", ["k1"]) };
    world.add(1, 1, desired);
    world.synced().await;
    world.thing(1, |thing| thing.faults.push_back(Fault::NoAnswer));
    provider.delete("k1");
    world.until(|thing| thing.message() == "could not delete secret: no answer").await;
    world.until(|thing| thing.entries.is_none() && thing.is_ready()).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_forgotten_while_it_is_under_way_leaves_nothing_behind() {
    for refresh in [Refresh::Every(MINUTE), Refresh::OnChange, Refresh::Once] {
        let world = World::new();
        let _provider = world.store("main");
        world.stores.hold.send_replace(true);
        world.add(1, 1, eso_plan::desired::Desired { refresh, ..wants("main", ["k1"]) });
        sleep(SECOND).await;
        world.thing(1, |thing| assert_eq!(thing.observed, 1, "it is under way"));
        world.handle.forget(ObjectId(1));
        world.stores.hold.send_replace(false);
        world.synced().await;
        world.target.objects.lock().clear();
        sleep(2 * MINUTE).await;
        assert!(world.shared.company.lock().is_empty(), "{refresh:?}");
        assert!(world.shared.dispatch.is_idle(), "{refresh:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_objects_that_wait_for_their_time_are_company() {
    let world = World::new();
    let provider = world.store("main");
    let is_company = || !world.shared.company.lock().is_empty();
    world.add(1, 1, wants("main", ["k1"]));
    world.synced().await;
    assert!(is_company());
    world.thing(1, |thing| thing.is = State::Malformed);
    world.wake(1, Cause::Changed);
    world.until(|thing| !thing.is_ready()).await;
    sleep(SECOND).await;
    assert!(!is_company(), "a malformed object waits for a change");
    world.thing(1, |thing| thing.is = State::Present);
    provider.fail(ErrorKind::Denied);
    world.wake(1, Cause::Changed);
    world.until(|thing| thing.message().contains("spec.data[0]")).await;
    world.target.objects.lock().clear();
    sleep(MINUTE).await;
    assert!(!is_company(), "a failed object that is gone is found out to be so");
}

#[tokio::test(start_paused = true)]
async fn a_crash_fails_its_own_object_and_no_other() {
    let world = World::new();
    let _provider = world.store("main");
    for object in 1..=5 {
        world.add(object, 1, wants("main", ["k1"]));
    }
    world.thing(3, |thing| thing.faults.extend([Fault::Crash; 2]));
    world.until(|thing| thing.is_ready() || !thing.faults.is_empty() || thing.observed == 2).await;
    let others = || [1, 2, 4, 5].map(|object| world.thing(object, |thing| thing.is_ready()));
    assert_eq!((others(), world.elapsed() < SECOND), ([true; 4], true));
    world.synced().await;
    assert!(world.elapsed() >= 2 * SECOND, "it was tried again with a wait: {:?}", world.elapsed());
    assert_eq!(world.handle.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_object_is_told_once_and_left_alone() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.thing(1, |thing| thing.is = State::Malformed);
    world.until(|thing| thing.message().contains("no such field")).await;
    world.wake(1, Cause::Listed);
    sleep(5 * MINUTE).await;
    world.thing(1, |thing| assert_eq!((thing.reports.len(), thing.observed), (1, 2)));
    assert_eq!(provider.reads(), 0);
    world.thing(1, |thing| thing.is = State::Present);
    world.wake(1, Cause::Changed);
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_leaves_is_released_and_one_that_is_gone_is_forgotten() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, wants("main", ["k1"]));
    world.add(2, 1, wants("main", ["k1"]));
    world.synced().await;
    world.thing(1, |thing| thing.is = State::Leaving);
    world.wake(1, Cause::Changed);
    world.until(|thing| thing.is == State::Present || thing.steps.len() == 2).await;
    world.thing(1, |thing| assert_eq!(thing.steps, ["write e0", "release"]));
    world.target.objects.lock().clear();
    world.handle.forget(ObjectId(2));
    provider.clear_calls();
    sleep(5 * MINUTE).await;
    assert_eq!(provider.reads(), 0);
    assert!(world.shared.dispatch.is_idle() && world.shared.company.lock().of(&[]).next().is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_after_the_stop() {
    let mut world = World::new();
    let provider = world.store("main");
    provider.hold();
    for object in 0..20 {
        world.add(object, 1, wants("main", ["k1"]));
    }
    provider.held(1).await;
    world.stop.cancel();
    (&mut world.engine).await.unwrap();
    provider.release();
    sleep(MINUTE).await;
    let objects = world.target.objects.lock();
    assert!(objects.values().all(|thing| thing.steps.is_empty() && thing.reports.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_where_the_stop_comes_just_before() {
    let mut world = World::new();
    world.add(1, 1, wants("main", ["k1"]));
    world.thing(1, |thing| thing.is = State::Leaving);
    *world.target.stops.lock() = Some(world.stop.clone());
    (&mut world.engine).await.unwrap();
    world.thing(1, |thing| assert_eq!((thing.observed, thing.steps.len()), (1, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_begun_is_waited_for_at_the_stop_and_nothing_follows_it() {
    let mut world = World::new();
    let _provider = world.store("main");
    world.target.hold_writes.send_replace(true);
    world.add(1, 1, wants("main", ["k1"]));
    sleep(SECOND).await;
    world.stop.cancel();
    sleep(SECOND).await;
    assert!(!world.engine.is_finished());
    world.target.hold_writes.send_replace(false);
    (&mut world.engine).await.unwrap();
    world.thing(1, |thing| assert_eq!((thing.steps.len(), thing.reports.len()), (1, 0)));
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_short_is_taken_up_by_the_next_engine() {
    let mut first = World::new();
    let provider = first.store("main");
    first.target.hold_writes.send_replace(true);
    first.add(1, 1, wants("main", ["k1"]));
    sleep(SECOND).await;
    first.stop.cancel();
    first.target.hold_writes.send_replace(false);
    (&mut first.engine).await.unwrap();
    let second = World::with(Arc::clone(&first.target), Arc::clone(&first.stores));
    second.wake(1, Cause::Listed);
    second.synced().await;
    second.thing(1, |thing| assert_eq!(thing.steps.len(), 1, "the target holds the value already"));
    assert_eq!(provider.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restart_with_fresh_objects_reads_nothing() {
    let first = World::new();
    let provider = first.store("main");
    first.list(1, hundred());
    first.synced().await;
    drop(first.handle.clone());
    first.stop.cancel();
    sleep(10 * SECOND).await;
    provider.clear_calls();
    let target: Arc<Memory> = Arc::clone(&first.target);
    *target.started.lock() = target.now();
    target.objects.lock().values_mut().for_each(|thing| thing.refreshed = None);
    let second = World::with(target, Arc::clone(&first.stores));
    (0..100).for_each(|object| second.handle.wake(ObjectId(object), GroupId(1), Cause::Listed));
    sleep(45 * SECOND).await;
    assert_eq!(provider.reads(), 0);
    sleep(15 * SECOND).await;
    assert_eq!(provider.reads(), 10, "they come at the times that were written down");
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_counts_objects_that_are_due_or_under_way_for_too_long() {
    let world = World::new();
    let _provider = world.store("main");
    world.target.hold_writes.send_replace(true);
    world.add(1, 1, wants("main", ["k1"]));
    sleep(59 * SECOND).await;
    assert_eq!(world.handle.overdue(), 0);
    sleep(60 * SECOND).await;
    assert!(world.handle.overdue() > 0);
    world.target.hold_writes.send_replace(false);
    world.synced().await;
    let counted = world.handle.overdue();
    sleep(10 * MINUTE).await;
    assert_eq!(world.handle.overdue(), counted);
}

#[tokio::test(start_paused = true)]
async fn a_preview_reads_and_says_what_would_be_done_and_writes_nothing() {
    let world = World::new();
    let provider = world.store("main");
    let (engine, _handle) = Engine::new(
        Arc::clone(&world.target) as _,
        Arc::clone(&world.stores) as _,
        Arc::new(()),
        Settings::default(),
    );
    assert_eq!(engine.preview(ObjectId(1)).await, Preview::Gone);
    world.target.objects.lock().insert(1, world::Thing::new(wants("main", ["k1"])));
    let Preview::Planned { plan, due, .. } = engine.preview(ObjectId(1)).await else { panic!("not planned") };
    assert_eq!((plan.to_string().as_str(), due), ("write e0: in step with the store", Due::Now));
    provider.fail(ErrorKind::Denied);
    let Preview::Planned { plan, .. } = engine.preview(ObjectId(1)).await else { panic!("not planned") };
    assert!(plan.to_string().starts_with("keep: unreadable: "), "{plan}");
    world.thing(1, |thing| assert_eq!((thing.steps.len(), thing.reports.len()), (0, 0)));
}
