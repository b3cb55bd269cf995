//! The vocabulary of this crate's tests: an object that is in step, and what can be said of it otherwise.

use std::time::Duration;

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{StoreKind, StoreReference},
    provider::{Dialect, Fetch, Fetched, NameFilter, Query, Value},
};
use jiff::Timestamp;

use crate::{
    decoding::{Decoding, NullBytes},
    desired::{Absence, Ask, Desired, Destination, Entries, Entry, Origin, Ownership, Refresh},
    digest::Digest,
    naming::Naming,
    observed::{Held, Kind, Observed, Record},
    render::{self, Answer, Given, ReadError, RenderError, Rendered},
    template::{self, Delimiters, Sources, Surroundings},
};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const ALL_OWNERSHIPS: [Ownership; 5] = [
    Ownership::Own,
    Ownership::Leave,
    Ownership::Share { create: false },
    Ownership::Share { create: true },
    Ownership::Read,
];
pub(crate) const ALL_ABSENCES: [Absence; 3] = [Absence::Retain, Absence::Drop, Absence::Delete];

/// That many minutes after the start of all tests, which is the first second of 2026.
pub(crate) fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
}

pub(crate) fn entries(pairs: &[(&str, &str)]) -> Entries {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

/// A target that we wrote, and that holds these entries.
pub(crate) fn intact(pairs: &[(&str, &str)]) -> Held {
    Held::Intact { digest: Some(Digest::of(&entries(pairs))) }
}

pub(crate) fn store() -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: "demo".into(), name: "store".into() }
}

/// `spec.data[index]`: the key `name` out of the remote key `remote`.
pub(crate) fn data(index: usize, name: &str, remote: &str) -> Entry {
    Entry {
        origin: Origin::Data(index),
        store: store(),
        ask: Ask::Read(Fetch::new(remote)),
        property: None,
        into: Destination::Entry(name.into()),
        decoding: Decoding::None,
        null_bytes: NullBytes::Ignore,
        dialect: None,
    }
}

/// `spec.dataFrom[index].extract` of the remote key `remote`.
pub(crate) fn extract(index: usize, remote: &str) -> Entry {
    Entry {
        origin: Origin::Extract(index),
        into: Destination::Many(Naming::default()),
        ..data(index, "", remote)
    }
}

/// `spec.dataFrom[index].find` of all names that hold this text.
pub(crate) fn find(index: usize, name: &'static str) -> Entry {
    let name = NameFilter::new(name, move |found| found.contains(name));
    let query = Query { name: Some(name), ..Query::default() };
    Entry { origin: Origin::Find(index), ask: Ask::Find(query), ..extract(index, "") }
}

/// Owned, kept where the values are gone, read each hour: `password` out of `db`.
pub(crate) fn desired() -> Desired {
    Desired {
        revision: "1-a".into(),
        target: "app".into(),
        manifest: None,
        ownership: Ownership::Own,
        absence: Absence::Retain,
        refresh: Refresh::Every(HOUR),
        windows: None,
        entries: vec![data(0, "password", "db")],
        template: None,
        immutable: false,
    }
}

pub(crate) fn condition(ready: bool, reason: &str, message: &str) -> Option<(bool, String, String)> {
    Some((ready, reason.to_owned(), message.to_owned()))
}

/// In step since minute 0, when this process read the store for it.
pub(crate) fn in_step() -> Observed {
    Observed {
        desired: desired(),
        record: Record {
            refreshed: Some(minute(0)),
            revision: Some("1-a".into()),
            condition: condition(true, "SecretSynced", "secret synced"),
            kind: Kind::Secret,
        },
        held: intact(&[("password", "old")]),
        sources: 0,
        refreshed: Some(minute(0)),
        started: minute(-600),
        spread: u32::MAX / 2,
    }
}

/// Never looked at before.
pub(crate) fn new() -> Observed {
    Observed { record: Record::default(), held: Held::Nothing, refreshed: None, ..in_step() }
}

impl Observed {
    pub(crate) fn refresh(mut self, refresh: Refresh) -> Self {
        self.desired.refresh = refresh;
        self
    }

    pub(crate) fn ownership(mut self, ownership: Ownership) -> Self {
        self.desired.ownership = ownership;
        self
    }

    pub(crate) fn absence(mut self, absence: Absence) -> Self {
        self.desired.absence = absence;
        self
    }

    pub(crate) fn held(mut self, held: Held) -> Self {
        self.held = held;
        self
    }

    pub(crate) fn revision(mut self, revision: &str) -> Self {
        self.desired.revision = revision.into();
        self
    }

    pub(crate) fn says(mut self, ready: bool, reason: &str, message: &str) -> Self {
        self.record.condition = condition(ready, reason, message);
        self
    }

    /// What the status says: last read at that minute, by another process.
    pub(crate) fn written(mut self, at: i64) -> Self {
        self.record.refreshed = Some(minute(at));
        self.refreshed = None;
        self
    }

    pub(crate) fn started(mut self, at: i64) -> Self {
        self.started = minute(at);
        self
    }
}

/// Rendered at the first second of 2026, with nothing to read templates from.
pub(crate) fn render(desired: &Desired, answers: &[Answer]) -> Result<Rendered, RenderError> {
    render_with(desired, answers, &Sources::new())
}

/// Rendered at the first second of 2026, with these objects to read templates from.
pub(crate) fn render_with(
    desired: &Desired,
    answers: &[Answer],
    sources: &Sources,
) -> Result<Rendered, RenderError> {
    let mut surroundings = Surroundings {
        sources,
        delimiters: &Delimiters::default(),
        limits: template::limits(),
        now: minute(0),
        random: &mut |buffer| buffer.fill(4),
    };
    render::render(desired, answers, &mut surroundings)
}

pub(crate) fn gives(text: &str) -> Answer {
    Answer { dialect: Dialect::default(), given: Ok(Given::Value(Fetched::new(Value::Bytes(text.into())))) }
}

/// Values that were found, by their keys.
pub(crate) fn found(values: &[(&str, &str)]) -> Answer {
    let value = |(key, text): &(&str, &str)| ((*key).into(), Fetched::new(Value::Bytes((*text).into())));
    Answer { dialect: Dialect::default(), given: Ok(Given::Found(values.iter().map(value).collect())) }
}

pub(crate) fn fails(kind: ErrorKind) -> Answer {
    let error = ProviderError::new(kind, "GetSecretValue");
    Answer { dialect: Dialect::default(), given: Err(ReadError::Provider(error)) }
}
