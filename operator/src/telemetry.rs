//! Metrics: the original's by their names, types and labels, and a few of ours beside them.
//!
//! One row is kept for each object, and written out as series when somebody asks; an object's series go with it.

mod descriptions;

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    ops::Bound::{Excluded, Included, Unbounded},
    sync::OnceLock,
    time::Duration,
};

use eso_core::provider::CallObserver;
use eso_kube::telemetry::{Kind, Ready, Subject, Telemetry};
use eso_sync::{engine::Handle, queue::Lane};
use jiff::Timestamp;
use parking_lot::Mutex;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, text},
    registry::Registry,
};

pub use descriptions::{DESCRIPTIONS, Description, Measure};

/// How many rows are copied before others may count again: some ten microseconds.
const ROWS_AT_ONCE: usize = 256;

/// What is counted, for `/metrics`.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<Counts>,
    queues: OnceLock<Vec<Handle>>,
}

#[derive(Debug, Default)]
struct Counts {
    objects: BTreeMap<Kind, Namespaces>,
    /// By provider, call and whether it succeeded.
    provider_calls: BTreeMap<(&'static str, &'static str, bool), u64>,
    events_dropped: u64,
    /// By path, and what became of it.
    reviews: BTreeMap<(&'static str, &'static str), u64>,
    /// By path, how long all answers took together.
    answering: BTreeMap<&'static str, Duration>,
}

/// The rows of a kind, by namespace and name.
type Namespaces = BTreeMap<Box<str>, BTreeMap<Box<str>, Row>>;

/// What is known of one object.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    runs: u64,
    failures: u64,
    took: Option<Duration>,
    ready: Option<Ready>,
    refreshed: Option<Timestamp>,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whose queues are shown, all together. The first ones stay.
    pub fn watch_queues(&self, handles: Vec<Handle>) {
        drop(self.queues.set(handles));
    }

    /// A review was answered, or refused: at this path, with this result, after this time.
    pub fn reviewed(&self, path: &'static str, result: &'static str, took: Duration) {
        let mut counts = self.counts.lock();
        *counts.reviews.entry((path, result)).or_default() += 1;
        *counts.answering.entry(path).or_default() += took;
    }

    /// Everything in the text format of Prometheus. It takes a while, in which nobody who counts has to wait.
    pub fn encode(&self) -> String {
        let queues = self.queues.get().cloned().unwrap_or_default();
        Scrape { counts: self.copy(), queues, now: Timestamp::now() }.text()
    }

    /// What is counted now; a row of an object is as it was at some time meanwhile.
    fn copy(&self) -> Counts {
        let counts = self.counts.lock();
        let kinds: Vec<Kind> = counts.objects.keys().copied().collect();
        let provider_calls = counts.provider_calls.clone();
        let mut copy = Counts {
            objects: BTreeMap::new(),
            provider_calls,
            events_dropped: counts.events_dropped,
            reviews: counts.reviews.clone(),
            answering: counts.answering.clone(),
        };
        drop(counts);
        for kind in kinds {
            let namespaces = copy.objects.entry(kind).or_default();
            let mut last = None;
            loop {
                let rows = self.rows_after(kind, last.as_ref());
                let Some((namespace, name, _)) = rows.last() else { break };
                last = Some((namespace.clone(), name.clone()));
                for (namespace, name, row) in rows {
                    namespaces.entry(namespace).or_default().insert(name, row);
                }
            }
        }
        copy
    }

    /// The next rows of a kind.
    fn rows_after(&self, kind: Kind, last: Option<&(Box<str>, Box<str>)>) -> Vec<(Box<str>, Box<str>, Row)> {
        let counts = self.counts.lock();
        let Some(namespaces) = counts.objects.get(&kind) else { return Vec::new() };
        let from = last.map_or(Unbounded, |(namespace, _)| Included(&**namespace));
        let rows = namespaces.range::<str, _>((from, Unbounded)).flat_map(|(namespace, names)| {
            let same = last.filter(|(last, _)| last == namespace);
            let after = same.map_or(Unbounded, |(_, name)| Excluded(&**name));
            let rows = names.range::<str, _>((after, Unbounded));
            rows.map(|(name, row)| (namespace.clone(), name.clone(), *row))
        });
        rows.take(ROWS_AT_ONCE).collect()
    }

    fn row(&self, subject: Subject<'_>, change: impl FnOnce(&mut Row)) {
        let Subject { kind, namespace, name } = subject;
        let mut counts = self.counts.lock();
        let namespaces = counts.objects.entry(kind).or_default();
        // Looked up first: an entry would take a new string at each count.
        match namespaces.get_mut(namespace).and_then(|names| names.get_mut(name)) {
            Some(row) => change(row),
            None => change(namespaces.entry(namespace.into()).or_default().entry(name.into()).or_default()),
        }
    }
}

