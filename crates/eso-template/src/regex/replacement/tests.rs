//! What a dollar names.

use super::{Part, parts};

#[track_caller]
fn check_parts(replacement: &str, expected: &[&str]) {
    let shown: Vec<_> = parts(replacement.as_bytes())
        .iter()
        .map(|part| match part {
            Part::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Part::Group(number) => format!("#{number}"),
            Part::Named(name) => format!("#{name}"),
        })
        .filter(|part| !part.is_empty())
        .collect();
    assert_eq!(shown, expected, "{replacement}");
}

#[test]
fn a_dollar_names_a_group_as_far_as_the_name_goes() {
    check_parts("a$1b", &["a", "#1b"]);
    check_parts("a${1}b", &["a", "#1", "b"]);
    check_parts("$1$name-", &["#1", "#name", "-"]);
    check_parts("$01$0", &["#01", "#0"]);
    check_parts("$99999999999999999999", &["#99999999999999999999"]);
}

#[test]
fn a_dollar_that_names_nothing_is_one() {
    check_parts("$$1", &["$", "1"]);
    check_parts("a$", &["a", "$"]);
    check_parts("${}$-${1", &["$", "{}", "$", "-", "$", "{1"]);
}
