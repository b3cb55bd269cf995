//! What is sent to change a filled Secret.

use eso_core::value::SecretBytes;
use eso_plan::{
    desired::Entries,
    filled::annotations::{RECORD, STATUS},
};
use serde_json::json;

use super::Refill;

#[test]
fn values_and_annotations_of_one_version_are_set_and_others_stay() {
    let values = Entries::from([("a".to_owned(), SecretBytes::from("x"))]);
    let refill = Refill::new(("uid-1", 7), [(STATUS, Some("{}".to_owned())), (RECORD, None)], &values);
    assert_eq!(
        serde_json::to_value(&refill).unwrap(),
        json!({
            "metadata": {
                "uid": "uid-1",
                "resourceVersion": "7",
                "annotations": { STATUS: "{}", RECORD: null },
            },
            "data": { "a": "eA==" },
        })
    );
    let refill = serde_json::to_value(Refill::new(("uid-1", 7), [], &Entries::new())).unwrap();
    assert!(refill.get("data").is_none(), "one without values names none: {refill}");
}
