//! Values that no two tests share, and that are looked for where no value belongs.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    sync::Mutex,
};

use eso_testkit::canary::found;

/// How much of a canary is looked for beside the whole: a log that cuts a value, or escapes its end, leaks too.
const BEGINNING: usize = 12;

/// The canaries of one test.
#[derive(Debug, Default)]
pub(crate) struct Canaries(Mutex<Vec<String>>);

impl Canaries {
    /// A value that nobody else has; its first 16 characters are chance, and its name follows.
    pub(crate) fn value(&self, name: &str) -> String {
        let chance = RandomState::new().build_hasher().finish();
        let value = format!("{chance:016x}-{name}");
        self.watch_for(&value);
        value
    }

    /// Looks for a value of somebody else's making too, a token that a server gave for one.
    pub(crate) fn watch_for(&self, value: &str) {
        self.0.lock().expect("no test may panic here").push(value.to_owned());
    }

    /// Panics where a text holds a canary, or the beginning of one, in any form.
    #[track_caller]
    pub(crate) fn assert_absent(&self, origin: &str, text: &str) {
        for canary in self.0.lock().expect("no test may panic here").iter() {
            let beginning = canary.get(..BEGINNING).unwrap_or(canary);
            if let Some(form) = found(text, canary).or_else(|| found(text, beginning)) {
                panic!("{origin} holds the value {canary:?} ({form}):\n{text}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Canaries;

    #[test]
    #[should_panic(expected = "the log holds the value")]
    fn a_value_that_was_cut_short_is_found() {
        let canaries = Canaries::default();
        let value = canaries.value("password");
        canaries.assert_absent("the log", "nothing of the kind");
        canaries.assert_absent("the log", &format!("login with {}…", &value[..14]));
    }
}
