//! What each value of each store should come to: what is put into it, and what is taken out.

use std::collections::{BTreeMap, BTreeSet};

use eso_core::{
    key::{RemoteKey, StoreReference},
    provider::{DocumentTexts, Inspect},
};
use serde_json::Value;

use super::{
    Place, Synced,
    expand::{Asked, Pushed},
};

/// What one value should come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goal {
    /// What is put into it, later ones over earlier ones.
    pub parts: Vec<Pushed>,
    /// The properties that are taken out; `None` is the whole value.
    pub gone: Vec<Option<String>>,
}

impl Goal {
    /// What is wanted beside the value: what the last part says that says anything.
    pub fn metadata(&self) -> Option<&Value> {
        self.parts.iter().rev().find_map(|pushed| pushed.data.metadata.as_ref())
    }

    /// The question that must be asked before it is decided what to do, with what its metadata points to.
    pub fn question(&self, key: &RemoteKey, documents: DocumentTexts) -> Inspect {
        Inspect { key: key.clone(), metadata: self.metadata().cloned(), documents }
    }
}

/// What each value of each store should come to: all entries of one value are one goal, and so one write.
pub type Goals = BTreeMap<StoreReference, BTreeMap<RemoteKey, Goal>>;

/// The goals of an object that asks for this, and did for `synced`; what is no longer asked for goes where `cleans_up`
/// says so.
pub fn goals(asked: &Asked, synced: &Synced, cleans_up: bool) -> Goals {
    let mut goals = if cleans_up { removals(asked, synced) } else { Goals::new() };
    for (store, pushed) in asked {
        for one in pushed {
            let goal = goals.entry(store.clone()).or_default().entry(one.data.place.key.clone()).or_default();
            goal.parts.push(one.clone());
        }
    }
    goals
}

/// What a status says of stores that are left alone, and of all others.
pub fn parted(synced: &Synced, resting: &BTreeSet<StoreReference>) -> (Synced, Synced) {
    synced.clone().into_iter().partition(|(store, _)| resting.contains(store))
}

fn removals(asked: &Asked, synced: &Synced) -> Goals {
    let mut goals = Goals::new();
    for (store, places) in synced {
        // Two places may have one name: the whole of `a/b`, and the property `b` of `a`.
        let asked: BTreeSet<&Place> =
            asked.get(store).into_iter().flatten().map(|one| &one.data.place).collect();
        for data in places.values().filter(|data| !asked.contains(&data.place)) {
            let goal = goals.entry(store.clone()).or_default().entry(data.place.key.clone()).or_default();
            goal.gone.push(data.place.property.clone());
        }
    }
    goals
}

/// What an object asks for, as its status says it.
pub fn named(asked: &Asked) -> Synced {
    let places = |pushed: &Vec<Pushed>| {
        pushed.iter().map(|one| (one.data.place.to_string(), one.data.clone())).collect()
    };
    asked.iter().map(|(store, pushed)| (store.clone(), places(pushed))).collect()
}

/// What a status must say before anything is written, so that nothing is written that nobody would ever delete; `None`
/// where it says so already.
pub fn claim(asked: &Asked, synced: &Synced) -> Option<Synced> {
    let mut claimed = synced.clone();
    for (store, places) in named(asked) {
        let known = claimed.entry(store).or_default();
        for (name, data) in places {
            known.entry(name).or_insert(data);
        }
    }
    claimed.retain(|_, places| !places.is_empty());
    let has_more = claimed.iter().any(|(store, places)| {
        synced.get(store).is_none_or(|known| places.keys().any(|name| !known.contains_key(name)))
    });
    has_more.then_some(claimed)
}

/// The values that are not known to be as they should be, and whether each may have been written all the same.
pub type Failed = BTreeMap<StoreReference, BTreeMap<RemoteKey, bool>>;

/// What a status says after a run, before which it said `synced`: what was asked for and is there or may be, and what is
/// not asked for any more and was not taken away.
pub fn left(asked: &Asked, synced: &Synced, failed: &Failed) -> Synced {
    let failed =
        |store: &StoreReference, key: &RemoteKey| failed.get(store).and_then(|keys| keys.get(key)).copied();
    let mut left = named(asked);
    for (store, places) in &mut left {
        places.retain(|name, data| {
            let was_there = synced.get(store).is_some_and(|known| known.contains_key(name));
            was_there || failed(store, &data.place.key) != Some(false)
        });
    }
    for (store, places) in synced {
        for (name, data) in places.iter().filter(|(_, data)| failed(store, &data.place.key).is_some()) {
            left.entry(store.clone()).or_default().entry(name.clone()).or_insert_with(|| data.clone());
        }
    }
    left
}

#[cfg(test)]
mod tests;
