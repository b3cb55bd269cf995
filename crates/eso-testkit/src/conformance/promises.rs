//! The promises, one function each: `Err` says how the provider broke it.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Fetch, Fetched, SecretProvider},
};

use super::{Fault, Faults, Subject};
use crate::{canary, connection::CallRecorder};

/// The longest that a single call may take: the contract's 30 s, and some patience for a slow machine.
const LONGEST_CALL: Duration = Duration::from_secs(45);

pub(super) type Outcome = Result<(), String>;
pub(super) type Trial = for<'a> fn(&'a dyn Subject) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Every promise, in the words in which it is reported.
pub(super) const ALL: [(&str, Trial); 14] = [
    ("it has a name", |subject| Box::pin(it_has_a_name(subject))),
    ("values come whole, byte for byte", |subject| Box::pin(values_come_whole(subject))),
    ("only what is not there is not found", |subject| Box::pin(absence_is_not_found(subject))),
    ("a later value is seen", |subject| Box::pin(later_values_are_seen(subject))),
    ("a batch answers in order, one for each request", |subject| Box::pin(batches_answer_in_order(subject))),
    ("many calls at once do not mix", |subject| Box::pin(many_calls_do_not_mix(subject))),
    ("a dropped call hurts nobody", |subject| Box::pin(dropped_calls_hurt_nobody(subject))),
    ("a check succeeds and reads no value", |subject| Box::pin(a_check_reads_no_value(subject))),
    ("calls are told to the observer", |subject| Box::pin(calls_are_told(subject))),
    ("closing one provider hurts no other", |subject| Box::pin(closing_hurts_no_other(subject))),
    ("Debug and Display hold no value", |subject| Box::pin(printing_holds_no_value(subject))),
    ("a fault has its kind, and is never taken for absence", |subject| {
        Box::pin(faults_have_their_kind(subject))
    }),
    ("an error holds nothing that the server sent", |subject| Box::pin(errors_hold_no_body(subject))),
    ("after a fault it works again", |subject| Box::pin(faults_pass(subject))),
];

async fn it_has_a_name(subject: &dyn Subject) -> Outcome {
    let name = connect(subject).await.to_string();
    require(!name.trim().is_empty(), || "its Display is empty".to_owned())
}

async fn values_come_whole(subject: &dyn Subject) -> Outcome {
    let samples = subject.samples();
    require(!samples.is_empty(), || "the subject gives no samples".to_owned())?;
    for (index, sample) in samples.iter().enumerate() {
        subject.put(&subject.key(&format!("whole-{index}")), sample).await;
    }
    let provider = connect(subject).await;
    for (index, sample) in samples.iter().enumerate() {
        let request = Fetch::new(subject.key(&format!("whole-{index}")));
        let fetched = provider.fetch(&request).await.map_err(|error| format!("sample {index}: {error}"))?;
        require(fetched.value == *sample, || format!("sample {index} came back as another value or shape"))?;
    }
    Ok(())
}

async fn absence_is_not_found(subject: &dyn Subject) -> Outcome {
    let deleted = subject.key("deleted");
    subject.put(&deleted, &subject.value("soon gone")).await;
    subject.delete(&deleted).await;
    let provider = connect(subject).await;
    for key in [deleted, subject.key("never-there")] {
        expect_kind(provider.fetch(&Fetch::new(key.clone())).await, &[ErrorKind::NotFound])
            .map_err(|how| format!("{key}: {how}"))?;
    }
    Ok(())
}

async fn later_values_are_seen(subject: &dyn Subject) -> Outcome {
    if !subject.is_live() {
        return Ok(());
    }
    let key = subject.key("changing");
    subject.delete(&key).await;
    let provider = connect(subject).await;
    let request = Fetch::new(key.clone());
    expect_kind(provider.fetch(&request).await, &[ErrorKind::NotFound])?;
    for text in ["first", "second"] {
        subject.put(&key, &subject.value(text)).await;
        expect_text(subject, provider.fetch(&request).await, text)?;
    }
    subject.delete(&key).await;
    expect_kind(provider.fetch(&request).await, &[ErrorKind::NotFound])
}

async fn batches_answer_in_order(subject: &dyn Subject) -> Outcome {
    for number in 0..30 {
        let key = subject.key(&format!("batch-{number}"));
        match number % 3 {
            2 => subject.delete(&key).await,
            _ => subject.put(&key, &subject.value(&format!("batch {number}"))).await,
        }
    }
    let provider = connect(subject).await;
    // Backwards, so that an answer in the store's own order is seen; and each key twice, next to its neighbour.
    let numbers: Vec<usize> = (0..30).rev().flat_map(|number| [number, (number + 7) % 30]).collect();
    let requests: Vec<Fetch> =
        numbers.iter().map(|number| Fetch::new(subject.key(&format!("batch-{number}")))).collect();
    let size = provider.batch_size(&requests[0]).get();
    let mut results = Vec::new();
    for chunk in requests.chunks(size) {
        let answers = provider.fetch_all(chunk).await;
        require(answers.len() == chunk.len(), || {
            format!("{} answers to {} requests", answers.len(), chunk.len())
        })?;
        results.extend(answers);
    }
    for (number, result) in numbers.into_iter().zip(results) {
        let outcome = match number % 3 {
            2 => expect_kind(result, &[ErrorKind::NotFound]),
            _ => expect_text(subject, result, &format!("batch {number}")),
        };
        outcome.map_err(|how| format!("request for batch-{number}: {how}"))?;
    }
    Ok(())
}

