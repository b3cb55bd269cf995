//! What templates come to, and how they fail.

use eso_core::value::SecretBytes;

use crate::{
    fixtures::{entries, minute},
    template::{Delimiters, SourceKind, Sources, light, limits},
};

use super::*;

const VALUES: &[(&str, &str)] = &[("password", "s3cr3t"), ("user", "joe")];

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn named(name: &str) -> SourceName {
    SourceName { kind: SourceKind::ConfigMap, name: name.into() }
}

fn literal(text: &str) -> From {
    From { text: Text::Literal(text.into()), into: Part::Data, decoding: Decoding::None }
}

fn from_map(name: &str, items: &[(&str, Scope)]) -> From {
    let items = items.iter().map(|(key, scope)| ((*key).to_owned(), *scope)).collect();
    From { text: Text::Source { source: named(name), items }, into: Part::Data, decoding: Decoding::None }
}

/// The sources of all tests: one ConfigMap.
fn sources() -> Sources {
    let held = entries(&[
        ("user", "{{ .user }}"),
        ("pairs", "{{ .user }}: {{ .password }}\nb: two"),
        ("no-template", "{{"),
    ]);
    Sources::from([(named("here"), Some(held)), (named("gone"), None)])
}

fn apply_within(template: &Template, limits: Limits) -> Result<Content, TemplateError> {
    let mut surroundings = Surroundings {
        sources: &sources(),
        delimiters: &Delimiters::default(),
        limits,
        now: minute(0),
        random: &mut |buffer| buffer.fill(4),
    };
    apply(template, &entries(VALUES), &mut surroundings)
}

#[track_caller]
fn check(template: &Template, expected: &[(&str, &str)]) {
    let content = apply_within(template, limits()).map(|content| content.entries);
    assert_eq!(content, Ok(entries(expected)));
}

#[track_caller]
fn check_dress(template: &Template, labels: &[(&str, &str)], annotations: &[(&str, &str)]) {
    let dress = apply_within(template, limits()).unwrap().dress;
    assert_eq!(
        dress,
        Some(Dress { labels: texts(labels), annotations: texts(annotations), ..Dress::default() })
    );
}

#[track_caller]
fn check_error(template: &Template, expected: &str) {
    let error = apply_within(template, limits()).unwrap_err();
    let printed = format!("{error} {error:?}");
    assert!(!printed.contains("s3cr3t") && !printed.contains("joe"), "{printed}");
    assert_eq!(error.to_string(), format!("could not apply template: {expected}"));
}

#[test]
fn a_template_makes_one_entry_of_many_values() {
    check(
        &Template { data: texts(&[("dsn", "{{ .user }}:{{ .password }}")]), ..Template::default() },
        &[("dsn", "joe:s3cr3t")],
    );
}

#[test]
fn values_are_kept_beside_what_is_made_where_the_template_says_so() {
    let data = texts(&[("user", "{{ .user | upper }}")]);
    let template = Template { keeps_values: true, data, ..Template::default() };
    check(&template, &[("password", "s3cr3t"), ("user", "JOE")]);
    check(&Template { keeps_values: true, ..Template::default() }, VALUES);
    check(&Template::default(), &[]);
}

#[test]
fn data_wins_over_from_and_later_ones_of_from_over_earlier_ones() {
    let from = vec![literal("a: 1\nb: 1\nc: 1"), literal("b: 2\nc: 2")];
    let template = Template { from, data: texts(&[("c", "3")]), ..Template::default() };
    check(&template, &[("a", "1"), ("b", "2"), ("c", "3")]);
}

#[test]
fn a_source_makes_values_under_its_keys_or_maps_of_them() {
    let one = from_map("here", &[("user", Scope::Value)]);
    check(&Template { from: vec![one], ..Template::default() }, &[("user", "joe")]);
    let many = from_map("here", &[("pairs", Scope::Map)]);
    check(&Template { from: vec![many], ..Template::default() }, &[("b", "two"), ("joe", "s3cr3t")]);
}

#[test]
fn what_is_made_is_decoded_where_the_template_says_so() {
    let from = vec![From { decoding: Decoding::Base64, ..literal("a: aGk=") }];
    check(&Template { from, ..Template::default() }, &[("a", "hi")]);
    let from = vec![From { decoding: Decoding::Base64, ..literal("a: $") }];
    check_error(
        &Template { from, ..Template::default() },
        "template at key spec.target.template.templateFrom[0].literal: failure decoding key a: illegal base64 data \
         at input byte 0",
    );
}

