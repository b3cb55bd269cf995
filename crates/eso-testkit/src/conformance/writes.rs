//! The promises of a writer, one function each. They are tried where the subject says that the provider can write.

use std::{future::Future, pin::Pin, sync::Arc};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::RemoteKey,
    provider::{Delete, Expected, Fetch, Held, Inspect, Put, SecretProvider, SecretWriter},
};

use super::{
    Fault, Subject,
    promises::{
        Outcome, Trial, connect, everything_about, expect_kind, expect_text, kinds, no_canary, require,
        within_the_longest_call,
    },
};

/// Every promise, in the words in which it is reported.
pub(super) const ALL: [(&str, Trial); 10] = [
    ("it can write where it is said to, and nowhere else", |subject| Box::pin(it_can_write(subject))),
    ("what was put is read, and is ours", |subject| written(subject, puts_are_read)),
    ("what is put again is a newer version", |subject| written(subject, puts_are_put_again)),
    ("a put over anything but what is expected is a conflict", |subject| {
        written(subject, unexpected_is_a_conflict)
    }),
    ("the same put made twice is one", |subject| written(subject, puts_made_twice_are_one)),
    ("what others wrote is left alone", |subject| written(subject, others_are_left_alone)),
    ("what was deleted is gone, and may be put again", |subject| written(subject, deletions_hold)),
    ("a put without a value leaves the value", |subject| written(subject, values_are_left)),
    ("what is wanted beside a value is seen to be missing, and is there once it was put", |subject| {
        written(subject, wishes_come_true)
    }),
    ("a fault of a write has its kind, and shows no value", |subject| {
        written(subject, faults_of_writes_have_their_kind)
    }),
];

/// A writer on trial.
struct Written<'a> {
    subject: &'a dyn Subject,
    provider: Arc<dyn SecretProvider>,
}

impl Written<'_> {
    fn writer(&self) -> Result<&dyn SecretWriter, String> {
        self.provider.writer().ok_or_else(|| "it has no writer".to_owned())
    }

    async fn inspect(&self, key: &RemoteKey) -> Result<Option<Held>, String> {
        self.inspect_for(key, None).await
    }

    /// Looks where this is wanted beside the value.
    async fn inspect_for(
        &self,
        key: &RemoteKey,
        metadata: Option<serde_json::Value>,
    ) -> Result<Option<Held>, String> {
        let question = Inspect { metadata, ..Inspect::new(key.clone()) };
        within_the_longest_call(self.writer()?.inspect(&question))
            .await?
            .map_err(|error| format!("inspect: {error:?}"))
    }

    /// What is held, where something must be.
    async fn held(&self, key: &RemoteKey) -> Result<Held, String> {
        self.inspect(key).await?.ok_or_else(|| "inspect finds nothing".to_owned())
    }

    /// Puts a text, or nothing but what is beside it.
    async fn try_put(
        &self,
        key: &RemoteKey,
        text: Option<&str>,
        expected: Expected,
    ) -> Result<Result<(), ProviderError>, String> {
        let value = text.map(|text| match self.subject.value(text) {
            eso_core::provider::Value::Bytes(bytes) | eso_core::provider::Value::Document(bytes) => bytes,
        });
        let put = Put::new(key.clone(), value, expected);
        Ok(within_the_longest_call(self.writer()?.put(&put)).await?.map(drop))
    }

    async fn put(&self, key: &RemoteKey, text: Option<&str>, expected: Expected) -> Outcome {
        self.try_put(key, text, expected).await?.map_err(|error| format!("put: {error:?}"))
    }

    async fn delete(&self, key: &RemoteKey, held: &Held) -> Result<Result<(), ProviderError>, String> {
        let delete = Delete { key: key.clone(), version: held.version.clone() };
        within_the_longest_call(self.writer()?.delete(&delete)).await
    }

    async fn expect(&self, key: &RemoteKey, text: &str) -> Outcome {
        expect_text(self.subject, self.provider.fetch(&Fetch::new(key.clone())).await, text)
    }

    /// A key under which there is nothing.
    async fn free_key(&self, word: &str) -> RemoteKey {
        let key = self.subject.key(word);
        self.subject.delete(&key).await;
        key
    }
}

