//! Templates against what lodash gives (`tests/golden/lodash`), and where they mean to differ.

use eso_core::value::SecretBytes;
use eso_template::{MissingKey, Options, Value as Template_, yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::template::limits;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../tests/golden/lodash/golden.json")).unwrap()
}

fn values(data: &Value) -> Vec<(String, String)> {
    let members = data.as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// What a Go template gives.
fn rendered(template: &str, delimiters: &Delimiters, data: &Value) -> Result<String, String> {
    let options = Options {
        delimiters: (delimiters.left.clone(), delimiters.right.clone()),
        missing_key: MissingKey::Error,
        limits: limits(),
    };
    let parsed =
        eso_template::Template::parse("it", template, &options).map_err(|error| error.to_string())?;
    let values = values(data);
    let data = Template_::strings(values.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let mut random = |buffer: &mut [u8]| buffer.fill(4);
    let surroundings = eso_template::Surroundings { now: jiff::Timestamp::UNIX_EPOCH, random: &mut random };
    let bytes = parsed.render(&data, surroundings).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// What a text of lodash gives here.
fn gives(text: &str, delimiters: &Delimiters) -> Result<String, String> {
    let template = template(text, delimiters).map_err(|error| error.to_string())?;
    rendered(&template, delimiters, &golden()["data"]).map_err(|error| format!("{template}: {error}"))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(template(text, &Delimiters::default()).as_deref(), Ok(expected));
}

#[track_caller]
fn check_unserved(text: &str, expression: &str) {
    assert_eq!(template(text, &Delimiters::default()), Err(Unserved { expression: expression.to_owned() }));
}

#[track_caller]
fn check_fails(text: &str, problem: &str) {
    let error = gives(text, &Delimiters::default()).unwrap_err();
    assert!(error.contains(problem), "{error}");
}

/// Each template of a part of the golden file, with what both give.
fn compared(part: &str) -> Vec<(String, String, String)> {
    let golden = golden();
    let both = |case: &Value| {
        let (text, expected) = (case["template"].as_str().unwrap(), case["gives"].as_str().unwrap());
        let given = gives(text, &Delimiters::default());
        (text.to_owned(), given.unwrap_or_else(|error| panic!("{text}: {error}")), expected.to_owned())
    };
    golden[part].as_array().unwrap().iter().map(both).collect()
}

#[test]
fn templates_give_what_lodash_gives() {
    let compared = compared("templates");
    assert!(compared.len() >= 55, "{}", compared.len());
    for (text, given, expected) in compared {
        assert_eq!(given, expected, "{text}");
    }
}

#[test]
fn json_is_the_same_but_for_the_order_of_names() {
    for (text, given, expected) in compared("json") {
        let [given, expected] = [given, expected].map(|text| serde_json::from_str::<Value>(&text).unwrap());
        // Both are float64: one is written 5432, the other 5432.0.
        assert_eq!(given.to_string().replace(".0,", ","), expected.to_string().replace(".0,", ","), "{text}");
    }
}

#[test]
fn yaml_means_the_same() {
    let meaning = |text: &str| {
        let json = yaml::to_json(text.as_bytes(), &mut limits()).unwrap();
        serde_json::from_slice::<Value>(&json).unwrap()
    };
    for (text, given, expected) in compared("yaml") {
        assert_eq!(meaning(&given), meaning(&expected), "{text}");
        assert!(given.ends_with('\n') && !given.ends_with("\n\n"), "{text}: {given:?}");
    }
}

#[test]
fn other_delimiters_give_the_same() {
    let golden = golden();
    for (left, right) in [("<<", ">>"), ("[[", "]]"), ("{{{", "}}}"), ("$", "%")] {
        let delimiters = Delimiters { left: left.to_owned(), right: right.to_owned() };
        for case in golden["templates"].as_array().unwrap() {
            let expected = case["gives"].as_str().unwrap();
            assert_eq!(
                gives(case["template"].as_str().unwrap(), &delimiters).as_deref(),
                Ok(expected),
                "{case} {left}"
            );
        }
    }
}

#[test]
fn what_stands_in_a_template_is_what_a_person_would_write() {
    check("<%= data.user %>", "{{ .user }}");
    check("<%= data['tls.crt'] %>", r#"{{ index . "tls.crt" }}"#);
    check("<%= JSON.stringify(JSON.parse(data.json).user) %>", "{{ toRawJson (mustFromJson .json).user }}");
    check("<%= yaml.dump(JSON.parse(data.json)) %>", "{{ toYaml (mustFromJson .json) }}\n");
    check("<%= Buffer.from(data.encoded, 'base64').toString() %>", "{{ b64dec .encoded }}");
    check("${btoa(data.user)}", "{{ b64enc .user }}");
    check("{{ .user }}", r#"{{ "{" }}{ .user }}"#);
}

#[test]
fn all_else_is_refused_by_its_own_words() {
    for expression in [
        "data",
        "user",
        "data.user.length",
        "data.user.trim()",
        "data.a-b",
        "data.user + 'x'",
        "data.x || 'y'",
        "1",
        "'x'",
        "JSON.parse(data.json).list.map(x => x)",
        "JSON.parse()",
        "JSON.stringify(data.x, null, 2)",
        "yaml.load(data.x)",
        "Buffer.from(data.x, 'hex').toString()",
        "Buffer.from(data.x).toString('hex')",
        "Buffer.from(data)",
        "process.env.PASSWORD",
        "require('fs').readFileSync('/etc/passwd')",
        "data.constructor.constructor('x')()",
        "JSON.parse(data.json)[-1]",
        "JSON.parse(data.json)[x]",
        "data[0]",
        "data.user)",
        "(data.user",
        "data.user; 1",
        r"data['\x41']",
        "btoa(data)",
        "atob()",
        "new Buffer(data.x)",
        "data .",
        "JSON.parse(data.json)[4294967296]",
    ] {
        check_unserved(&format!("a <%= {expression} %>"), expression);
        check_unserved(&format!("a <%- {expression} %>"), expression);
    }
    check_unserved("${HOME}", "HOME");
    check_unserved("<% for (const x of data) { %>a<% } %>", "for (const x of data) {");
    check_unserved("<%=%> x %>", "%> x");
    check_unserved("<%= %>", "");
    check_unserved(&format!("<%= {} %>", "x".repeat(1000)), &"x".repeat(80));
    check_unserved(&format!("<%= {}data.x{} %>", "(".repeat(10_000), ")".repeat(10_000)), &"(".repeat(80));
}

#[test]
fn what_is_not_there_is_an_error() {
    check_fails("<%= data.missing %>", "missing");
    check_fails("<%= JSON.parse(data.json).missing %>", "missing");
    check_fails("<%= JSON.parse(data.user).name %>", "this is no JSON");
}

#[test]
fn an_object_or_a_list_is_an_error_where_a_text_is_needed() {
    check_fails("<%= JSON.parse(data.json) %>", "this is an object or a list");
    check_fails("<%= JSON.parse(data.json).list %>", "this is an object or a list");
}

#[track_caller]
fn check_base64(text: &str, expected: &str) {
    let delimiters = Delimiters::default();
    let template = template_of_base64(text, &delimiters).unwrap();
    assert_eq!(rendered(&template, &delimiters, &golden()["data"]).as_deref(), Ok(expected), "{template}");
}

#[test]
fn base64_gives_what_it_means() {
    check_base64("<%= Buffer.from(data.user).toString('base64') %>", "ada");
    check_base64("<%= btoa(JSON.parse(data.json).user.name) %>", "ada");
    check_base64("<%= data.encoded %>", "ada:secret");
    check_base64("YWRh<%= btoa(data.user) %>", "adaada");
    check_base64("<%= JSON.parse(data.json).cert %>", "PEM");
    let bytes = literal_of_base64("/wA=", &Delimiters::default());
    assert_eq!(bytes, r#"{{ b64dec "/wA=" }}"#);
}

#[test]
fn a_text_with_expressions_is_told_from_one_without() {
    for (text, expected) in
        [("a", false), ("${", false), ("<%= data.x %>", true), ("${x}", true), ("${}", false)]
    {
        assert_eq!(has_expressions(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn a_text_without_expressions_stays_as_it_is(text in "[{}<>%a\"\\\\ \n-]{0,12}", left in "[{<a\"-]{1,3}") {
        let delimiters = Delimiters { left, right: "]]]".to_owned() };
        let template = literal(&text, &delimiters);
        // A dash before a text would trim it; no delimiter of anybody's ends in what Go reads otherwise.
        prop_assume!(!delimiters.left.contains(['"', '-', 'a']));
        prop_assert_eq!(rendered(&template, &delimiters, &json!({})), Ok(text));
    }

    #[test]
    fn no_text_makes_it_panic(text in "([$<%={}()\\[\\].'\"ax -]|data|JSON|parse){0,30}") {
        let _ = template(&text, &Delimiters::default());
    }
}

#[test]
fn an_error_shows_no_value() {
    let secret = SecretBytes::from("canary");
    assert!(!format!("{secret:?}").contains("canary"));
    let error = gives("<%= JSON.parse(data.encoded) %>", &Delimiters::default()).unwrap_err();
    assert!(!error.contains("YWRh"), "{error}");
}
