//! Sets and takes out one part of a JSON text, named by a path as sjson reads it: names with dots between, a backslash
//! before a character that stands for itself, a number for an item of a list, a colon before a number that is a name.
//!
//! What is not touched stays as it is written. Left out of sjson are paths that may mean several places, or another one
//! at each write: with `|`, `#`, `@`, `*` or `?`, the number `-1`, and names that are empty.

use std::{iter::repeat_n, ops::Range};

use zeroize::Zeroizing;

use super::{
    json::{self, Kind},
    marshal::{self, Escapes},
};

/// A text that was made, wiped when it is dropped.
pub(crate) type Text = Zeroizing<Vec<u8>>;

/// How many steps a path may have: each is a level of the text, and readers go no deeper than 127.
const LONGEST: usize = 100;

/// How many items all lists that are made or made longer may get in between: sjson allows as many for one.
const MOST_FILLING: usize = 100_000;

/// Why a part cannot be set. The texts name the path, and hold nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is none that names one place.
    #[error("property {path:?} {problem}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A list has no item of that name.
    #[error("property {path:?}: cannot set array element for non-numeric key '{step}'")]
    NoNumber {
        /// The path.
        path: String,
        /// The name.
        step: String,
    },
}

/// A path that names one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    name: String,
    /// Whether a number is meant as a name.
    is_name: bool,
}

impl Step {
    /// The item of a list that it means.
    fn index(&self) -> Option<usize> {
        let is_number = !self.is_name && self.name.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| self.name.parse().ok()).flatten()
    }

    /// Whether a name with its quotes is this one.
    fn is_called(&self, name: &[u8]) -> bool {
        json::unquote(name).is_some_and(|name| name.bytes() == self.name.as_bytes())
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Where it names no place, or not one alone.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let wrong = |problem| PathError::Path { path: text.to_owned(), problem };
        let steps = steps(text).map_err(wrong)?;
        let mut filling = 0_usize;
        for step in &steps {
            match step.index() {
                _ if step.name.is_empty() => return Err(wrong("has a name that is empty")),
                None if step.name == "-1" && !step.is_name => {
                    return Err(wrong("would add an item at each push: name its number"));
                }
                index => filling = filling.saturating_add(index.unwrap_or(0)),
            }
        }
        if steps.len() > LONGEST || filling > MOST_FILLING {
            return Err(wrong("has too many steps, or numbers that are too large"));
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// The path of one name of an object, whatever is in it.
    pub(crate) fn of_key(name: &str) -> Self {
        Self { text: name.to_owned(), steps: vec![Step { name: name.to_owned(), is_name: true }] }
    }

    /// Where the place is in a text, and how many steps lead to it: all, or the innermost that there is.
    fn find(&self, text: &[u8]) -> (Range<usize>, usize) {
        let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
        let mut place = start..start + json::first(text).unwrap_or_default().len();
        for (taken, step) in self.steps.iter().enumerate() {
            let Some(child) = child(&text[place.clone()], step) else { return (place, taken) };
            place = place.start + child.start..place.start + child.end;
        }
        (place, self.steps.len())
    }

    /// The text of the value that stands there.
    pub(crate) fn get<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let (place, taken) = self.find(text);
        (taken == self.steps.len()).then(|| &text[place])
    }

    /// The text with a string at that place. Objects and lists that are missing on the way are made, and a value that is
    /// neither makes way for them; an empty text is one that holds nothing.
    ///
    /// # Errors
    /// Where the path leads into a list by a name.
    pub(crate) fn set(&self, text: &[u8], value: &str) -> Result<Text, PathError> {
        let (place, taken) = self.find(text);
        let held = &text[place.clone()];
        let made = match &self.steps[taken..] {
            [] => string(value),
            missing => self.grown(held, missing, value)?,
        };
        if taken == 0 {
            return Ok(made);
        }
        Ok(around(text, place, &made))
    }

    /// The text without that place, and without the objects on the way that hold nothing then; `None` where there is no
    /// such place. An item of a list that is not its last becomes `null`: the others keep their numbers.
    pub(crate) fn take_out(&self, text: &[u8]) -> Option<Text> {
        let (_, taken) = self.find(text);
        (taken == self.steps.len()).then(|| self.without(text, taken))
    }

    fn without(&self, text: &[u8], steps: usize) -> Text {
        let Some(parent_steps) = steps.checked_sub(1) else { return Text::default() };
        let parent = Self { text: String::new(), steps: self.steps[..parent_steps].to_vec() };
        let (place, _) = parent.find(text);
        let rest = rest_of(&text[place.clone()], &self.steps[parent_steps]);
        match rest {
            Some(rest) => around(text, place, &rest),
            None if parent_steps == 0 => around(text, place, b"{}"),
            None => self.without(text, parent_steps),
        }
    }

    /// A container with a value in it that it did not hold, behind what it does.
    fn grown(&self, held: &[u8], missing: &[Step], value: &str) -> Result<Text, PathError> {
        let step = &missing[0];
        let held = match (json::kind(held), step.index()) {
            (Some(Kind::Object | Kind::Array), _) => held,
            (_, Some(_)) => b"[]",
            (_, None) => b"{}",
        };
        let mut grown = Text::default();
        match (json::kind(held), step.index()) {
            (Some(Kind::Array), Some(index)) => {
                let items: Vec<&[u8]> = json::items(held).collect();
                let filling = index.saturating_sub(items.len());
                let parts = items.into_iter().chain(repeat_n(b"null".as_slice(), filling));
                let last = built(&missing[1..], value);
                join(b'[', parts.chain([last.as_slice()]), b']', &mut grown);
            }
            (Some(Kind::Array), None) => {
                return Err(PathError::NoNumber { path: self.text.clone(), step: step.name.clone() });
            }
            _ => {
                grown.extend_from_slice(&held[..held.len() - 1]);
                if json::members(held).next().is_some() {
                    grown.push(b',');
                }
                member(step, &built(&missing[1..], value), &mut grown);
                grown.push(b'}');
            }
        }
        Ok(grown)
    }
}

