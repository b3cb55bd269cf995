//! Writers' calls: a look, a write or a deletion each, within the same bounds as reads. A look is tried again as a read
//! is; a write is not, for whoever asked for it must look again.

use std::sync::Arc;

use eso_core::{
    error::ProviderError,
    key::{DocumentName, RemoteKey, Version},
    provider::{Delete, Held, Inspect, PropertySyntax, Put, WholeSecret},
};
use serde_json::Value;
use tokio::{sync::OwnedMutexGuard, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Question, Sort, Store, Verdict, call, is_worth_a_retry, verdict};

/// Within what a call is made.
struct Bounds<'a> {
    /// What a probe asks where there is no answer.
    question: &'a Inspect,
    sort: Sort,
    /// Whoever waits for a place goes away when it is cancelled.
    stop: &'a CancellationToken,
}

impl Store {
    /// How a property is written into a whole value; `None` where nothing can be written to this store.
    pub fn property_syntax(&self) -> Option<PropertySyntax> {
        self.provider.writer().map(|writer| writer.property_syntax())
    }

    /// How a whole Secret is written as one value, with this beside it.
    pub fn whole_secret(&self, metadata: Option<&Value>) -> WholeSecret {
        self.provider.writer().map_or(WholeSecret::Texts, |writer| writer.whole_secret(metadata))
    }

    /// The texts of the cluster that are named in what is wanted beside a value.
    pub fn documents(&self, metadata: Option<&Value>) -> Vec<DocumentName> {
        self.provider.writer().map(|writer| writer.documents(metadata)).unwrap_or_default()
    }

    /// Waits until nobody else of this process is at a value, for as long as what is given is kept: whoever looks at it
    /// and writes then does not write over what another one wrote in between, even where the store cannot tell.
    pub(crate) async fn alone_at(&self, key: &RemoteKey) -> OwnedMutexGuard<()> {
        let place = self.provider.writer().and_then(|writer| writer.place(key));
        let place = place.or_else(|| self.provider.canonical(key));
        self.backend.alone_at(place.unwrap_or_else(|| key.clone())).await
    }

    /// What the store holds now, or `None` where it says with authority that there is nothing.
    pub async fn inspect(self: &Arc<Self>, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        let (mut retries, never) = (self.settings.retries, CancellationToken::new());
        loop {
            let asked = Bounds { question, sort: Sort::Single, stop: &never };
            let held = self.within_bounds(asked, call::inspect(&*self.provider, question)).await;
            let held = held.expect("what nothing stops must end");
            if retries == 0 || !is_worth_a_retry(&held) || self.closed.is_cancelled() {
                return held;
            }
            retries -= 1;
            sleep(self.settings.retry_interval).await;
        }
    }

    /// Writes a value, what is beside it, or both, and gives the version that the store holds then; `None` where `stop` was
    /// cancelled or the [`Fence`](super::Fence) was shut before the write began. Once begun it is not cut short.
    pub async fn put(
        self: &Arc<Self>,
        put: &Put,
        stop: &CancellationToken,
    ) -> Option<Result<Option<Version>, ProviderError>> {
        let Put { key, value: _, expected: _, metadata, documents } = put;
        let (metadata, documents) = (metadata.clone(), documents.clone());
        let question = Inspect { key: key.clone(), metadata, documents };
        let bounds = Bounds { question: &question, sort: Sort::Write, stop };
        let write = self.unless_fenced(call::put(&*self.provider, put));
        self.within_bounds(bounds, write).await.and_then(Result::transpose)
    }

    /// Deletes a value with all its versions; `None` as for [`put`](Self::put).
    pub async fn delete(
        self: &Arc<Self>,
        delete: &Delete,
        stop: &CancellationToken,
    ) -> Option<Result<(), ProviderError>> {
        let question = Inspect::new(delete.key.clone());
        let bounds = Bounds { question: &question, sort: Sort::Write, stop };
        let write = self.unless_fenced(call::delete(&*self.provider, delete));
        self.within_bounds(bounds, write).await.and_then(Result::transpose)
    }

    /// Makes a write, unless the fence is shut at this very moment.
    async fn unless_fenced<T>(
        &self,
        write: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<Option<T>, ProviderError> {
        match self.fence.is_open() {
            true => write.await.map(Some),
            false => Ok(None),
        }
    }

    /// Makes a call when there is a place for it, unless it is to stop before.
    async fn within_bounds<T>(
        &self,
        bounds: Bounds<'_>,
        call: impl Future<Output = Result<T, ProviderError>>,
    ) -> Option<Result<T, ProviderError>> {
        let Bounds { question, sort, stop } = bounds;
        let wanted = || self.questions.lock().wanted(Question::Inspect(question.clone()));
        if let Some(refusal) = self.refusal() {
            wanted();
            return Some(Err(refusal.with_key(question.key.clone())));
        }
        let _call = self.tasks.token();
        let admitted = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            admitted = self.admit(sort) => admitted,
        };
        let _pass = match admitted {
            Ok(pass) => pass,
            Err(error) => return Some(Err(error)),
        };
        let answer = call.await;
        let verdict = verdict([answer.as_ref().err()]);
        if matches!(verdict, Verdict::Unanswered(_)) {
            wanted();
        }
        self.judge(verdict);
        self.slow_down(sort, [answer.as_ref().err()]);
        self.doubt_login([answer.as_ref().err()]);
        Some(answer)
    }
}

#[cfg(test)]
mod tests;
