//! What answers come to: entries, an authoritative nothing, or the error that wins.

use eso_core::provider::{Documents, Lookup, MissingProperty};

use crate::fixtures::{data, desired, entries, extract, fails, gives};

use super::*;

const FAKE: Dialect = Dialect {
    lookup: Lookup::Path,
    documents: Documents::AsWritten,
    missing_property: MissingProperty::NoSecret,
};

fn of(absence: Absence, entries: Vec<Entry>) -> Desired {
    Desired { absence, entries, ..desired() }
}

#[track_caller]
fn check(desired: &Desired, answers: &[Answer], expected: &[(&str, &str)], gone: &[Origin]) {
    let Ok(Rendered::Entries { entries: found, gone: absent }) = render(desired, answers) else {
        panic!("not rendered: {:?}", render(desired, answers));
    };
    assert_eq!(found, entries(expected));
    let absent: Vec<Origin> = absent.into_iter().map(|(origin, _)| origin).collect();
    assert_eq!(absent, gone);
}

#[track_caller]
fn check_error(desired: &Desired, answers: &[Answer], expected: &str) {
    assert_eq!(render(desired, answers).map_err(|error| error.to_string()), Err(expected.to_owned()));
}

const FAILURES: [ErrorKind; 7] = [
    ErrorKind::Denied,
    ErrorKind::Unauthenticated,
    ErrorKind::Invalid,
    ErrorKind::Conflict,
    ErrorKind::Throttled,
    ErrorKind::Unavailable,
    ErrorKind::Unexpected,
];
const ABSENCES: [Absence; 3] = [Absence::Retain, Absence::Drop, Absence::Delete];

#[test]
fn each_value_goes_under_its_name() {
    let desired = of(Absence::Retain, vec![data(0, "user", "a"), data(1, "password", "b")]);
    check(&desired, &[gives("joe"), gives("pw")], &[("password", "pw"), ("user", "joe")], &[]);
}

