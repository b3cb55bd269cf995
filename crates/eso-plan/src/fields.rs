//! The fields of a target that is no Secret: where they stand, and what they hold.

use std::fmt;

use serde_json::{Map, Value};

/// The largest index of a list, as in the original: a list is as long as its largest index says.
const LARGEST_INDEX: usize = 10_000;

/// How many names and indices a path may have: what is nested deeper is read by nobody.
const DEEPEST: usize = 64;

/// How many items lists may grow by for one target, as a few indices could fill the memory.
pub const MOST_GROWN: usize = 10 * LARGEST_INDEX;

/// Where a field stands: `spec.hosts[0].name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

impl FieldPath {
    /// Reads a path: names with dots between them, each with any number of indices.
    ///
    /// # Errors
    /// What is no such path, or leads into what is not a template's to say (`apiVersion`, `kind`, `metadata`, `status`).
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |problem: &str| format!("templateFrom target={text:?} {problem}");
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() {
                return Err(wrong("is no path: a name is missing"));
            }
            steps.push(Step::Name(name.to_owned()));
            for index in indices.split_inclusive(']').filter(|index| !index.is_empty()) {
                let number = index.strip_prefix('[').and_then(|index| index.strip_suffix(']'));
                let number = number.and_then(|number| number.parse().ok());
                let number = number.ok_or_else(|| wrong("is no path: an index is a number in brackets"))?;
                if number > LARGEST_INDEX {
                    return Err(wrong(&format!("is not allowed: {LARGEST_INDEX} is the largest index")));
                }
                steps.push(Step::Index(number));
            }
        }
        if steps.len() > DEEPEST {
            return Err(wrong(&format!("is not allowed: {DEEPEST} names and indices are the most")));
        }
        match steps.first() {
            Some(Step::Name(name))
                if ["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()) =>
            {
                Err(wrong("is not allowed: of metadata, labels and annotations may be made"))
            }
            Some(_) | None => Ok(Self(steps)),
        }
    }

    /// The path of a field of this name in what stands here.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self(self.0.iter().cloned().chain([Step::Name(name.to_owned())]).collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if position == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Fields and what they hold. Values may be secret: `Debug` shows the outermost names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Puts a value to a path: maps become one, and anything else is replaced. A list that is too short grows.
    ///
    /// # Errors
    /// Where the path leads through what is no map, or no list, or where lists grow by more than `room`, of which it
    /// takes what it needs.
    pub fn put(&mut self, path: &FieldPath, value: Value, room: &mut usize) -> Result<(), String> {
        let mut whole = Value::Object(std::mem::take(&mut self.0));
        let put = place(&mut whole, &path.0, room).map(|place| merge(place, value));
        if let Value::Object(fields) = whole {
            self.0 = fields;
        }
        put.map_err(|problem| format!("{path} {problem}"))
    }

    /// The outermost names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl From<Fields> for Value {
    fn from(Fields(fields): Fields) -> Self {
        Self::Object(fields)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn place<'a>(mut at: &'a mut Value, steps: &[Step], room: &mut usize) -> Result<&'a mut Value, &'static str> {
    for step in steps {
        at = match (step, at) {
            (Step::Name(name), at @ (Value::Object(_) | Value::Null)) => &mut at[name.as_str()],
            (Step::Index(index), Value::Array(list)) => item(list, *index, room)?,
            (Step::Index(index), at @ Value::Null) => {
                *at = Value::Array(Vec::new());
                let Value::Array(list) = at else { return Err(NO_WAY) };
                item(list, *index, room)?
            }
            (Step::Name(_) | Step::Index(_), _) => return Err(NO_WAY),
        };
    }
    Ok(at)
}

const NO_WAY: &str = "leads through what is no map or no list";

/// An item of a list, which grows as far as that.
fn item<'a>(list: &'a mut Vec<Value>, index: usize, room: &mut usize) -> Result<&'a mut Value, &'static str> {
    let length = list.len().max(index + 1);
    let grown = length - list.len();
    *room =
        room.checked_sub(grown).ok_or("is too much: all indices together make lists that are too long")?;
    list.resize(length, Value::Null);
    list.get_mut(index).ok_or(NO_WAY)
}

/// Puts a value over another: maps become one, and anything else is replaced.
pub fn merge(into: &mut Value, value: Value) {
    match (into, value) {
        (Value::Object(into), Value::Object(value)) => {
            value.into_iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value));
        }
        (into, value) => *into = value,
    }
}

#[cfg(test)]
mod tests;
