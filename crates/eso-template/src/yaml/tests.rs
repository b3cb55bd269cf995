//! What Go makes of a text are golden probes; here is what an error says, and what a text may cost.

use super::*;

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(strings(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
}

fn strings(text: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, YamlError> {
    string_map(text, &mut Limits::default())
}

#[test]
fn an_error_says_the_line_and_no_word_of_the_text() {
    check_error("a: b\ns3cr3t: [s3cr3t]\n", "line 2: array stands where a text is wanted");
    check_error("a: b\n\nc:\n  s3cr3t: x\nd: e\n", "line 4: object stands where a text is wanted");
    check_error("s3cr3t", "line 1: string stands where a map is wanted");
    check_error("- s3cr3t", "line 1: array stands where a map is wanted");
    check_error("a: !!int s3cr3t", "line 1: yaml: cannot decode !!str as a !!int");
    check_error("a: b\nc: 's3cr3t\n", "line 2: error converting YAML to JSON: yaml: this is no YAML");
    check_error("a: b\n  s3cr3t\nc", "line 3: error converting YAML to JSON: yaml: this is no YAML");
    check_error(
        "a: \u{7f}",
        "line 1: error converting YAML to JSON: yaml: control characters are not allowed",
    );
    check_error(
        "a: b\n<<: s3cr3t\n",
        "line 2: error converting YAML to JSON: yaml: map merge requires map or sequence of maps as the value",
    );
}

#[test]
fn what_takes_too_much_is_cut() {
    check_error(&"- ".repeat(2000), "line 1: it needs more than is allowed: nesting");
    let lines: String = (1..30).map(|i| format!("a{i}: &a{i} [*a{0},*a{0},*a{0}]\n", i - 1)).collect();
    let error = strings(format!("<<: &a0 {{}}\nb: c\na0: &a0 x\n{lines}").as_bytes()).unwrap_err();
    assert!(error.to_string().ends_with("array stands where a text is wanted"), "{error}");
    let error = strings(format!("? {{x: [{}]}}\n: y", lines.replace('\n', ",").replace("a", "b")).as_bytes());
    assert!(error.is_err());
    let long = format!("a: {}", "x".repeat(8 << 20));
    assert!(strings(long.as_bytes()).unwrap_err().to_string().contains("allowed"));
}

#[test]
fn any_value_is_read_as_json() {
    for (text, expected) in [
        ("a: [1, two, 3.5, yes, null]", r#"{"a":[1,"two",3.5,true,null]}"#),
        ("- a\n- b: c", r#"["a",{"b":"c"}]"#),
        ("just a text", r#""just a text""#),
        ("7", "7"),
        ("", "null"),
        ("a: <b>&", r#"{"a":"<b>&"}"#),
    ] {
        let json = to_json(text.as_bytes(), &mut Limits::default()).unwrap();
        assert_eq!(String::from_utf8(json).unwrap(), expected, "{text}");
    }
    let error = to_json(b"a: b\nc: [", &mut Limits::default()).unwrap_err();
    assert!(!error.is_limit, "{error}");
}

#[test]
fn what_is_read_is_taken_from_what_is_left() {
    let mut left = Limits { steps: 200, ..Limits::default() };
    let text = "a: 1\n".repeat(1) + &(0..20).map(|number| format!("k{number}: v\n")).collect::<String>();
    while left.steps > 0 {
        match strings_within(&text, &mut left) {
            Ok(before) => assert!(left.steps < before),
            Err(error) => return assert!(error.is_limit, "{error}"),
        }
    }
}

/// The steps that were left before.
fn strings_within(text: &str, left: &mut Limits) -> Result<u64, YamlError> {
    let before = left.steps;
    string_map(text.as_bytes(), left).map(|_| before)
}
