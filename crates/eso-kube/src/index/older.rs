//! The ExternalSecrets of the older group, which may have the names of newer ones, and what they fill besides.

use std::{collections::BTreeMap, sync::Arc};

use eso_core::api::external_secret::ExternalSecretStatus;
use eso_plan::convert::legacy::Environment;
use eso_sync::ports::ObjectId;

use super::{Family, Forgotten, Index, Lineage, Met, Named, News};
use crate::watch::Object;

/// What became of the Secrets that an object fills besides its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Those that should be looked at.
    pub news: Vec<Named>,
    /// Those that are not to be filled any more.
    pub forgotten: Vec<ObjectId>,
}

impl Index {
    /// A list of all of them begins: what it does not show is gone when it ends.
    pub fn begin_older(&mut self) {
        self.unlist(Family::Older);
    }

    /// One is there, which is read in this environment.
    pub fn meet_older(&mut self, object: Object, environment: &Arc<Environment>) -> Met {
        self.meet(Lineage::Older(Arc::clone(environment)), object)
    }

    /// One is gone, and what it fills besides.
    pub fn lose_older(&mut self, namespace: &str, name: &str) -> Option<Forgotten> {
        self.find(Family::Older, namespace, name).and_then(|id| self.forget(id))
    }

    /// The list has ended: gives those that it did not show.
    pub fn end_older(&mut self) -> Vec<Forgotten> {
        self.forget_unlisted(Family::Older)
    }

    /// One fills these Secrets besides its own, each as this object asks, and no others.
    pub fn fill(&mut self, of: ObjectId, fills: BTreeMap<String, Object>) -> Filled {
        let mut filled = Filled {
            forgotten: self.forget_fills(of, |secret| !fills.contains_key(secret)),
            ..Filled::default()
        };
        for (secret, object) in fills {
            let key = (of, secret.into_boxed_str());
            let met = match self.fills.get(&key) {
                Some(id) => self.update(*id, object),
                None => {
                    let met = self.insert(Lineage::Fill(of), object);
                    self.fills.insert(key, met.object.id);
                    met
                }
            };
            if met.news != News::Nothing {
                filled.news.push(met.object);
            }
        }
        filled
    }

    /// Those of a namespace, and what they fill besides.
    pub fn older_in(&self, namespace: &str) -> Vec<Named> {
        let older = self.entries.iter().filter(|(_, entry)| entry.family() != Family::Newer);
        let inside = older.filter(|(_, entry)| *entry.namespace == *namespace);
        inside.map(|(id, entry)| entry.named(*id)).collect()
    }

    /// What became of a Secret that an object fills besides is remembered here alone: its own status is of its own Secret.
    pub fn filled(&mut self, id: ObjectId, status: &ExternalSecretStatus) {
        self.change(id, |entry| entry.noted(status));
    }

    /// What an object is.
    pub fn family(&self, id: ObjectId) -> Option<Family> {
        self.entries.get(&id).map(|entry| entry.family())
    }

    /// Forgets what an object fills besides, where a Secret's name is chosen.
    pub(super) fn forget_fills(&mut self, of: ObjectId, chosen: impl Fn(&str) -> bool) -> Vec<ObjectId> {
        let all = (of, Box::default())..(ObjectId(of.0 + 1), Box::default());
        let fills = self.fills.extract_if(all, |(_, secret), _| chosen(secret));
        let ids: Vec<ObjectId> = fills.map(|(_, id)| id).collect();
        ids.iter().for_each(|id| drop(self.forget(*id)));
        ids
    }
}

#[cfg(test)]
mod tests;
