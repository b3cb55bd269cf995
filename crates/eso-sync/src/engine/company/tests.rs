//! Who shows the same value.

use eso_plan::{
    desired::{Desired, Refresh},
    windows::{WindowKind, Windows},
};

use crate::engine::tests::world::wants;

use std::{sync::Arc, time::Duration};

use eso_core::provider::Fetch;
use eso_testkit::memory::MemoryProvider;

use super::{Company, Source, slack};
use crate::{
    ports::ObjectId,
    store::{Backends, Store, StoreSettings},
};

const SLACK: Duration = Duration::from_secs(6);

fn store() -> Arc<Store> {
    Store::new(MemoryProvider::new(), StoreSettings::default(), &Backends::default())
}

fn sources<const COUNT: usize>(store: &Store, keys: [&str; COUNT]) -> [Source; COUNT] {
    keys.map(|key| Source::new(store, &Fetch::new(key)))
}

#[track_caller]
fn check(company: &Company, shown: &[Source], expected: &[u64]) {
    let objects: Vec<u64> = company.of(shown).map(|(object, _)| object.0).collect();
    assert_eq!(objects, expected);
}

#[tokio::test]
async fn objects_that_show_the_same_value_are_company() {
    let store = store();
    let [db, api] = sources(&store, ["db", "api"]);
    let mut company = Company::default();
    company.note(ObjectId(1), &[db], SLACK);
    company.note(ObjectId(2), &[api, db], SLACK);
    company.note(ObjectId(3), &[api], SLACK);
    check(&company, &[db], &[1, 2]);
    check(&company, &[api], &[2, 3]);
}

#[tokio::test]
async fn a_value_of_which_many_properties_are_shown_counts_once() {
    let store = store();
    let [db, api] = sources(&store, ["db", "api"]);
    let shown = Source::each_once([db, api, db, db]);
    let mut company = Company::default();
    company.note(ObjectId(1), &shown, SLACK);
    company.note(ObjectId(2), &[db], SLACK);
    assert_eq!(shown.len(), 2);
    assert_eq!(company.of(&shown).count(), 3, "one for each object and value");
}

#[tokio::test]
async fn the_same_key_of_another_store_or_another_version_is_another_value() {
    let (first, second) = (store(), store());
    let [here] = sources(&first, ["db"]);
    let [there] = sources(&second, ["db"]);
    let old = Source::new(&first, &Fetch::new("db").at_version("1"));
    let mut company = Company::default();
    company.note(ObjectId(1), &[here], SLACK);
    check(&company, &[there], &[]);
    check(&company, &[old], &[]);
}

#[tokio::test]
async fn an_object_that_shows_something_else_by_now_is_found_by_that_alone() {
    let store = store();
    let [db, api] = sources(&store, ["db", "api"]);
    let mut company = Company::default();
    company.note(ObjectId(1), &[db], SLACK);
    company.note(ObjectId(1), &[api], SLACK);
    check(&company, &[db], &[]);
    check(&company, &[api], &[1]);
}

#[tokio::test]
async fn a_forgotten_object_leaves_nothing_behind() {
    let store = store();
    let [db] = sources(&store, ["db"]);
    let mut company = Company::default();
    company.note(ObjectId(1), &[db], SLACK);
    company.forget(ObjectId(1));
    assert!(company.is_empty());
}

#[track_caller]
fn check_slack(refresh: Refresh, windows: Option<Windows>, expected: u64) {
    let desired = Desired { refresh, windows, ..wants("main", ["k1"]) };
    assert_eq!(slack(&desired), Duration::from_secs(expected));
}

#[test]
fn an_object_is_read_early_by_a_tenth_of_its_interval_and_thirty_seconds_at_most() {
    let every = |seconds| Refresh::Every(Duration::from_secs(seconds));
    check_slack(every(60), None, 6);
    check_slack(every(86_400), None, 30);
    check_slack(Refresh::OnChange, None, 0);
}

#[test]
fn an_object_with_windows_is_never_read_early() {
    check_slack(Refresh::Every(Duration::from_secs(60)), Some(Windows::new(WindowKind::Deny, [])), 0);
}
