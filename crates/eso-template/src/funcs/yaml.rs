//! YAML as go-yaml reads and writes it.

mod emitter;
mod order;
mod read;
mod resolve;
mod scalar;
mod write;

use crate::{
    Fault, Scope, Text, Value,
    function::{Function, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("toYaml", to_yaml)
            .example(r#"{{ dict "a" "yes" "b" (list 1 2) | toYaml }}"#, "a: \"yes\"\nb:\n    - 1\n    - 2"),
        function("fromYaml", from_yaml).example(r#"{{ (fromYaml "a: [1, 0x10]").a }}"#, "[1 16]"),
    ]
}

fn to_yaml(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    let mut written = write::write(scope, &value)?;
    if written.last() == Some(&b'\n') {
        written.pop();
    }
    Ok(written)
}

/// A map, also of a text that is none: then it says so by the name `Error`, as the original does.
fn from_yaml(scope: &mut Scope<'_>, text: Text) -> Result<Value, Fault> {
    let (mut entries, error) = read::read(scope, &text)?;
    if let Some(error) = error {
        entries.insert("Error".into(), Value::String(error.into()));
    }
    scope.map(entries)
}

#[cfg(test)]
mod tests;
