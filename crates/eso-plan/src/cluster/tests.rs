//! Tests of `cluster`: for each state of a namespace, what is done there; and for all of them, what the status says.

use std::collections::{BTreeMap, BTreeSet};

use eso_core::labels::Selector;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Asked, Choice, Copy, CopyKind, Found, Namespace, Plan, Report, Standing, Step, plan};

const TEAM: &str = "team";

/// Copies of this name, in the namespaces that are named and those of team `a`.
fn asked(name: &str, namespaces: &[&str]) -> Asked {
    let team = serde_json::from_value(json!({ "matchLabels": { TEAM: "a" } })).unwrap();
    Asked {
        name: name.to_owned(),
        choice: Choice {
            names: namespaces.iter().map(ToString::to_string).collect(),
            selectors: vec![Selector::parse(&team).unwrap()],
        },
        copy: Copy::default(),
    }
}

/// `a`: of team `a`; `b`: of another; `leaving`: of team `a`, and being deleted.
fn namespaces() -> BTreeMap<String, Namespace> {
    let namespace = |team: &str, leaving| Namespace {
        labels: BTreeMap::from([(TEAM.to_owned(), team.to_owned())]),
        leaving,
    };
    let all = [("a", namespace("a", false)), ("b", namespace("b", false)), ("leaving", namespace("a", true))];
    all.into_iter().map(|(name, namespace)| (name.to_owned(), namespace)).collect()
}

fn found(objects: &[(&str, &str, Standing)]) -> Found {
    let mut found = Found::new();
    for (namespace, name, standing) in objects {
        found.entry((*namespace).to_owned()).or_default().insert((*name).to_owned(), *standing);
    }
    found
}

fn delete(name: &str) -> Step {
    Step::Delete { name: name.to_owned() }
}

/// What is done in each namespace for copies of the name `db` in the namespaces of team `a`.
#[track_caller]
fn check(objects: &[(&str, &str, Standing)], expected: &[(&str, &[Step])]) -> Plan {
    let plan = plan(&asked("db", &[]), &namespaces(), &found(objects));
    let steps: Vec<(&str, &[Step])> =
        plan.steps.iter().map(|(namespace, steps)| (namespace.as_str(), steps.as_slice())).collect();
    assert_eq!(steps, expected, "{objects:?}");
    plan
}

/// As [`check`]; nothing is done, and the namespace `a` has failed so.
#[track_caller]
fn check_failed(objects: &[(&str, &str, Standing)], reason: &str) {
    let plan = check(objects, &[]);
    assert_eq!(plan.failed, BTreeMap::from([("a".to_owned(), reason.to_owned())]), "{objects:?}");
}

#[test]
fn a_chosen_namespace_gets_its_copy() {
    let plan = check(&[], &[("a", &[Step::Create])]);
    assert_eq!((plan.chosen, plan.failed), (BTreeSet::from(["a".to_owned()]), BTreeMap::new()));
}

#[test]
fn a_copy_that_differs_is_made_what_it_should_be() {
    check(&[("a", "db", Standing::Outdated)], &[("a", &[Step::Update])]);
}

#[test]
fn nothing_is_done_where_everything_is_as_it_should_be() {
    check(&[("a", "db", Standing::Current)], &[]);
    check(&[("a", "db", Standing::Current), ("b", "db", Standing::Foreign)], &[]);
}

#[test]
fn what_is_somebody_elses_is_reported_and_left() {
    check_failed(&[("a", "db", Standing::Foreign)], "external secret already exists in namespace");
}

#[test]
fn copies_are_called_what_they_are() {
    let copy = Copy { kind: CopyKind::PushSecret, ..Copy::default() };
    let pushed = Asked { copy, ..asked("db", &[]) };
    for (standing, reason) in [
        (Standing::Foreign, "push secret already exists in namespace"),
        (Standing::Leaving, "push secret is being deleted"),
    ] {
        let plan = plan(&pushed, &namespaces(), &found(&[("a", "db", standing)]));
        assert_eq!(plan.failed["a"], reason);
    }
}