#[test]
fn a_property_of_a_value_goes_under_its_name() {
    let entry = Entry { property: Some("db.user".into()), ..data(0, "user", "a") };
    let desired = of(Absence::Retain, vec![entry]);
    check(&desired, &[gives(r#"{"db":{"user":"joe"}}"#)], &[("user", "joe")], &[]);
    let expected = "error processing spec.data[0] (key: a), err: key db.user does not exist in secret a";
    check_error(&desired, &[gives("{}")], expected);
}

#[test]
fn later_entries_win_over_earlier_ones() {
    let desired = of(Absence::Retain, vec![extract(0, "a"), extract(1, "b"), data(0, "z", "c")]);
    let answers = [gives(r#"{"x":"1","y":"1","z":"1"}"#), gives(r#"{"y":"2","z":"2"}"#), gives("3")];
    check(&desired, &answers, &[("x", "1"), ("y", "2"), ("z", "3")], &[]);
}

#[test]
fn members_get_names_that_kubernetes_takes() {
    let desired = of(Absence::Retain, vec![extract(0, "a")]);
    check(&desired, &[gives(r#"{"a/b":"1","":"nameless","c d":"2"}"#)], &[("a_b", "1"), ("c_d", "2")], &[]);
    let expected =
        "error processing spec.dataFrom[0] (key: a), err: secret name collision during conversion: a_b";
    check_error(&desired, &[gives(r#"{"a/b":"1","a_b":"2"}"#)], expected);
    let expected = "error processing spec.dataFrom[0] (key: a), err: invalid secret keys (TIP: use rewrite or \
                    conversionStrategy to change keys): key has invalid character é, only alphanumeric, '-', '.' \
                    and '_' are allowed: é";
    check_error(&desired, &[gives(r#"{"é":"1"}"#)], expected);
}

#[test]
fn what_is_no_object_is_not_spread() {
    let desired = of(Absence::Delete, vec![extract(0, "a")]);
    let expected = "error processing spec.dataFrom[0] (key: a), err: unable to unmarshal secret a: it is no JSON \
                    object (line 1, column 1)";
    check_error(&desired, &[gives("canary")], expected);
}

#[test]
fn an_absence_fails_the_object_that_retains() {
    let desired = of(Absence::Retain, vec![data(0, "user", "a"), data(1, "password", "b")]);
    let expected = "error processing spec.data[1] (key: b), err: Secret does not exist";
    check_error(&desired, &[gives("joe"), fails(ErrorKind::NotFound)], expected);
}

#[test]
fn an_absence_is_left_out_where_it_is_accepted() {
    for absence in [Absence::Drop, Absence::Delete] {
        let desired = of(absence, vec![extract(0, "a"), data(0, "user", "b"), data(1, "password", "c")]);
        let answers = [fails(ErrorKind::NotFound), gives("joe"), fails(ErrorKind::NotFound)];
        check(&desired, &answers, &[("user", "joe")], &[Origin::DataFrom(0), Origin::Data(1)]);
    }
}

#[test]
fn all_values_are_gone_only_when_the_store_says_so_of_each() {
    for absence in [Absence::Drop, Absence::Delete] {
        let desired = of(absence, vec![extract(0, "a"), data(0, "user", "b")]);
        let gone = vec![(Origin::DataFrom(0), "a".into()), (Origin::Data(0), "b".into())];
        let absent = || fails(ErrorKind::NotFound);
        assert_eq!(render(&desired, &[absent(), absent()]), Ok(Rendered::Gone(gone)));
        check(&desired, &[gives("{}"), absent()], &[], &[Origin::Data(0)]);
    }
}

#[test]
fn no_other_failure_is_an_absence() {
    for absence in ABSENCES {
        for kind in FAILURES {
            let desired = of(absence, vec![data(0, "user", "a")]);
            let error = render(&desired, &[fails(kind)]).unwrap_err();
            assert!(!error.cause.is_absence(), "{kind:?} under {absence:?}");
        }
    }
}

#[test]
fn a_failure_wins_over_an_absence_that_comes_before_it() {
    for absence in ABSENCES {
        let desired = of(absence, vec![data(0, "user", "a"), data(1, "password", "b")]);
        let answers = [fails(ErrorKind::NotFound), fails(ErrorKind::Denied)];
        check_error(
            &desired,
            &answers,
            "error processing spec.data[1] (key: b), err: GetSecretValue: access denied",
        );
    }
}

#[test]
fn the_first_of_two_failures_is_given() {
    let desired = of(Absence::Retain, vec![data(0, "user", "a"), data(1, "password", "b")]);
    let expected = "error processing spec.data[0] (key: a), err: GetSecretValue: throttled by the store";
    check_error(&desired, &[fails(ErrorKind::Throttled), fails(ErrorKind::Denied)], expected);
}

#[test]
fn a_store_that_cannot_be_used_fails_in_its_own_words() {
    let words = r#"could not get SecretStore "nope", SecretStore.external-secrets.io "nope" not found"#;
    let answer = Answer { dialect: Dialect::default(), fetched: Err(ReadError::Store(words.to_owned())) };
    let desired = of(Absence::Delete, vec![data(0, "user", "a")]);
    check_error(&desired, &[answer], &format!("error processing spec.data[0] (key: a), err: {words}"));
}

#[test]
fn a_missing_property_is_an_absence_where_the_dialect_says_so() {
    let entry = Entry { property: Some("x".into()), ..data(0, "user", "a") };
    let fake = Answer { dialect: FAKE, ..gives("{}") };
    let gone = Rendered::Gone(vec![(Origin::Data(0), "a".into())]);
    assert_eq!(render(&of(Absence::Delete, vec![entry.clone()]), std::slice::from_ref(&fake)), Ok(gone));
    let expected = "error processing spec.data[0] (key: a), err: Secret does not exist";
    check_error(&of(Absence::Retain, vec![entry.clone()]), &[fake], expected);
    assert!(render(&of(Absence::Delete, vec![entry]), &[gives("{}")]).is_err(), "AWS does not");
}

#[test]
fn a_throttled_store_says_when_to_come_back() {
    let error = ProviderError::new(ErrorKind::Throttled, "Read").with_retry_after(Duration::from_secs(7));
    let answer = Answer { dialect: Dialect::default(), fetched: Err(ReadError::Provider(error)) };
    let desired = of(Absence::Retain, vec![data(0, "user", "a")]);
    assert_eq!(render(&desired, &[answer]).unwrap_err().retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(render(&desired, &[fails(ErrorKind::Denied)]).unwrap_err().retry_after(), None);
}

#[test]
fn nothing_that_can_be_printed_shows_a_value() {
    const CANARY: &str = "canary-5f2e";
    let text = format!(r#"{{"a":"{CANARY}","b":["{CANARY}"]}}"#);
    let broken = format!(r#"{{"a":"{CANARY}\q","b":{CANARY}}}"#);
    let property = |property: &str| Entry { property: Some(property.into()), ..data(0, "user", "key") };
    for answer in [gives(&text), gives(&broken), gives(CANARY)] {
        for entry in
            [data(0, "user", "key"), property("b"), property("b.c"), property("#("), extract(0, "key")]
        {
            let rendered = render(&of(Absence::Retain, vec![entry]), std::slice::from_ref(&answer));
            let printed = match &rendered {
                Ok(rendered) => format!("{rendered:?}"),
                Err(error) => format!("{error:?} {error}"),
            };
            assert!(!format!("{printed} {answer:?}").contains(CANARY), "{printed}");
        }
    }
}

#[test]
fn documents_of_vault_are_read_as_documents() {
    let dialect = Dialect {
        lookup: Lookup::KeyThenPath,
        documents: Documents::GoMarshal,
        missing_property: MissingProperty::NoSecretData,
    };
    let fetched = Ok(Fetched::new(Value::Document(r#"{ "b": "<", "a": 1.0 }"#.into())));
    let answer = Answer { dialect, fetched };
    let desired = of(Absence::Retain, vec![extract(0, "a"), data(0, "all", "a")]);
    let expected = [("a", "1"), ("all", r#"{"a":1.0,"b":"\u003c"}"#), ("b", "<")];
    check(&desired, &[answer.clone(), answer], &expected, &[]);
}

#[test]
fn a_document_is_made_ready_once_however_many_entries_show_a_part_of_it() {
    let members: Vec<String> = (0..100).map(|number| format!(r#""n{number}":"{number:0640}""#)).collect();
    let text = format!("{{{}}}", members.join(","));
    let property =
        |number| Entry { property: Some(format!("n{number}")), ..data(number, &format!("e{number}"), "a") };
    let desired = of(Absence::Retain, (0..100).map(property).collect());
    let vault =
        Dialect { lookup: Lookup::KeyThenPath, documents: Documents::GoMarshal, ..Dialect::default() };
    for (dialect, fetched) in [
        (Dialect::default(), Fetched::new(Value::Bytes(text.as_str().into()))),
        (vault, Fetched::new(Value::Document(text.as_str().into()))),
    ] {
        let answers = vec![Answer { dialect, fetched: Ok(fetched) }; 100];
        let budget = Budget::default();
        let Ok(Rendered::Entries { entries, .. }) = render_within(&desired, &answers, &budget) else {
            panic!("not rendered")
        };
        assert_eq!(entries["e99"], format!("{:0640}", 99).into());
        assert!(budget.spent() <= 2 * text.len(), "{} bytes of {} were read", budget.spent(), text.len());
    }
}

/// Entries with values of these lengths: under a name of its own each, or all under the same.
fn lengths(lengths: &[usize], same_name: bool) -> (Desired, Vec<Answer>) {
    let name = |index| if same_name { "same".to_owned() } else { format!("e{index}") };
    let entries = (0..lengths.len()).map(|index| data(index, &name(index), &format!("k{index}"))).collect();
    (of(Absence::Retain, entries), lengths.iter().map(|length| gives(&"x".repeat(*length))).collect())
}

#[track_caller]
fn check_size(all: &[usize], same_name: bool, fails: Option<usize>) {
    let (desired, answers) = lengths(all, same_name);
    let failed = render(&desired, &answers).map(drop).map_err(|error| error.to_string());
    let text =
        "with this one the values take more than the 1 MiB that a Secret holds: ask for fewer, or for parts";
    let text = |index| format!("error processing spec.data[{index}] (key: k{index}), err: {text}");
    assert_eq!(failed.err(), fails.map(text));
}

#[test]
fn what_a_secret_cannot_hold_fails_the_entry_that_is_too_much() {
    check_size(&[LARGEST], false, None);
    check_size(&[LARGEST - 1, 1], false, None);
    check_size(&[LARGEST + 1], false, Some(0));
    check_size(&[LARGEST - 1, 1, 0, 1, 0], false, Some(3));
    check_size(&[LARGEST, LARGEST, LARGEST, LARGEST, LARGEST], false, Some(1));
}

#[test]
fn an_entry_that_is_won_over_takes_no_room() {
    check_size(&[LARGEST, LARGEST, 5], true, None);
    check_size(&[2 * LARGEST, 5], true, None);
    check_size(&[5, 2 * LARGEST], true, Some(1));
    check_size(&[LARGEST_ON_THE_WAY + 1, 5], true, Some(0));
}

#[test]
fn answers_weigh_what_all_entries_show() {
    assert_eq!(weight(&[gives("12345"), fails(ErrorKind::Denied), gives("12345"), gives("1")]), 11);
}
