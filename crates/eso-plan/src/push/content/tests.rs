//! What stores are told of values and of whole Secrets.

use super::*;

fn whole(entries: &[(&str, &[u8])]) -> Content {
    let entry = |(key, value): &(&str, &[u8])| ((*key).to_owned(), SecretBytes::new(*value));
    Content::Secret(entries.iter().map(entry).collect())
}

#[track_caller]
fn check(content: &Content, form: WholeSecret, expected: &str) {
    assert_eq!(content.written(form).unwrap().expose_str(), Some(expected));
}

const NO_TEXT: &[u8] = &[0xff, 0xfe];

#[test]
fn a_value_is_written_as_it_is_whatever_a_whole_secret_is() {
    for form in [WholeSecret::Texts, WholeSecret::Base64] {
        check(&Content::Value("<v>".into()), form, "<v>");
        assert_eq!(Content::Value(SecretBytes::new(NO_TEXT)).written(form).unwrap().expose(), NO_TEXT);
    }
}

/// As Go's encoder writes a map where it does not escape for HTML.
#[test]
fn a_whole_secret_is_an_object_of_sorted_keys_with_no_more_escaped_than_must_be() {
    let secret = whole(&[("z", b"<a>&\"'\n"), ("a", b"1"), ("ж", "é".as_bytes()), ("e", b"")]);
    check(&secret, WholeSecret::Texts, r#"{"a":"1","e":"","z":"<a>&\"'\n","ж":"é"}"#);
    check(&secret, WholeSecret::Base64, r#"{"a":"MQ==","e":"","z":"PGE+JiInCg==","ж":"w6k="}"#);
    check(&whole(&[]), WholeSecret::Texts, "{}");
    check(&whole(&[]), WholeSecret::Base64, "{}");
}

#[test]
fn what_is_no_text_goes_into_an_object_in_base64_alone() {
    let secret = whole(&[("bin", NO_TEXT), ("text", b"t")]);
    check(&secret, WholeSecret::Base64, r#"{"bin":"//4=","text":"dA=="}"#);
    let refused =
        "secret key bin is no text (UTF-8), which a JSON object cannot hold: push it as a value of its own";
    assert_eq!(secret.written(WholeSecret::Texts).unwrap_err().to_string(), refused);
}
