//! Which stores an object chooses.

use super::*;
use crate::push::fixtures::{candidate, data, desired, named, store};

#[test]
fn stores_are_chosen_by_name_and_by_labels_each_once() {
    let selector =
        Selector::parse(&serde_json::from_value(serde_json::json!({ "matchLabels": { "t": "x" } })).unwrap());
    let labelled = Choice { kind: StoreKind::SecretStore, by: By::Labels(selector.unwrap()) };
    let mut asks = desired(vec![data("a", "x")]);
    assert!(!asks.asks_for_labels());
    asks.stores = vec![named("b"), labelled, named("missing")];
    assert!(asks.asks_for_labels());
    let there_are = [candidate("a", &[("t", "x")]), candidate("b", &[("t", "x")]), candidate("c", &[])];
    let chosen = asks.chosen("demo", &there_are);
    assert_eq!(chosen[..2], there_are[..2]);
    assert_eq!(chosen[2..], [candidate("missing", &[])]);
    assert_eq!(chosen[2].reference, store("missing"));
}
