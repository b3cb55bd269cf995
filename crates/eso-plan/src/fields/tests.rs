//! Paths, and what is put to them.

use serde_json::json;

use super::*;

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

#[test]
fn a_path_is_read_and_printed_as_it_is_written() {
    for text in
        ["spec", "spec.slack", "spec.hosts[0].name", "rows[1][2]", "Spec.camelCase.x-y", "data[10000]"]
    {
        assert_eq!(path(text).to_string(), text);
    }
    assert_eq!(path("spec.a").child("b.c"), FieldPath(vec![name("spec"), name("a"), name("b.c")]));
}

fn name(text: &str) -> Step {
    Step::Name(text.to_owned())
}

#[test]
fn what_is_no_path_is_refused() {
    let cases = [
        ("", "a name is missing"),
        ("spec..a", "a name is missing"),
        ("spec.", "a name is missing"),
        ("[0]", "a name is missing"),
        ("spec[", "an index is a number in brackets"),
        ("spec[0", "an index is a number in brackets"),
        ("spec[0]x", "an index is a number in brackets"),
        ("spec[-1]", "an index is a number in brackets"),
        ("spec[x]", "an index is a number in brackets"),
        ("spec[10001]", "10000 is the largest index"),
        ("spec[99999999999999999999]", "an index is a number in brackets"),
        (&vec!["a"; 65].join("."), "64 names and indices are the most"),
        (&format!("a{}", "[0]".repeat(64)), "64 names and indices are the most"),
        ("metadata.ownerReferences", "labels and annotations"),
        ("apiVersion", "labels and annotations"),
        ("kind", "labels and annotations"),
        ("status.ready", "labels and annotations"),
    ];
    for (text, expected) in cases {
        let problem = FieldPath::parse(text).unwrap_err();
        assert!(problem.contains(expected), "{text}: {problem}");
        assert!(problem.starts_with(&format!("templateFrom target={text:?} ")), "{problem}");
    }
}

#[test]
fn values_are_put_one_over_the_other() {
    let (mut fields, mut room) = (Fields::default(), MOST_GROWN);
    let puts = [
        ("spec.slack", json!({ "url": "a", "channel": "b" })),
        ("spec.slack", json!({ "url": "c" })),
        ("spec.hosts[1].name", json!("two")),
        ("spec.hosts[0]", json!("one")),
        ("spec.replicas", json!(3)),
        ("spec.replicas", json!({ "min": 1 })),
    ];
    for (at, value) in puts {
        fields.put(&path(at), value, &mut room).unwrap();
    }
    let expected = json!({
        "spec": {
            "slack": { "url": "c", "channel": "b" },
            "hosts": ["one", { "name": "two" }],
            "replicas": { "min": 1 },
        },
    });
    assert_eq!(Value::from(fields.clone()), expected);

    let mut object =
        json!({ "kind": "Provider", "spec": { "slack": { "url": "z", "mine": 1 }, "type": "slack" } });
    merge(&mut object, fields.into());
    assert_eq!(object["spec"]["slack"], json!({ "url": "c", "channel": "b", "mine": 1 }));
    assert_eq!((&object["spec"]["type"], &object["kind"]), (&json!("slack"), &json!("Provider")));
}

#[test]
fn a_path_through_a_text_is_refused_and_changes_nothing() {
    let (mut fields, mut room) = (Fields::default(), MOST_GROWN);
    fields.put(&path("spec.url"), json!("s3cr3t"), &mut room).unwrap();
    for at in ["spec.url.host", "spec.url[0]", "spec[0]"] {
        let before = fields.clone();
        let problem = fields.put(&path(at), json!(1), &mut room).unwrap_err();
        assert_eq!(problem, format!("{at} leads through what is no map or no list"));
        assert_eq!(fields, before);
    }
    assert_eq!(format!("{fields:?}"), r#"{"spec"}"#);
}

#[test]
fn lists_do_not_grow_without_end() {
    let (mut fields, mut room) = (Fields::default(), MOST_GROWN);
    for row in 0..9 {
        fields.put(&path(&format!("spec.rows[{row}][9998]")), json!(1), &mut room).unwrap();
    }
    for row in 0..9 {
        fields.put(&path(&format!("spec.rows[{row}][0]")), json!(1), &mut room).unwrap();
    }
    fields.put(&path("spec.more[9000]"), json!(1), &mut room).unwrap();
    let problem = fields.put(&path("spec.rows[9][9999]"), json!(1), &mut room).unwrap_err();
    assert_eq!(problem, "spec.rows[9][9999] is too much: all indices together make lists that are too long");
}
