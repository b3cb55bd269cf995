//! The page is true, whole and fresh.

use std::{collections::BTreeSet, fs, path::Path};

use super::{code, reference};
use crate::{fixtures::render, funcs};

#[test]
fn each_example_renders_what_it_says() {
    let wrong: Vec<_> = funcs::ALL
        .values()
        .filter_map(|function| function.example)
        .filter_map(|(template, expected)| {
            let rendered = render(template);
            (rendered.as_deref() != Ok(expected))
                .then(|| format!("{template}\n  {expected:?}\n  {rendered:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No value is a function, so that `call` answers nothing.
#[test]
fn each_function_has_an_example() {
    let without =
        funcs::ALL.values().filter(|function| function.example.is_none()).map(|function| function.name);
    assert_eq!(without.collect::<Vec<_>>(), ["call"]);
}

/// Those of Go's own.
const GO: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "slice", "urlquery",
];

/// Those that the original has beside sprig's.
const ORIGINAL: [&str; 16] = [
    "certSANs",
    "filterCertChain",
    "filterPEM",
    "fullPemToPkcs12",
    "fullPemToPkcs12Pass",
    "jwkPrivateKeyPem",
    "jwkPublicKeyPem",
    "pemToPkcs12",
    "pemToPkcs12Pass",
    "pemTruststoreToPKCS12",
    "pemTruststoreToPKCS12Pass",
    "pkcs12cert",
    "pkcs12certPass",
    "pkcs12key",
    "pkcs12keyPass",
    "rsaDecrypt",
];

#[test]
fn all_functions_of_the_original_are_here_and_no_other() {
    let sprig: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../tests/golden/names.json")).unwrap();
    let sprig = sprig.iter().filter_map(serde_json::Value::as_str);
    let known: BTreeSet<&str> = sprig.chain(GO).chain(ORIGINAL).collect();
    assert_eq!(funcs::ALL.keys().copied().collect::<BTreeSet<_>>(), known);
}

#[test]
fn none_looks_at_the_machine() {
    for name in ["env", "expandenv", "getHostByName", "getSecretKey"] {
        assert!(!funcs::ALL.contains_key(name), "{name}");
    }
}

#[test]
fn bars_and_line_breaks_stay_in_their_cell() {
    assert_eq!(code("a | b\n"), r"`a \| b\n`");
    assert_eq!(code("`a`"), "`` `a` ``");
    assert_eq!(code(""), "");
}

#[test]
fn the_page_is_fresh() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/template-functions.md");
    let written = fs::read_to_string(page).unwrap_or_default();
    let (_notice, written) = written.split_once("\n\n").unwrap_or_default();
    assert!(written == reference(), "run `cargo xtask codegen functions`");
}
