//! What a version may be: `^1.2`, `>=1.0 <2 || 3.x`, `1.0 - 1.4`.
//!
//! Comparisons that must all hold allow a prerelease where one of them names one.

use std::cmp::Ordering;

use super::{Version, prereleases};
use crate::{Fault, Scope, limits};

/// One comparison with a version.
#[derive(Debug)]
pub(super) struct Constraint {
    operator: Operator,
    version: Version,
    /// The first number of the version that is not told, or any: `1.x` and `1` leave the minor open.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Major,
    Minor,
    Patch,
}

/// The operators, those that are longer before those that they begin with. None is `=`.
const OPERATORS: [(&str, Operator); 12] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Equal),
    ("", Operator::Equal),
];

/// Alternatives, each of comparisons that must all hold; nothing where the text is no constraint.
pub(super) fn parse(scope: &mut Scope<'_>, text: &[u8]) -> Result<Option<Vec<Vec<Constraint>>>, Fault> {
    let Ok(text) = str::from_utf8(text) else { return Ok(None) };
    let text = without_ranges(scope, text)?;
    Ok(text.split("||").map(alternative).collect())
}

fn alternative(text: &str) -> Option<Vec<Constraint>> {
    let mut all = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    loop {
        let (constraint, after) = one(rest)?;
        all.push(constraint);
        let trimmed = after.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Some(all);
        }
        // A comma or a space stands between two.
        rest = match trimmed.strip_prefix(',') {
            Some(next) => next.trim_start_matches(is_space),
            None if trimmed.len() < after.len() => trimmed,
            None => return None,
        };
    }
}

fn one(text: &str) -> Option<(Constraint, &str)> {
    let (name, operator) = OPERATORS.iter().find(|(name, _)| text.starts_with(name))?;
    let text = text[name.len()..].trim_start_matches(is_space);
    let (spelled, rest) = text.split_at(spelled(text)?);
    let (version, open) = version(spelled)?;
    Some((Constraint { operator: *operator, version, open }, rest))
}

/// The space of Go's regular expressions.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// How much of a text is a version, whose numbers may be open.
fn spelled(text: &str) -> Option<usize> {
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    let taken = |text: &str, allowed: fn(u8) -> bool| text.bytes().take_while(|byte| allowed(*byte)).count();
    let number = taken(rest, is_open_digit);
    if number == 0 {
        return None;
    }
    rest = &rest[number..];
    for _ in 0..2 {
        match rest.strip_prefix('.').map(|rest| taken(rest, is_open_digit)) {
            Some(length @ 1..) => rest = &rest[1 + length..],
            Some(0) | None => break,
        }
    }
    for sign in ['-', '+'] {
        rest = rest.strip_prefix(sign).and_then(words).unwrap_or(rest);
    }
    Some(text.len() - rest.len())
}

/// What follows words with points between them.
fn words(text: &str) -> Option<&str> {
    let word =
        |text: &str| text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let mut rest = match word(text) {
        0 => return None,
        length => &text[length..],
    };
    while let Some(length @ 1..) = rest.strip_prefix('.').map(word) {
        rest = &rest[1 + length..];
    }
    Some(rest)
}

fn is_open_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|')
}

/// The version that is spelled, with 0 for what is open.
fn version(spelled: &str) -> Option<(Version, Option<Open>)> {
    let text = spelled.strip_prefix('v').unwrap_or(spelled);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    // Metadata alone is dropped where a number is open, as the original does.
    let prerelease = if rest.starts_with('-') { rest.split('+').next().unwrap_or_default() } else { "" };
    let mut numbers = numbers.split('.');
    let mut told = || numbers.next().filter(|number| !matches!(*number, "x" | "X" | "*"));
    let (text, open) = match told() {
        None => (format!("0.0.0{prerelease}"), Some(Open::Major)),
        Some(major) => match told() {
            None => (format!("{major}.0.0{prerelease}"), Some(Open::Minor)),
            Some(minor) => match told() {
                None => (format!("{major}.{minor}.0{prerelease}"), Some(Open::Patch)),
                Some(_) => (text.to_owned(), None),
            },
        },
    };
    Some((Version::parse(text.as_bytes())?, open))
}

