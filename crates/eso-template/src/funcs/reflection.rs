//! Types and kinds of values, by their names in Go.

use crate::{
    Text, Value,
    function::{Function, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("typeOf", |value: Value| value.type_name())
            .example("{{ typeOf (list 1) }}", "[]interface {}"),
        function("typeIs", |name: Text, value: Value| is(&name, &value.type_name()))
            .example(r#"{{ typeIs "int" 1 }}"#, "true"),
        function("typeIsLike", type_is_like).example(r#"{{ typeIsLike "string" "a" }}"#, "true"),
        function("kindOf", |value: Value| value.kind()).example("{{ kindOf (dict) }}", "map"),
        function("kindIs", |name: Text, value: Value| is(&name, value.kind()))
            .example(r#"{{ kindIs "slice" (list 1) }}"#, "true"),
    ]
}

/// Whether it is of the type, or points to it.
fn type_is_like(name: Text, value: Value) -> bool {
    let kind = value.type_name();
    is(&name, &kind) || kind.strip_prefix('*').is_some_and(|kind| is(&name, kind))
}

fn is(name: &Text, actual: &str) -> bool {
    name[..] == *actual.as_bytes()
}
