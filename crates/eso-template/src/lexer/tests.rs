//! Words as Go reads them.

use super::{Kind, Lexer};

/// The words of a template, each as it is written; an error by its reason.
fn words(template: &str) -> Vec<&str> {
    let mut lexer = Lexer::new(template, "{{", "}}");
    let mut words = Vec::new();
    loop {
        match lexer.next() {
            Ok(token) if token.kind == Kind::End => return words,
            Ok(token) => words.push(token.text),
            Err(error) => {
                words.push(error.reason);
                return words;
            }
        }
    }
}

#[track_caller]
fn check(template: &str, expected: &[&str]) {
    assert_eq!(words(template), expected, "{template}");
}

#[test]
fn text_and_actions_alternate() {
    check("", &[]);
    check("a", &["a"]);
    check("a{{.}}b", &["a", "{{", ".", "}}", "b"]);
    check("{{.a.b $x}}", &["{{", ".a", ".b", " ", "$x", "}}"]);
    check("{{a|b (1)}}", &["{{", "a", "|", "b", " ", "(", "1", ")", "}}"]);
}

#[test]
fn trim_marks_take_the_space_beside_them() {
    check("a \n{{- . -}}\t b", &["a", "{{", ".", "}}", "b"]);
    check("a {{-1}} b", &["a ", "{{", "-1", "}}", " b"]);
    check("{{1 -}} b", &["{{", "1", "}}", "b"]);
    check("{{1   -}} b", &["{{", "1", "  ", "}}", "b"]);
    check(" {{- -}} ", &["{{", "-", "}}", " "]);
}

#[test]
fn comments_are_passed_over() {
    check("a{{/* x */}}b", &["a", "b"]);
    check("a {{- /* {{ }} */ -}} b", &["a", "b"]);
    check("{{/* x", &["unclosed comment"]);
    check("{{/* x */ }}", &["comment ends before closing delimiter"]);
}

#[test]
fn constants_are_words() {
    check("{{\"a\\\"}}\" '\\'' `}}`}}", &["{{", "\"a\\\"}}\"", " ", "'\\''", " ", "`}}`", "}}"]);
    check(
        "{{0x1F 1_0 .5 1e+3 1+2i -0b1}}",
        &["{{", "0x1F", " ", "1_0", " ", ".5", " ", "1e+3", " ", "1+2i", " ", "-0b1", "}}"],
    );
}

#[test]
fn what_is_no_word_is_an_error() {
    check("{{", &["{{", "unclosed action"]);
    check("{{(}}", &["{{", "(", "unclosed left parenthesis"]);
    check("{{)}}", &["{{", "unexpected right parenthesis"]);
    check("{{\"a\n\"}}", &["{{", "unterminated quoted string"]);
    check("{{'a}}", &["{{", "unterminated character constant"]);
    check("{{`a}}", &["{{", "unterminated raw quoted string"]);
    check("{{1x}}", &["{{", "bad number syntax"]);
    check("{{1+2}}", &["{{", "bad number syntax"]);
    check("{{a\u{1}}}", &["{{", "bad character in a name"]);
    check("{{\u{2713}}}", &["{{", "unrecognized character in action"]);
    check("{{a:b}}", &["{{", "a", "expected :="]);
}
