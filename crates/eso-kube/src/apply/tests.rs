//! Tests of `apply`.

use std::collections::BTreeSet;

use eso_plan::{
    desired::{Entries, Ownership},
    digest::Digest,
};
use eso_testkit::objects::object;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use super::{Contents, Stored};
use crate::{
    marks::Marks,
    metadata::{Claim, Data, Keys, Seen},
    watch::Item,
};

fn entries(texts: &[(&str, &str)]) -> Entries {
    texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect()
}

/// A Secret that holds `ours` and `old` by us, and `theirs` by somebody else.
fn contents() -> Contents {
    let writer = |manager: &str, keys: serde_json::Value| json!({ "manager": manager, "fieldsV1": { "f:data": keys } });
    let secret: Item<Secret> = serde_json::from_value(json!({
        "metadata": {
            "name": "app",
            "resourceVersion": "7",
            "annotations": { "reconcile.external-secrets.io/data-hash": "hash" },
            "managedFields": [
                writer("externalsecrets.external-secrets.io/app", json!({ "f:ours": {}, "f:old": {} })),
                writer("kubectl", json!({ "f:theirs": {} })),
            ],
        },
        "data": { "ours": "MQ==", "old": "Mg==", "theirs": "Mw==" },
    }))
    .unwrap();
    let share = Ownership::Share { create: false };
    Contents::of(secret, &Marks::of(&object("app").key("ours", "db").build().metadata, share))
}

#[test]
fn among_others_only_what_is_ours_changes() {
    let contents = contents();
    assert_eq!(contents.entries, entries(&[("old", "2"), ("ours", "1"), ("theirs", "3")]));
    assert_eq!(contents.digest, Some(Digest::written("hash")));
    let new = entries(&[("new", "4"), ("ours", "5")]);
    assert_eq!(contents.no_longer(&new), BTreeSet::from(["old"]));
    assert_eq!(contents.with(&new), entries(&[("new", "4"), ("ours", "5"), ("theirs", "3")]));
    let taken = entries(&[("theirs", "6")]);
    assert_eq!(contents.with(&taken), entries(&[("theirs", "6")]));
}

#[test]
fn a_secret_that_is_as_it_should_be_needs_no_write() {
    let entries = entries(&[("a", "1")]);
    let seen = Seen {
        uid: "uid".into(),
        version: 7,
        claim: Claim::Ours,
        data: Data::Ours(Digest::of(&entries)),
        keys: Keys::of(["a"]),
        marked: true,
        leftover: None,
        worn: None,
        frozen: false,
    };
    assert!(Stored::would_be(&seen, &entries));
    let others = [
        Seen { marked: false, ..seen.clone() },
        Seen { keys: Keys::of(["a", "b"]), ..seen.clone() },
        Seen { data: Data::Ours(Digest::written("other")), ..seen.clone() },
        Seen { data: Data::Doubtful, ..seen.clone() },
        Seen { data: Data::Shared { later: false }, ..seen },
    ];
    for other in others {
        assert!(!Stored::would_be(&other, &entries), "{other:?}");
    }
}
