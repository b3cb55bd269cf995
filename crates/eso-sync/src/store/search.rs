//! Searches: each a call of its own, shared by all who ask the same before it is sent.

use std::{collections::HashMap, sync::Arc};

use eso_core::{
    error::ProviderError,
    provider::{Found, Query},
};
use parking_lot::Mutex;
use tokio::{sync::oneshot, time::sleep};

use super::{Question, Sort, Store, Verdict, call, closed, is_worth_a_retry, verdict};

/// What a search comes to.
type Answer = Result<Vec<Found>, ProviderError>;

/// The searches that were not sent yet, with all who ask each.
#[derive(Debug, Default)]
pub(super) struct Searches(Mutex<HashMap<Query, Vec<oneshot::Sender<Answer>>>>);

impl Searches {
    /// Notes who asks, and says whether nobody asked the same before.
    fn join(&self, query: &Query, asker: oneshot::Sender<Answer>) -> bool {
        let mut waiting = self.0.lock();
        let askers = waiting.entry(query.clone()).or_default();
        askers.push(asker);
        askers.len() == 1
    }

    /// All who ask, from whom on the search counts as sent.
    fn take(&self, query: &Query) -> Vec<oneshot::Sender<Answer>> {
        self.0.lock().remove(query).unwrap_or_default()
    }
}

impl Store {
    /// Every value that a query meets, asked within the same bounds as reads. A query joins an equal one only while that is
    /// not sent.
    pub async fn find(self: &Arc<Self>, query: Query) -> Result<Vec<Found>, ProviderError> {
        if let Some(refusal) = self.refusal() {
            self.questions.lock().wanted(Question::Find(query));
            return Err(refusal);
        }
        let (asker, answer) = oneshot::channel();
        if self.searches.join(&query, asker) {
            self.tasks.spawn(Arc::clone(self).search(query));
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn search(self: Arc<Self>, query: Query) {
        let mut retries = self.settings.retries;
        let pass = self.admit(Sort::Single).await;
        let askers = self.searches.take(&query);
        let answer = match pass {
            Err(refusal) => Err(refusal),
            Ok(_pass) => loop {
                let answer = self.search_once(&query).await;
                if retries == 0 || !is_worth_a_retry(&answer) || self.closed.is_cancelled() {
                    break answer;
                }
                retries -= 1;
                sleep(self.settings.retry_interval).await;
            },
        };
        for asker in askers {
            // Whoever went away needs no answer.
            let _ = asker.send(answer.clone());
        }
    }

    async fn search_once(&self, query: &Query) -> Answer {
        let answer = call::find(&*self.provider, query).await;
        let verdict = verdict([answer.as_ref().err()]);
        if matches!(verdict, Verdict::Unanswered(_)) {
            self.questions.lock().wanted(Question::Find(query.clone()));
        }
        self.judge(verdict);
        self.slow_down(Sort::Single, [answer.as_ref().err()]);
        self.doubt_login([answer.as_ref().err()]);
        answer
    }
}

#[cfg(test)]
mod tests;
