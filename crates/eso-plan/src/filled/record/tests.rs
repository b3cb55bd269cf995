//! That a record is opened where it was sealed, and nowhere else.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use eso_core::key::{StoreKind, StoreReference};
use hmac::Mac as _;

use super::{Record, SealError, SealKey, open, seal};
use crate::filled::{LARGEST_RECORD, MOST_REFERENCES, Place, Refusal, Source};

const TEXT: &str = "hunter2 ${eso:db#password}";

fn place(namespace: &str, name: &str) -> Place {
    Place { namespace: namespace.into(), name: name.into() }
}

fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

fn store() -> StoreReference {
    StoreReference { kind: StoreKind::ClusterSecretStore, namespace: "demo".into(), name: "main".into() }
}

fn record_of(values: &[(&str, &str)]) -> Result<Record, Refusal> {
    let source = |(key, text): &(&str, &str)| {
        ((*key).to_owned(), Source::of_text(key, text).unwrap().expect("it must refer to something"))
    };
    Record::new(&store(), Duration::from_secs(90), &values.iter().map(source).collect::<BTreeMap<_, _>>())
}

fn record() -> Record {
    record_of(&[("a", TEXT), ("b", "vault:x#y")]).unwrap()
}

fn sealed() -> String {
    seal(&key(), &place("demo", "app"), &record())
}

#[test]
fn a_record_is_opened_where_it_was_sealed() {
    let opened = open(&key(), &place("demo", "app"), &sealed()).unwrap();
    assert_eq!(opened, record());
    assert_eq!(opened.store_of("demo"), store());
    assert_eq!((opened.text("a"), opened.text("c")), (Some(TEXT), None));
    assert_eq!(opened.sources().unwrap()["b"].references().count(), 1);
}

/// Whoever reads this text another way than it was written cannot read the records that there are.
#[test]
fn the_same_record_is_the_same_text_for_good() {
    assert_eq!(
        sealed(),
        "v1.S168MZ4KOKS0qhtViDhlgjmPu4pUo6A1z-BrDqvQ53k.{\"store\":\"ClusterSecretStore/main\",\"interval\":90,\"values\":\
         {\"a\":\"hunter2 ${eso:db#password}\",\"b\":\"vault:x#y\"}}"
    );
}

#[test]
fn a_record_of_another_secret_is_broken() {
    for other in [place("demo", "other"), place("other", "app"), place("dem", "oapp"), place("", "demoapp")] {
        assert_eq!(open(&key(), &other, &sealed()), Err(SealError::Broken), "{other:?}");
    }
}

#[test]
fn a_record_of_another_key_is_broken() {
    assert_eq!(open(&SealKey::new(&[8; 32]), &place("demo", "app"), &sealed()), Err(SealError::Broken));
}

#[test]
fn an_edited_record_is_broken() {
    let sealed = sealed();
    for (from, to) in [
        ("eso:db", "eso:hr"),
        ("ClusterSecretStore/main", "ClusterSecretStore/admin"),
        ("ClusterSecretStore", "SecretStore"),
        ("90", "9"),
        ("\"a\"", "\"z\""),
        ("\"}}", "\"}} "),
    ] {
        let edited = sealed.replacen(from, to, 1);
        assert_ne!(edited, sealed, "{from} must be there");
        assert_eq!(open(&key(), &place("demo", "app"), &edited), Err(SealError::Broken), "{from}");
    }
}

#[test]
fn each_bit_of_the_seal_counts() {
    let sealed = sealed();
    let seal_of = |text: &str| text.split('.').nth(1).unwrap().to_owned();
    let whole = seal_of(&sealed);
    for at in 0..whole.len() {
        let other = if whole.as_bytes()[at] == b'A' { "E" } else { "A" };
        let mut seal = whole.clone();
        seal.replace_range(at..=at, other);
        let text = sealed.replacen(&whole, &seal, 1);
        assert!(open(&key(), &place("demo", "app"), &text).is_err(), "the character {at}");
    }
    for part in ["", &whole[..whole.len() - 4], &format!("{whole}AAAA")] {
        let text = sealed.replacen(&whole, part, 1);
        assert!(open(&key(), &place("demo", "app"), &text).is_err(), "{part}");
    }
}

#[test]
fn what_is_no_record_is_refused() {
    let sealed = sealed();
    for text in ["", "v1", "v1.", "v1..", "v1.!.{}", &sealed.replacen("v1.", "v2.", 1), &sealed[3..], "\u{0}"]
    {
        assert!(open(&key(), &place("demo", "app"), text).is_err(), "{text:?}");
    }
    let long = format!("v1.AAAA.{}", " ".repeat(LARGEST_RECORD + 100));
    assert_eq!(open(&key(), &place("demo", "app"), &long), Err(SealError::TooLarge));
}

#[test]
fn a_good_seal_does_not_make_sense_of_what_is_sealed() {
    for text in [
        "",
        "{}",
        "[]",
        r#"{"store":"x","interval":1,"values":{}}"#,
        r#"{"store":"SecretStore/a","interval":1,"values":{},"more":1}"#,
    ] {
        let code = super::mac(&key(), super::PURPOSE, &place("demo", "app"), &[text.as_bytes()]);
        let code = URL_SAFE_NO_PAD.encode(code.finalize().into_bytes());
        let sealed = format!("v1.{code}.{text}");
        assert_eq!(open(&key(), &place("demo", "app"), &sealed), Err(SealError::Unreadable), "{text}");
    }
}

#[test]
fn a_record_holds_so_much() {
    let most = "${eso:a}".repeat(MOST_REFERENCES);
    assert!(record_of(&[("a", &most)]).is_ok());
    assert_eq!(record_of(&[("a", &most), ("b", "eso:a")]), Err(Refusal::Count));
    let text = |length: usize| format!("{}${{eso:a}}", "x".repeat(length));
    assert!(record_of(&[("a", &text(LARGEST_RECORD - 100))]).is_ok());
    assert_eq!(record_of(&[("a", &text(LARGEST_RECORD))]), Err(Refusal::Size));
    // A null byte takes six as JSON.
    assert_eq!(
        record_of(&[("a", &format!("{}${{eso:a}}", "\0".repeat(LARGEST_RECORD / 5)))]),
        Err(Refusal::Size)
    );
    let largest = record_of(&[("a", &text(LARGEST_RECORD - 100))]).unwrap();
    let sealed = seal(&key(), &place("demo", "app"), &largest);
    assert_eq!(open(&key(), &place("demo", "app"), &sealed).as_ref(), Ok(&largest));
}

#[test]
fn neither_keys_nor_texts_are_shown() {
    let shown = format!("{:?} {:?}", key(), record());
    assert!(shown.contains("SealKey(redacted)") && shown.contains("ClusterSecretStore/main"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("7, 7"), "{shown}");
    for error in [SealError::TooLarge, SealError::Malformed, SealError::Broken, SealError::Unreadable] {
        assert!(!error.to_string().is_empty());
    }
}
