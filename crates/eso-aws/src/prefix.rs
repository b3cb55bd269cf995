//! What every key of a store begins with, so that people need not write it, and can reach nothing else.

/// The text that is put before each key; it may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    /// Any text may be one.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether keys are not what AWS calls them.
    pub(crate) fn is_given(&self) -> bool {
        !self.0.is_empty()
    }

    /// What AWS calls the value of a key.
    pub(crate) fn full(&self, key: &str) -> String {
        format!("{}{key}", self.0)
    }

    /// The key by which a value of this name is read; `None` where it cannot be.
    pub(crate) fn key<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(&self.0)
    }

    /// What the names of a search begin with: the prefix and the path. A path may hold the prefix already, as the
    /// original wants it.
    pub(crate) fn start(&self, path: Option<&str>) -> Option<String> {
        match path {
            None => self.is_given().then(|| self.0.clone()),
            Some(path) if path.starts_with(&self.0) => Some(path.to_owned()),
            Some(path) => Some(self.full(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Prefix;

    #[test]
    fn a_key_is_read_below_the_prefix_and_found_without_it() {
        let (none, team) = (Prefix::default(), Prefix::new("team/"));
        assert_eq!((none.full("db"), none.key("db")), ("db".to_owned(), Some("db")));
        assert_eq!((team.full("db"), team.key("team/db")), ("team/db".to_owned(), Some("db")));
        assert_eq!(team.key("other/db"), None);
    }

    #[track_caller]
    fn check(prefix: &str, path: Option<&str>, start: Option<&str>) {
        assert_eq!(Prefix::new(prefix).start(path).as_deref(), start, "{prefix:?} {path:?}");
    }

    #[test]
    fn a_search_begins_with_the_prefix_and_with_the_path_once() {
        check("", None, None);
        check("", Some("app/"), Some("app/"));
        check("team/", None, Some("team/"));
        check("team/", Some(""), Some("team/"));
        check("team/", Some("app/"), Some("team/app/"));
        check("team/", Some("team/app/"), Some("team/app/"));
        check("team/", Some("team"), Some("team/team"));
    }
}