#[test]
fn a_copy_that_is_being_deleted_is_waited_for() {
    check_failed(&[("a", "db", Standing::Leaving)], "external secret is being deleted");
    check(&[("a", "db", Standing::Current), ("b", "db", Standing::Leaving)], &[]);
}

#[test]
fn a_copy_goes_from_a_namespace_that_is_not_chosen_any_more() {
    for standing in [Standing::Current, Standing::Outdated] {
        let objects = [("a", "db", Standing::Current), ("b", "db", standing)];
        check(&objects, &[("b", &[delete("db")])]);
    }
}

#[test]
fn nothing_is_done_in_a_namespace_that_is_being_deleted_or_not_known() {
    for standing in [Standing::Current, Standing::Outdated, Standing::Foreign] {
        check(&[("a", "db", Standing::Current), ("leaving", "db", standing)], &[]);
        check(&[("a", "db", Standing::Current), ("unheard-of", "db", standing)], &[]);
    }
}

#[test]
fn a_copy_of_an_older_name_goes_after_the_new_one_is_there() {
    let old = ("a", "old", Standing::Current);
    check(&[old], &[("a", &[Step::Create, delete("old")])]);
    check(&[old, ("a", "db", Standing::Outdated)], &[("a", &[Step::Update, delete("old")])]);
    check(&[old, ("a", "db", Standing::Current)], &[("a", &[delete("old")])]);
    let both = [old, ("a", "older", Standing::Outdated), ("a", "db", Standing::Current)];
    check(&both, &[("a", &[delete("old"), delete("older")])]);
    let gone = [("a", "old", Standing::Leaving), ("a", "db", Standing::Current)];
    check(&gone, &[]);
}

#[test]
fn a_copy_of_an_older_name_stays_where_the_new_one_cannot_be() {
    let old = ("a", "old", Standing::Current);
    check_failed(&[old, ("a", "db", Standing::Foreign)], "external secret already exists in namespace");
    check_failed(&[old, ("a", "db", Standing::Leaving)], "external secret is being deleted");
}

#[test]
fn a_copy_of_an_older_name_goes_from_a_namespace_that_is_not_chosen() {
    let objects = [("a", "db", Standing::Current), ("b", "old", Standing::Current)];
    check(&objects, &[("b", &[delete("old")])]);
    let foreign =
        [("a", "db", Standing::Current), ("b", "db", Standing::Foreign), ("b", "old", Standing::Current)];
    check(&foreign, &[("b", &[delete("old")])]);
}

#[track_caller]
fn check_choice(names: &[&str], selectors: &[Value], expected: &[&str]) {
    let selectors = selectors.iter().map(|selector| serde_json::from_value(selector.clone()).unwrap());
    let choice = Choice {
        names: names.iter().map(ToString::to_string).collect(),
        selectors: selectors.map(|selector| Selector::parse(&selector).unwrap()).collect(),
    };
    let asked = Asked { choice, ..asked("db", &[]) };
    let chosen = plan(&asked, &namespaces(), &Found::new()).chosen;
    assert_eq!(chosen.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{asked:?}");
}

#[test]
fn one_reason_is_enough_to_be_chosen() {
    let team = |team: &str| json!({ "matchLabels": { TEAM: team } });
    check_choice(&[], &[], &[]);
    check_choice(&["b"], &[], &["b"]);
    check_choice(&["b", "unheard-of"], &[], &["b"]);
    check_choice(&[], &[team("a")], &["a"]);
    check_choice(&[], &[team("a"), team("b")], &["a", "b"]);
    check_choice(&["b"], &[team("a")], &["a", "b"]);
    check_choice(&[], &[json!({})], &["a", "b"]);
    check_choice(&["leaving"], &[team("c")], &[]);
}

/// The report on copies in `a` and `b`, of which these steps failed.
fn report(objects: &[(&str, &str, Standing)], failures: &[(&str, &str)]) -> Report {
    let asked = asked("db", &["b"]);
    let failures = failures.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned()));
    plan(&asked, &namespaces(), &found(objects)).report(&asked, failures.collect())
}

