//! The engine that pushes over a world in memory. Time is tokio's, paused: it moves on only when everybody waits.

use std::{collections::BTreeMap, sync::Arc};

use eso_core::{
    error::ErrorKind,
    key::DocumentName,
    labels::Selector,
    provider::{PropertySyntax, Put, WholeSecret},
};
use eso_plan::{
    fence::KeyPatterns,
    plan::WriteError,
    push::{Desired, Source, Update, status::Outcome},
    template::{From, Part, SourceKind, SourceName, Template, Text},
};
use eso_testkit::memory::{Call, MemoryProvider};
use tokio::time::sleep;

use crate::dispatch::Cause;

mod world;

use world::{MINUTE, SECOND, Things, World, cleans, held, looks, reference, wants, writes};

#[tokio::test(start_paused = true)]
async fn a_new_object_is_pushed_and_reported_once() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1"), ("b", "2")]);
    world.add(wants([("a", "x"), ("b", "y/p.q")]));
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
    assert_eq!(held(&provider, "y").await.as_deref(), Some(r#"{"p":{"q":"2"}}"#));
    assert_eq!(world.places(), ["x", "y/p.q"]);
    world.thing(|thing| {
        assert_eq!(thing.reports.len(), 1, "nothing need be claimed that is never deleted");
        assert_eq!(thing.reports[0].events.len(), 1);
        assert!(!thing.is_held);
    });
}

#[tokio::test(start_paused = true)]
async fn a_push_that_changes_nothing_writes_nothing_and_says_nothing() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x"), ("a", "y/p")]));
    world.synced().await;
    provider.clear_calls();
    sleep(5 * MINUTE + SECOND).await;
    assert_eq!((writes(&provider), looks(&provider)), (Vec::new(), 10));
    world.wake(Cause::SourceChanged);
    sleep(SECOND).await;
    assert_eq!((writes(&provider), looks(&provider)), (Vec::new(), 12));
    world.thing(|thing| assert_eq!(thing.reports.len(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_changed_secret_is_pushed_when_it_is_told_and_told_once() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x")]));
    world.synced().await;
    world.secret("app", &[("a", "2")]);
    world.wake(Cause::SourceChanged);
    sleep(SECOND).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("2"));
    world.thing(|thing| {
        let events: usize = thing.reports.iter().map(|report| report.events.len()).sum();
        assert_eq!(events, 2);
    });
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_put_there_is_put_right_at_the_next_interval() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x")]));
    world.synced().await;
    provider.delete("x");
    sleep(MINUTE + SECOND).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
    provider.put("x", "theirs");
    sleep(MINUTE + SECOND).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("theirs"), "it is not ours any more");
    let foreign = "Errored: set secret failed: could not write remote ref a to target secretstore main: secret not managed \
                   by external-secrets";
    assert_eq!(world.said(), foreign);
    provider.clear_calls();
    sleep(10 * MINUTE).await;
    assert_eq!((writes(&provider), looks(&provider)), (Vec::new(), 10), "it is looked at once an interval");
}

#[tokio::test(start_paused = true)]
async fn entries_of_one_value_are_one_write() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1"), ("b", "2")]);
    world.add(wants([("a", "x/a"), ("b", "x/b")]));
    world.synced().await;
    assert_eq!(writes(&provider), ["put x"]);
    assert_eq!(held(&provider, "x").await.as_deref(), Some(r#"{"a":"1","b":"2"}"#));
}

#[tokio::test(start_paused = true)]
async fn what_is_there_stays_where_the_object_says_so() {
    let world = World::new();
    let provider = world.store("main");
    provider.put("x", "theirs");
    world.secret("app", &[("a", "1")]);
    world.add(Desired { update: Update::Keep, ..wants([("a", "x"), ("a", "y")]) });
    world.synced().await;
    assert_eq!(writes(&provider), ["put y"]);
    assert_eq!(
        world.said(),
        "Synced: PushSecret synced successfully. Existing secrets in providers unchanged."
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_asked_for_any_more_is_deleted_where_the_object_says_so() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x"), ("a", "y/p"), ("a", "y/q")]));
    world.synced().await;
    assert!(world.thing(|thing| thing.is_held));
    world.thing(|thing| thing.desired = Some(Desired { revision: "2".to_owned(), ..cleans([("a", "y/q")]) }));
    world.wake(Cause::Changed);
    world.until(|thing| thing.record.revision.as_deref() == Some("2")).await;
    assert_eq!(held(&provider, "x").await, None);
    assert_eq!(held(&provider, "y").await.as_deref(), Some(r#"{"q":"1"}"#));
    assert_eq!(world.places(), ["y/q"]);
    world.thing(|thing| thing.desired = Some(Desired { revision: "3".to_owned(), ..wants([]) }));
    world.wake(Cause::Changed);
    world.until(|thing| thing.record.revision.as_deref() == Some("3")).await;
    assert_eq!(held(&provider, "y").await.as_deref(), Some(r#"{"q":"1"}"#), "it deletes no more");
    assert_eq!((world.places(), world.thing(|thing| thing.is_held)), (Vec::new(), false));
}

/// The original deletes after all is written, and nothing after a failure.
#[tokio::test(start_paused = true)]
async fn a_value_that_is_to_go_elsewhere_stays_until_it_is_there() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "old"), ("a", "kept/p"), ("a", "kept/q")]));
    world.synced().await;
    provider.put("new", "theirs");
    let moved = cleans([("a", "new"), ("a", "kept/q")]);
    world.thing(|thing| thing.desired = Some(Desired { revision: "2".to_owned(), ..moved }));
    world.wake(Cause::Changed);
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(held(&provider, "old").await.as_deref(), Some("1"));
    assert_eq!(held(&provider, "kept").await.as_deref(), Some(r#"{"q":"1"}"#), "it is one write");
    assert_eq!(world.places(), ["kept/q", "old"]);
    provider.delete("new");
    sleep(MINUTE + SECOND).await;
    assert_eq!((held(&provider, "new").await.as_deref(), held(&provider, "old").await), (Some("1"), None));
    assert_eq!(world.places(), ["kept/q", "new"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_a_store_that_rests_stays_there_and_in_the_status() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.synced().await;
    world.thing(|thing| thing.resting.insert(reference("main")));
    for changed in [&[("a", "2")][..], &[]] {
        world.secret("app", changed);
        world.wake(Cause::SourceChanged);
        sleep(5 * MINUTE).await;
    }
    world.things.secrets.lock().clear();
    world.wake(Cause::SourceChanged);
    sleep(5 * MINUTE).await;
    assert_eq!((writes(&provider), world.places()), (vec!["put x".to_owned()], vec!["x".to_owned()]));
    world.thing(|thing| thing.is_leaving = true);
    world.wake(Cause::Changed);
    world.until(|thing| thing.is_gone).await;
    assert_eq!(held(&provider, "x").await, None);
}

/// As the Parameter Store and version 1 of KV: a write is held against no version.
#[tokio::test(start_paused = true)]
async fn of_two_objects_that_write_into_one_value_none_is_lost_though_the_store_cannot_tell() {
    let world = World::new();
    let provider = world.store("main");
    provider.forget_versions();
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x/o")]));
    world.synced().await;
    provider.hold();
    for (object, place) in [(2, "x/p"), (3, "x/q")] {
        world.add_another(object, wants([("a", place)]));
    }
    provider.held(1).await;
    sleep(SECOND).await;
    provider.release();
    sleep(SECOND).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some(r#"{"o":"1","p":"1","q":"1"}"#));
    assert_eq!(writes(&provider).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_whole_secret_is_written_as_the_store_is_told_it_and_as_its_metadata_says() {
    let world = World::new();
    let provider = world.store("main");
    provider.set_whole_secret(WholeSecret::Base64);
    world.secret("app", &[("a", "1")]);
    let mut desired = wants([("", "x"), ("", "y"), ("a", "z")]);
    desired.data[..2].iter_mut().for_each(|data| data.secret_key = None);
    desired.data[1].metadata = Some("any".into());
    world.add(desired);
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some(r#"{"a":"MQ=="}"#));
    assert_eq!(held(&provider, "y").await.as_deref(), Some(r#"{"a":"1"}"#));
    assert_eq!(held(&provider, "z").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn what_will_be_deleted_one_day_is_written_down_before_it_is_written() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    provider.hold();
    world.add(cleans([("a", "x")]));
    provider.held(1).await;
    assert_eq!(world.places(), ["x"]);
    world.thing(|thing| assert_eq!((thing.is_held, thing.reason()), (true, "")));
    provider.release();
    world.synced().await;
    world.thing(|thing| assert_eq!(thing.reports.len(), 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_written_goes_with_its_object_which_waits_for_that() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x"), ("a", "y/p")]));
    world.synced().await;
    provider.fail(ErrorKind::Denied);
    world.thing(|thing| thing.is_leaving = true);
    world.wake(Cause::Changed);
    world.until(|thing| thing.reason() == "Errored").await;
    let said = "Errored: Failed to Delete Secrets from Provider: SecretStore \"main\": Fetch: access denied (and 1 more)";
    assert_eq!(world.said(), said);
    assert_eq!(world.places(), ["x", "y/p"]);
    assert!(!world.thing(|thing| thing.is_gone));
    provider.mend();
    world.until(|thing| thing.is_gone).await;
    assert_eq!((held(&provider, "x").await, held(&provider, "y").await), (None, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_somebody_elses_by_now_is_not_deleted() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.synced().await;
    provider.put("x", "theirs");
    world.thing(|thing| thing.is_leaving = true);
    world.wake(Cause::Changed);
    world.until(|thing| thing.is_gone).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("theirs"));
}

#[tokio::test(start_paused = true)]
async fn an_object_whose_store_is_dead_stays_until_it_answers() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.synced().await;
    let store = world.stores.stores.lock().remove("main").unwrap();
    world.thing(|thing| thing.is_leaving = true);
    world.wake(Cause::Changed);
    world.until(|thing| thing.reason() == "Errored").await;
    let said = "Errored: Failed to Delete Secrets from Provider: SecretStore \"main\": could not get SecretStore \"main\"";
    assert_eq!(world.said(), said);
    sleep(10 * MINUTE).await;
    assert!(!world.thing(|thing| thing.is_gone));
    world.stores.stores.lock().insert("main".to_owned(), store);
    sleep(30 * SECOND).await;
    assert!(world.thing(|thing| thing.is_gone));
    assert_eq!(held(&provider, "x").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_gone_takes_what_was_written_with_it_where_the_object_says_so() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.synced().await;
    world.things.secrets.lock().clear();
    world.wake(Cause::SourceChanged);
    world.until(|thing| thing.reason() == "SourceDeleted").await;
    assert_eq!((held(&provider, "x").await, world.places().len()), (None, 0));
    sleep(5 * MINUTE).await;
    assert_eq!(world.said(), "SourceDeleted: source secret deleted; provider secrets cleaned up");
    world.secret("app", &[("a", "2")]);
    world.wake(Cause::SourceChanged);
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_never_there_is_said_and_nothing_is_deleted() {
    let world = World::new();
    let provider = world.store("main");
    for desired in [wants([("a", "x")]), cleans([("a", "x")])] {
        world.add(desired);
        world.until(|thing| thing.reason() == "Errored").await;
        assert_eq!(world.said(), "Errored: could not get source secret: there is no Secret \"app\"");
    }
    assert_eq!(provider.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_is_no_secret_that_is_gone() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.synced().await;
    world.thing(|thing| thing.unreadable = Some(WriteError::Unavailable("no answer".to_owned())));
    world.wake(Cause::SourceChanged);
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
    world.thing(|thing| thing.unreadable = None);
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn several_secrets_of_one_selector_do_not_delete_each_others_values() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.secret("web", &[("b", "2")]);
    let selector = Selector::parse(&Default::default()).unwrap();
    let mut desired = cleans([]);
    desired.source = Source::Labelled(selector);
    desired.data_to = vec![eso_plan::push::DataTo {
        stores: desired.stores[0].clone(),
        bundle: None,
        keys: None,
        rewrites: Vec::new(),
        metadata: None,
        conversion: eso_plan::push::Conversion::None,
    }];
    world.add(desired);
    world.synced().await;
    sleep(3 * MINUTE).await;
    assert_eq!(writes(&provider), ["put a", "put b"]);
    world.things.secrets.lock().remove("web");
    world.wake(Cause::SourceChanged);
    sleep(SECOND).await;
    assert_eq!((world.places(), held(&provider, "b").await), (vec!["a".to_owned()], None));
    world.things.secrets.lock().clear();
    world.wake(Cause::SourceChanged);
    sleep(SECOND).await;
    assert_eq!((world.places().len(), held(&provider, "a").await), (0, None));
    assert_eq!(world.said(), "Synced: PushSecret synced successfully");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_changes_while_it_is_looked_at_is_looked_at_again_at_once() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1"), ("b", "2")]);
    world.add(wants([("a", "x/a")]));
    world.synced().await;
    world.thing(|thing| thing.desired = Some(wants([("b", "x/b")])));
    world.thing(|thing| thing.record.revision = None);
    provider.write_before_next(r#"{"c":"3"}"#);
    world.wake(Cause::Changed);
    world.synced().await;
    sleep(SECOND).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some(r#"{"c":"3","b":"2"}"#));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_always_conflicts_is_given_up_on_and_tried_again_later() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    provider.fail_writes(ErrorKind::Conflict);
    world.add(wants([("a", "x")]));
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(looks(&provider), 4);
    provider.mend();
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_after_the_stop() {
    let mut world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    provider.hold();
    world.add(wants([("a", "x")]));
    provider.held(1).await;
    world.stop.cancel();
    (&mut world.engine).await.unwrap();
    provider.release();
    sleep(MINUTE).await;
    assert_eq!(writes(&provider), [""; 0]);
    world.thing(|thing| assert!(thing.reports.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_has_begun_is_not_cut_short_by_the_stop() {
    let mut world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    provider.hold_writes();
    world.add(wants([("a", "x")]));
    provider.held(1).await;
    world.stop.cancel();
    sleep(SECOND).await;
    provider.release();
    (&mut world.engine).await.unwrap();
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_tried_again_and_its_other_values_are_written() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1"), ("b", "2")]);
    provider.fail_key("x", ErrorKind::Denied);
    world.add(wants([("a", "x"), ("b", "y")]));
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!((held(&provider, "y").await.as_deref(), world.places()), (Some("2"), vec!["y".to_owned()]));
    let said = "Errored: set secret failed: could not write remote ref a to target secretstore main: Fetch: access denied";
    assert_eq!(world.said(), said);
    provider.mend();
    world.synced().await;
    assert_eq!(world.places(), ["x", "y"]);
    assert_eq!(writes(&provider), ["put y", "put x"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_said_once_however_often_it_comes() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    provider.fail(ErrorKind::Denied);
    world.add(wants([("a", "x")]));
    sleep(10 * MINUTE).await;
    world.thing(|thing| assert_eq!(thing.reports.len(), 1));
    assert!((20..30).contains(&looks(&provider)), "{}", looks(&provider));
}

#[tokio::test(start_paused = true)]
async fn a_dead_store_is_pushed_to_as_soon_as_it_answers() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    provider.fail(ErrorKind::Unavailable);
    world.add(wants([("a", "x")]));
    sleep(10 * MINUTE).await;
    provider.mend();
    sleep(11 * SECOND).await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_can_only_be_read_is_said() {
    let world = World::new();
    let provider = world.store("main");
    let reader = eso_testkit::memory::MemoryProvider::new();
    let store = crate::store::Store::new(reader, Default::default(), &world.stores.backends);
    world.stores.stores.lock().insert("main".to_owned(), store);
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x")]));
    world.until(|thing| thing.reason() == "Errored").await;
    let said = "Errored: set secret failed: could not get secrets client for store main: SecretStore \"main\" can only be \
                read: push to another store";
    assert_eq!(world.said(), said);
    assert_eq!(provider.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn a_fence_holds_for_what_is_pushed_and_for_what_is_deleted() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    *world.stores.keys.lock() = Some(KeyPatterns::new(["team-*"]));
    world.add(cleans([("a", "x"), ("a", "team-x")]));
    world.until(|thing| thing.reason() == "Errored").await;
    let said = "Errored: set secret failed: could not get secrets client for store main: key x of SecretStore \"main\" is \
                not allowed from namespace \"demo\": denied by spec.conditions[].keys";
    assert_eq!(world.said(), said);
    assert_eq!(
        (writes(&provider), world.places()),
        (vec!["put team-x".to_owned()], vec!["team-x".to_owned()])
    );
    provider.clear_calls();
    *world.stores.keys.lock() = Some(KeyPatterns::new(["other"]));
    world.thing(|thing| thing.is_leaving = true);
    world.wake(Cause::Changed);
    world.until(|thing| thing.reason() == "Errored" && thing.is_leaving && thing.reports.len() > 2).await;
    assert_eq!(provider.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_object_is_said_and_left_alone() {
    let world = World::new();
    let _provider = world.store("main");
    world.secret("app", &[]);
    world.add(wants([]));
    world.synced().await;
    world.thing(|thing| thing.desired = None);
    world.wake(Cause::Changed);
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(world.said(), "Errored: no such field");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_each_object_is_looked_at_once_and_nothing_is_written() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x")]));
    world.synced().await;
    let (things, stores): (Arc<Things>, _) = (Arc::clone(&world.things), Arc::clone(&world.stores));
    drop(world);
    things.things.lock().get_mut(&1).unwrap().refreshed = None;
    provider.clear_calls();
    let world = World::with(things, stores);
    world.wake(Cause::Listed);
    sleep(SECOND).await;
    assert_eq!((looks(&provider), writes(&provider)), (1, Vec::new()));
    world.thing(|thing| assert_eq!(thing.reports.len(), 1));
}

fn template(data: &[(&str, &str)]) -> Template {
    let data = data.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    Template { keeps_values: true, data, ..Template::default() }
}

#[tokio::test(start_paused = true)]
async fn what_templates_make_is_pushed_beside_what_the_secret_holds() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(Desired {
        template: Some(template(&[("url", "http://{{ .a }}")])),
        ..wants([("url", "x"), ("a", "y")])
    });
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("http://1"));
    assert_eq!(held(&provider, "y").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_template_that_asks_for_the_time_or_chance_is_pushed_anew_when_something_else_is_new() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    let text = "{{ .a }} {{ now | unixEpoch }} {{ randAlphaNum 20 }}";
    world.add(Desired { template: Some(template(&[("t", text)])), ..wants([("t", "x")]) });
    world.synced().await;
    let first = held(&provider, "x").await.unwrap();
    sleep(5 * MINUTE + SECOND).await;
    assert_eq!(held(&provider, "x").await.as_ref(), Some(&first));
    world.secret("app", &[("a", "2")]);
    world.wake(Cause::SourceChanged);
    sleep(SECOND).await;
    let second = held(&provider, "x").await.unwrap();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(words(&first).iter().zip(words(&second)).all(|(first, second)| *first != second));
}

#[tokio::test(start_paused = true)]
async fn a_template_that_fails_is_said_and_waits_for_a_change() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(Desired { template: Some(template(&[("t", "{{ .nope }}")])), ..wants([("t", "x")]) });
    world.until(|thing| thing.reason() == "Errored").await;
    assert!(
        world.said().starts_with("Errored: set secret failed: could not apply template: "),
        "{}",
        world.said()
    );
    assert_eq!(provider.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn templates_of_other_objects_are_read() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    let source = SourceName { kind: SourceKind::ConfigMap, name: "map".to_owned() };
    let text = Text::Source { source: source.clone(), items: vec![("t".to_owned(), Default::default())] };
    let from = From { text, into: Part::Data, decoding: eso_plan::decoding::Decoding::None };
    let template = Template { from: vec![from], ..template(&[]) };
    world.add(Desired { template: Some(template), ..wants([("t", "x")]) });
    world.until(|thing| thing.reason() == "Errored").await;
    assert!(world.said().ends_with("configmap \"map\" not found"), "{}", world.said());
    let held_by_map = BTreeMap::from([("t".to_owned(), "is {{ .a }}".into())]);
    world.things.sources.lock().insert(source, Some(held_by_map));
    world.wake(Cause::SourceChanged);
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("is 1"));
}

#[tokio::test(start_paused = true)]
async fn a_store_of_objects_takes_properties_as_keys() {
    let world = World::new();
    let provider = world.store("main");
    provider.set_writable(PropertySyntax::Key);
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x/p.q")]));
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some(r#"{"p.q":"1"}"#));
}

/// The key `k` of the ConfigMap `map`.
fn document() -> DocumentName {
    let source = SourceName { kind: SourceKind::ConfigMap, name: "map".to_owned() };
    DocumentName { source, key: "k".to_owned() }
}

/// The ConfigMap is there, and holds this text.
fn holds(world: &World, text: &str) {
    let entries = BTreeMap::from([(document().key, text.into())]);
    world.things.sources.lock().insert(document().source, Some(entries));
}

/// A store whose metadata names that document, and two values with metadata beside them.
fn with_a_document(world: &World) -> (Arc<MemoryProvider>, Desired) {
    let provider = world.store("main");
    provider.set_documents(vec![document()]);
    world.secret("app", &[("a", "1")]);
    let mut desired = wants([("a", "x"), ("a", "y")]);
    desired.data.iter_mut().for_each(|data| data.metadata = Some("any".into()));
    (provider, desired)
}

/// The texts that came with what was put, in order.
fn texts_put(provider: &MemoryProvider) -> Vec<String> {
    let text = |call| match call {
        Call::Put(Put { documents, .. }) => documents.get(&document())?.expose_str().map(str::to_owned),
        _ => None,
    };
    provider.calls().into_iter().filter_map(text).collect()
}

#[tokio::test(start_paused = true)]
async fn what_metadata_names_is_read_once_a_run_and_acted_on_when_it_changes() {
    let world = World::new();
    let (provider, desired) = with_a_document(&world);
    holds(&world, "first");
    world.add(desired);
    world.synced().await;
    assert_eq!(texts_put(&provider), ["first", "first"]);
    assert_eq!(*world.things.sources_read.lock(), [document().source]);
    sleep(2 * MINUTE + SECOND).await;
    assert_eq!(writes(&provider).len(), 2, "all is so already");
    holds(&world, "second");
    world.wake(Cause::SourceChanged);
    sleep(SECOND).await;
    assert_eq!(texts_put(&provider), ["first", "first", "second", "second"]);
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_where_metadata_names_nothing() {
    let world = World::new();
    let provider = world.store("main");
    provider.set_documents(vec![document()]);
    world.secret("app", &[("a", "1")]);
    world.add(wants([("a", "x")]));
    world.synced().await;
    assert_eq!(*world.things.sources_read.lock(), []);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_not_there_is_said_and_keeps_back_only_the_values_that_want_it() {
    let world = World::new();
    let (provider, mut desired) = with_a_document(&world);
    desired.data[1].metadata = None;
    world.add(desired);
    world.until(|thing| thing.reason() == "Errored").await;
    let said = "failed to parse metadata: configmap \"map\" not found in the namespace of the PushSecret";
    assert!(world.said().ends_with(said), "{}", world.said());
    assert_eq!((held(&provider, "x").await, held(&provider, "y").await.as_deref()), (None, Some("1")));
    world.things.sources.lock().insert(document().source, Some(BTreeMap::new()));
    world.wake(Cause::SourceChanged);
    world.until(|thing| thing.message().ends_with("key \"k\" not found in configmap \"map\"")).await;
    holds(&world, "text");
    world.wake(Cause::SourceChanged);
    world.synced().await;
    assert_eq!(held(&provider, "x").await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn documents_that_cannot_be_read_are_tried_again() {
    let world = World::new();
    let (provider, desired) = with_a_document(&world);
    holds(&world, "text");
    *world.things.sources_unreadable.lock() = Some(forbidden());
    world.add(desired);
    world.until(|thing| thing.reason() == "Errored").await;
    let said = "what its metadata points to cannot be read: no right";
    assert!(world.said().contains(said), "{}", world.said());
    assert_eq!(provider.calls(), []);
    *world.things.sources_unreadable.lock() = None;
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_written_without_what_is_beside_it_is_deleted_like_any_other() {
    let world = World::new();
    let (provider, desired) = with_a_document(&world);
    holds(&world, "text");
    provider.fail_beside(ErrorKind::Denied);
    world.add(Desired { cleans_up: true, ..desired });
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(world.places(), ["x", "y"]);
    world.thing(|thing| thing.is_leaving = true);
    world.wake(Cause::Changed);
    world.until(|thing| thing.is_gone).await;
    assert_eq!((held(&provider, "x").await, held(&provider, "y").await), (None, None));
}

fn forbidden() -> WriteError {
    WriteError::Forbidden("no right".to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_held_says_so_and_is_not_pushed() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.thing(|thing| thing.faults = vec![forbidden()]);
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(world.said(), "Errored: could not update finalizers: no right");
    assert_eq!(world.things.outcomes.lock().last(), Some(&Some(Outcome::Unheld(forbidden()))));
    assert_eq!(provider.calls(), []);
    world.synced().await;
    assert!(world.thing(|thing| thing.is_held));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_let_go_says_so_and_is_let_go_later() {
    let world = World::new();
    world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.synced().await;
    world.thing(|thing| (thing.is_leaving, thing.faults) = (true, vec![forbidden()]));
    world.wake(Cause::Changed);
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(world.said(), "Errored: could not update finalizers: no right");
    world.until(|thing| thing.is_gone).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_before_is_not_pushed_and_that_is_said() {
    let world = World::new();
    let provider = world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.thing(|thing| thing.unreportable = vec![forbidden()]);
    world.until(|thing| thing.reason() == "Errored").await;
    assert_eq!(world.said(), "Errored: could not write down what will be pushed: no right");
    assert_eq!(world.things.outcomes.lock().last(), Some(&Some(Outcome::Unclaimed(forbidden()))));
    assert_eq!((provider.calls(), world.places()), (Vec::new(), Vec::new()));
    world.synced().await;
}

#[tokio::test(start_paused = true)]
async fn that_somebody_else_wrote_in_between_is_no_failure() {
    let world = World::new();
    world.store("main");
    world.secret("app", &[("a", "1")]);
    world.add(cleans([("a", "x")]));
    world.thing(|thing| thing.faults = vec![WriteError::Conflict]);
    world.synced().await;
    assert_eq!(*world.things.outcomes.lock(), [None, Some(Outcome::Synced)]);
}