/// Tries a promise on a writer, where there must be one.
fn written<'a, F>(
    subject: &'a dyn Subject,
    trial: fn(Written<'a>) -> F,
) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>
where
    F: Future<Output = Outcome> + Send + 'a,
{
    Box::pin(async move {
        if !subject.writes() {
            return Ok(());
        }
        trial(Written { subject, provider: connect(subject).await }).await
    })
}

async fn it_can_write(subject: &dyn Subject) -> Outcome {
    let can = connect(subject).await.writer().is_some();
    require(can == subject.writes(), || format!("whether it has a writer: {can}"))
}

async fn puts_are_read(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("written").await;
    let before = trial.inspect(&key).await?;
    // A store may remember the name of what was deleted.
    require(before.as_ref().is_none_or(|held| held.value.is_none()), || {
        "something is there before".to_owned()
    })?;
    trial.put(&key, Some("first"), expected(before)).await?;
    trial.expect(&key, "first").await?;
    let held = trial.held(&key).await?;
    require(held.value == Some(trial.subject.value("first")), || "inspect gives another value".to_owned())?;
    require(held.is_ours && held.is_dressed, || format!("inspect says {held:?}"))
}

async fn puts_are_put_again(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("written-again").await;
    let before = trial.inspect(&key).await?;
    trial.put(&key, Some("first"), expected(before)).await?;
    let first = trial.held(&key).await?;
    trial.put(&key, Some("second"), Expected::Ours(first.version.clone())).await?;
    trial.expect(&key, "second").await?;
    let second = trial.held(&key).await?;
    let is_newer = first.version.is_none() || first.version != second.version;
    require(is_newer, || "the version is the same".to_owned())
}

async fn unexpected_is_a_conflict(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("expected").await;
    let before = trial.inspect(&key).await?;
    trial.put(&key, Some("first"), expected(before)).await?;
    expect_kind(trial.try_put(&key, Some("again"), Expected::Nothing).await?, &[ErrorKind::Conflict])
        .map_err(|how| format!("where nothing was expected: {how}"))?;
    let first = trial.held(&key).await?;
    trial.put(&key, Some("second"), Expected::Ours(first.version.clone())).await?;
    if first.version.is_some() {
        let late = trial.try_put(&key, Some("late"), Expected::Ours(first.version.clone())).await?;
        expect_kind(late, &[ErrorKind::Conflict]).map_err(|how| format!("over a newer version: {how}"))?;
        expect_kind(trial.delete(&key, &first).await?, &[ErrorKind::Conflict])
            .map_err(|how| format!("a deletion over a newer version: {how}"))?;
    }
    trial.expect(&key, "second").await
}

/// As where the answer to the first is lost. A store that cannot tell calls the second one a conflict.
async fn puts_made_twice_are_one(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("put-twice").await;
    let mut before = trial.inspect(&key).await?;
    for text in ["first", "second"] {
        trial.put(&key, Some(text), expected(before.clone())).await?;
        let once = trial.held(&key).await?;
        let again = trial.try_put(&key, Some(text), expected(before)).await?;
        again.or_else(|error| expect_kind::<()>(Err(error), &[ErrorKind::Conflict]))?;
        let twice = trial.held(&key).await?;
        require(once == twice, || format!("{text}: once {once:?}, twice {twice:?}"))?;
        trial.expect(&key, text).await?;
        before = Some(twice);
    }
    Ok(())
}

async fn wishes_come_true(trial: Written<'_>) -> Outcome {
    let Some(wish) = trial.subject.wish() else { return Ok(()) };
    let key = trial.free_key("wished-for").await;
    let before = trial.inspect(&key).await?;
    trial.put(&key, Some("kept"), expected(before)).await?;
    let is_dressed = async || {
        let held = trial.inspect_for(&key, Some(wish.clone())).await?;
        held.map(|held| held.is_dressed).ok_or_else(|| "inspect finds nothing".to_owned())
    };
    require(!is_dressed().await?, || "it is said to be there before it was put".to_owned())?;
    let expected = Expected::Ours(trial.held(&key).await?.version);
    let put = Put { metadata: Some(wish.clone()), ..Put::new(key.clone(), None, expected) };
    let put = within_the_longest_call(trial.writer()?.put(&put)).await?;
    put.map_err(|error| format!("put: {error:?}"))?;
    require(is_dressed().await?, || "it is said not to be there after it was put".to_owned())?;
    trial.expect(&key, "kept").await
}

