//! Regular expressions as Go has them: its syntax, its ASCII classes, its order of preference, on any bytes.
//!
//! The time of a search is the length of the text times the length of the expression, and each step of it is paid
//! for: that is why the search is our own, and not that of the `regex` crate, which cannot be asked what it costs.

mod classes;
mod error;
mod parse;
mod program;
mod replacement;
mod search;

use std::sync::Arc;

use crate::{Fault, Scope, unicode};
pub(crate) use error::Problem;
use program::Program;
use replacement::Replacement;

/// A regular expression. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    program: Arc<Program>,
    /// The name of each group, from the whole on.
    names: Arc<[Option<String>]>,
    /// Groups that a search tells of; the whole alone, where nobody asks for more.
    groups: usize,
}

/// Where the groups of a match begin and end, from the whole on.
pub(crate) type Places = Vec<Option<usize>>;

impl Regex {
    /// Parses an expression.
    pub(crate) fn new(scope: &mut Scope<'_>, pattern: &[u8]) -> Result<Self, Problem> {
        let parsed = parse::parse(scope, pattern)?;
        let program = Program::new(scope, &parsed.node)?;
        Ok(Self { program: program.into(), names: parsed.names.into(), groups: 1 })
    }

    /// One whose searches tell where its groups are.
    pub(crate) fn with_groups(self) -> Self {
        Self { groups: self.names.len(), ..self }
    }

    /// How many groups there are, with the whole.
    pub(crate) fn groups(&self) -> usize {
        self.names.len()
    }

    /// The first match that begins there or later.
    pub(crate) fn find(
        &self,
        scope: &mut Scope<'_>,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Places>, Fault> {
        search::search(scope, &self.program, search::Search { text, from, slots: self.groups * 2 })
    }

    /// Begin and end of so many matches that do not overlap, empty ones not right behind another.
    pub(crate) fn find_all(
        &self,
        scope: &mut Scope<'_>,
        text: &[u8],
        most: usize,
    ) -> Result<Vec<(usize, usize)>, Fault> {
        let mut found = Vec::new();
        let mut before = None;
        let mut from = 0;
        while from <= text.len() && found.len() < most {
            let Some((begin, end)) = self.find(scope, text, from)?.and_then(|places| whole(&places)) else {
                break;
            };
            let is_behind = end == from && before == Some(begin);
            if !is_behind {
                scope.hold(size_of::<(usize, usize)>())?;
                found.push((begin, end));
            }
            from = if end == from { from + width(text, from) } else { end };
            before = Some(end);
        }
        Ok(found)
    }

    /// The text with all matches replaced by a text in which `$1`, `${1}`, `$name` and `${name}` stand for groups.
    pub(crate) fn replace_all(
        &self,
        scope: &mut Scope<'_>,
        text: &[u8],
        replacement: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let replacement = Replacement::new(scope, replacement)?;
        let regex = self.clone().with_groups();
        regex.replace_all_with(scope, text, |scope, written, places| {
            replacement.expand(scope, written, replacement::Match { regex: &regex, text, places })
        })
    }

    /// The text with all matches replaced. What a match becomes is appended.
    pub(crate) fn replace_all_with(
        &self,
        scope: &mut Scope<'_>,
        text: &[u8],
        mut replace: impl FnMut(&mut Scope<'_>, &mut Vec<u8>, &Places) -> Result<(), Fault>,
    ) -> Result<Vec<u8>, Fault> {
        let mut written = Vec::new();
        let (mut last, mut from) = (0, 0);
        while from <= text.len() {
            let Some(places) = self.find(scope, text, from)? else { break };
            let Some((begin, end)) = whole(&places) else { break };
            scope.afford(written.len() + text.len())?;
            written.extend_from_slice(&text[last..begin]);
            if end > last || begin == 0 {
                replace(scope, &mut written, &places)?;
            }
            last = end;
            from = end.max(from + width(text, from));
        }
        written.extend_from_slice(&text[last..]);
        Ok(written)
    }

    /// The place of a group by its name.
    pub(crate) fn groups_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.names
            .iter()
            .enumerate()
            .filter(move |(_, other)| other.as_deref() == Some(name))
            .map(|(at, _)| at)
    }
}

/// Where the whole match begins and ends.
pub(crate) fn whole(places: &Places) -> Option<(usize, usize)> {
    group(places, 0)
}

/// Where a group begins and ends; nothing where it has no part in the match, or is none.
pub(crate) fn group(places: &Places, group: usize) -> Option<(usize, usize)> {
    let place = |at: usize| places.get(at).copied().flatten();
    place(group.checked_mul(2)?).zip(place(group.checked_mul(2)? + 1))
}

/// The bytes of the rune there; one at the end, to go on behind it.
fn width(text: &[u8], at: usize) -> usize {
    unicode::first(&text[at..]).map_or(1, |(_, width)| width)
}

#[cfg(test)]
mod tests;
