//! What stores give for what is asked of them, whoever asks: read, and rendered.

use std::{collections::BTreeMap, sync::Arc};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{RemoteKey, StoreReference},
    provider::{Dialect, Fetch, Fetched, Found, Query},
};
use eso_plan::{
    desired::{Ask, Desired, Entry},
    fence,
    render::{self, Answer, Given, ReadError, RenderError, Rendered},
    template::{Delimiters, Sources},
};
use futures::future::{join, join_all};

use crate::{
    engine::{Settings, planner::Planner},
    ports::{Granted, Stores},
    queue::Lane,
    store::Store,
};

/// How many bytes the values may take that a search finds: four times of what a Secret holds, as of all that is rendered.
const LARGEST_FIND: usize = 4 << 20;

/// How many values that were found are asked for at once, so that what is too much is known before all of it was read.
const FOUND_AT_ONCE: usize = 100;

/// Reads and renders what somebody wants who has no target: the engine's own way to both, without what it does before
/// and after.
#[derive(Debug)]
pub struct Contents {
    stores: Arc<dyn Stores>,
    planner: Planner,
}

impl Contents {
    /// Contents out of these stores. Of the settings it takes how templates are rendered.
    pub fn new(stores: Arc<dyn Stores>, settings: &Settings) -> Self {
        Self { stores, planner: Planner::new(settings) }
    }

    /// What begins and ends an action in the templates that are rendered.
    pub fn delimiters(&self) -> &Delimiters {
        self.planner.delimiters()
    }

    /// What a target must hold, where its templates stand in these sources. The stores are asked as for an object that a
    /// person changed.
    ///
    /// It takes as long as the stores take. Who has less time drops the call, which takes nothing from others who ask the
    /// same.
    ///
    /// # Errors
    /// The first value that cannot be read, or the template that fails.
    pub async fn content(&self, desired: &Desired, sources: Sources) -> Result<Rendered, RenderError> {
        let reading = Reading { stores: self.stores.as_ref(), lane: Lane::Changed, is_out: &|_store| {} };
        let asked = reading.stores(&desired.entries).await;
        let answers = reading.answers(asked, &desired.entries).await;
        self.planner.make(desired, answers, sources).await
    }
}

/// The stores of an object, each with the places of its entries.
pub(crate) type Asked<'a> = BTreeMap<&'a StoreReference, (Result<Granted, String>, Vec<usize>)>;

/// How stores are read.
pub(crate) struct Reading<'a> {
    pub(crate) stores: &'a dyn Stores,
    pub(crate) lane: Lane,
    /// Told of each store that gives no answer.
    pub(crate) is_out: &'a (dyn Fn(&Arc<Store>) + Send + Sync),
}

