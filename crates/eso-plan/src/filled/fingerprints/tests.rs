//! That a fingerprint is that of one value, under one key of one Secret, and of nothing else.

use eso_core::value::SecretBytes;

use super::Printer;
use crate::filled::{
    Place,
    record::SealKey,
    refresh::tests::{entries, key, place, record},
};

#[test]
fn a_fingerprint_differs_with_all_that_it_is_over() {
    let (key, place) = (key(), place());
    let printer = Printer { key: &key, place: &place };
    let value = SecretBytes::from("s3cret");
    let print = printer.of_value("a", Some(&value));
    assert_eq!(print.len(), 16);
    assert_eq!(print, printer.of_value("a", Some(&value)));
    let another = Place { namespace: "demo".into(), name: "other".into() };
    let elsewhere = Place { namespace: "other".into(), ..place.clone() };
    for other in [
        printer.of_value("b", Some(&value)),
        printer.of_value("a", Some(&SecretBytes::from("s3creT"))),
        printer.of_value("as", Some(&SecretBytes::from("3cret"))),
        printer.of_value("a", None),
        Printer { key: &SealKey::new(&[8; 32]), ..printer }.of_value("a", Some(&value)),
        Printer { place: &another, ..printer }.of_value("a", Some(&value)),
        Printer { place: &elsewhere, ..printer }.of_value("a", Some(&value)),
    ] {
        assert_ne!(print, other);
    }
}

#[test]
fn they_are_read_with_the_record_that_they_were_written_for_and_with_no_other() {
    let (key, place) = (key(), place());
    let printer = Printer { key: &key, place: &place };
    let (one, two) = (record(&[("a", "eso:x")]), record(&[("a", "eso:x"), ("b", "eso:y")]));
    let held = entries(&[("a", "1"), ("b", "2"), ("theirs", "3")]);
    let text = printer.all(&two, &held);
    let known = printer.read(&two, &text).unwrap();
    assert_eq!(known.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(known["b"], printer.of_value("b", held.get("b")));
    let longer = format!("{text}.{}", known["b"]);
    for (record, text) in [
        (&one, text.as_str()),
        (&record(&[("a", "eso:x"), ("b", "eso:z")]), text.as_str()),
        (&two, longer.as_str()),
        (&two, &text[..20]),
        (&two, ""),
        (&two, "."),
        (&two, "ä.ö.ü"),
    ] {
        assert_eq!(printer.read(record, text), None, "{text}");
    }
}