async fn many_calls_do_not_mix(subject: &dyn Subject) -> Outcome {
    for number in 0..8 {
        subject.put(&subject.key(&format!("many-{number}")), &subject.value(&format!("many {number}"))).await;
    }
    let provider = connect(subject).await;
    let mut calls = tokio::task::JoinSet::new();
    for call in 0..64 {
        let provider = Arc::clone(&provider);
        let request = Fetch::new(subject.key(&format!("many-{}", call % 8)));
        calls.spawn(async move { (call % 8, provider.fetch(&request).await) });
    }
    while let Some(answer) = calls.join_next().await {
        let (number, result) = answer.map_err(|_| "a fetch panicked".to_owned())?;
        expect_text(subject, result, &format!("many {number}"))?;
    }
    Ok(())
}

async fn dropped_calls_hurt_nobody(subject: &dyn Subject) -> Outcome {
    let key = subject.key("dropped");
    subject.put(&key, &subject.value("kept")).await;
    let request = Fetch::new(key);
    // A new provider each time: what is dropped may then be the login as well as the read.
    for microseconds in [0, 50, 200, 500, 1_000, 2_000, 5_000, 20_000] {
        let provider = connect(subject).await;
        let others: Vec<_> = (0..4)
            .map(|_| {
                let (provider, request) = (Arc::clone(&provider), request.clone());
                tokio::spawn(async move { provider.fetch(&request).await })
            })
            .collect();
        // Whether it was cut or had ended makes no difference here: both must leave the provider as it was.
        drop(tokio::time::timeout(Duration::from_micros(microseconds), provider.fetch(&request)).await);
        for other in others {
            let result = other.await.map_err(|_| "a fetch beside the dropped one panicked".to_owned())?;
            expect_text(subject, result, "kept").map_err(|how| format!("beside a dropped one: {how}"))?;
        }
        let after = within_the_longest_call(provider.fetch(&request)).await?;
        expect_text(subject, after, "kept").map_err(|how| format!("after a dropped one: {how}"))?;
    }
    Ok(())
}

async fn a_check_reads_no_value(subject: &dyn Subject) -> Outcome {
    let calls = CallRecorder::new();
    let provider = subject.connect(Arc::clone(&calls) as _).await;
    within_the_longest_call(provider.check()).await?.map_err(|error| format!("it failed: {error}"))?;
    for call in subject.read_calls() {
        require(calls.count(call) == 0, || format!("it called {call}"))?;
    }
    Ok(())
}

async fn calls_are_told(subject: &dyn Subject) -> Outcome {
    let key = subject.key("told");
    subject.put(&key, &subject.value("told")).await;
    let calls = CallRecorder::new();
    let provider = subject.connect(Arc::clone(&calls) as _).await;
    expect_text(subject, provider.fetch(&Fetch::new(key)).await, "told")?;
    let reads = || calls.calls().into_iter().filter(|call| subject.read_calls().contains(&call.call));
    let expected = usize::from(!subject.read_calls().is_empty());
    require(reads().count() == expected, || format!("one fetch was told as {:?}", calls.calls()))?;
    require(reads().all(|call| call.succeeded), || "a read that succeeded was told as a failure".to_owned())
}

async fn closing_hurts_no_other(subject: &dyn Subject) -> Outcome {
    let key = subject.key("closing");
    subject.put(&key, &subject.value("kept")).await;
    let request = Fetch::new(key);
    let (first, second) = (connect(subject).await, connect(subject).await);
    for provider in [&first, &second] {
        expect_text(subject, provider.fetch(&request).await, "kept")?;
    }
    within_the_longest_call(first.close()).await?;
    expect_text(subject, second.fetch(&request).await, "kept")
}

async fn printing_holds_no_value(subject: &dyn Subject) -> Outcome {
    let secret = "canary-printed-4b1d7a90";
    let key = subject.key("printed");
    subject.put(&key, &subject.value(secret)).await;
    let provider = connect(subject).await;
    let fetched = provider.fetch(&Fetch::new(key)).await;
    no_canary("what was fetched", &format!("{fetched:?}"), secret)?;
    expect_text(subject, fetched, secret)?;
    no_canary("Debug of the provider", &format!("{provider:?} {provider:#?}"), secret)?;
    no_canary("Display of the provider", &provider.to_string(), secret)
}

