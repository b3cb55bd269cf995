//! Values that are JSON objects become one.

use std::collections::{BTreeMap, HashSet};

use eso_core::value::SecretBytes;

use super::{Allowance, RewriteError, rewrite::start};
use crate::{
    desired::Entries,
    property::object::{self, Members},
};

/// How many members a message about conflicts names.
const NAMED: usize = 10;

/// Values that are JSON objects become one, as in the original: the objects are taken in the order of their keys, then
/// those of the keys that have priority in the order in which they stand there, and of members of the same name the
/// last wins. `null` is an object without members.
///
/// Numbers keep their digits; the original takes them through a float64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// The key of the merged object, for [`Strategy::Json`]. It may be one that is there.
    pub into: String,
    /// The keys whose members win.
    pub priority: Vec<String>,
    /// What becomes of a key of `priority` that is not there.
    pub priority_policy: PriorityPolicy,
    /// What becomes of a member that several objects have.
    pub conflict_policy: ConflictPolicy,
    /// What becomes of the members.
    pub strategy: Strategy,
}

/// What becomes of a key of `priority` that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriorityPolicy {
    /// The merge fails.
    #[default]
    Strict,
    /// Nothing.
    IgnoreNotFound,
}

/// What becomes of a member that several objects have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// The merge fails, also where one of the objects has priority: in the original, too, priority settles conflicts
    /// under `Ignore` only.
    #[default]
    Error,
    /// The last one wins.
    Ignore,
}

/// What becomes of the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Each becomes an entry, and nothing else is left: a string without its quotes, `null` as nothing, anything else
    /// as JSON text.
    #[default]
    Extract,
    /// They stay one object, in one entry beside the others.
    Json,
}

impl Merge {
    /// What is left of the values.
    pub(super) fn apply(
        &self,
        mut entries: Entries,
        allowance: &mut Allowance,
    ) -> Result<Entries, RewriteError> {
        let merged = self.merged(&entries, allowance)?;
        match self.strategy {
            Strategy::Extract => merged.into_iter().map(entry).collect(),
            Strategy::Json if self.into.is_empty() => Err(RewriteError::NoInto),
            Strategy::Json => {
                let document = object::document(&merged).ok_or_else(|| too_deep(&self.into))?;
                entries.insert(self.into.clone(), document);
                Ok(entries)
            }
        }
    }

    fn merged<'a>(
        &self,
        entries: &'a Entries,
        allowance: &mut Allowance,
    ) -> Result<Members<'a>, RewriteError> {
        let mut merged = Members::new();
        let mut owners: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (key, value) in self.order(entries)? {
            allowance.read(value.expose().len())?;
            let members = object::members(value.expose())
                .map_err(|error| RewriteError::NoObject { key: start(key), reason: error.to_string() })?;
            for (member, value) in members {
                owners.entry(member.clone()).or_default().push(key);
                merged.insert(member, value);
            }
        }
        owners.retain(|_, keys| keys.len() > 1);
        match self.conflict_policy {
            ConflictPolicy::Error if !owners.is_empty() => Err(conflicting(&owners)),
            ConflictPolicy::Error | ConflictPolicy::Ignore => Ok(merged),
        }
    }

    /// The values in the order in which they are merged.
    fn order<'a>(&self, entries: &'a Entries) -> Result<Vec<(&'a str, &'a SecretBytes)>, RewriteError> {
        let priority: HashSet<_> = self.priority.iter().collect();
        let others = entries.iter().filter(|(key, _)| !priority.contains(key));
        let mut order: Vec<_> = others.map(|(key, value)| (key.as_str(), value)).collect();
        for key in &self.priority {
            match (entries.get_key_value(key), self.priority_policy) {
                (Some((key, value)), _) => order.push((key, value)),
                (None, PriorityPolicy::IgnoreNotFound) => {}
                (None, PriorityPolicy::Strict) => return Err(RewriteError::Missing(start(key))),
            }
        }
        Ok(order)
    }
}

fn entry((member, value): (String, &[u8])) -> Result<(String, SecretBytes), RewriteError> {
    let entry = object::entry(value).ok_or_else(|| too_deep(&member))?;
    Ok((member, entry))
}

fn too_deep(key: &str) -> RewriteError {
    RewriteError::NoObject { key: start(key), reason: "it is nested too deep".to_owned() }
}

/// Which members several objects have, and under which keys.
fn conflicting(conflicts: &BTreeMap<String, Vec<&str>>) -> RewriteError {
    let named = conflicts.iter().take(NAMED).map(|(member, keys)| {
        let keys: Vec<_> = keys.iter().take(NAMED).map(|key| start(key)).collect();
        format!("{} (in {})", start(member), keys.join(", "))
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if let Some(more) = conflicts.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    RewriteError::Conflicts(text)
}
