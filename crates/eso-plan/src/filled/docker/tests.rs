//! What refers to something within the JSON of registries.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{parse, strings};
use crate::filled::{
    MOST_REFERENCES, Manner, Part,
    grammar::{Piece, Problem},
};

/// What the strings become: for each of those that refer to something its manner and pieces. All else must be there as
/// it was.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let Some(parts) = parse(text).unwrap() else {
        assert!(expected.is_empty(), "{text} refers to something");
        return;
    };
    let made: Vec<String> = parts
        .iter()
        .filter(|part| part.manner != Manner::Plain)
        .map(|part| {
            let pieces: Vec<String> = part.pieces.iter().map(shown).collect();
            format!("{:?} {}", part.manner, pieces.join(" "))
        })
        .collect();
    assert_eq!(made, expected, "{text}");
    let literals: Vec<&str> = parts.iter().filter_map(literal_of).collect();
    let whole =
        literals.iter().try_fold(text, |rest, literal| rest.split_once(literal).map(|(_, rest)| rest));
    assert!(whole.is_some() && text.starts_with(literals[0]), "what stands around must be there");
    assert!(text.ends_with(literals[literals.len() - 1]), "the end must be there");
}

fn literal_of(part: &Part) -> Option<&str> {
    match part.pieces.first() {
        Some(Piece::Text(text)) if part.manner == Manner::Plain => Some(text),
        _ => None,
    }
}

fn shown(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::Reference(reference) => reference.to_string(),
    }
}

fn auth(text: &str) -> String {
    format!(r#"{{"auths":{{"reg.example":{{"auth":"{}"}}}}}}"#, STANDARD.encode(text))
}

#[test]
fn any_string_but_a_name_may_refer_to_something() {
    check(
        r#"{ "auths": {"eso:name": {"username": "eso:reg#user", "password" : "p-${vault:a/b#c}-é\"x"}}}"#,
        &["Json reg#user", r#"Json "p-" a/b#c "-é\"x""#],
    );
    check(r#"["eso:a", {"b": ["vault:c#d"]}]"#, &["Json a", "Json c#d"]);
    check(r#""eso:a""#, &["Json a"]);
    check(r#"{"a":"\u0065so:b"}"#, &["Json b"]);
}

#[test]
fn ordinary_registries_stay() {
    let ordinary = auth("ada:hunter2");
    check(&ordinary, &[]);
    check(
        r#"{"auths":{"a":{"auth":"YWRhOmh1bnRlcjI=","email":"x"},"b":{"password":"eso:b"},"a":{"auth":"YWRhOmh1bnRlcjI="}}}"#,
        &["Json b"],
    );
    check("", &[]);
    check("{}", &[]);
    check("not json", &[]);
}

#[test]
fn an_auth_may_refer_to_something_within_its_base64() {
    check(&auth("vault:path#u:vault:path#p"), &[r#"JsonOfBase64 path#u ":" path#p"#]);
    check(&auth("vault:path#u#1:vault:path#p#2"), &[r#"JsonOfBase64 path#u#1 ":" path#p#2"#]);
    check(&auth("vault:a:b#u:eso:c:d#p"), &[r#"JsonOfBase64 a:b#u ":" c:d#p"#]);
    check(&auth("ada:vault:path#p"), &[r#"JsonOfBase64 "ada" ":" path#p"#]);
    check(&auth("vault:path#auth"), &["JsonOfBase64 path#auth"]);
    check(&auth("${eso:u}:${eso:p}"), &[r#"JsonOfBase64 u ":" p"#]);
    check(&auth("ada:x${eso:p}"), &[r#"JsonOfBase64 "ada:x" p"#]);
}

#[test]
fn an_auth_may_refer_to_something_instead_of_base64() {
    check(r#"{"auth":"eso:reg#auth"}"#, &["Json reg#auth"]);
    check(r#"{"auth":"${eso:reg#auth}"}"#, &["Json reg#auth"]);
    check(r#"{"auth":"vault:path#u:vault:path#p"}"#, &[r#"JsonOfBase64 path#u ":" path#p"#]);
    check(r#"{"auth":"${eso:u}:${eso:p}"}"#, &[r#"JsonOfBase64 u ":" p"#]);
    check(r#"{"auth":{"username":"eso:u","password":"eso:p"}}"#, &["Json u", "Json p"]);
    check(r#"{"auth":[],"x":"YWRhOmVzbzpw"}"#, &[]);
}

#[test]
fn what_is_no_reference_and_seems_to_be_one_is_refused() {
    for (text, problem) in [
        (r#"{"auth":"eso:""#, Problem::NoJson),
        ("eso:db", Problem::NoJson),
        (r#"{"a":"vault:login"}"#, Problem::Login),
        (r#"{"a":"\ud800"}"#, Problem::NoJson),
    ] {
        assert_eq!(parse(text), Err(problem), "{text}");
    }
    assert_eq!(parse(&auth(">>vault:a#u:vault:a#p")), Err(Problem::Writes));
    assert_eq!(parse(&auth("ada:>>vault:a#p")), Err(Problem::Writes));
}

#[test]
fn there_may_be_so_many_and_they_may_lie_so_deep() {
    let many = |count| format!("[{}]", vec![r#""eso:a""#; count].join(","));
    assert!(parse(&many(MOST_REFERENCES)).unwrap().is_some());
    assert_eq!(parse(&many(MOST_REFERENCES + 1)), Err(Problem::TooMany));
    let depth = 300_000;
    let deep = format!("{}\"eso:a\"{}", "[".repeat(depth), "]".repeat(depth));
    assert!(matches!(parse(&deep), Ok(Some(_)) | Err(Problem::NoJson)));
}

#[test]
fn strings_are_found_by_their_quotes() {
    let text = r#"{"a\"b":"c\\", "":["d"]}"#;
    let found: Vec<&str> = strings(text).map(|string| &text[string]).collect();
    assert_eq!(found, [r#""a\"b""#, r#""c\\""#, r#""""#, r#""d""#]);
}
