//! Where the members of an object stand in its text, by name.

use std::{collections::HashMap, ops::Range};

use super::json::{self, Kind};

/// The members of an object. A member whose name cannot be read is left out.
#[derive(Debug)]
pub(super) struct Names(HashMap<Box<[u8]>, Places>);

#[derive(Debug)]
struct Places {
    first: Range<usize>,
    last: Range<usize>,
}

impl Names {
    /// Those of a text whose first value is an object, and whole.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let object = json::first(text).filter(|value| json::kind(value) == Some(Kind::Object))?;
        let start = text.iter().position(|byte| *byte == b'{')?;
        let mut names = HashMap::new();
        for (name, value) in json::places_of_members(object) {
            let Some(name) = json::unquote(&object[name]) else { continue };
            let place = start + value.start..start + value.end;
            let places = Places { first: place.clone(), last: place.clone() };
            names.entry(name.bytes().into()).or_insert(places).last = place;
        }
        Some(Self(names))
    }

    /// The value of the first member of that name, as a gjson path finds it.
    pub(super) fn first(&self, name: &str) -> Option<Range<usize>> {
        self.places(name).map(|places| places.first.clone())
    }

    /// The value of the last member of that name, as a Go map holds it.
    pub(super) fn last(&self, name: &str) -> Option<Range<usize>> {
        self.places(name).map(|places| places.last.clone())
    }

    fn places(&self, name: &str) -> Option<&Places> {
        self.0.get(name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[track_caller]
    fn check(text: &str, name: &str, first: Option<&str>, last: Option<&str>) {
        let names = Names::of(text.as_bytes()).unwrap();
        assert_eq!(names.first(name).map(|place| &text[place]), first);
        assert_eq!(names.last(name).map(|place| &text[place]), last);
    }

    #[test]
    fn the_first_and_the_last_of_two_members_are_told_apart() {
        check(r#" {"a":1,"b":{"c":2},"a":[3]} x"#, "a", Some("1"), Some("[3]"));
        check(r#" {"a":1,"b":{"c":2},"a":[3]} x"#, "b", Some(r#"{"c":2}"#), Some(r#"{"c":2}"#));
        check(r#"{"a":1}"#, "c", None, None);
        check(r#"{"\u0061":1,"b\q":2}"#, "a", Some("1"), Some("1"));
        check(r#"{"\u0061":1,"b\q":2}"#, "b\\q", None, None);
    }

    #[test]
    fn only_a_whole_object_has_names() {
        for text in ["", "1", "[1]", r#"{"a":1"#, r#"x {"a":1}"#] {
            assert!(Names::of(text.as_bytes()).is_none(), "{text}");
        }
    }
}
