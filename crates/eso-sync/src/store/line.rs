//! Requests that were not sent yet: joined by what they ask, in the order of their lanes.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use eso_core::{
    error::ProviderError,
    provider::{Fetch, Fetched},
};
use tokio::{sync::oneshot, time::Instant};

use super::backends::Sort;
use crate::queue::Lane;

/// What a request comes to.
pub(super) type Answer = Result<Fetched, ProviderError>;

/// How long a request that nobody waits for stays in line after the last one that came, so that more can join it.
/// 10,000 objects a minute come every 6 ms: much less than this breaks their batches up.
const COMPANY: Duration = Duration::from_millis(50);

/// How long it stays at the most, however many come. At 100 a second a batch of 20 fills up in this time.
const LONGEST_COMPANY: Duration = Duration::from_millis(200);

/// The line. Plain data: time is passed in.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: BTreeMap<Place, Waiting>,
    places: HashMap<Fetch, Place>,
    tickets: u64,
    newest: Option<Instant>,
}

type Place = (Lane, u64);

/// A request in line, with all who ask it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) request: Fetch,
    pub(super) lane: Lane,
    /// How often it may be tried again.
    pub(super) retries: u32,
    since: Instant,
    askers: Vec<oneshot::Sender<Answer>>,
}

impl Waiting {
    pub(super) fn answer(self, answer: &Answer) {
        for asker in self.askers {
            // Whoever went away needs no answer.
            let _ = asker.send(answer.clone());
        }
    }

    fn is_abandoned(&self) -> bool {
        self.askers.iter().all(oneshot::Sender::is_closed)
    }
}

impl Line {
    /// Joins the same request where it waits, or the end of the lane.
    pub(super) fn join(
        &mut self,
        request: Fetch,
        lane: Lane,
        retries: u32,
        now: Instant,
    ) -> oneshot::Receiver<Answer> {
        let (asker, answer) = oneshot::channel();
        self.put(Waiting { request, lane, retries, since: now, askers: vec![asker] });
        self.newest = Some(now);
        answer
    }

    /// Puts a request in line, again with all who ask it.
    pub(super) fn put(&mut self, mut waiting: Waiting) {
        if let Some(place) = self.places.remove(&waiting.request) {
            let other = self.waiting.remove(&place).expect("a place in line must be taken");
            waiting.lane = waiting.lane.min(other.lane);
            waiting.retries = waiting.retries.max(other.retries);
            waiting.since = waiting.since.min(other.since);
            waiting.askers.extend(other.askers);
            if waiting.lane == other.lane {
                self.insert(place, waiting);
                return;
            }
        }
        self.tickets += 1;
        self.insert((waiting.lane, self.tickets), waiting);
    }

    /// What sort of call is next, where there is one to make. Requests that everybody left are dropped.
    pub(super) fn next(&mut self, batch_size: impl Fn(&Fetch) -> usize) -> Option<Sort> {
        self.drop_abandoned();
        let (_, first) = self.waiting.first_key_value()?;
        if batch_size(&first.request) == 1 {
            return Some(Sort::Single);
        }
        let alike = self.waiting.values().filter(|waiting| batch_size(&waiting.request) > 1);
        Some(if alike.take(2).count() == 1 { Sort::Single } else { Sort::Batch })
    }

    /// Until when the first request waits for company; `None` where it should go at once.
    ///
    /// A request for which a person waits goes at once, and so does a full batch.
    pub(super) fn waits_until(&self, batch_size: impl Fn(&Fetch) -> usize) -> Option<Instant> {
        let (_, first) = self.waiting.first_key_value()?;
        let size = batch_size(&first.request);
        let is_full = size > 1 && self.waiting.len() >= size;
        if first.lane == Lane::Changed || is_full {
            return None;
        }
        let quiet = self.newest.map(|newest| newest + COMPANY)?;
        Some(quiet.min(first.since + LONGEST_COMPANY))
    }

    /// Takes what one call of that sort can take; nothing where another sort is next by now.
    pub(super) fn take(&mut self, sort: Sort, batch_size: impl Fn(&Fetch) -> usize) -> Vec<Waiting> {
        if self.next(&batch_size) != Some(sort) {
            return Vec::new();
        }
        let size = match sort {
            Sort::Single | Sort::Write => 1,
            Sort::Batch => self.waiting.first_key_value().map_or(1, |(_, first)| batch_size(&first.request)),
        };
        let fits = |waiting: &Waiting| sort == Sort::Single || batch_size(&waiting.request) > 1;
        let fitting = self.waiting.iter().filter(|(_, waiting)| fits(waiting) && !waiting.is_abandoned());
        let places: Vec<Place> = fitting.map(|(place, _)| *place).take(size).collect();
        places.into_iter().filter_map(|place| self.remove(place)).collect()
    }

    /// Takes everything.
    pub(super) fn take_all(&mut self) -> Vec<Waiting> {
        self.places.clear();
        std::mem::take(&mut self.waiting).into_values().collect()
    }

    fn drop_abandoned(&mut self) {
        while let Some((place, _)) = self.waiting.first_key_value().filter(|(_, first)| first.is_abandoned())
        {
            let place = *place;
            self.remove(place);
        }
    }

    fn insert(&mut self, place: Place, waiting: Waiting) {
        self.places.insert(waiting.request.clone(), place);
        self.waiting.insert(place, waiting);
    }

    fn remove(&mut self, place: Place) -> Option<Waiting> {
        let waiting = self.waiting.remove(&place)?;
        self.places.remove(&waiting.request);
        Some(waiting)
    }
}

#[cfg(test)]
mod tests;