impl Telemetry for Metrics {
    fn reconciled(&self, subject: Subject<'_>, succeeded: bool, took: Duration) {
        self.row(subject, |row| {
            row.runs += 1;
            row.failures += u64::from(!succeeded);
            row.took = Some(took);
        });
    }

    fn condition(&self, subject: Subject<'_>, ready: Ready) {
        self.row(subject, |row| row.ready = Some(ready));
    }

    fn refreshed(&self, subject: Subject<'_>, at: Timestamp) {
        self.row(subject, |row| row.refreshed = Some(at));
    }

    fn forgotten(&self, subject: Subject<'_>) {
        let mut counts = self.counts.lock();
        let Some(namespaces) = counts.objects.get_mut(&subject.kind) else { return };
        let Some(names) = namespaces.get_mut(subject.namespace) else { return };
        names.remove(subject.name);
        if names.is_empty() {
            namespaces.remove(subject.namespace);
        }
    }

    fn event_dropped(&self) {
        self.counts.lock().events_dropped += 1;
    }
}

impl CallObserver for Metrics {
    fn called(&self, provider: &'static str, call: &'static str, succeeded: bool) {
        *self.counts.lock().provider_calls.entry((provider, call, succeeded)).or_default() += 1;
    }
}

/// One look at everything, at one time.
#[derive(Debug)]
struct Scrape {
    counts: Counts,
    queues: Vec<Handle>,
    now: Timestamp,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        DESCRIPTIONS.iter().try_for_each(|description| self.family(description, &mut encoder))
    }
}