/// The text with each `1.0 - 1.4` as `>= 1.0, <= 1.4 `.
///
/// It is looked for at each place anew, and may be looked for up to the end: a long text would take long.
fn without_ranges(scope: &mut Scope<'_>, text: &str) -> Result<String, Fault> {
    let mut written = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        scope.spend(limits::steps_for(rest.len()))?;
        match range(rest) {
            Some((from, to, after)) => {
                written += &format!(">= {from}, <= {to} ");
                rest = after;
            }
            None => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                written += &rest[..length];
                rest = &rest[length..];
            }
        }
    }
    Ok(written)
}

/// The ends of a range that a text begins with, and what follows.
fn range(text: &str) -> Option<(&str, &str, &str)> {
    let trimmed = text.trim_start_matches(is_space);
    let (from, rest) = trimmed.split_at(spelled(trimmed)?);
    let between = rest.trim_start_matches(is_space);
    let after = between.strip_prefix('-')?;
    let to = after.trim_start_matches(is_space);
    if between.len() == rest.len() || to.len() == after.len() {
        return None;
    }
    let (to, rest) = to.split_at(spelled(to)?);
    Some((from, to, rest.trim_start_matches(is_space)))
}

/// Whether all of an alternative allow a version.
pub(super) fn all_allow(all: &[Constraint], version: &Version) -> bool {
    let takes_prereleases = all.iter().any(|constraint| !constraint.version.prerelease.is_empty());
    (takes_prereleases || version.prerelease.is_empty())
        && all.iter().all(|constraint| constraint.allows(version))
}

impl Constraint {
    fn allows(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let order = version.order(wanted);
        match self.operator {
            Operator::NotEqual => self.open.map_or(order.is_ne(), |open| self.differs(version, open)),
            Operator::Equal if self.open.is_none() => order.is_eq(),
            Operator::Equal | Operator::Tilde => order.is_ge() && self.is_near(version),
            Operator::Greater => self.is_less_than(version, order),
            Operator::Less => order.is_lt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::LessOrEqual => self.is_no_less_than(version, order),
            Operator::Caret => order.is_ge() && self.is_compatible(version),
        }
    }

    fn differs(&self, version: &Version, open: Open) -> bool {
        let wanted = &self.version;
        match open {
            _ if version.major != wanted.major => true,
            Open::Minor => false,
            _ if version.minor != wanted.minor => true,
            Open::Patch => prereleases(&version.prerelease, &wanted.prerelease).is_ne(),
            Open::Major => version.order(wanted).is_ne(),
        }
    }

    fn is_less_than(&self, version: &Version, order: Ordering) -> bool {
        let wanted = &self.version;
        match (self.open, version.major.cmp(&wanted.major)) {
            (None, _) => order.is_gt(),
            (Some(_), Ordering::Greater) => true,
            (Some(_), Ordering::Less) | (Some(Open::Minor), Ordering::Equal) => false,
            (Some(Open::Patch), Ordering::Equal) => version.minor > wanted.minor,
            (Some(Open::Major), Ordering::Equal) => order.is_gt(),
        }
    }

    fn is_no_less_than(&self, version: &Version, order: Ordering) -> bool {
        let wanted = &self.version;
        match self.open {
            None => order.is_le(),
            Some(open) => {
                let minor = open == Open::Minor || version.minor <= wanted.minor;
                version.major < wanted.major || (version.major == wanted.major && minor)
            }
        }
    }

    /// Whether a version that is no less differs only in what `~` leaves open.
    fn is_near(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let of_all = (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0)
            && matches!(self.open, None | Some(Open::Major));
        let minor = self.open == Some(Open::Minor) || version.minor == wanted.minor;
        of_all || (version.major == wanted.major && minor)
    }

    /// Whether a version that is no less has the same first number that is not 0.
    fn is_compatible(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if wanted.major > 0 || self.open == Some(Open::Minor) {
            return version.major == wanted.major;
        }
        if version.major > 0 {
            return false;
        }
        if wanted.minor > 0 || self.open == Some(Open::Patch) {
            return version.minor == wanted.minor;
        }
        version.minor == 0 && version.patch == wanted.patch
    }
}
