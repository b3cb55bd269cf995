//! What a target is filled with, and what is said where it is not.

use std::collections::BTreeMap;

use eso_plan::{
    desired::{Content, Desired, Manifest, Ownership},
    render::{EntryError, ReadError, RenderCause, RenderError, Rendered},
    template::Sources,
};

use super::{content, writes};
use crate::ports::Target;

fn target(desired: Desired) -> Target {
    Target {
        object: "ExternalSecret \"app\"".into(),
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
            writes(&target(Desired { ownership, ..Desired::owned("app") })),
            expected,
            "{ownership:?}"
        );
    }
    let manifest = Some(Manifest { api_version: "v1".into(), kind: "ConfigMap".into() });
    assert!(!writes(&target(Desired { manifest, ..Desired::owned("app") })));
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
