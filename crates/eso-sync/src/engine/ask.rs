//! Asks the stores of an object: one answer for each of its entries.

use std::{sync::Arc, time::Duration};

use eso_plan::{desired::Ask, due::Wake, observed::Observed, render::Answer};
use tokio::time::timeout;

use super::{
    company::{Source, slack},
    run::Run,
};
use crate::{
    contents::{Asked, Reading, refused},
    queue::Lane,
    store::Store,
};

/// How long all reads of one run may take together. An object that is under way holds one of the places that all share;
/// its stores may retry each read for 30 s, and make it wait in line before.
const LONGEST_READ: Duration = Duration::from_secs(120);

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
        let is_out = |store: &Arc<Store>| self.engine.dispatch.wake_on_recovery(store, self.work, self.stop);
        let stores = self.engine.stores.as_ref();
        let reading = Reading { stores, lane: self.work.turn.lane, is_out: &is_out };
        let asked = reading.stores(entries).await;
        self.share(observed, &asked);
        reading.answers(asked, entries).await
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