impl Scrape {
    fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        text::encode_registry(&mut text, &registry).expect("writing to a string must succeed");
        text
    }

    fn family(&self, description: &Description, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Description { name, kind, help, measure, .. } = description;
        let mut metric = encoder.encode_descriptor(name, help, None, kind.as_metric_type())?;
        match *measure {
            Measure::Runs(kind) => {
                self.objects(kind, &mut metric, |row| (row.runs > 0).then_some(row.runs as f64))
            }
            Measure::Failures(kind) => {
                self.objects(kind, &mut metric, |row| (row.failures > 0).then_some(row.failures as f64))
            }
            Measure::Took(kind) => {
                self.objects(kind, &mut metric, |row| row.took.map(|took| took.as_nanos() as f64))
            }
            Measure::Results(kind) => self.results(kind, &mut metric),
            Measure::State(kind) => self.objects(kind, &mut metric, |row| row.ready.map(state)),
            Measure::DataAge(kind) => {
                self.objects(kind, &mut metric, |row| row.refreshed.map(|at| self.age(at)))
            }
            Measure::Condition(kind) => self.conditions(kind, &mut metric),
            Measure::ProviderCalls => self.provider_calls(&mut metric),
            Measure::QueueReady => self.lanes(&mut metric, |lane| {
                self.queues.iter().map(|queue| queue.standing(lane).ready as f64).sum()
            }),
            Measure::QueueOldest => self.lanes(&mut metric, |lane| {
                let oldest = self.queues.iter().filter_map(|queue| queue.standing(lane).oldest);
                oldest.max().unwrap_or_default().as_secs_f64()
            }),
            Measure::Overdue => match self.queues.as_slice() {
                [] => Ok(()),
                queues => sample(&mut metric, &[], queues.iter().map(|queue| queue.overdue() as f64).sum()),
            },
            Measure::EventsDropped => sample(&mut metric, &[], self.counts.events_dropped as f64),
            Measure::Reviews => self.counts.reviews.iter().try_for_each(|((path, result), count)| {
                sample(&mut metric, &[("result", result), ("webhook", path)], *count as f64)
            }),
            Measure::Answering => {
                self.counts.answering.iter().try_for_each(|(path, took)| {
                    sample(&mut metric, &[("webhook", path)], took.as_secs_f64())
                })
            }
        }
    }

    fn objects(
        &self,
        kind: Kind,
        metric: &mut MetricEncoder<'_>,
        value: impl Fn(&Row) -> Option<f64>,
    ) -> fmt::Result {
        self.rows(kind).try_for_each(|(namespace, name, row)| match value(row) {
            Some(value) => sample(metric, &[("name", name), ("namespace", namespace)], value),
            None => Ok(()),
        })
    }

    /// As the original: `True` and `False` are always both there, and one of them is 1 unless it is `Unknown`.
    fn conditions(&self, kind: Kind, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        for (namespace, name, row) in self.rows(kind) {
            let Some(ready) = row.ready else { continue };
            for status in [Ready::True, Ready::False, Ready::Unknown] {
                if status == Ready::Unknown && ready != status {
                    continue;
                }
                let status_text = status.to_string();
                let labels = [
                    ("condition", "Ready"),
                    ("name", name),
                    ("namespace", namespace),
                    ("status", status_text.as_str()),
                ];
                sample(metric, &labels, f64::from(u8::from(ready == status)))?;
            }
        }
        Ok(())
    }

    fn results(&self, kind: Kind, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        for (namespace, name, row) in self.rows(kind) {
            for (status, count) in [("success", row.runs - row.failures), ("error", row.failures)] {
                if count > 0 {
                    let labels = [("name", name), ("namespace", namespace), ("status", status)];
                    sample(metric, &labels, count as f64)?;
                }
            }
        }
        Ok(())
    }

    fn provider_calls(&self, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        self.counts.provider_calls.iter().try_for_each(|((provider, call, succeeded), count)| {
            let status = if *succeeded { "success" } else { "error" };
            sample(metric, &[("call", call), ("provider", provider), ("status", status)], *count as f64)
        })
    }

    fn lanes(&self, metric: &mut MetricEncoder<'_>, value: impl Fn(Lane) -> f64) -> fmt::Result {
        if self.queues.is_empty() {
            return Ok(());
        }
        Lane::ALL.into_iter().try_for_each(|lane| {
            let name = match lane {
                Lane::Changed => "changed",
                Lane::Retry => "retry",
                Lane::Periodic => "periodic",
            };
            sample(metric, &[("lane", name)], value(lane))
        })
    }

    fn rows(&self, kind: Kind) -> impl Iterator<Item = (&str, &str, &Row)> {
        let namespaces = self.counts.objects.get(&kind).into_iter().flatten();
        namespaces.flat_map(|(namespace, names)| {
            names.iter().map(move |(name, row)| (namespace.as_ref(), name.as_ref(), row))
        })
    }

    /// In seconds; a clock that went back makes no data younger than new.
    fn age(&self, at: Timestamp) -> f64 {
        self.now.duration_since(at).as_secs_f64().max(0.0)
    }
}

/// The older controller's number of a status.
fn state(ready: Ready) -> f64 {
    match ready {
        Ready::True => 1.0,
        Ready::False | Ready::Unknown => -1.0,
    }
}

/// One line. Counters too are written as gauges are: the original's names of counters are taken as they are, and
/// prometheus-client would add a `_total` to them.
fn sample(metric: &mut MetricEncoder<'_>, labels: &[(&str, &str)], value: f64) -> fmt::Result {
    match labels {
        [] => metric.encode_gauge(&value),
        labels => metric.encode_family(&labels)?.encode_gauge(&value),
    }
}

/// The reference page.
pub fn reference() -> String {
    let mut page = String::from(
        "# Metrics\n\nServed as Prometheus text at `--metrics-addr`, path `/metrics`.\n\
         An object's series go when the object goes.\n\n| name | type | labels | what it says |\n|---|---|---|---|\n",
    );
    for Description { name, kind, labels, help, ours, .. } in DESCRIPTIONS {
        let labels = labels.join(", ");
        let origin = if *ours { "" } else { " As the original." };
        writeln!(page, "| `{name}` | {} | {labels} | {help}.{origin} |", kind.as_metric_type().as_str())
            .expect("writing to a string must succeed");
    }
    page
}

#[cfg(test)]
mod tests;