#[test]
fn labels_and_annotations_are_templates_too() {
    let template = Template {
        labels: texts(&[("for", "{{ .user }}")]),
        annotations: texts(&[("by", "{{ .user | upper }}")]),
        ..Template::default()
    };
    check_dress(&template, &[("for", "joe")], &[("by", "JOE")]);
    let from = vec![
        From { into: Part::Labels, ..literal("for: {{ .user }}\nkept: \"1\"") },
        From { into: Part::Annotations, ..from_map("here", &[("user", Scope::Value)]) },
    ];
    let template = Template { from, labels: texts(&[("for", "me")]), ..Template::default() };
    check_dress(&template, &[("for", "me"), ("kept", "1")], &[("user", "joe")]);
}

#[test]
fn a_failing_template_names_its_key_and_its_line_and_no_value() {
    for (text, expected) in [
        (
            "a\n{{ fail .password }}",
            "unable to execute template at key k: template \"k\", line 2, column 4: ",
        ),
        ("{{ .missing }}", "unable to execute template at key k: template \"k\", line 1, column 4: "),
        ("{{ .user", "unable to parse template at key k: template \"k\", line 1, column "),
    ] {
        let template = Template { data: texts(&[("k", text)]), ..Template::default() };
        let error = apply_within(&template, limits()).unwrap_err().to_string();
        let expected = format!("could not apply template: {expected}");
        assert!(error.starts_with(&expected), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn what_templates_stand_in_must_be_there() {
    let from = |from| Template { from: vec![from], ..Template::default() };
    check_error(
        &from(from_map("gone", &[("a", Scope::Value)])),
        "error fetching templateFrom data: configmap \"gone\" not found",
    );
    check_error(
        &from(from_map("here", &[("nope", Scope::Value)])),
        "error fetching templateFrom data: error in configmap \"here\": missing key nope",
    );
}

#[test]
fn what_is_no_map_and_no_name_is_said() {
    check_error(
        &Template { from: vec![literal("- {{ .password }}")], ..Template::default() },
        "template at key spec.target.template.templateFrom[0].literal: it makes no YAML map of names and values: \
         line 1: array stands where a map is wanted",
    );
    let template = Template { data: texts(&[("a/b", "x")]), ..Template::default() };
    check_error(
        &template,
        "template at key a/b: key has invalid character /, only alphanumeric, '-', '.' and '_' are allowed: a/b",
    );
}

#[test]
fn all_templates_of_a_target_share_their_limits() {
    let text = "{{ range until 20000 }}{{ end }}";
    let names: Vec<String> = (0..200).map(|number| format!("k{number}")).collect();
    let data = names.iter().map(|name| (name.clone(), text.to_owned())).collect();
    let error = apply_within(&Template { data, ..Template::default() }, limits()).unwrap_err();
    assert!(matches!(error.problem, TemplateProblem::Limit { .. }), "{error}");
}

#[test]
fn templates_that_are_larger_than_what_may_be_read_are_refused() {
    let data = BTreeMap::from([("a".to_owned(), "x".repeat(LARGEST + 1))]);
    check_error(
        &Template { data, ..Template::default() },
        "template at key a: the templates of one target take more than 8 MiB",
    );
}

#[test]
fn what_takes_long_is_cut_within_the_light_limits_and_not_within_the_full_ones() {
    let template =
        Template { data: texts(&[("key", "{{ genPrivateKey \"rsa\" | len }}")]), ..Template::default() };
    let cut = apply_within(&template, light()).unwrap_err();
    assert!(matches!(cut.problem, TemplateProblem::Limit { .. }), "{cut}");
    assert!(apply_within(&template, limits()).is_ok());
}

#[test]
fn other_delimiters_leave_the_usual_ones_as_text() {
    let delimiters = Delimiters { left: "[[".into(), right: "]]".into() };
    let template = Template { data: texts(&[("a", "{{ [[ .user ]] }}")]), ..Template::default() };
    let mut surroundings = Surroundings {
        sources: &sources(),
        delimiters: &delimiters,
        limits: limits(),
        now: minute(0),
        random: &mut |buffer| buffer.fill(4),
    };
    let content = apply(&template, &entries(VALUES), &mut surroundings).unwrap();
    assert_eq!(content.entries, entries(&[("a", "{{ joe }}")]));
}

#[test]
fn values_of_any_bytes_are_rendered_and_kept() {
    let values = Entries::from([("raw".to_owned(), SecretBytes::new(vec![0, 255, 10]))]);
    let template = Template { data: texts(&[("a", "{{ .raw }}")]), ..Template::default() };
    let mut surroundings = Surroundings {
        sources: &Sources::new(),
        delimiters: &Delimiters::default(),
        limits: limits(),
        now: minute(0),
        random: &mut |buffer| buffer.fill(4),
    };
    let content = apply(&template, &values, &mut surroundings).unwrap();
    assert_eq!(content.entries["a"], SecretBytes::new(vec![0, 255, 10]));
}

/// A text that makes a field.
fn field(path: &str, text: &str) -> From {
    From { into: Part::Field(FieldPath::parse(path).unwrap()), ..literal(text) }
}

#[test]
fn fields_are_yaml() {
    let literals = field("spec.slack", "url: https://{{ .user }}\nretries: 3\nhosts: [a, b]");
    let into = Part::Field(FieldPath::parse("spec.users").unwrap());
    let values = From { into, ..from_map("here", &[("user", Scope::Value)]) };
    let template = Template { from: vec![literals, field("spec.on", "true"), values], ..Template::default() };
    let content = apply_within(&template, limits()).unwrap();
    let object = serde_json::Value::from(content.dress.unwrap().fields);
    let slack = serde_json::json!({ "url": "https://joe", "retries": 3, "hosts": ["a", "b"] });
    let expected = serde_json::json!({ "spec": { "slack": slack, "on": true, "users": { "user": "joe" } } });
    assert_eq!(object, expected);
    assert_eq!(content.entries, entries(&[]));
}

#[test]
fn a_field_that_cannot_be_made_is_named_without_its_value() {
    let key = "template at key spec.target.template.templateFrom[0].literal: ";
    let one = |from: From| Template { from: vec![from], ..Template::default() };
    let wrong = field("spec.a", "{{ .password }}: [");
    let error = apply_within(&one(wrong), limits()).unwrap_err().to_string();
    assert!(error.contains(&format!("{key}it makes no YAML for spec.a: line ")), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
    let both = Template {
        from: vec![field("spec.a", "{{ .password }}"), field("spec.a.b", "1")],
        ..Template::default()
    };
    let second = key.replace('0', "1");
    check_error(&both, &format!("{second}spec.a.b leads through what is no map or no list"));
}

#[test]
fn fields_are_no_larger_than_an_object_may_be() {
    let many = format!("a: &a {}\nb: [{}]", "x".repeat(1000), "*a,".repeat(100));
    let from: Vec<From> = (0..30).map(|number| field(&format!("spec.f{number}"), &many)).collect();
    let error = apply_within(&Template { from, ..Template::default() }, limits()).unwrap_err().to_string();
    assert!(error.ends_with("the fields of one target take more than 2 MiB"), "{error}");
}

#[test]
fn reading_yaml_takes_from_what_all_templates_of_a_target_may_use() {
    let merges =
        "a: &a {x: 1, y: 2}\nb:\n".to_owned() + &"  - <<: [*a, *a, *a, *a, *a, *a, *a, *a]\n".repeat(200);
    let many: Vec<From> = (0..200).map(|number| field(&format!("spec.f{number}"), &merges)).collect();
    let template = Template { from: many, ..Template::default() };
    let error = apply_within(&template, light()).unwrap_err();
    assert!(matches!(error.problem, TemplateProblem::Limit { .. }), "{error}");
}

#[test]
fn templates_that_cannot_be_read_are_found_without_rendering() {
    let template = Template {
        from: vec![literal("{{ if }}"), From { text: Text::Literal("{{ .nosuch }}".into()), ..literal("") }],
        data: texts(&[("a", "{{ .x"), ("b", "{{ .password }}"), ("c", "<< .x")]),
        labels: texts(&[("l", "{{ nosuch }}")]),
        annotations: texts(&[("n", "{{ end }}")]),
        ..Template::default()
    };
    let keys = |left: &str, right: &str| -> Vec<String> {
        let delimiters = Delimiters { left: left.into(), right: right.into() };
        let key = |error: TemplateError| match error.problem {
            TemplateProblem::Parse { key, .. } => key,
            other => panic!("{other:?}"),
        };
        super::check(&template, &delimiters).into_iter().map(key).collect()
    };
    assert_eq!(keys("", ""), ["spec.target.template.templateFrom[0].literal", "a", "l", "n"]);
    assert_eq!(keys("<<", ">>"), ["c"]);
}
