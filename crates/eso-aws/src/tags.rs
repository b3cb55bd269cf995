//! The tags of a value: whose it is, and which should be there.

use std::collections::BTreeMap;

use eso_core::{
    provider::{Fetched, Value},
    value::SecretBytes,
};

/// Tags, by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// The tag by which the original, and this operator, know what they wrote.
const MANAGED_BY: (&str, &str) = ("managed-by", "external-secrets");

/// What the original says of what it did not write.
pub(crate) const NOT_OURS: &str = "secret not managed by external-secrets";

/// What it says of a value, where nobody says anything else.
pub(crate) const DESCRIPTION: &str = "secret 'managed-by:external-secrets'";

/// Whether a value with these tags is one that the original or this operator wrote.
pub(crate) fn is_ours(tags: &Tags) -> bool {
    tags.get(MANAGED_BY.0).is_some_and(|value| value == MANAGED_BY.1)
}

/// Whether the key is that of the tag that says so, which nobody may ask for.
pub(crate) fn is_reserved(key: &str) -> bool {
    key == MANAGED_BY.0
}

/// These tags, and the one that says that the value is ours.
pub(crate) fn with_owner(mut tags: Tags) -> Tags {
    tags.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
    tags
}

/// What makes the tags of a value those that are wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// To be taken away.
    pub(crate) keys_to_remove: Vec<String>,
    /// To be put on, or to have another value.
    pub(crate) tags_to_set: Tags,
}

impl Change {
    /// Where nothing is wanted, all is left as it is. The tags that AWS itself puts on stay too: nobody may remove them.
    pub(crate) fn between(there: &Tags, wanted: Option<&Tags>) -> Self {
        let Some(wanted) = wanted else { return Self::default() };
        let is_left_over = |key: &&String| !wanted.contains_key(*key) && !key.starts_with("aws:");
        let is_other = |(key, value): &(&String, &String)| there.get(*key) != Some(*value);
        let clone = |(key, value): (&String, &String)| (key.clone(), value.clone());
        Self {
            keys_to_remove: there.keys().filter(is_left_over).cloned().collect(),
            tags_to_set: wanted.iter().filter(is_other).map(clone).collect(),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.keys_to_remove.is_empty() && self.tags_to_set.is_empty()
    }
}

/// Tags as a value: a JSON object.
pub(crate) fn as_json(tags: &Tags) -> Fetched {
    let json = serde_json::to_vec(tags).expect("texts must be JSON");
    Fetched::new(Value::Bytes(SecretBytes::new(json)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[(&str, &str)]) -> Tags {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_the_originals_own_tag_makes_a_value_ours() {
        assert!(is_ours(&tags(&[("managed-by", "external-secrets"), ("a", "1")])));
        assert!(is_ours(&with_owner(Tags::new())));
        for foreign in [&[][..], &[("managed-by", "terraform")], &[("Managed-By", "external-secrets")]] {
            assert!(!is_ours(&tags(foreign)), "{foreign:?}");
        }
    }

    #[track_caller]
    fn check<const N: usize>(
        there: &[(&str, &str)],
        wanted: Option<&[(&str, &str)]>,
        removed: &[&str; N],
        set: &[(&str, &str)],
    ) {
        let change = Change::between(&tags(there), wanted.map(tags).as_ref());
        assert_eq!(
            (&change.keys_to_remove[..], &change.tags_to_set),
            (&removed.map(str::to_owned)[..], &tags(set))
        );
        assert_eq!(change.is_none(), removed.is_empty() && set.is_empty());
    }

    #[test]
    fn tags_become_those_that_are_wanted() {
        check(&[("a", "1")], None, &[], &[]);
        check(&[("a", "1")], Some(&[("a", "1")]), &[], &[]);
        check(&[("a", "1"), ("b", "2")], Some(&[("a", "3"), ("c", "4")]), &["b"], &[("a", "3"), ("c", "4")]);
        check(&[("aws:cloudformation:stack-name", "x")], Some(&[("a", "1")]), &[], &[("a", "1")]);
    }
}