#[track_caller]
fn check_report(report: &Report, provisioned: &[&str], failed: &[(&str, &str)]) {
    let names = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>();
    assert_eq!(report.provisioned.as_ref().map(names).unwrap(), provisioned);
    let expected = failed.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned()));
    assert_eq!(report.failed, expected.collect());
    assert_eq!(report.problem.is_some(), !failed.is_empty());
    assert_eq!(report.name.as_deref(), Some("db"));
}

#[test]
fn a_report_names_the_namespaces_that_have_their_copy_in_their_order() {
    check_report(&report(&[], &[]), &["a", "b"], &[]);
    check_report(&report(&[("b", "db", Standing::Outdated)], &[]), &["a", "b"], &[]);
}

#[test]
fn a_report_names_what_could_not_be_done_and_why() {
    check_report(&report(&[], &[("a", "no answer")]), &["b"], &[("a", "no answer")]);
    let taken = [("b", "db", Standing::Foreign)];
    let reason = "external secret already exists in namespace";
    check_report(&report(&taken, &[]), &["a"], &[("b", reason)]);
    let both = report(&taken, &[("a", "no answer")]);
    check_report(&both, &[], &[("a", "no answer"), ("b", reason)]);
    let message = "one or more namespaces failed: status.failedNamespaces says why";
    assert_eq!(both.problem.as_deref(), Some(message));
}

#[test]
fn a_namespace_that_could_not_be_left_is_reported_though_it_is_not_chosen() {
    let report = report(&[("leaving", "db", Standing::Current)], &[("c", "no answer")]);
    check_report(&report, &["a", "b"], &[("c", "no answer")]);
}

#[test]
fn an_object_that_is_not_understood_leaves_everything_as_it_is() {
    let report = Report::refused("a selector is none");
    assert_eq!((report.name, report.provisioned), (None, None));
    let failed = BTreeMap::from([("unknown".to_owned(), "a selector is none".to_owned())]);
    assert_eq!(report.failed, failed);
    assert_eq!(report.problem.as_deref(), Some("one or more namespaces failed: a selector is none"));
}

fn standings() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Current),
        Just(Standing::Outdated),
        Just(Standing::Leaving),
        Just(Standing::Foreign)
    ]
}

fn many_objects() -> impl Strategy<Value = Found> {
    let names = prop_oneof![Just("db"), Just("old"), Just("older")].prop_map(str::to_owned);
    let namespaces = prop_oneof![Just("a"), Just("b"), Just("leaving"), Just("unheard-of")];
    let here = prop::collection::btree_map(names, standings(), 0..3);
    prop::collection::btree_map(namespaces.prop_map(str::to_owned), here, 0..4)
}

/// The objects as they are once the steps were taken.
fn after(plan: &Plan, mut found: Found) -> Found {
    for (namespace, steps) in &plan.steps {
        let here = found.entry(namespace.clone()).or_default();
        for step in steps {
            match step {
                Step::Create | Step::Update => drop(here.insert("db".to_owned(), Standing::Current)),
                Step::Delete { name } => drop(here.remove(name)),
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn nothing_is_left_to_do_once_everything_was_done(found in many_objects()) {
        let asked = asked("db", &[]);
        let first = plan(&asked, &namespaces(), &found);
        let second = plan(&asked, &namespaces(), &after(&first, found));
        prop_assert_eq!(second.steps, BTreeMap::new());
        prop_assert_eq!(second.failed, first.failed);
    }

    #[test]
    fn what_is_not_ours_is_never_touched(found in many_objects()) {
        let plan = plan(&asked("db", &["b"]), &namespaces(), &found);
        let touched = |namespace: &str, name: &str| {
            plan.steps.get(namespace).into_iter().flatten().any(|step| match step {
                Step::Create | Step::Update => name == "db",
                Step::Delete { name: deleted } => name == deleted,
            })
        };
        for (namespace, here) in &found {
            for (name, _) in here.iter().filter(|(_, standing)| **standing == Standing::Foreign) {
                prop_assert!(!touched(namespace, name), "{}/{}", namespace, name);
            }
        }
    }
}