async fn faults_have_their_kind(subject: &dyn Subject) -> Outcome {
    during_each_fault(subject, |fault, _canary, results| {
        results.into_iter().try_for_each(|result| expect_kind(result, kinds(fault)))
    })
    .await
}

async fn errors_hold_no_body(subject: &dyn Subject) -> Outcome {
    during_each_fault(subject, |_fault, canary, results| {
        let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        for error in &errors {
            no_canary("an error", &everything_about(error), canary)?;
        }
        // A text that changes at each retry would be written into a status at each retry.
        let changed = errors.windows(2).find(|pair| pair[0].to_string() != pair[1].to_string());
        changed.map_or(Ok(()), |pair| Err(format!("the same failure reads {:?} and {:?}", pair[0], pair[1])))
    })
    .await
}

async fn faults_pass(subject: &dyn Subject) -> Outcome {
    let Some(faults) = subject.faults() else { return Ok(()) };
    let key = subject.key("passing");
    subject.put(&key, &subject.value("back")).await;
    let provider = connect(subject).await;
    let request = Fetch::new(key);
    for fault in quick(faults) {
        faults.play(fault, "canary-passing").await;
        drop(within_the_longest_call(provider.fetch(&request)).await?);
        faults.mend().await;
        let after = within_the_longest_call(provider.fetch(&request)).await?;
        expect_text(subject, after, "back").map_err(|how| format!("after {fault:?}: {how}"))?;
    }
    Ok(())
}

/// Asks twice, and once in a batch, during each fault that the server can play, and judges the answers.
async fn during_each_fault(
    subject: &dyn Subject,
    judge: impl Fn(Fault, &str, Vec<Result<Fetched, ProviderError>>) -> Outcome,
) -> Outcome {
    let Some(faults) = subject.faults() else { return Ok(()) };
    let key = subject.key("faulty");
    let secret = "canary-faulty-58c2e07f";
    subject.put(&key, &subject.value(secret)).await;
    let request = Fetch::new(key);
    for &fault in faults.known() {
        let provider = connect(subject).await;
        faults.play(fault, secret).await;
        let mut results = vec![within_the_longest_call(provider.fetch(&request)).await?];
        // Whoever never answers need not be asked three times.
        if fault != Fault::Silent {
            results.push(within_the_longest_call(provider.fetch(&request)).await?);
            let pair = vec![request.clone(); provider.batch_size(&request).get().min(2)];
            results.extend(within_the_longest_call(provider.fetch_all(&pair)).await?);
        }
        faults.mend().await;
        no_canary("Debug of the provider", &format!("{provider:?}"), secret)?;
        judge(fault, secret, results).map_err(|how| format!("{fault:?}: {how}"))?;
    }
    Ok(())
}

/// The faults that are answered at once.
fn quick(faults: &dyn Faults) -> impl Iterator<Item = Fault> {
    faults.known().iter().copied().filter(|fault| *fault != Fault::Silent)
}

/// The kinds that a fault may be.
pub(super) fn kinds(fault: Fault) -> &'static [ErrorKind] {
    match fault {
        Fault::Denied => &[ErrorKind::Denied],
        Fault::Throttled => &[ErrorKind::Throttled],
        Fault::Failing | Fault::Cut | Fault::Silent => &[ErrorKind::Unavailable],
        Fault::Garbled | Fault::Empty => &[ErrorKind::Unexpected, ErrorKind::Unavailable],
    }
}

pub(super) async fn connect(subject: &dyn Subject) -> Arc<dyn SecretProvider> {
    subject.connect(Arc::new(())).await
}

pub(super) async fn within_the_longest_call<T>(call: impl Future<Output = T>) -> Result<T, String> {
    let outcome = tokio::time::timeout(LONGEST_CALL, call).await;
    outcome.map_err(|_| "a call did not end within the 30 s that the contract allows".to_owned())
}

pub(super) fn expect_text(
    subject: &dyn Subject,
    result: Result<Fetched, ProviderError>,
    text: &str,
) -> Outcome {
    let fetched = result.map_err(|error| format!("expected {text:?}, got {error:?}"))?;
    require(fetched.value == subject.value(text), || format!("expected {text:?}, got another value or shape"))
}

pub(super) fn expect_kind<T>(result: Result<T, ProviderError>, kinds: &[ErrorKind]) -> Outcome {
    let error = match result {
        Ok(_) => return Err(format!("expected {kinds:?}, got a success")),
        Err(error) => error,
    };
    require(kinds.contains(&error.kind()), || format!("expected {kinds:?}, got {error:?}"))
}

/// All that can be printed of an error: its text, its Debug, and those of its sources.
pub(super) fn everything_about(error: &ProviderError) -> String {
    let mut text = format!("{error} {error:#} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    text
}

pub(super) fn no_canary(origin: &str, text: &str, secret: &str) -> Outcome {
    match canary::found(text, secret) {
        Some(form) => Err(format!("{origin} holds a value ({form})")),
        None => Ok(()),
    }
}

pub(super) fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}
