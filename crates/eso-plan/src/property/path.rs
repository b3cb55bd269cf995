//! gjson paths: how the original looks into a value (<https://github.com/tidwall/gjson/blob/v1.18.0/SYNTAX.md>).
//!
//! Served are keys with escapes and wildcards, indexes, `#`, queries, pipes, JSON lines, and the modifiers without
//! arguments that [`modifier`] lists. Multipaths, literals and the other modifiers are refused by name.
//! A look-up ends: what it may read is bounded by a budget, and its depth by the length of the path.

mod component;
mod modifier;
mod query;

use std::cell::RefCell;

use zeroize::Zeroizing;

use super::{
    Budget,
    json::{self, Kind, Raw},
};
use component::{ArrayComponent, ObjectComponent, Selector, wildcard_matches};

/// The longest path, in bytes: a component costs a stack frame, and a path that a person writes has a few dozen.
const LONGEST: usize = 1024;

/// How often, on average, a byte of the value may be read. A path reads it once for each component at the most, and
/// people's paths have fewer than this; an attacker's could read it thousands of times.
const READS_OF_A_BYTE: usize = 32;

/// Why a path cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    /// It is longer than [`LONGEST`].
    #[error("the property is longer than 1024 bytes")]
    TooLong,
    /// It would read the value too often.
    #[error("the property takes too long to look up")]
    TooCostly,
    /// It uses a part of the syntax that is not served.
    #[error("the property uses {0}, which is not served by this version")]
    Unserved(String),
}

/// Whether a path is nothing but the name of a member, wherever it is looked for.
pub(super) fn is_name(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    path.len() <= LONGEST && !path.is_empty() && path.bytes().all(is_plain)
}

/// The value at a path; `None` where there is none. What is read of the text is taken from the budget.
pub(super) fn find<'a>(text: &'a [u8], path: &str, budget: &Budget) -> Result<Option<Raw<'a>>, PathError> {
    if path.len() > LONGEST {
        return Err(PathError::TooLong);
    }
    let most = text.len().saturating_mul(READS_OF_A_BYTE).saturating_add(1024).min(budget.left());
    let search = Search { budget: Budget::of(most), unserved: RefCell::new(None) };
    let found = search.get(text, path);
    let left = search.budget.left();
    budget.spend(most - left);
    match (left, search.unserved.into_inner(), found) {
        (0, _, _) => Err(PathError::TooCostly),
        (_, Some(what), _) => Err(PathError::Unserved(what)),
        (_, None, found) => Ok(found),
    }
}

/// One look-up.
struct Search {
    /// How many bytes may still be read.
    budget: Budget,
    /// What the path asks for and is not served.
    unserved: RefCell<Option<String>>,
}

/// Where a search ended: further members need not be looked at.
struct Hit<'a, 'p> {
    /// The value, if it is there.
    value: Option<Raw<'a>>,
    /// The path that is followed from there.
    pipe: Option<&'p str>,
}

