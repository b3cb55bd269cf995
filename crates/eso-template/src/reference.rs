//! The reference page of the functions: what each takes, and an example.

use crate::{
    funcs,
    function::{Function, Kind},
};

/// All functions, as a page of Markdown: each with the types that it takes and an example. The page in `docs/` is made
/// of it, and a test renders each example.
#[must_use]
pub fn reference() -> String {
    let rows: String = funcs::ALL.values().map(row).collect();
    format!("{HEAD}\n{rows}")
}

const HEAD: &str = "\
# Template functions

What a template can call beside Go's own language: the functions of Go's `text/template`, those of sprig, and those of the original operator.
They take and give what they do there, byte for byte.
Two differ in rare cases: `slice` does not see what is left behind the end of a list, and `fromYaml` reads what only one of YAML 1.1 and 1.2 takes as 1.2 does.

A type with `…` takes any number of values.
What needs more than the limits allow is an error that names the limit, and no error holds a value.

| function | takes | example | renders |
|---|---|---|---|";

fn row(function: &Function) -> String {
    let (template, rendered) = function.example.unwrap_or_default();
    format!("| `{}` | {} | {} | {} |\n", function.name, takes(function), code(template), code(rendered))
}

fn takes(function: &Function) -> String {
    let last = function.parameters.len().saturating_sub(1);
    let parameters = function.parameters.iter().enumerate().map(|(place, kind)| {
        let more = if function.variadic && place == last { "…" } else { "" };
        format!("{}{more}", name(*kind))
    });
    parameters.collect::<Vec<_>>().join(", ")
}

/// A type as a reader calls it.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "any",
        Kind::Bool => "bool",
        Kind::Int | Kind::Int64 | Kind::Uint32 => "integer",
        Kind::Float64 => "float",
        Kind::String => "string",
        Kind::Strings => "strings",
        Kind::List => "list",
        Kind::Map => "dict",
        Kind::Time => "time",
    }
}

/// Code in a cell of a table: on one line, and with its bars told from those of the table.
fn code(text: &str) -> String {
    let line = text.replace('\n', "\\n").replace('|', "\\|");
    match (line.is_empty(), line.contains('`')) {
        (true, _) => String::new(),
        (false, false) => format!("`{line}`"),
        (false, true) => format!("`` {line} ``"),
    }
}

#[cfg(test)]
mod tests;
