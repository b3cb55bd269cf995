//! What refers to something, what does not, and what is refused.

use super::{Piece, Problem, Reference, parse};
use crate::filled::MOST_REFERENCES;

/// The pieces of a text as one line: texts in quotes, references as `key|property|version`.
#[track_caller]
fn check(text: &str, expected: &str) {
    let pieces = parse(text).unwrap().map(|pieces| pieces.iter().map(shown).collect::<Vec<_>>().join(" "));
    assert_eq!(pieces.as_deref().unwrap_or("nothing"), expected, "{text}");
}

#[track_caller]
fn refused(text: &str, expected: Problem) {
    assert_eq!(parse(text), Err(expected), "{text}");
}

fn shown(piece: &Piece) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::Reference(Reference { key, property, version }) => {
            format!("{key}|{}|{}", part(property), part(version))
        }
    }
}

#[test]
fn a_whole_text_is_one_reference() {
    check("eso:db", "db|-|-");
    check("eso:db#password", "db|password|-");
    check("eso:db#password#v3", "db|password|v3");
    check("eso:db##v3", "db|-|v3");
    check("eso:db#", "db|-|-");
    check("eso:db##", "db|-|-");
    check("eso:team/db prod#a.b.0#AWSPREVIOUS", "team/db prod|a.b.0|AWSPREVIOUS");
    check(
        "eso:arn:aws:secretsmanager:eu-west-1:1:secret:db#password",
        "arn:aws:secretsmanager:eu-west-1:1:secret:db|password|-",
    );
    check("eso:db}#{x", "db}|{x|-");
    check("eso:größe#ß", "größe|ß|-");
}

#[test]
fn a_backslash_takes_the_meaning_from_what_follows_it() {
    check(r"eso:a\#b#c\#d", "a#b|c#d|-");
    check(r"eso:a\\#b", r"a\|b|-");
    check(r"eso:a\}b", "a}b|-|-");
    check(r"${eso:a\}b}c", r#"a}b|-|- "c""#);
    check(r"${eso:a\\}c", r#"a\|-|- "c""#);
    refused(r"eso:a\b", Problem::Escape);
    refused(r"eso:a\", Problem::Escape);
}

#[test]
fn references_stand_anywhere_in_a_text_in_braces() {
    check("${eso:db}", "db|-|-");
    check(
        "postgres://${eso:db#user}:${eso:db#password}@db:5432",
        r#""postgres://" db|user|- ":" db|password|- "@db:5432""#,
    );
    check("${eso:a}${vault:b#c}", "a|-|- b|c|-");
    check("$${eso:a}$", r#""$" a|-|- "$""#);
    check("${HOME} ${eso:a} ${", r#""${HOME} " a|-|- " ${""#);
    check("${vault:a#b}}", r#"a|b|- "}""#);
    check("{{ ${eso:a} }}", r#""{{ " a|-|- " }}""#);
}

#[test]
fn what_refers_to_nothing_is_left_alone() {
    for text in [
        "",
        "password",
        "${HOME}",
        "$eso:db",
        "xeso:db",
        " eso:db",
        "Vault:a#b",
        "vault",
        "a#b",
        ">>",
        "${>>}",
    ] {
        check(text, "nothing");
    }
}

#[test]
fn the_vault_form_has_a_path_a_key_and_perhaps_a_number() {
    check("vault:secret/data/db#password", "secret/data/db|password|-");
    check("vault:secret/data/db#password#2", "secret/data/db|password|2");
    check("vault:secret/data/db#password#-1", "secret/data/db|password|-");
    check("vault:secret/data/db#password#", "secret/data/db|password|-");
    check(r"vault:a\b#c\", r"a\b|c\|-");
    check("vault:very/long:with:colons#k", "very/long:with:colons|k|-");
    check("vault:v/data/db#k", "v/data/db|k|-");
    check("vault:login/data#k", "login/data|k|-");
    refused("vault:a#b#latest", Problem::Version);
    refused("vault:a#b#1#2", Problem::Version);
    for text in ["vault:", "vault:a", "vault:#b", "vault:a#", "${vault:a}"] {
        refused(text, Problem::Malformed);
    }
}

#[test]
fn what_begins_as_a_reference_and_is_none_is_refused() {
    for text in ["eso:", "eso:#a", "eso:a#b#c#d", "${eso:}", "x${eso:#}"] {
        refused(text, Problem::Malformed);
    }
    for text in ["${eso:db", r"${eso:db\}", "a ${vault:b#c", "${eso:a} ${eso:b"] {
        refused(text, Problem::Open);
    }
    for text in ["eso:db\n", "eso:d\tb", "vault:a#b\r", "${eso:a\nb}", "eso:d\0b"] {
        refused(text, Problem::Control);
    }
    for text in ["eso:${eso:a}", "vault:a#${.username | upper}", "${vault:a#${.b}}"] {
        refused(text, Problem::Nested);
    }
}

#[test]
fn what_writes_encrypts_or_logs_in_is_refused_by_name() {
    for text in [
        ">>vault:pki/issue/x#cert",
        ">vault:a#b",
        ">>eso:a",
        "x ${>>vault:a#b#{}} y",
        "vault:a#b#{\"ttl\":\"1h\"}",
    ] {
        refused(text, Problem::Writes);
    }
    refused("vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==", Problem::Transit);
    refused("vault:v23:abc#d", Problem::Transit);
    refused("a ${vault:v1:abc} b", Problem::Transit);
    refused("vault:login", Problem::Login);
    refused("${vault:login}", Problem::Login);
    for (problem, name) in
        [(Problem::Writes, ">>"), (Problem::Transit, "transit"), (Problem::Login, "vault:login")]
    {
        assert!(problem.to_string().contains(name), "{problem}");
    }
}

#[test]
fn a_reference_may_be_so_long_and_there_may_be_so_many() {
    let key = "a".repeat(2_560 - "eso:".len());
    check(&format!("eso:{key}"), &format!("{key}|-|-"));
    refused(&format!("eso:{key}a"), Problem::TooLong);
    refused(&format!("x ${{eso:{key}a}}"), Problem::TooLong);
    let many = "${eso:a}".repeat(MOST_REFERENCES);
    assert_eq!(parse(&many).unwrap().unwrap().len(), MOST_REFERENCES);
    refused(&format!("{many}${{eso:a}}"), Problem::TooMany);
}

#[test]
fn texts_are_not_shown() {
    let pieces = parse("hunter2 ${eso:db} hunter3").unwrap().unwrap();
    let shown = format!("{pieces:?}");
    assert!(shown.contains("db") && !shown.contains("hunter"), "{shown}");
}

#[test]
fn a_reference_is_shown_as_it_is_asked_for() {
    let shown = |text: String| match parse(&text).unwrap().unwrap().remove(0) {
        Piece::Reference(reference) => reference.to_string(),
        Piece::Text(_) => panic!("it must be a reference"),
    };
    for text in ["db", "db#a", "db##2", "db#a#2"] {
        assert_eq!(shown(format!("eso:{text}")), text);
    }
}
