//! YAML as the original reads and writes it: by go-yaml 2, with JSON between it and the values.

mod emitter;
mod order;
mod read;
mod resolve;
mod scalar;
mod write;

use std::collections::BTreeMap;

pub(crate) use read::{Problem, read_as_json, read_strings};

use crate::{
    Fault, Scope, Text, Value,
    function::{Function, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("toYaml", to_yaml)
            .example(r#"{{ dict "a" "yes" "b" (list 1 2) | toYaml }}"#, "a: \"yes\"\nb:\n- 1\n- 2"),
        function("fromYaml", from_yaml).example(r#"{{ (fromYaml "a: [1, 0x10]").a }}"#, "[1 16]"),
    ]
}

/// What cannot be written is empty.
fn to_yaml(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    match write::write(scope, &value) {
        Ok(mut written) => {
            written.pop_if(|last| *last == b'\n');
            Ok(written)
        }
        Err(Fault::Wrong(_)) => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}

/// A map, also of a text that is none: then it says so by the name `Error`, as the original does.
fn from_yaml(scope: &mut Scope<'_>, text: Text) -> Result<Value, Fault> {
    match read::read(scope, &text) {
        Ok(map) => Ok(map),
        Err(problem) => {
            let error = Value::String(problem.of_original()?.into());
            scope.map(BTreeMap::from([("Error".into(), error)]))
        }
    }
}

/// Whether go-yaml takes a rune for one of a text.
fn is_allowed(rune: char) -> bool {
    match rune {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
