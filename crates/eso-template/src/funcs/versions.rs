//! Semantic versions, by the rules of Masterminds' package: `v1.2` is one, and a constraint can have an `x`.

mod constraint;

use std::cmp::Ordering;

use crate::{
    Fault, Scope, Text, Value,
    function::{Function, function},
    value::Object,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("semver", semver).example(r#"{{ (semver "v1.2.3-rc.1").Prerelease }}"#, "rc.1"),
        function("semverCompare", semver_compare).example(r#"{{ semverCompare "^1.2" "1.9.0" }}"#, "true"),
    ]
}

fn semver(text: Text) -> Result<Value, Fault> {
    Version::parse(&text).map(Value::object).ok_or(Fault::wrong("this is no semantic version"))
}

fn semver_compare(scope: &mut Scope<'_>, wanted: Text, version: Text) -> Result<bool, Fault> {
    // Each alternative and each of its parts is looked at some ten times.
    scope.spend(wanted.len() as u64)?;
    let alternatives = constraint::parse(scope, &wanted)?;
    let alternatives = alternatives.ok_or(Fault::wrong("this is no constraint of versions"))?;
    let version = Version::parse(&version).ok_or(Fault::wrong("this is no semantic version"))?;
    Ok(alternatives.iter().any(|all| constraint::all_allow(all, &version)))
}

/// A version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    /// Reads a version. What is missing of its three numbers is 0.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let original = str::from_utf8(text).ok()?;
        let rest = original.strip_prefix('v').unwrap_or(original);
        let (rest, metadata) = rest.split_once('+').map_or((rest, None), |(rest, part)| (rest, Some(part)));
        let (numbers, prerelease) =
            rest.split_once('-').map_or((rest, None), |(rest, part)| (rest, Some(part)));
        let mut numbers = numbers.split('.');
        let version = Self {
            major: number(numbers.next()?)?,
            minor: numbers.next().map_or(Some(0), number)?,
            patch: numbers.next().map_or(Some(0), number)?,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: original.to_owned(),
        };
        let zero = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
        let well = numbers.next().is_none()
            && prerelease.is_none_or(|parts| are_words(parts) && !parts.split('.').any(zero))
            && metadata.is_none_or(are_words);
        well.then_some(version)
    }

    fn text(&self) -> String {
        let Self { major, minor, patch, prerelease, metadata, original: _ } = self;
        let mut text = format!("{major}.{minor}.{patch}");
        for (sign, part) in [('-', prerelease), ('+', metadata)] {
            if !part.is_empty() {
                text.push(sign);
                text += part;
            }
        }
        text
    }

    /// The order of versions; metadata does not count.
    fn order(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| prereleases(&self.prerelease, &other.prerelease))
    }

    /// A version after this one, which has neither a prerelease nor metadata.
    fn next(&self, [major, minor, patch]: [u64; 3]) -> Self {
        let (prerelease, metadata) = (String::new(), String::new());
        let mut next = Self { major, minor, patch, prerelease, metadata, original: String::new() };
        let sign = if self.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{sign}{}", next.text());
        next
    }

    /// The same version with another prerelease or other metadata.
    fn with(&self, name: &str, part: &str) -> Result<Self, Fault> {
        let zero = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
        let mut version = self.clone();
        let well = match name {
            "SetPrerelease" => {
                version.prerelease = part.to_owned();
                part.is_empty() || (are_words(part) && !part.split('.').any(zero))
            }
            _ => {
                version.metadata = part.to_owned();
                part.is_empty() || are_words(part)
            }
        };
        let sign = if self.original.starts_with('v') { "v" } else { "" };
        version.original = format!("{sign}{}", version.text());
        well.then_some(version).ok_or(Fault::wrong("this cannot be a part of a version"))
    }
}

fn number(text: &str) -> Option<u64> {
    is_number(text).then(|| text.parse().ok()).flatten()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether all between points are letters, digits and hyphens.
fn are_words(text: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split('.').all(is_word)
}

/// The order of prereleases: a release comes after all of its own.
fn prereleases(one: &str, other: &str) -> Ordering {
    match (one, other) {
        _ if one == other => Ordering::Equal,
        ("", _) => Ordering::Greater,
        (_, "") => Ordering::Less,
        _ => {
            let mut others = other.split('.');
            for part in one.split('.') {
                let Some(other) = others.next() else { return Ordering::Greater };
                match parts(part, other) {
                    Ordering::Equal => {}
                    order => return order,
                }
            }
            if others.next().is_some() { Ordering::Less } else { Ordering::Equal }
        }
    }
}

/// The order of parts of prereleases: numbers come before words.
fn parts(one: &str, other: &str) -> Ordering {
    match (one.parse::<u64>(), other.parse::<u64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => one.cmp(other),
    }
}

impl Object for Version {
    fn type_name(&self) -> &'static str {
        "*semver.Version"
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn show(&self) -> Text {
        self.text().into()
    }

    fn fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![
            ("major", Value::Uint64(self.major)),
            ("minor", Value::Uint64(self.minor)),
            ("patch", Value::Uint64(self.patch)),
            ("pre", self.prerelease.as_str().into()),
            ("metadata", self.metadata.as_str().into()),
            ("original", self.original.as_str().into()),
        ])
    }

    fn get(&self, _scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let (major, minor, patch) = (self.major, self.minor, self.patch);
        let value = match (name, arguments) {
            ("Major", []) => Value::Uint64(major),
            ("Minor", []) => Value::Uint64(minor),
            ("Patch", []) => Value::Uint64(patch),
            ("Prerelease", []) => self.prerelease.as_str().into(),
            ("Metadata", []) => self.metadata.as_str().into(),
            ("Original", []) => self.original.as_str().into(),
            ("String", []) => self.text().as_str().into(),
            ("IncMajor", []) => Value::object(self.next([major.wrapping_add(1), 0, 0])),
            ("IncMinor", []) => Value::object(self.next([major, minor.wrapping_add(1), 0])),
            ("IncPatch", []) => {
                let next = if self.prerelease.is_empty() { patch.wrapping_add(1) } else { patch };
                Value::object(self.next([major, minor, next]))
            }
            ("SetPrerelease" | "SetMetadata", [Value::String(part)]) => {
                return Some(self.with(name, &part.runes()).map(Value::object));
            }
            (_, [other]) => return self.compared(name, other),
            _ => return None,
        };
        Some(Ok(value))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Version {
    /// What a comparison answers.
    fn compared(&self, name: &str, other: &Value) -> Option<Result<Value, Fault>> {
        let order = other.downcast().map(|other| self.order(other));
        let order = order.ok_or(Fault::wrong("a version is compared with a version"));
        let answer: fn(Ordering) -> Value = match name {
            "Compare" => |order| Value::Int(order as i64),
            "Equal" => |order| Value::Bool(order.is_eq()),
            "LessThan" => |order| Value::Bool(order.is_lt()),
            "LessThanEqual" => |order| Value::Bool(order.is_le()),
            "GreaterThan" => |order| Value::Bool(order.is_gt()),
            "GreaterThanEqual" => |order| Value::Bool(order.is_ge()),
            _ => return None,
        };
        Some(order.map(answer))
    }
}

#[cfg(test)]
mod tests;
