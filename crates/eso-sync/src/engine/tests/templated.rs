//! Objects with templates: rendered when something changed, and not again.

use std::sync::Arc;

use eso_plan::{
    decoding::Decoding,
    desired::Desired,
    template::{From, Part, Scope, SourceKind, SourceName, Template, Text},
};
use tokio::time::sleep;

use super::world::{Fault, MINUTE, Memory, SECOND, Thing, World, wants};
use crate::engine::Cause;

fn source() -> SourceName {
    SourceName { kind: SourceKind::ConfigMap, name: "tpl".to_owned() }
}

/// An object whose one entry `made` is rendered out of `k1`, by this template of its own.
fn made_by(text: &str) -> Desired {
    let template = Template { data: [("made".to_owned(), text.to_owned())].into(), ..Template::default() };
    Desired { template: Some(template), ..wants("main", ["k1"]) }
}

/// An object whose templates stand in a ConfigMap.
fn made_by_source() -> Desired {
    let text = Text::Source { source: source(), items: vec![("made".to_owned(), Scope::Value)] };
    let from = vec![From { text, into: Part::Data, decoding: Decoding::None }];
    Desired { template: Some(Template { from, ..Template::default() }), ..wants("main", ["k1"]) }
}

/// The ConfigMap holds this template from now on.
fn edit(world: &World, text: &str) {
    let held = [("made".to_owned(), text.into())].into();
    world.thing(1, |thing| {
        thing.sources.insert(source(), Some(held));
        thing.version += 1;
        thing.version_seen = thing.version;
    });
}

/// An object comes whose ConfigMap holds this template, which no watch has shown.
fn edit_unseen(world: &World, object: Desired, text: &str) {
    let mut thing = Thing::new(object);
    thing.sources.insert(source(), Some([("made".to_owned(), text.into())].into()));
    thing.version = 7;
    world.target.objects.lock().insert(1, thing);
    world.wake(1, Cause::Changed);
}

fn made(world: &World) -> String {
    world.thing(1, |thing| thing.entry("made").unwrap_or_default().to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_is_random_is_made_once_as_long_as_nothing_changes() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, made_by("{{ .e0 }} {{ randAlphaNum 20 }} {{ now }}"));
    world.synced().await;
    let first = made(&world);
    assert!(first.starts_with("first of k1 "), "{first}");
    sleep(10 * MINUTE + SECOND).await;
    assert_eq!((made(&world), provider.reads()), (first.clone(), 11));
    world.thing(1, |thing| assert_eq!(thing.steps.len(), 1));

    provider.put("k1", "second of k1");
    sleep(MINUTE).await;
    assert!(made(&world).starts_with("second of k1 "));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_somebody_changed_is_made_anew() {
    let world = World::new();
    world.store("main");
    world.add(1, 1, made_by("{{ randAlphaNum 20 }}"));
    world.synced().await;
    let first = made(&world);
    world.thing(1, |thing| thing.drifted = true);
    world.wake(1, Cause::Changed);
    world.until(|thing| thing.steps.len() == 2).await;
    assert_ne!(made(&world), first);
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_what_a_template_stands_in_is_rendered_at_once() {
    let world = World::new();
    world.store("main");
    world.add(1, 1, made_by_source());
    let missing = "could not update secret: could not apply template: error fetching templateFrom data: configmap \
                   \"tpl\" not found";
    world.until(|thing| thing.message() == missing).await;
    for (text, expected) in [("{{ .e0 }}!", "first of k1!"), ("{{ .e0 }}?", "first of k1?")] {
        edit(&world, text);
        world.wake(1, Cause::SourceChanged);
        world.until(|thing| thing.is_ready() && thing.entry("made") == Some(expected)).await;
    }
    assert!(world.elapsed() < SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_templates_stand_in_is_read_only_when_they_are_rendered() {
    let world = World::new();
    world.store("main");
    world.add(1, 1, made_by_source());
    edit(&world, "{{ .e0 }}");
    world.synced().await;
    let reads = world.thing(1, |thing| thing.source_reads);
    sleep(10 * MINUTE).await;
    world.thing(1, |thing| assert_eq!(thing.source_reads, reads));
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_its_version_was_seen_is_known() {
    let world = World::new();
    world.store("main");
    edit_unseen(&world, made_by_source(), "{{ randAlphaNum 20 }}");
    world.synced().await;
    let first = made(&world);
    world.wake(1, Cause::SourceChanged);
    sleep(10 * MINUTE).await;
    world.thing(1, |thing| assert_eq!((thing.source_reads, thing.steps.len()), (1, 1)));
    assert_eq!(made(&world), first);
}

#[tokio::test(start_paused = true)]
async fn a_target_whose_marks_are_to_be_put_right_is_written() {
    let world = World::new();
    world.store("main");
    world.add(1, 1, made_by("{{ .e0 }}"));
    world.synced().await;
    world.thing(1, |thing| thing.unmarked = true);
    sleep(MINUTE + SECOND).await;
    world.thing(1, |thing| assert_eq!(thing.steps.len(), 2));
}

#[tokio::test(start_paused = true)]
async fn what_templates_stand_in_is_read_again_where_there_was_no_answer() {
    let world = World::new();
    world.store("main");
    world.add(1, 1, made_by_source());
    edit(&world, "{{ .e0 }}");
    world.thing(1, |thing| thing.faults.push_back(Fault::NoAnswer));
    world.synced().await;
    assert!(world.elapsed() < MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_new_engine_renders_once() {
    let target = Arc::new(Memory::new());
    let first = World::with(Arc::clone(&target), Arc::default());
    first.store("main");
    first.add(1, 1, made_by("{{ .e0 }}"));
    first.synced().await;
    let stores = Arc::clone(&first.stores);
    drop(first);

    let second = World::with(target, stores);
    second.wake(1, Cause::Listed);
    sleep(3 * MINUTE).await;
    second.thing(1, |thing| assert_eq!(thing.steps.len(), 2, "it is rendered once, and then known"));
}

#[tokio::test(start_paused = true)]
async fn a_template_that_fails_is_tried_again_at_its_interval() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, made_by("{{ fail .e0 }}"));
    world.until(|thing| !thing.message().is_empty()).await;
    sleep(5 * MINUTE + SECOND).await;
    assert_eq!(provider.reads(), 6);
    world.thing(1, |thing| {
        assert!(thing.message().contains("unable to execute template at key made: "), "{}", thing.message());
        assert!(!thing.message().contains("first of k1"), "{}", thing.message());
        assert_eq!((thing.reports.len(), thing.steps.len()), (1, 0));
    });
}

#[tokio::test(start_paused = true)]
async fn a_source_that_changes_all_the_time_is_looked_at_twice_a_second() {
    let world = World::new();
    let provider = world.store("main");
    world.add(1, 1, made_by_source());
    edit(&world, "{{ .e0 }}");
    world.synced().await;
    provider.clear_calls();
    for number in 0..1000 {
        edit(&world, &format!("{number}"));
        world.wake(1, Cause::SourceChanged);
        sleep(SECOND / 100).await;
    }
    sleep(SECOND).await;
    assert!((19..=22).contains(&provider.reads()), "{} reads in 10 s", provider.reads());
    assert_eq!(made(&world), "999");
}
