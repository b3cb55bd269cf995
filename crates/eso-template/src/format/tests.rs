//! What the probes cannot tell: the limits of printing, and that addresses are not shown.

use jiff::Timestamp;

use super::{print_with, show};
use crate::{Fault, Limits, Scope, Surroundings, Value, fixtures::render};

fn with_scope<T>(limits: Limits, work: impl FnOnce(&mut Scope<'_>) -> T) -> T {
    let mut random = |_: &mut [u8]| {};
    work(&mut Scope::new(limits, Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random }))
}

fn nested(scope: &mut Scope<'_>, depth: usize) -> Value {
    (0..depth).fold(Value::Nil, |inner, _| scope.map([("a".into(), inner)].into()).unwrap())
}

#[test]
fn what_nests_too_deep_is_not_printed() {
    with_scope(Limits::default(), |scope| {
        let deep = nested(scope, 200);
        assert!(show(scope, &deep).is_ok());
        let too_deep = nested(scope, 201);
        assert_eq!(show(scope, &too_deep), Err(Fault::Limit("nesting of lists and maps")));
    });
}

#[test]
fn a_width_is_asked_for_before_it_is_filled() {
    let limits = Limits { memory: 100_000, ..Limits::default() };
    for format in ["%100000d", "%.100000d", "%-100000d", "%100000s", "%.100000f", "%100000v", "%100000q"] {
        let printed = with_scope(limits, |scope| print_with(scope, format.as_bytes(), &[Value::Int(1)]));
        let limit = Err(Fault::Limit("memory"));
        assert!(printed == limit || printed.is_ok_and(|text| text.len() < 100), "{format}");
    }
}

#[test]
fn all_that_is_printed_takes_steps() {
    let limits = Limits { steps: 60, ..Limits::default() };
    with_scope(limits, |scope| {
        let list = scope.list(vec![Value::Nil; 30]).unwrap();
        assert_eq!(show(scope, &list), Err(Fault::Limit("steps")));
    });
}

#[test]
fn a_pointer_is_the_same_for_all() {
    let printed = with_scope(Limits::default(), |scope| {
        let values = [scope.list(vec![]).unwrap(), scope.map([].into()).unwrap()];
        print_with(scope, b"%p %p", &values)
    });
    assert_eq!(printed.unwrap(), b"0xc000000000 0xc000000000");
}

#[test]
fn a_text_can_grow_by_a_thousand_prints_and_not_by_ten_thousand() {
    let grown = |times: u32, by: &str| {
        render(&format!(
            r#"{{{{ $s := "" }}}}{{{{ range $i := until {times} }}}}{{{{ $s = {by} }}}}{{{{ end }}}}{{{{ len $s }}}}"#
        ))
    };
    for by in [
        r#"printf "%s, host-%d.example.com" $s $i"#,
        r#"print $s ", a host.example.com""#,
        r#"cat $s "a-host.example""#,
    ] {
        assert!(grown(1000, by).is_ok(), "{by}");
        assert!(matches!(grown(10_000, by), Err(Fault::Limit(_))), "{by}");
    }
}

#[test]
fn runes_are_counted_for_a_price() {
    let template = r#"{{ range until 400 }}{{ $_ := printf "%5.100s" $.long }}{{ end }}"#;
    assert_eq!(render(template), Err(Fault::Limit("steps")));
}
