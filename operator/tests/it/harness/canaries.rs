//! Values that no two tests share, and that are looked for where no value belongs.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    sync::Mutex,
};

use eso_testkit::canary::found;

/// How every JSON Web Token begins that the API server signs.
pub(crate) const TOKEN_BEGINNING: &str = "eyJhbGciOiJ";

/// How OpenBao's client tokens begin.
const CLIENT_TOKEN_BEGINNING: &str = "s.";

/// How many letters and digits follow in a client token, at least.
const CLIENT_TOKEN: usize = 20;

/// How much of a canary is looked for beside the whole: a log that cuts a value, or escapes its end, leaks too.
const BEGINNING: usize = 12;

/// The canaries of one test. Tokens are canaries in every test: those of service accounts in any form, those that OpenBao
/// gave, which nobody but the operator sees, as they are.
#[derive(Debug)]
pub(crate) struct Canaries(Mutex<Vec<String>>);

impl Default for Canaries {
    fn default() -> Self {
        Self(Mutex::new(vec![TOKEN_BEGINNING.to_owned()]))
    }
}

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
        if let Some(token) = client_token(text) {
            panic!("{origin} holds the client token {token:?}:\n{text}");
        }
    }
}

/// The first word of a text that looks like a client token of OpenBao.
pub(super) fn client_token(text: &str) -> Option<&str> {
    let mut words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '.');
    words.find(|word| {
        let rest = word.strip_prefix(CLIENT_TOKEN_BEGINNING).unwrap_or_default();
        rest.split('.').next().is_some_and(|chance| chance.len() >= CLIENT_TOKEN)
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::Canaries;

    #[test]
    #[should_panic(expected = "the log holds the value")]
    fn a_value_that_was_cut_short_is_found() {
        let canaries = Canaries::default();
        let value = canaries.value("password");
        canaries.assert_absent("the log", "nothing of the kind");
        canaries.assert_absent("the log", &format!("login with {}…", &value[..14]));
    }

    #[test]
    #[should_panic(expected = "the log holds the value \"eyJhbGciOiJ\" (base64)")]
    fn a_service_accounts_token_is_found_in_base64() {
        let canaries = Canaries::default();
        canaries.assert_absent("the log", "eyJ is how JSON begins in base64");
        canaries.assert_absent("the log", &BASE64_STANDARD.encode("bearer eyJhbGciOiJSUzI1NiIsImtpZCI6"));
    }

    #[test]
    #[should_panic(expected = "the log holds the client token \"s.dQw4w9WgXcQdQw4w9WgXcQ12\"")]
    fn a_token_that_vault_gave_is_found() {
        let canaries = Canaries::default();
        canaries.assert_absent("the log", "secretstores.external-secrets.io is no token, nor is s.x");
        canaries.assert_absent("the log", "with token=\"s.dQw4w9WgXcQdQw4w9WgXcQ12\", 1 s");
    }
}
