//! Where plans are made, and that it makes no difference to them.

use eso_core::provider::{Fetched, Value};
use eso_plan::{
    observed::{Held, Record},
    plan::{Outcome, Step},
    render::Given,
    template::Template,
};
use futures::FutureExt;
use jiff::Timestamp;

use super::*;
use crate::engine::tests::world::wants;

fn planner() -> Planner {
    Planner::new(&Settings::default())
}

fn observed() -> Observed {
    Observed {
        desired: wants("main", ["k1"]),
        record: Record::default(),
        held: Held::Nothing,
        sources: 0,
        refreshed: None,
        started: Timestamp::UNIX_EPOCH,
        spread: 0,
    }
}

/// The answer of a store to one entry, of that length.
fn answers(length: usize) -> Vec<Answer> {
    let fetched = Fetched::new(Value::Bytes("x".repeat(length).into()));
    vec![Answer { dialect: Default::default(), given: Ok(Given::Value(fetched)) }]
}

/// A plan that is made at once is there when it is asked for the first time.
#[track_caller]
fn check_at_once(length: usize, expected: bool) {
    let (planner, observed) = (planner(), observed());
    let at_once = planner.make(&observed, answers(length), Sources::new()).now_or_never();
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
    let (planner, observed) = (planner(), observed());
    for length in [1, LIGHT, LIGHT + 1, 2 << 20] {
        let made = planner.make(&observed, answers(length), Sources::new()).await;
        let rendered = planner.rendering.render(
            &observed.desired,
            &answers(length),
            &Sources::new(),
            template::limits(),
        );
        assert_eq!(made, plan(&observed, rendered));
        let Plan { step, outcome, absent: _ } = made;
        assert_eq!(matches!(step, Step::Write { .. }), length <= 1 << 20, "a Secret holds 1 MiB");
        assert_eq!(outcome == Outcome::Synced, length <= 1 << 20);
    }
}

#[tokio::test]
async fn heavy_plans_are_made_one_at_a_time() {
    let (planner, observed) = (planner(), observed());
    let first = planner.place.acquire().await.unwrap();
    let mut second = Box::pin(planner.make(&observed, answers(LIGHT + 1), Sources::new()));
    assert!((&mut second).now_or_never().is_none());
    assert!(
        planner.make(&observed, answers(1), Sources::new()).now_or_never().is_some(),
        "a light one waits for none"
    );
    drop(first);
    assert_eq!(second.await.outcome, Outcome::Synced);
}

/// An object whose target is made by this template.
fn templated(text: &str) -> Observed {
    let template = Template { data: [("made".to_owned(), text.to_owned())].into(), ..Template::default() };
    let mut templated = observed();
    templated.desired.template = Some(template);
    templated
}

#[tokio::test]
async fn a_template_that_takes_long_is_rendered_off_the_threads_that_serve_everybody() {
    let planner = planner();
    for (text, at_once) in
        [("{{ .e0 | upper }}", true), ("{{ genPrivateKey \"ecdsa\" }}", true), ("{{ bcrypt .e0 }}", false)]
    {
        let templated = templated(text);
        let mut made = Box::pin(planner.make(&templated, answers(1), Sources::new()));
        assert_eq!((&mut made).now_or_never().is_some(), at_once, "{text}");
        if !at_once {
            assert_eq!(made.await.outcome, Outcome::Synced, "{text}");
        }
    }
}

#[tokio::test]
async fn a_template_that_needs_more_than_it_may_fails() {
    let plan =
        planner().make(&templated("{{ range until 10000000 }}{{ end }}"), answers(1), Sources::new()).await;
    assert!(matches!(plan.outcome, Outcome::Unreadable(RenderError::Template(_))), "{plan}");
}
