//! The promises about what is known besides values: which there are, and their metadata. Each is tried where the subject
//! says that the provider knows it.

use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Fetch, Found, NameFilter, Query, SecretProvider},
};

use super::{
    Fault, Subject,
    promises::{
        Outcome, Trial, connect, everything_about, expect_kind, expect_text, kinds, no_canary, require,
        within_the_longest_call,
    },
};

/// Every promise, in the words in which it is reported.
pub(super) const ALL: [(&str, Trial); 4] = [
    ("it can search where it is said to, and nowhere else", |subject| Box::pin(it_can_search(subject))),
    ("a search finds what is there, by the keys that it is read by", |subject| {
        Box::pin(searches_find_what_is_there(subject))
    }),
    ("a fault of a search has its kind, and is never an empty list", |subject| {
        Box::pin(faults_of_searches_have_their_kind(subject))
    }),
    ("metadata is known of what is there, and of nothing else", |subject| {
        Box::pin(metadata_is_of_what_is_there(subject))
    }),
];

async fn it_can_search(subject: &dyn Subject) -> Outcome {
    let can = connect(subject).await.finder().is_some();
    require(can == subject.finds(), || format!("whether it has a finder: {can}"))
}

/// All values whose names hold this word.
async fn search(
    provider: &dyn SecretProvider,
    word: &'static str,
) -> Result<Result<Vec<Found>, ProviderError>, String> {
    let finder = provider.finder().ok_or_else(|| "it has no finder".to_owned())?;
    let name = NameFilter::new(word, move |name| name.contains(word));
    let query = Query { name: Some(name), ..Query::default() };
    let found = within_the_longest_call(finder.find(&query)).await?;
    // Whoever asks looks at the names again.
    Ok(found.map(|found| found.into_iter().filter(|found| found.key.as_str().contains(word)).collect()))
}

async fn searches_find_what_is_there(subject: &dyn Subject) -> Outcome {
    if !subject.finds() {
        return Ok(());
    }
    let texts = [("sought-a", "the first"), ("sought-b", "the second")];
    for (word, text) in texts {
        subject.put(&subject.key(word), &subject.value(text)).await;
    }
    let gone = subject.key("sought-gone");
    subject.put(&gone, &subject.value("gone")).await;
    subject.delete(&gone).await;
    let provider = connect(subject).await;
    let found = search(&*provider, "sought-").await?.map_err(|error| format!("it failed: {error:?}"))?;
    let mut keys: Vec<_> = found.iter().map(|found| found.key.clone()).collect();
    keys.sort();
    require(keys == texts.map(|(word, _)| subject.key(word)), || format!("it found {keys:?}"))?;
    for (word, text) in texts {
        let key = subject.key(word);
        let given = found.iter().find(|found| found.key == key).and_then(|found| found.value.clone());
        given
            .map_or(Ok(()), |given| expect_text(subject, Ok(given), text))
            .map_err(|how| format!("the value that it gave of {word}: {how}"))?;
        expect_text(subject, provider.fetch(&Fetch::new(key)).await, text)
            .map_err(|how| format!("{word} read by its key: {how}"))?;
    }
    let nothing = search(&*provider, "no-name-holds-this").await?;
    match nothing {
        Ok(found) => require(found.is_empty(), || format!("where nothing is, it found {found:?}")),
        Err(error) => expect_kind::<()>(Err(error), &[ErrorKind::NotFound]),
    }
}

async fn faults_of_searches_have_their_kind(subject: &dyn Subject) -> Outcome {
    let Some(faults) = subject.faults().filter(|_| subject.finds()) else { return Ok(()) };
    let secret = "canary-sought-2be8a417";
    subject.put(&subject.key("sought-faulty"), &subject.value(secret)).await;
    let provider = connect(subject).await;
    for fault in faults.known().iter().copied().filter(|fault| *fault != Fault::Silent) {
        faults.play(fault, secret).await;
        let found = search(&*provider, "sought-faulty").await?;
        faults.mend().await;
        if let Err(error) = &found {
            no_canary("an error", &everything_about(error), secret)?;
        }
        expect_kind(found, kinds(fault)).map_err(|how| format!("{fault:?}: {how}"))?;
    }
    Ok(())
}

async fn metadata_is_of_what_is_there(subject: &dyn Subject) -> Outcome {
    if !subject.describes() {
        return Ok(());
    }
    let (there, gone) = (subject.key("described"), subject.key("described-gone"));
    subject.put(&there, &subject.value("described")).await;
    subject.delete(&gone).await;
    let provider = connect(subject).await;
    let described = provider.fetch(&Fetch::new(there).of_metadata()).await;
    let described = described.map_err(|error| format!("it failed: {error:?}"))?;
    require(described.value != subject.value("described"), || "it is the value itself".to_owned())?;
    expect_kind(provider.fetch(&Fetch::new(gone).of_metadata()).await, &[ErrorKind::NotFound])
        .map_err(|how| format!("of what is not there: {how}"))
}
