//! Which names are converted, and which are refused.

use super::*;

#[test]
fn characters_that_are_neither_letters_nor_numbers_become_underscores() {
    for (name, expected) in [
        ("plain-Name_1.txt", "plain-Name_1.txt"),
        ("a/b", "a_b"),
        ("a b\tc", "a_b_c"),
        ("$%&", "___"),
        ("ключ", "ключ"),
        ("größe/1", "größe_1"),
        ("½", "½"),
        ("😀", "_"),
        ("", ""),
    ] {
        assert_eq!(convert(name), expected);
    }
}

#[test]
fn a_name_that_needs_no_change_is_not_copied() {
    assert!(matches!(convert("a-b"), Cow::Borrowed("a-b")));
}

#[test]
fn names_that_kubernetes_takes_pass() {
    for name in ["a", "A-b_c.d", ".hidden", "1", "-", "a..b", &"a".repeat(253)] {
        assert_eq!(check(name), Ok(()), "{name}");
    }
}

#[test]
fn names_that_kubernetes_refuses_are_refused_in_the_words_of_the_original() {
    let invalid = |character, name| {
        format!(
            "key has invalid character {character}, only alphanumeric, '-', '.' and '_' are allowed: {name}"
        )
    };
    for (name, expected) in [
        ("a/b", invalid('/', "a/b")),
        ("ключ", invalid('к', "ключ")),
        ("a b", invalid(' ', "a b")),
        (".", "key may not be '.' or begin with '..': .".to_owned()),
        ("..a", "key may not be '.' or begin with '..': ..a".to_owned()),
    ] {
        assert_eq!(check(name).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_long_name_is_cut_between_characters() {
    let name = "ж".repeat(127);
    let expected =
        format!("key has length 254 but max is 253: (following is truncated): {}", "ж".repeat(126));
    assert_eq!(check(&name).unwrap_err().to_string(), expected);
}
