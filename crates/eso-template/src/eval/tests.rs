//! What the probes cannot tell: where an error is, what it says, and the limits of a rendering.

use jiff::Timestamp;

use crate::{Fault, Limits, Options, RenderError, Surroundings, Template, Value};

fn render_within(limits: Limits, template: &str) -> Result<Vec<u8>, RenderError> {
    let options = Options { limits, ..Options::default() };
    let template = Template::parse("t", template, &options).unwrap();
    let data = Value::strings([("user", "bob"), ("password", "s3cr3t")]);
    let mut random = |buffer: &mut [u8]| buffer.fill(4);
    let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
    template.render(&data, surroundings).map(|text| text.to_vec())
}

#[track_caller]
fn fails(template: &str, expected: &str) {
    let error = render_within(Limits::default(), template).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[track_caller]
fn exceeds(limits: Limits, template: &str, expected: &'static str) {
    assert_eq!(render_within(limits, template).unwrap_err().fault, Fault::Limit(expected), "{template}");
}

#[test]
fn an_error_says_where_it_is() {
    fails("{{ .nope }}", "template \"t\", line 1, column 4: map has no entry for key \"nope\"");
    fails("a\n b {{ .user.x }}", "template \"t\", line 2, column 7: can't evaluate field x in type string");
    fails(
        "{{ define \"d\" }}\n{{ upper 1 }}{{ end }}{{ template \"d\" }}",
        "template \"d\", line 2, column 4: expected string; found a number",
    );
    fails(
        "{{ print 1 (index (list 1) 5) }}",
        "template \"t\", line 1, column 13: error calling index: index out of range",
    );
    fails("{{ template \"d\" }}", "template \"t\", line 1, column 13: template \"d\" not defined");
}

/// `{{ fail .password }}` and its like: an error goes to logs, events and statuses.
#[test]
fn an_error_holds_no_value() {
    for template in [
        "{{ fail .password }}",
        "{{ fromJson .password }}{{ mustFromJson .password }}",
        "{{ eq .password 1 }}",
        "{{ lt (list .password) 1 }}",
        "{{ index (list 1) .password }}",
        "{{ index . .password | upper 1 }}",
        "{{ (dict .password 1).x }}",
        "{{ call .password }}",
        "{{ range .password }}{{ end }}",
        "{{ .password 1 }}",
        "{{ $x := .password }}{{ $x.y }}",
        "{{ template \"a\" .password }}{{ define \"a\" }}{{ .x }}{{ end }}",
        "{{ mustRegexMatch (print \"[\" .password) \"a\" }}",
        "{{ mustToDate \"2006\" .password }}",
        "{{ semver .password }}",
        "{{ printf 1 .password }}",
        "{{ len (.password | atoi) }}",
        "{{ .password | trunc \"a\" }}",
        "{{ dict .password | get 1 }}",
    ] {
        let error = render_within(Limits::default(), template).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("s3cr3t"), "{template}: {told}");
    }
}

#[test]
fn each_limit_is_one() {
    let limits = Limits::default();
    exceeds(Limits { steps: 1000, ..limits }, "{{ range 1000 }}{{ end }}", "steps");
    exceeds(Limits { memory: 1000, ..limits }, "{{ repeat 1000 .user | len }}", "memory");
    exceeds(Limits { output: 5, ..limits }, "{{ .user }}{{ .user }}", "output");
    exceeds(
        Limits { nesting: 3, ..limits },
        "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
        "nesting",
    );
    exceeds(Limits { effort: 0, ..limits }, "{{ bcrypt .user }}", "effort");
}

#[test]
fn what_just_fits_is_rendered() {
    let limits = Limits { output: 6, ..Limits::default() };
    assert_eq!(render_within(limits, "{{ .user }}{{ .user }}").unwrap(), b"bobbob");
    let deep = format!("{{{{ {}1{} }}}}", "(print ".repeat(99), ")".repeat(99));
    assert_eq!(render_within(Limits::default(), &deep).unwrap(), b"1");
}

#[test]
fn a_template_is_shared_by_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Template>();
}

#[test]
fn a_rendering_leaves_nothing_to_the_next() {
    let template = Template::parse("t", "{{ $x := dict }}{{ set $x \"a\" 1 }}", &Options::default()).unwrap();
    for _ in 0..2 {
        let mut random = |_: &mut [u8]| {};
        let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
        assert_eq!(&template.render(&Value::strings([("a", "b")]), surroundings).unwrap()[..], b"map[a:1]");
    }
}
