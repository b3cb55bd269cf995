//! Whose a Secret is, and what is compared of it.

use super::*;

fn owner(kind: &str, uid: &str, controller: Option<bool>) -> OwnerReference {
    OwnerReference {
        kind: kind.into(),
        name: "app".into(),
        uid: uid.into(),
        controller,
        ..OwnerReference::default()
    }
}

#[track_caller]
fn check_holder(owners: &[OwnerReference], expected: &Holder) {
    assert_eq!(holder(owners, "older", Some("newer")), *expected);
}

#[test]
fn a_secret_belongs_to_whoever_controls_it() {
    check_holder(&[], &Holder::Nobody);
    check_holder(&[owner("ExternalSecret", "older", Some(true))], &Holder::Older);
    check_holder(&[owner("ExternalSecret", "newer", Some(true))], &Holder::Newer);
    check_holder(&[owner("App", "theirs", Some(true))], &Holder::Other("App app".to_owned()));
    check_holder(&[owner("App", "theirs", None)], &Holder::Nobody);
    // It would be collected with the older object all the same.
    check_holder(&[owner("ExternalSecret", "older", None)], &Holder::Older);
    assert_eq!(
        holder(&[owner("ExternalSecret", "gone", Some(true))], "older", None),
        Holder::Other("ExternalSecret app".to_owned())
    );
}

fn secret(uid: &str, entries: &[(&str, &str)]) -> Secret {
    let data =
        entries.iter().map(|(name, value)| ((*name).to_owned(), ByteString(value.as_bytes().to_vec())));
    let mut secret = Secret { data: Some(data.collect()), ..Secret::default() };
    secret.metadata.uid = Some(uid.to_owned());
    secret
}

#[test]
fn secrets_differ_in_keys_that_one_has_or_whose_values_differ() {
    let one = secret("u", &[("same", "1"), ("other", "2"), ("only-here", "3")]);
    let other = secret("v", &[("same", "1"), ("other", "canary"), ("only-there", "4")]);
    assert_eq!(different(Some(&one), Some(&other)), ["only-here", "only-there", "other"]);
    assert_eq!(different(None, Some(&secret("u", &[]))), Vec::<String>::new());
}

#[test]
fn only_a_value_of_texts_is_the_same_to_whoever_fills_with_its_members() {
    let is_of_texts = |value: &str| is_of_texts(&secret("u", &[("filled", value)]), "filled");
    for value in [r#"{"a":"1","b":""}"#, "{}"] {
        assert!(is_of_texts(value), "{value}");
    }
    for value in [
        r#"{"a":1e3}"#,
        r#"{"a":"1","b":{"c":"d"}}"#,
        r#"{"a":null}"#,
        r#"{"a":true}"#,
        r#"["a"]"#,
        r#""a""#,
        "text",
        "",
    ] {
        assert!(!is_of_texts(value), "{value}");
    }
    assert!(
        !super::is_of_texts(&secret("u", &[("other", "{}")]), "filled"),
        "nobody knows what it would be filled with"
    );
}

#[test]
fn a_change_counts_from_when_the_secret_is_the_newer_objects() {
    let mut memory = Memory::default();
    let [old, new, again] = ["1", "2", "3"].map(|value| secret("u", &[("a", value)]));
    memory.see(Some(&old), Some(&Holder::Older));
    memory.see(Some(&new), Some(&Holder::Older));
    assert!(memory.newers_since.is_none());
    memory.see(Some(&new), Some(&Holder::Newer));
    assert_eq!((memory.newers_since.is_some(), memory.changed(Some(&new))), (true, None));
    memory.see(Some(&again), Some(&Holder::Newer));
    let changed = memory.changed(Some(&again)).unwrap();
    assert!(changed.ends_with("holds something else in these keys: a"), "{changed}");
    assert!(memory.changed(Some(&secret("v", &[("a", "2")]))).unwrap().contains("is another one"));
    assert!(memory.changed(None).unwrap().contains("is another one"));
}