/// Whether a text is an object or a list that holds nothing.
pub(crate) fn is_empty(text: &[u8]) -> bool {
    let Some(whole) = json::first(text) else { return true };
    match json::kind(whole) {
        Some(Kind::Object) => json::members(whole).next().is_none(),
        Some(Kind::Array) => json::items(whole).next().is_none(),
        _ => false,
    }
}

/// The steps of a path, or what is wrong with it.
fn steps(text: &str) -> Result<Vec<Step>, &'static str> {
    let mut steps = vec![Step::default()];
    let (mut is_first, mut characters) = (true, text.chars());
    while let Some(character) = characters.next() {
        let step = steps.last_mut().expect("a path must have a step");
        match character {
            ':' if is_first && !step.is_name => {
                step.is_name = true;
                continue;
            }
            '.' => steps.push(Step::default()),
            '\\' => step.name.push(characters.next().ok_or("ends with a backslash")?),
            '|' | '#' | '@' | '*' | '?' => {
                return Err("may mean several places: write a backslash before | # @ * ?");
            }
            other => step.name.push(other),
        }
        is_first = character == '.';
    }
    Ok(steps)
}

/// Where the value of a step stands in a container.
fn child(container: &[u8], step: &Step) -> Option<Range<usize>> {
    match json::kind(container)? {
        Kind::Object => {
            let mut members = json::places_of_members(container);
            members.find(|(name, _)| step.is_called(&container[name.clone()])).map(|(_, value)| value)
        }
        // A colon says that a name is meant only where there is none of that number.
        Kind::Array => {
            let index = Step { is_name: false, ..step.clone() }.index()?;
            json::places_of_items(container).nth(index)
        }
        Kind::Null | Kind::False | Kind::True | Kind::Number | Kind::String => None,
    }
}

/// A container without one of its values; `None` where it holds nothing then.
fn rest_of(container: &[u8], step: &Step) -> Option<Text> {
    let mut rest = Text::default();
    match json::kind(container) {
        Some(Kind::Array) => {
            let mut items: Vec<&[u8]> = json::items(container).collect();
            let index = Step { is_name: false, ..step.clone() }.index()?;
            match index + 1 == items.len() {
                true => drop(items.pop()),
                false => items[index] = b"null",
            }
            (!items.is_empty()).then(|| join(b'[', items.into_iter(), b']', &mut rest))?;
        }
        _ => {
            let members = json::places_of_members(container);
            let kept = members.filter(|(name, _)| !step.is_called(&container[name.clone()]));
            let kept: Vec<&[u8]> = kept.map(|(name, value)| &container[name.start..value.end]).collect();
            (!kept.is_empty()).then(|| join(b'{', kept.into_iter(), b'}', &mut rest))?;
        }
    }
    Some(rest)
}

/// The value that the steps which are left lead to.
fn built(steps: &[Step], value: &str) -> Text {
    steps.iter().rev().fold(string(value), |inner, step| {
        let mut outer = Text::default();
        match step.index() {
            Some(index) => {
                let filling = repeat_n(b"null".as_slice(), index);
                join(b'[', filling.chain([inner.as_slice()]), b']', &mut outer);
            }
            None => {
                outer.push(b'{');
                member(step, &inner, &mut outer);
                outer.push(b'}');
            }
        }
        outer
    })
}

fn member(step: &Step, value: &[u8], out: &mut Text) {
    out.extend_from_slice(&string(&step.name));
    out.push(b':');
    out.extend_from_slice(value);
}

fn join<'p>(open: u8, parts: impl Iterator<Item = &'p [u8]>, close: u8, out: &mut Text) {
    out.push(open);
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(part);
    }
    out.push(close);
}

fn around(text: &[u8], place: Range<usize>, made: &[u8]) -> Text {
    let mut whole = Text::new(Vec::with_capacity(text.len() + made.len()));
    whole.extend_from_slice(&text[..place.start]);
    whole.extend_from_slice(made);
    whole.extend_from_slice(&text[place.end..]);
    whole
}

/// A string as sjson writes it: as it is where it needs no escape, else as Go's `json.Marshal`.
pub(crate) fn string(text: &str) -> Text {
    let needs_escapes = |byte: u8| !(b' '..=0x7f).contains(&byte) || byte == b'"' || byte == b'\\';
    let mut out = Text::new(Vec::with_capacity(text.len() + 2));
    let escapes = if text.bytes().any(needs_escapes) { Escapes::Html } else { Escapes::Lines };
    marshal::write_string_with(text.as_bytes(), escapes, &mut out);
    out
}

/// A string with no more escapes than must be, as the original writes whole Secrets.
pub(crate) fn plain_string(text: &str) -> Text {
    let mut out = Text::new(Vec::with_capacity(text.len() + 2));
    marshal::write_string_with(text.as_bytes(), Escapes::Lines, &mut out);
    out
}

#[cfg(test)]
mod tests;