impl Search {
    fn get<'a>(&self, text: &'a [u8], path: &str) -> Option<Raw<'a>> {
        self.spend(text.len())?;
        if let Some((modifier, rest)) = modifier::split(path) {
            let value = match modifier {
                Ok(modifier) => Raw::Made(modifier.apply(text)?),
                Err(unserved) => return self.refuse(unserved),
            };
            self.spend(value.bytes().len())?;
            return match rest {
                Some(rest) => self.follow(value, rest),
                None => first_of(value),
            };
        }
        let hit = match path.strip_prefix("..") {
            Some(path) => self.items(json::values(text), path),
            None => self.container(text, path),
        };
        let Some(Hit { value: Some(value), pipe }) = hit else {
            return self.note_unserved(path);
        };
        match pipe {
            Some(pipe) => self.follow(value, pipe),
            None => Some(value),
        }
    }

    fn follow<'a>(&self, value: Raw<'a>, path: &str) -> Option<Raw<'a>> {
        match value {
            Raw::Part(text) => self.get(text, path),
            Raw::Made(text) => self.get(&text, path).map(Raw::into_made),
        }
    }

    /// As the original, what stands before the first bracket is not looked at.
    fn container<'a, 'p>(&self, text: &'a [u8], path: &'p str) -> Option<Hit<'a, 'p>> {
        let start = text.iter().position(|byte| matches!(byte, b'{' | b'['))?;
        self.descend(&text[start..], path)
    }

    fn descend<'a, 'p>(&self, value: &'a [u8], path: &'p str) -> Option<Hit<'a, 'p>> {
        self.spend(value.len())?;
        match json::kind(value)? {
            Kind::Object => self.object(value, path),
            Kind::Array => self.items(json::items(value), path),
            Kind::Null | Kind::False | Kind::True | Kind::Number | Kind::String => None,
        }
    }

    fn object<'a, 'p>(&self, object: &'a [u8], path: &'p str) -> Option<Hit<'a, 'p>> {
        let component = ObjectComponent::parse(path);
        json::members(object).filter(|(name, _)| self.names(&component, name)).find_map(|(_, value)| {
            match component.rest {
                Some(rest) => self.descend(value, rest),
                None => Some(Hit { value: Some(Raw::Part(value)), pipe: component.pipe }),
            }
        })
    }

    fn names(&self, component: &ObjectComponent<'_>, name: &[u8]) -> bool {
        match json::unquote(name) {
            Some(name) if component.wild => {
                self.spend(name.bytes().len() * component.name.len()).is_some()
                    && wildcard_matches(&component.name, name.bytes())
            }
            Some(name) => *component.name == *name.bytes(),
            None => false,
        }
    }

    fn items<'a, 'p>(&self, mut items: impl Iterator<Item = &'a [u8]>, path: &'p str) -> Option<Hit<'a, 'p>> {
        let ArrayComponent { selector, rest, pipe } = ArrayComponent::parse(path);
        match selector {
            Selector::Nothing => None,
            Selector::Index(index) => {
                let item = items.nth(index)?;
                match rest {
                    Some(rest) => self.descend(item, rest),
                    None => Some(Hit { value: Some(Raw::Part(item)), pipe }),
                }
            }
            Selector::Count => {
                let count = items.count().to_string();
                Some(Hit { value: Some(Raw::Made(Zeroizing::new(count.into_bytes()))), pipe })
            }
            Selector::Each(path) => {
                let (path, pipe) = component::split_pipe(path);
                let found = items.filter_map(|item| self.get(item, path));
                Some(Hit { value: Some(list(found)), pipe })
            }
            Selector::Query(query) => {
                let (rest, piped) = rest.map(component::split_pipe).unzip();
                let pipe = piped.flatten().or(pipe);
                let mut found = items.filter(|item| self.meets(item, &query)).map(|item| match rest {
                    Some(rest) => self.get(item, rest),
                    None => Some(Raw::Part(item)),
                });
                match query.all {
                    true => Some(Hit { value: Some(list(found.flatten())), pipe }),
                    false => found.next().map(|value| Hit { value, pipe }),
                }
            }
        }
    }

    fn meets(&self, item: &[u8], query: &query::Query<'_>) -> bool {
        if self.spend(query.cost(item)).is_none() {
            return false;
        }
        let subject = match json::kind(item) {
            Some(Kind::Object | Kind::Array) => self.get(item, query.path),
            Some(_) if query.path.is_empty() => Some(Raw::Part(item)),
            _ => return false,
        };
        query.meets(subject.as_ref().map(Raw::bytes))
    }

    /// Takes from the budget; `None` once there is nothing left.
    fn spend(&self, bytes: usize) -> Option<()> {
        self.budget.spend(bytes)
    }

    /// What looks like a multipath or a literal, and is no member's name.
    fn note_unserved<T>(&self, path: &str) -> Option<T> {
        match path.as_bytes() {
            [b'{' | b'[', _, ..] => self.refuse("a multipath".to_owned()),
            [b'!', _, ..] => self.refuse("a literal".to_owned()),
            _ => None,
        }
    }

    fn refuse<T>(&self, what: String) -> Option<T> {
        self.unserved.replace(Some(what));
        None
    }
}

fn first_of(value: Raw<'_>) -> Option<Raw<'_>> {
    match value {
        Raw::Part(text) => json::first(text).map(Raw::Part),
        Raw::Made(text) => match json::kind(json::first(&text)?)? {
            // The original keeps what stands behind an object or an array.
            Kind::Object | Kind::Array => Some(Raw::Made(Zeroizing::new(text.trim_ascii_start().to_vec()))),
            Kind::Null | Kind::False | Kind::True | Kind::Number | Kind::String => {
                json::first(&text).map(|first| Raw::Made(Zeroizing::new(first.to_vec())))
            }
        },
    }
}

fn list<'a>(values: impl Iterator<Item = Raw<'a>>) -> Raw<'static> {
    let mut out = Zeroizing::new(vec![b'[']);
    for (index, value) in values.enumerate() {
        out.extend_from_slice(if index == 0 { b"" } else { b"," });
        out.extend_from_slice(value.bytes());
    }
    out.push(b']');
    Raw::Made(out)
}
