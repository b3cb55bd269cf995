//! What a target is filled with, and what is said where it is not.

use std::collections::BTreeMap;

use eso_plan::{
    desired::{Content, Desired, Manifest, Ownership},
    render::{EntryError, ReadError, RenderCause, RenderError, Rendered},
    template::Sources,
};

use super::{content, writes};
use crate::{
    ports::Target,
    review::{Owner, Secret},
};

fn target(desired: Desired) -> Target {
    Target {
        object: "ExternalSecret \"app\"".into(),
        uid: "ours".into(),
        desired,
        annotations: Default::default(),
        sources: Sources::new(),
    }
}

#[test]
fn an_object_writes_its_secret_unless_it_writes_nothing_or_something_else() {
    for (ownership, expected) in [
        (Ownership::Own, true),
        (Ownership::Leave, true),
        (Ownership::Share { create: false }, true),
        (Ownership::Share { create: true }, true),
        (Ownership::Read, false),
    ] {
        assert_eq!(
            writes(&target(Desired { ownership, ..Desired::owned("app") }), &Secret::default()),
            expected,
            "{ownership:?}"
        );
    }
    let manifest = Some(Manifest { api_version: "v1".into(), kind: "ConfigMap".into() });
    assert!(!writes(&target(Desired { manifest, ..Desired::owned("app") }), &Secret::default()));
}

/// A Secret of this owner.
fn of(api_version: &str, kind: &str, uid: &str, controller: Option<bool>) -> Secret {
    let owner = Owner { api_version: api_version.into(), kind: kind.into(), uid: uid.into(), controller };
    Secret { owners: vec![owner], ..Secret::default() }
}

#[test]
fn what_is_somebody_elses_is_left_to_them() {
    let of_older = ("kubernetes-client.io/v1", "ExternalSecret");
    let of_newer = ("external-secrets.io/v1", "ExternalSecret");
    let of_other = ("apps/v1", "Deployment");
    // Whose it is, whether that one controls it, and whether one that owns, one that merges and one that fills it besides
    // would write it.
    for (by, uid, controller, expected) in [
        (of_newer, "ours", Some(true), [true, true, false]),
        (of_older, "ours", Some(true), [true, true, false]),
        (of_newer, "theirs", Some(true), [false, false, false]),
        (of_older, "theirs", Some(true), [false, true, false]),
        (of_other, "theirs", Some(true), [false, true, false]),
        (of_other, "theirs", Some(false), [true, true, false]),
        (of_other, "theirs", None, [true, true, false]),
    ] {
        let secret = of(by.0, by.1, uid, controller);
        let merges = Desired { ownership: Ownership::Share { create: false }, ..Desired::owned("app") };
        let fills = Target { annotations: [("by", "ours".to_owned())].into(), ..target(merges.clone()) };
        let targets = [target(Desired::owned("app")), target(merges), fills];
        assert_eq!(targets.map(|target| writes(&target, &secret)), expected, "{secret:?}");
    }
    let besides = Target { annotations: [("by", "ours".to_owned())].into(), ..target(Desired::owned("app")) };
    assert!(writes(&besides, &Secret::default()));
}

#[test]
fn what_is_stored_empty_says_to_whom_it_is_left() {
    let target = target(Desired::owned("app"));
    let entries = BTreeMap::from([("a".to_owned(), "x".into())]);
    let rendered =
        Rendered::Content { content: Content { entries: entries.clone(), dress: None }, gone: Vec::new() };
    assert_eq!(content(&target, Ok(rendered)), Ok(entries));
    let cause = Box::new(RenderCause::Read(ReadError::Store("no store".into())));
    let error = EntryError { origin: eso_plan::desired::Origin::Data(0), key: None, cause };
    for (rendered, problem) in [
        (Ok(Rendered::Empty), "its store gives nothing"),
        (Ok(Rendered::Gone(Vec::new())), "its store gives nothing"),
        (Err(RenderError::Entry(error)), "error processing spec.data[0], err: no store"),
    ] {
        let said = content(&target, rendered).unwrap_err();
        assert_eq!(said, format!("stored empty, and left to ExternalSecret \"app\": {problem}"));
    }
}
