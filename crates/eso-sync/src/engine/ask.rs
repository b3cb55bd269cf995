//! Asks the stores of an object: one answer for each of its entries.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{RemoteKey, StoreReference},
    provider::{Dialect, Fetch, Fetched, Found, Query},
};
use eso_plan::{
    desired::{Ask, Entry},
    due::Wake,
    fence,
    observed::Observed,
    render::{self, Answer, Given, ReadError},
};
use futures::future::{join, join_all};
use tokio::time::timeout;

use super::{
    company::{Source, slack},
    run::Run,
};
use crate::{ports::Granted, queue::Lane, store::Store};

/// How long all reads of one run may take together. An object that is under way holds one of the places that all share;
/// its stores may retry each read for 30 s, and make it wait in line before.
const LONGEST_READ: Duration = Duration::from_secs(120);

/// How many bytes the values may take that a search finds: four times of what a Secret holds, as of all that is rendered.
const LARGEST_FIND: usize = 4 << 20;

/// How many values that were found are asked for at once, so that what is too much is known before all of it was read.
const FOUND_AT_ONCE: usize = 100;

/// The stores of an object, each with the places of its entries.
type Asked<'a> = BTreeMap<&'a StoreReference, (Result<Granted, String>, Vec<usize>)>;

impl Run<'_> {
    /// Asks all stores at once, but not for longer than [`LONGEST_READ`]: one answer for each entry, in order.
    pub(super) async fn ask_in_time(&self, observed: &Observed) -> Vec<Answer> {
        let answers = timeout(LONGEST_READ, self.ask(observed)).await;
        answers.unwrap_or_else(|_elapsed| {
            let problem = format!("its stores did not give all values within {} s", LONGEST_READ.as_secs());
            vec![refused(problem); observed.desired.entries.len()]
        })
    }

    async fn ask(&self, observed: &Observed) -> Vec<Answer> {
        let entries = &observed.desired.entries;
        let asked = self.stores(entries).await;
        self.share(observed, &asked);
        let answers =
            asked.into_iter().map(|(name, (granted, places))| self.ask_one(name, granted, places, entries));
        let mut answers: Vec<(usize, Answer)> = join_all(answers).await.into_iter().flatten().collect();
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn stores<'a>(&self, entries: &'a [Entry]) -> Asked<'a> {
        let mut asked = Asked::new();
        for (place, entry) in entries.iter().enumerate() {
            if !asked.contains_key(&entry.store) {
                asked.insert(&entry.store, (self.engine.stores.store(&entry.store).await, Vec::new()));
            }
            let (_, places) = asked.get_mut(&entry.store).expect("the store of an entry must be there");
            places.push(place);
        }
        asked
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
        let (fetched, found) =
            join(granted.store.fetch(requests, self.work.turn.lane), join_all(searches)).await;
        let value = |fetched: Result<Fetched, _>| fetched.map(Given::Value).map_err(ReadError::Provider);
        given.extend(read.into_iter().zip(fetched.into_iter().map(value)).chain(found));
        if given.iter().any(|(_, given)| is_out(given)) {
            self.engine.dispatch.wake_on_recovery(&granted.store, self.work, self.stop);
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
            let fetched = store.fetch(requests, self.work.turn.lane).await;
            for (key, fetched) in keys.iter().zip(fetched) {
                values.extend(unless_gone(fetched)?.map(|fetched| (key.clone(), fetched)));
            }
            check_size(values.values())?;
        }
        check_size(values.values())?;
        Ok(Given::Found(values.into_iter().collect()))
    }

    /// Notes what the object shows; and if only its time has come, brings along those that show the same.
    ///
    /// One that was brought along brings nobody along itself: else one read would draw in everything, link by link.
    fn share(&self, observed: &Observed, asked: &Asked<'_>) {
        let entries = &observed.desired.entries;
        let shown = |store: &Arc<Store>, place: &usize| match &entries[*place].ask {
            Ask::Read(fetch) => Some(Source::new(store, fetch)),
            Ask::Find(_) => None,
        };
        let shown = Source::each_once(asked.values().flat_map(|(granted, places)| {
            let granted = granted.iter();
            granted.flat_map(|granted| places.iter().filter_map(|place| shown(&granted.store, place)))
        }));
        self.engine.company.lock().note(self.work.object, &shown, slack(&observed.desired));
        if self.work.turn.lane == Lane::Periodic && self.work.turn.wake == Wake::Look {
            self.engine.bring_along(&shown);
        }
    }
}

fn refused(problem: String) -> Answer {
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
