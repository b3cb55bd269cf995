//! Queries: `#(age>45)`, `#(last=="Murphy")#`.

use std::borrow::Cow;

use super::super::json::{self, Kind};
use super::component::wildcard_matches;

/// A condition on the items of an array.
pub(super) struct Query<'p> {
    /// What is compared, inside an item; empty for the item itself.
    pub(super) path: &'p str,
    /// How it is compared, and with what; `None`: it must be there.
    comparison: Option<(Operator, Cow<'p, [u8]>)>,
    /// Whether all items that meet it are taken, or the first.
    pub(super) all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    NotLike,
}

/// The operators, the longer before the shorter.
const OPERATORS: [(&str, Operator); 9] = [
    ("!=", Operator::NotEqual),
    ("!%", Operator::NotLike),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("==", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=", Operator::Equal),
    ("%", Operator::Like),
];

impl<'p> Query<'p> {
    /// The query that a path begins with, and its length with the `#` after it.
    pub(super) fn parse(path: &'p str) -> Option<(Self, usize)> {
        if !path.starts_with("#(") && !path.starts_with("#[") {
            return None;
        }
        let Extent { operator, end } = Extent::of(path.as_bytes())?;
        let comparison = match operator {
            Some(at) => Some(comparison(trim(&path[at..end]))?),
            None => None,
        };
        let all = path[end + 1..].starts_with('#');
        let query = Self { path: trim(&path[2..operator.unwrap_or(end)]), comparison, all };
        Some((query, end + 1 + usize::from(all)))
    }

    /// How many steps it may take to compare an item.
    pub(super) fn cost(&self, item: &[u8]) -> usize {
        match &self.comparison {
            Some((Operator::Like | Operator::NotLike, pattern)) => item.len() * pattern.len(),
            _ => 0,
        }
    }

    /// Whether a value meets it; `None` is a value that is not there.
    pub(super) fn meets(&self, value: Option<&[u8]>) -> bool {
        let Some((operator, operand)) = &self.comparison else {
            return value.is_some();
        };
        match operand.strip_prefix(b"~") {
            Some(kind) => loosely(value, kind).is_some_and(|holds| compare_truth(*operator, holds, true)),
            None => value.is_some_and(|value| compare(*operator, value, operand)),
        }
    }
}

/// Where a query's operator begins, if it has one, and where its closing bracket is.
struct Extent {
    operator: Option<usize>,
    end: usize,
}

impl Extent {
    fn of(path: &[u8]) -> Option<Self> {
        let (mut at, mut depth, mut operator) = (2, 1, None);
        while at < path.len() {
            match path[at] {
                b'!' | b'=' | b'<' | b'>' | b'%' if depth == 1 && operator.is_none() => operator = Some(at),
                b'\\' => at += 1,
                b'(' | b'[' => depth += 1,
                b')' | b']' if depth == 1 => return Some(Self { operator, end: at }),
                b')' | b']' => depth -= 1,
                b'"' => at = end_of_quotes(path, at),
                _ => {}
            }
            at += 1;
        }
        None
    }
}

fn end_of_quotes(path: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < path.len() && path[at] != b'"' {
        at += if path[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn comparison(text: &str) -> Option<(Operator, Cow<'_, [u8]>)> {
    let (sign, operator) = OPERATORS.iter().find(|(sign, _)| text.starts_with(sign))?;
    let operand = trim(&text[sign.len()..]).as_bytes();
    let quoted = operand.len() >= 2 && operand.starts_with(b"\"") && operand.ends_with(b"\"");
    let operand =
        if quoted { Cow::Owned(json::unquote(operand)?.bytes().to_vec()) } else { Cow::Borrowed(operand) };
    Some((*operator, operand))
}

/// A value as true or false in the original's loose sense: `~true`, `~false`, `~null`, `~*`.
fn loosely(value: Option<&[u8]>, kind: &[u8]) -> Option<bool> {
    let text = || value.and_then(json::unquote).map(|text| text.bytes().to_ascii_lowercase());
    let number = || value.and_then(number);
    let of = value.and_then(json::kind);
    Some(match (kind, of) {
        (b"*", _) => value.is_some(),
        (b"null", _) => matches!(of, None | Some(Kind::Null)),
        (b"true", Some(Kind::String)) => matches!(text()?.as_slice(), b"1" | b"t" | b"true"),
        (b"false", Some(Kind::String)) => matches!(text()?.as_slice(), b"0" | b"f" | b"false"),
        (b"true", Some(Kind::Number)) => number()? != 0.0,
        (b"false", Some(Kind::Number)) => number()? == 0.0,
        (b"true", _) => of == Some(Kind::True),
        (b"false", _) => matches!(of, None | Some(Kind::Null | Kind::False)),
        _ => return None,
    })
}

fn compare(operator: Operator, value: &[u8], operand: &[u8]) -> bool {
    match json::kind(value) {
        Some(Kind::String) => {
            json::unquote(value).is_some_and(|text| compare_text(operator, text.bytes(), operand))
        }
        Some(Kind::Number) => compare_numbers(operator, number(value), number(operand).unwrap_or(0.0)),
        Some(Kind::True) => compare_literal(operator, true, operand),
        Some(Kind::False) => compare_literal(operator, false, operand),
        Some(Kind::Null | Kind::Object | Kind::Array) | None => false,
    }
}

fn compare_text(operator: Operator, text: &[u8], operand: &[u8]) -> bool {
    match operator {
        Operator::Equal => text == operand,
        Operator::NotEqual => text != operand,
        Operator::Less => text < operand,
        Operator::LessOrEqual => text <= operand,
        Operator::Greater => text > operand,
        Operator::GreaterOrEqual => text >= operand,
        Operator::Like => wildcard_matches(operand, text),
        Operator::NotLike => !wildcard_matches(operand, text),
    }
}

fn compare_numbers(operator: Operator, value: Option<f64>, operand: f64) -> bool {
    value.is_some_and(|value| match operator {
        Operator::Equal => value == operand,
        Operator::NotEqual => value != operand,
        Operator::Less => value < operand,
        Operator::LessOrEqual => value <= operand,
        Operator::Greater => value > operand,
        Operator::GreaterOrEqual => value >= operand,
        Operator::Like | Operator::NotLike => false,
    })
}

fn compare_literal(operator: Operator, value: bool, operand: &[u8]) -> bool {
    match operand {
        b"true" => compare_truth(operator, value, true),
        b"false" => compare_truth(operator, value, false),
        // The original's order has only the two of them: anything else is neither equal nor less.
        _ => match operator {
            Operator::NotEqual => true,
            Operator::GreaterOrEqual => value,
            Operator::LessOrEqual => !value,
            Operator::Equal | Operator::Less | Operator::Greater | Operator::Like | Operator::NotLike => {
                false
            }
        },
    }
}

fn compare_truth(operator: Operator, value: bool, operand: bool) -> bool {
    match operator {
        Operator::Equal => value == operand,
        Operator::NotEqual => value != operand,
        Operator::Less => !value & operand,
        Operator::LessOrEqual => !value,
        Operator::Greater => value & !operand,
        Operator::GreaterOrEqual => value,
        Operator::Like | Operator::NotLike => false,
    }
}

fn number(raw: &[u8]) -> Option<f64> {
    std::str::from_utf8(raw).ok()?.parse().ok()
}

fn trim(text: &str) -> &str {
    text.trim_matches(|character| character <= ' ')
}