impl Reading<'_> {
    /// The stores that entries name.
    pub(crate) async fn stores<'e>(&self, entries: &'e [Entry]) -> Asked<'e> {
        let mut asked = Asked::new();
        for (place, entry) in entries.iter().enumerate() {
            if !asked.contains_key(&entry.store) {
                asked.insert(&entry.store, (self.stores.store(&entry.store).await, Vec::new()));
            }
            let (_, places) = asked.get_mut(&entry.store).expect("the store of an entry must be there");
            places.push(place);
        }
        asked
    }

    /// Asks all stores at once: one answer for each entry, in order.
    pub(crate) async fn answers(&self, asked: Asked<'_>, entries: &[Entry]) -> Vec<Answer> {
        let answers =
            asked.into_iter().map(|(name, (granted, places))| self.ask_one(name, granted, places, entries));
        let mut answers: Vec<(usize, Answer)> = join_all(answers).await.into_iter().flatten().collect();
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn ask_one(
        &self,
        name: &StoreReference,
        granted: Result<Granted, String>,
        places: Vec<usize>,
        entries: &[Entry],
    ) -> Vec<(usize, Answer)> {
        let granted = match granted {
            Ok(granted) => granted,
            Err(problem) => {
                return places.into_iter().map(|place| (place, refused(problem.clone()))).collect();
            }
        };
        let mut given = Vec::new();
        let (mut read, mut requests, mut searches) = (Vec::new(), Vec::new(), Vec::new());
        for place in places {
            match &entries[place].ask {
                Ask::Read(fetch) if !granted.allows(&fetch.key) => {
                    given.push((place, Err(ReadError::Store(fence::denied(name, &fetch.key)))));
                }
                Ask::Read(fetch) => {
                    read.push(place);
                    requests.push(fetch.clone());
                }
                Ask::Find(query) => searches.push((place, query)),
            }
        }
        let searches = searches
            .into_iter()
            .map(async |(place, query): (usize, &Query)| (place, self.find(&granted, query).await));
        let (fetched, found) = join(granted.store.fetch(requests, self.lane), join_all(searches)).await;
        let value = |fetched: Result<Fetched, _>| fetched.map(Given::Value).map_err(ReadError::Provider);
        given.extend(read.into_iter().zip(fetched.into_iter().map(value)).chain(found));
        if given.iter().any(|(_, given)| is_out(given)) {
            (self.is_out)(&granted.store);
        }
        let dialect = granted.store.dialect();
        given.into_iter().map(|(place, given)| (place, Answer { dialect, given })).collect()
    }

    /// All values that a query meets and that its asker may see, in the order of their keys. What may not be seen is not
    /// there: whether the query would meet it cannot be told from the answer.
    async fn find(&self, granted: &Granted, query: &Query) -> Result<Given, ReadError> {
        let Granted { store, keys } = granted;
        let found = match store.find(query.clone()).await {
            Err(error) if keys.is_some() && error.kind() == ErrorKind::NotFound => Vec::new(),
            found => found.map_err(ReadError::Provider)?,
        };
        let is_meant = |found: &Found| {
            query.name.as_ref().is_none_or(|name| name.accepts(found.key.as_str()))
                && granted.allows(&found.key)
        };
        let mut values: BTreeMap<RemoteKey, Fetched> = BTreeMap::new();
        let mut missing = Vec::new();
        for Found { key, value } in found.into_iter().filter(is_meant) {
            match value {
                Some(value) => drop(values.insert(key, value)),
                None => missing.push(key),
            }
        }
        for keys in missing.chunks(FOUND_AT_ONCE) {
            let requests = keys.iter().map(|key| Fetch::new(key.clone())).collect();
            let fetched = store.fetch(requests, self.lane).await;
            for (key, fetched) in keys.iter().zip(fetched) {
                values.extend(unless_gone(fetched)?.map(|fetched| (key.clone(), fetched)));
            }
            check_size(values.values())?;
        }
        check_size(values.values())?;
        Ok(Given::Found(values.into_iter().collect()))
    }
}

/// What a store that cannot be used answers.
pub(crate) fn refused(problem: String) -> Answer {
    Answer { dialect: Dialect::default(), given: Err(ReadError::Store(problem)) }
}

fn is_out(given: &Result<Given, ReadError>) -> bool {
    match given {
        Err(ReadError::Provider(error)) => error.kind() == ErrorKind::Unavailable,
        Ok(_) | Err(ReadError::Store(_)) => false,
    }
}

/// What was there when it was looked for may be gone when it is read.
fn unless_gone(fetched: Result<Fetched, ProviderError>) -> Result<Option<Fetched>, ReadError> {
    match fetched {
        Ok(fetched) => Ok(Some(fetched)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReadError::Provider(error)),
    }
}

fn check_size<'a>(values: impl Iterator<Item = &'a Fetched>) -> Result<(), ReadError> {
    if values.map(render::size).sum::<usize>() <= LARGEST_FIND {
        return Ok(());
    }
    Err(ReadError::Store("what is found takes more than 4 MiB: look for fewer values".to_owned()))
}

#[cfg(test)]
mod tests;
