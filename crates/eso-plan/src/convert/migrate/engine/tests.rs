//! Which templates of the older engine mean the same in the newer one.

use serde_json::json;

use super::{means_the_same, otherwise};

#[track_caller]
fn check(text: &str, expected: bool) {
    assert_eq!(means_the_same(text), expected, "{text}");
}

#[test]
fn a_text_and_a_whole_value_mean_the_same() {
    for text in [
        "",
        "plain",
        "{{ .a | toString }}",
        "a {{.b_1|toString}} c {{- .d | toString -}}\n",
        "}} {{ .a | toString }}",
    ] {
        check(text, true);
    }
}

#[test]
fn all_else_may_mean_something_else() {
    for text in [
        "{{ .a }}",
        "{{ .a | toString | upper }}",
        "{{ .a | base64encode | toString }}",
        "{{ .a | pkcs12key | pemPrivateKey }}",
        "{{ .a.b | toString }}",
        "{{ .1a | toString }}",
        "{{ a | toString }}",
        "{{ if .a }}b{{ end }}",
        "{{ .a | toString",
        "{{ .a | toString }} {{ .b }}",
        "{{/* }} */}}",
    ] {
        check(text, false);
    }
}

#[test]
fn fields_that_would_mean_something_else_are_named() {
    let template = json!({
        "data": { "same": "{{ .a | toString }}", "other": "{{ .a }}" },
        "metadata": { "labels": { "plain": "a" }, "annotations": { "odd": "{{ .a }}" } },
        "templateFrom": [{ "configMap": { "name": "a", "items": [] } }],
    });
    assert_eq!(otherwise(&template), ["data.other", "metadata.annotations.odd", "templateFrom[0]"]);
    assert_eq!(otherwise(&json!({ "type": "Opaque" })), Vec::<String>::new());
}