async fn others_are_left_alone(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("foreign").await;
    trial.subject.put(&key, &trial.subject.value("theirs")).await;
    let held = trial.held(&key).await?;
    require(!held.is_ours, || "it is called ours".to_owned())?;
    let put = trial.try_put(&key, Some("ours"), Expected::Ours(held.version.clone())).await?;
    expect_kind(put, &[ErrorKind::Conflict]).map_err(|how| format!("a put: {how}"))?;
    expect_kind(trial.delete(&key, &held).await?, &[ErrorKind::Conflict])
        .map_err(|how| format!("a deletion: {how}"))?;
    trial.expect(&key, "theirs").await
}

async fn deletions_hold(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("deleted-by-us").await;
    let before = trial.inspect(&key).await?;
    trial.put(&key, Some("first"), expected(before)).await?;
    let held = trial.held(&key).await?;
    for round in ["once", "twice"] {
        let deleted = trial.delete(&key, &held).await?;
        deleted.map_err(|error| format!("deleted {round}: {error:?}"))?;
        expect_kind(trial.provider.fetch(&Fetch::new(key.clone())).await, &[ErrorKind::NotFound])
            .map_err(|how| format!("deleted {round}: {how}"))?;
    }
    let left = trial.inspect(&key).await?;
    trial.put(&key, Some("back"), expected(left)).await?;
    trial.expect(&key, "back").await
}

async fn values_are_left(trial: Written<'_>) -> Outcome {
    let key = trial.free_key("dressed").await;
    let before = trial.inspect(&key).await?;
    trial.put(&key, Some("kept"), expected(before)).await?;
    let held = trial.held(&key).await?;
    trial.put(&key, None, Expected::Ours(held.version)).await?;
    trial.expect(&key, "kept").await
}

async fn faults_of_writes_have_their_kind(trial: Written<'_>) -> Outcome {
    let Some(faults) = trial.subject.faults() else { return Ok(()) };
    let key = trial.free_key("faulty-write").await;
    let before = trial.inspect(&key).await?;
    let secret = "canary-written-91fe06b2";
    trial.put(&key, Some(secret), expected(before)).await?;
    let held = trial.held(&key).await?;
    let question = Inspect::new(key.clone());
    for fault in faults.known().iter().copied().filter(|fault| *fault != Fault::Silent) {
        faults.play(fault, secret).await;
        let inspected = within_the_longest_call(trial.writer()?.inspect(&question)).await?;
        if let Err(error) = &inspected {
            no_canary("an error", &everything_about(error), secret)?;
        }
        expect_kind(inspected, kinds(fault)).map_err(|how| format!("{fault:?}: inspect: {how}"))?;
        let put = trial.try_put(&key, Some(secret), Expected::Ours(None)).await?;
        if let Err(error) = &put {
            no_canary("an error", &everything_about(error), secret)?;
        }
        expect_kind(put, kinds(fault)).map_err(|how| format!("{fault:?}: put: {how}"))?;
        let deleted = trial.delete(&key, &held).await?;
        if let Err(error) = &deleted {
            no_canary("an error", &everything_about(error), secret)?;
        }
        expect_kind(deleted, kinds(fault)).map_err(|how| format!("{fault:?}: a deletion: {how}"))?;
        faults.mend().await;
        trial.expect(&key, secret).await.map_err(|how| format!("after {fault:?}: {how}"))?;
    }
    Ok(())
}

/// What a put must expect after this look.
fn expected(held: Option<Held>) -> Expected {
    held.map_or(Expected::Nothing, |held| Expected::Ours(held.version))
}
