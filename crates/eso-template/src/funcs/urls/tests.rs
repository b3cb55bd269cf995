//! URLs that are taken apart and put together.

use super::*;
use crate::fixtures::{check, check_limit, check_silent};

#[track_caller]
fn check_stable(text: &str) {
    let url = Url::parse(text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(url.text()).unwrap(), text);
}

#[test]
fn parts_are_put_together_as_they_were() {
    check_stable("https://user:pa%20ss@host:8080/a%20b?c=d#e");
    check_stable("mailto:me@example.org");
    check_stable("http://[::1]:80/");
    check_stable("//host/path");
    check_stable("/a?b");
}

#[test]
fn what_is_no_url_is_refused() {
    for text in
        ["http://[::1", "http://a b/", "%zz", "http://h:port/", ":a", "http://%41/", "a\u{7f}", "http://h/%4"]
    {
        assert!(Url::parse(text.as_bytes()).is_none(), "{text}");
    }
}

#[test]
fn no_cut_of_a_url_panics() {
    let text = "https://us%20er:pa%C3%A9ss@[fe80::1%25en0]:8080/a%2Fb;c?d=%zz&e#f%41%é".as_bytes();
    for begin in 0..text.len() {
        for end in begin..=text.len() {
            if let Some(url) = Url::parse(&text[begin..end]) {
                url.text();
            }
        }
    }
}

#[test]
fn what_is_missing_is_empty() {
    check(
        r#"{{ (urlParse "").host | quote }}{{ urlJoin (dict) | quote }}{{ urlJoin nil | quote }}"#,
        r#""""""""#,
    );
}

#[test]
fn errors_hold_nothing_of_what_they_were_given() {
    check_silent(r#"{{ urlParse (printf "http://%s:%s" .password .password) }}"#);
    check_silent(r#"{{ urlJoin (dict "host" (list .password)) }}"#);
    check_silent(r#"{{ urlJoin (dict "userinfo" (printf "%s%%zz" .password)) }}"#);
}

#[test]
fn long_urls_are_paid_for() {
    check_limit(r#"{{ range until 200 }}{{ $_ := urlJoin (dict "path" $.long) }}{{ end }}"#, "memory");
}
