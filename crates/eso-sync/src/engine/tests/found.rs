//! Searches, and stores of which only some keys may be seen.

use eso_core::{
    error::ErrorKind,
    provider::{NameFilter, Query},
};
use eso_plan::{
    desired::{Absence, Ask, Desired, Destination, Entry, Origin},
    fence::KeyPatterns,
    naming::Naming,
};
use eso_testkit::memory::Call;

use super::world::{World, entry, wants};

/// An object that asks for all values of the store `main` whose names begin so.
fn looks_for(start: &'static str) -> Desired {
    let name = NameFilter::new(start, move |name| name.starts_with(start));
    let query = Query { name: Some(name), ..Query::default() };
    let find = Entry {
        origin: Origin::Find(0),
        ask: Ask::Find(query),
        into: Destination::Many(Naming::default()),
        ..entry(0, "main", "")
    };
    Desired { entries: vec![find], ..wants("main", []) }
}

fn searches(calls: &[Call]) -> usize {
    calls.iter().filter(|call| matches!(call, Call::Find(_))).count()
}

#[tokio::test(start_paused = true)]
async fn what_is_found_is_read_in_batches_and_written() {
    let world = World::new();
    let provider = world.store("main");
    provider.set_batch_size(20);
    world.add(1, 1, looks_for("k1"));
    world.synced().await;
    world.thing(1, |thing| {
        assert_eq!(thing.entries.as_ref().map(|entries| entries.len()), Some(11), "k1 and k10 to k19");
        assert_eq!(thing.entry("k10"), Some("first of k10"));
    });
    let calls = provider.calls();
    assert_eq!((searches(&calls), calls.len()), (1, 2), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_between_search_and_read_is_left_out() {
    let world = World::new();
    let provider = world.store("main");
    provider.fail_key("k10", ErrorKind::NotFound);
    world.add(1, 1, looks_for("k1"));
    world.synced().await;
    world
        .thing(1, |thing| assert_eq!((thing.entry("k10"), thing.entry("k11")), (None, Some("first of k11"))));
}

#[tokio::test(start_paused = true)]
async fn one_value_that_cannot_be_read_fails_the_whole_search() {
    let world = World::new();
    let provider = world.store("main");
    provider.fail_key("k10", ErrorKind::Denied);
    world.add(1, 1, looks_for("k1"));
    world.until(|thing| thing.message().contains("spec.dataFrom[0].find")).await;
    world.thing(1, |thing| assert_eq!(thing.entries, None));
}

#[tokio::test(start_paused = true)]
async fn a_search_that_meets_nothing_deletes_only_where_that_is_asked_for() {
    for (absence, deleted) in [(Absence::Retain, false), (Absence::Delete, true)] {
        let world = World::new();
        let provider = world.store("main");
        provider.put("only", "once");
        world.add(1, 1, Desired { absence, ..looks_for("only") });
        world.synced().await;
        provider.delete("only");
        world.until(|thing| thing.message() != "secret synced").await;
        world.thing(1, |thing| assert_eq!(thing.entries.is_none(), deleted, "{absence:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_for_a_secret_is_not_read_to_its_end() {
    let world = World::new();
    let provider = world.store("main");
    for number in 0..1000 {
        provider.put(&format!("large{number}"), "x".repeat(64 << 10));
    }
    world.add(1, 1, looks_for("large"));
    world.until(|thing| thing.message().contains("what is found takes more than 4 MiB")).await;
    assert_eq!(provider.asked().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_not_be_seen_is_never_asked_for() {
    let world = World::new();
    let provider = world.store("main");
    *world.stores.keys.lock() = Some(KeyPatterns::new(["k2*"]));
    world.add(1, 1, wants("main", ["k1"]));
    let denied = "key k1 of SecretStore \"main\" is not allowed from namespace \"demo\": denied by \
                  spec.conditions[].keys";
    world.until(|thing| thing.message().ends_with(denied)).await;
    assert_eq!(provider.calls(), []);
    world.add(1, 1, wants("main", ["k2"]));
    world.synced().await;
}

/// Else the names of what may not be seen could be guessed, letter by letter.
#[tokio::test(start_paused = true)]
async fn a_search_that_meets_only_what_may_not_be_seen_looks_like_one_that_meets_nothing() {
    let world = World::new();
    let provider = world.store("main");
    *world.stores.keys.lock() = Some(KeyPatterns::new(["k2*"]));
    let retained = "secret retained due to DeletionPolicy=Retain";
    world.add(1, 1, looks_for("k1"));
    world.until(|thing| thing.message() == retained).await;
    world.add(1, 1, looks_for("nothing of this name"));
    world.until(|thing| thing.message() == retained).await;
    // As Vault says it.
    provider.fail(ErrorKind::NotFound);
    world.add(2, 1, looks_for("k1"));
    world.until(|thing| thing.message() == retained).await;
}

#[tokio::test(start_paused = true)]
async fn all_spellings_of_a_key_are_judged_alike() {
    let world = World::new();
    let provider = world.store("main");
    provider.spell("k1", "k2/of/k1");
    provider.spell("k2", "k1/of/k2");
    *world.stores.keys.lock() = Some(KeyPatterns::new(["k2*"]));
    world.add(1, 1, wants("main", ["k2/of/k1"]));
    world
        .until(|thing| thing.message().contains("key k2/of/k1 of SecretStore \"main\" is not allowed"))
        .await;
    assert_eq!(provider.calls(), []);
    world.add(1, 1, wants("main", ["k1/of/k2"]));
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn a_search_shows_what_may_be_seen_and_reads_nothing_else() {
    let world = World::new();
    let provider = world.store("main");
    *world.stores.keys.lock() = Some(KeyPatterns::new(["k11", "k2*"]));
    world.add(1, 1, looks_for("k1"));
    world.synced().await;
    world.thing(1, |thing| assert_eq!(thing.entries.as_ref().map(|entries| entries.len()), Some(1)));
    let asked: Vec<String> = provider.asked().iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["k11"]);
}
