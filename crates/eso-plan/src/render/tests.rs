//! What answers come to: entries, an authoritative nothing, or the error that wins.

use std::{collections::BTreeMap, hash::RandomState, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Documents, Fetched, Lookup, MissingProperty},
};

use crate::{
    decoding::{Decoding, NullBytes},
    desired::{Destination, Dress, Entry},
    fixtures::{data, desired, entries, extract, fails, find, found, gives, in_step, render, render_with},
    naming::{Naming, Rewrite},
    property::Budget,
    template::{From, Part, Scope, SourceKind, SourceName, Sources, Template, Text},
};

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
    let Ok(Rendered::Content { content, gone: absent }) = render(desired, answers) else {
        panic!("not rendered: {:?}", render(desired, answers));
    };
    assert_eq!(content, Content { entries: entries(expected), dress: None });
    let absent: Vec<Origin> = absent.into_iter().map(|absent| absent.origin).collect();
    assert_eq!(absent, gone);
}

fn gone(absent: &[(Origin, &str)]) -> Rendered {
    let absent = absent.iter().map(|(origin, key)| Absent { origin: *origin, key: Some((*key).into()) });
    Rendered::Gone(absent.collect())
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
fn an_entry_may_say_how_its_value_is_read() {
    let of = |dialect| {
        of(Absence::Retain, vec![Entry { dialect, property: Some("a".into()), ..data(0, "x", "k") }])
    };
    let answers = [gives(r#"{"a":{ "b" : null }}"#)];
    let compact = Dialect { documents: Documents::Compact, ..Dialect::default() };
    check(&of(None), &answers, &[("x", r#"{ "b" : null }"#)], &[]);
    check(&of(Some(compact)), &answers, &[("x", r#"{"b":null}"#)], &[]);
}

#[test]
fn two_entries_of_one_value_may_read_it_each_in_its_way() {
    let compact = Dialect { documents: Documents::Compact, ..Dialect::default() };
    let entry = |index, name| Entry { property: Some("a".into()), ..data(index, name, "k") };
    let second = Entry { dialect: Some(compact), ..entry(1, "second") };
    let desired = of(Absence::Retain, vec![entry(0, "first"), second]);
    let answers = [gives(r#"{"a":[ 1 ]}"#), gives(r#"{"a":[ 1 ]}"#)];
    check(&desired, &answers, &[("first", "[ 1 ]"), ("second", "[1]")], &[]);
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
    let expected = "error processing spec.dataFrom[0].extract, err: secret name collision during conversion: a_b (key: a)";
    check_error(&desired, &[gives(r#"{"a/b":"1","a_b":"2"}"#)], expected);
    let expected = "error processing spec.dataFrom[0].extract, err: invalid secret keys (TIP: use rewrite or \
                    conversionStrategy to change keys): key has invalid character é, only alphanumeric, '-', '.' \
                    and '_' are allowed: é (key: a)";
    check_error(&desired, &[gives(r#"{"é":"1"}"#)], expected);
}

#[test]
fn what_is_no_object_is_not_spread() {
    let desired = of(Absence::Delete, vec![extract(0, "a")]);
    let expected = "error processing spec.dataFrom[0].extract, err: unable to unmarshal secret a: it is no JSON \
                    object (line 1, column 1) (key: a)";
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
        check(&desired, &answers, &[("user", "joe")], &[Origin::Extract(0), Origin::Data(1)]);
    }
}

#[test]
fn all_values_are_gone_only_when_the_store_says_so_of_each() {
    for absence in [Absence::Drop, Absence::Delete] {
        let desired = of(absence, vec![extract(0, "a"), data(0, "user", "b")]);
        let absent = || fails(ErrorKind::NotFound);
        let all = [(Origin::Extract(0), "a"), (Origin::Data(0), "b")];
        match absence {
            Absence::Drop => check(&desired, &[absent(), absent()], &[], &all.map(|(origin, _)| origin)),
            Absence::Retain | Absence::Delete => {
                assert_eq!(render(&desired, &[absent(), absent()]), Ok(gone(&all)));
            }
        }
        assert_eq!(render(&desired, &[gives("{}"), absent()]), Ok(Rendered::Empty));
    }
}

#[test]
fn no_other_failure_is_an_absence() {
    for absence in ABSENCES {
        for kind in FAILURES {
            let desired = of(absence, vec![data(0, "user", "a")]);
            let RenderError::Entry(error) = render(&desired, &[fails(kind)]).unwrap_err() else {
                panic!("it is no failure of an entry");
            };
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
    let answer = Answer { dialect: Dialect::default(), given: Err(ReadError::Store(words.to_owned())) };
    let desired = of(Absence::Delete, vec![data(0, "user", "a")]);
    check_error(&desired, &[answer], &format!("error processing spec.data[0] (key: a), err: {words}"));
}

#[test]
fn a_missing_property_is_an_absence_where_the_dialect_says_so() {
    let entry = Entry { property: Some("x".into()), ..data(0, "user", "a") };
    let fake = Answer { dialect: FAKE, ..gives("{}") };
    let expected = gone(&[(Origin::Data(0), "a")]);
    assert_eq!(render(&of(Absence::Delete, vec![entry.clone()]), std::slice::from_ref(&fake)), Ok(expected));
    let expected = "error processing spec.data[0] (key: a), err: Secret does not exist";
    check_error(&of(Absence::Retain, vec![entry.clone()]), &[fake], expected);
    assert!(render(&of(Absence::Delete, vec![entry]), &[gives("{}")]).is_err(), "AWS does not");
}

#[test]
fn a_throttled_store_says_when_to_come_back() {
    let error = ProviderError::new(ErrorKind::Throttled, "Read").with_retry_after(Duration::from_secs(7));
    let answer = Answer { dialect: Dialect::default(), given: Err(ReadError::Provider(error)) };
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
    let fetched = Fetched::new(Value::Document(r#"{ "b": "<", "a": 1.0 }"#.into()));
    let answer = Answer { dialect, given: Ok(Given::Value(fetched)) };
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
        let answers = vec![Answer { dialect, given: Ok(Given::Value(fetched)) }; 100];
        let budget = Budget::default();
        let read = values::read_within(&desired, &answers, &budget).unwrap();
        assert_eq!(read.entries["e99"], format!("{:0640}", 99).into());
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
    check_size(&[values::LARGEST], false, None);
    check_size(&[values::LARGEST - 1, 1], false, None);
    check_size(&[values::LARGEST + 1], false, Some(0));
    check_size(&[values::LARGEST - 1, 1, 0, 1, 0], false, Some(3));
    check_size(
        &[values::LARGEST, values::LARGEST, values::LARGEST, values::LARGEST, values::LARGEST],
        false,
        Some(1),
    );
}

#[test]
fn an_entry_that_is_won_over_takes_no_room() {
    check_size(&[values::LARGEST, values::LARGEST, 5], true, None);
    check_size(&[2 * values::LARGEST, 5], true, None);
    check_size(&[5, 2 * values::LARGEST], true, Some(1));
    check_size(&[values::LARGEST_ON_THE_WAY + 1, 5], true, Some(0));
}

#[test]
fn answers_weigh_what_all_entries_show() {
    assert_eq!(weight(&[gives("12345"), fails(ErrorKind::Denied), gives("12345"), gives("1")]), 11);
}

fn decoded(decoding: Decoding, entry: Entry) -> Desired {
    of(Absence::Retain, vec![Entry { decoding, ..entry }])
}

fn checked(entry: Entry) -> Desired {
    of(Absence::Retain, vec![Entry { null_bytes: NullBytes::Fail, ..entry }])
}

#[test]
fn what_is_found_goes_under_its_converted_keys() {
    let desired = of(Absence::Retain, vec![find(0, "app"), data(0, "z", "c")]);
    let answers = [found(&[("app/user", "joe"), ("app/z", "1")]), gives("3")];
    check(&desired, &answers, &[("app_user", "joe"), ("app_z", "1"), ("z", "3")], &[]);
}

#[test]
fn two_found_keys_that_become_one_name_fail() {
    let desired = of(Absence::Retain, vec![find(0, "app")]);
    let expected =
        "error processing spec.dataFrom[0].find, err: secret name collision during conversion: a_b";
    check_error(&desired, &[found(&[("a/b", "1"), ("a_b", "2")])], expected);
}

#[test]
fn a_search_that_meets_nothing_is_no_failure_and_an_absence_where_that_is_accepted() {
    let nothing = || found(&[]);
    assert_eq!(render(&of(Absence::Retain, vec![find(0, "app")]), &[nothing()]), Ok(Rendered::Empty));
    let absent = Rendered::Gone(vec![Absent { origin: Origin::Find(0), key: None }]);
    assert_eq!(render(&of(Absence::Delete, vec![find(0, "app")]), &[nothing()]), Ok(absent));
    check(&of(Absence::Drop, vec![find(0, "app")]), &[nothing()], &[], &[Origin::Find(0)]);
    for absence in ABSENCES {
        let desired = of(absence, vec![find(0, "app"), data(0, "user", "a")]);
        let gone: &[Origin] = if absence == Absence::Retain { &[] } else { &[Origin::Find(0)] };
        check(&desired, &[nothing(), gives("joe")], &[("user", "joe")], gone);
    }
}

#[test]
fn a_search_that_fails_fails_the_object() {
    for kind in FAILURES {
        let desired = of(Absence::Delete, vec![find(0, "app")]);
        let error = render(&desired, &[fails(kind)]).unwrap_err().to_string();
        assert!(error.starts_with("error processing spec.dataFrom[0].find, err: "), "{error}");
    }
}

#[test]
fn values_are_decoded_where_the_entry_says_so() {
    for entry in [data(0, "a", "k"), Entry { property: Some("p".into()), ..data(0, "a", "k") }] {
        let text = if entry.property.is_some() { r#"{"p":"aGk="}"# } else { "aGk=" };
        check(&decoded(Decoding::Base64, entry.clone()), &[gives(text)], &[("a", "hi")], &[]);
        check(&decoded(Decoding::Auto, entry), &[gives(text)], &[("a", "hi")], &[]);
    }
    check(&decoded(Decoding::Base64Url, extract(0, "k")), &[gives(r#"{"a":"aGk="}"#)], &[("a", "hi")], &[]);
    check(&decoded(Decoding::Base64, find(0, "")), &[found(&[("x/a", "aGk=")])], &[("x_a", "hi")], &[]);
    let expected = "error processing spec.data[0] (key: k), err: failure decoding key a: illegal base64 data at input byte 0";
    check_error(&decoded(Decoding::Base64, data(0, "a", "k")), &[gives("$canary")], expected);
    let expected = "error processing spec.dataFrom[0].extract, err: failure decoding key a_b: illegal base64 data at \
                    input byte 0 (key: k)";
    check_error(&decoded(Decoding::Base64, extract(0, "k")), &[gives(r#"{"a/b":"$"}"#)], expected);
}

#[test]
fn a_null_byte_fails_where_the_entry_says_so() {
    check(&of(Absence::Retain, vec![data(0, "a", "k")]), &[gives("x\0")], &[("a", "x\0")], &[]);
    let expected = r#"error processing spec.data[0] (key: k), err: fetched secret value for key "k" contains null bytes"#;
    check_error(&checked(data(0, "a", "k")), &[gives("x\0")], expected);
    let expected =
        r#"error processing spec.dataFrom[0].find, err: target secret key "x_a" contains null bytes"#;
    check_error(&checked(find(0, "")), &[found(&[("x/a", "\0")])], expected);
    // What counts is the value as it is decoded.
    let entry = Entry { decoding: Decoding::Base64, ..data(0, "a", "k") };
    check_error(
        &checked(entry),
        &[gives("AA==")],
        r#"error processing spec.data[0] (key: k), err: fetched secret value for key "k" contains null bytes"#,
    );
}

#[test]
fn many_values_are_rewritten_before_they_are_decoded() {
    let rewrites =
        vec![Rewrite::regexp("^app/", "").unwrap(), Rewrite::transform("{{ .value | upper }}").unwrap()];
    let naming = Naming { rewrites, ..Naming::default() };
    let entry = Entry { into: Destination::Many(naming), decoding: Decoding::Base64, ..find(0, "app") };
    check(&of(Absence::Retain, vec![entry]), &[found(&[("app/user", "aGk=")])], &[("USER", "hi")], &[]);
}

#[test]
fn templates_are_rendered_over_what_was_read() {
    let template = Template { data: texts(&[("dsn", "db://{{ .user }}@host")]), ..Template::default() };
    let desired = Desired { template: Some(template), ..of(Absence::Retain, vec![data(0, "user", "a")]) };
    let Ok(Rendered::Content { content, .. }) = render(&desired, &[gives("joe")]) else {
        panic!("not rendered")
    };
    assert_eq!(content.entries, entries(&[("dsn", "db://joe@host")]));
    assert_eq!(content.dress, Some(Dress::default()));
}

#[test]
fn where_nothing_is_written_nothing_is_rendered() {
    let template = Template { data: texts(&[("a", "{{ .missing }}")]), ..Template::default() };
    for (absence, answer, expected) in [
        (Absence::Retain, found(&[]), Rendered::Empty),
        (Absence::Delete, gives("{}"), Rendered::Empty),
        (Absence::Delete, fails(ErrorKind::NotFound), gone(&[(Origin::Extract(0), "a")])),
    ] {
        let template = Some(template.clone());
        let desired = Desired { template, ..of(absence, vec![extract(0, "a")]) };
        assert_eq!(render(&desired, &[answer]), Ok(expected));
    }
    let desired = Desired { template: Some(template), ..of(Absence::Drop, vec![extract(0, "a")]) };
    let error = render(&desired, &[fails(ErrorKind::NotFound)]).unwrap_err().to_string();
    assert!(error.starts_with("could not apply template: unable to execute template at key a: "), "{error}");
}

#[test]
fn a_template_reads_what_the_object_of_its_name_holds() {
    let source = SourceName { kind: SourceKind::ConfigMap, name: "tpl".into() };
    let text = Text::Source { source: source.clone(), items: vec![("a".into(), Scope::Value)] };
    let from = vec![From { text, into: Part::Data, decoding: Decoding::None }];
    let template = Some(Template { from, ..Template::default() });
    let desired = Desired { template, ..of(Absence::Retain, vec![data(0, "user", "a")]) };
    let sources = Sources::from([(source, Some(entries(&[("a", "{{ .user }}!")])))]);
    let rendered = render_with(&desired, &[gives("joe")], &sources);
    let Ok(Rendered::Content { content, .. }) = rendered else { panic!("not rendered") };
    assert_eq!(content.entries, entries(&[("a", "joe!")]));
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_fingerprint_differs_wherever_the_target_could() {
    let state = RandomState::new();
    let of = |desired: &Desired, answers: &[Answer]| fingerprint(desired, answers, &state);
    let (same, answers) = (in_step().desired, [gives("a"), gives("b")]);
    assert_eq!(of(&same, &answers), of(&same.clone(), &answers));
    let others = [
        of(&same, &[gives("ab"), gives("")]),
        of(&same, &[gives("b"), gives("a")]),
        of(&same, &[gives("a")]),
        of(&same, &[gives("a"), fails(ErrorKind::NotFound)]),
        of(&same, &[gives("a"), found(&[])]),
        of(&same, &[gives("a"), found(&[("b", "b")])]),
        of(&in_step().revision("2-a").desired, &answers),
    ];
    for other in others {
        assert!(other.is_some());
        assert_ne!(other, of(&same, &answers));
    }
    for kind in FAILURES {
        assert_eq!(of(&same, &[gives("a"), fails(kind)]), None, "{kind:?}");
    }
}
