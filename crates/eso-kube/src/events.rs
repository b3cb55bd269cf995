//! Events, off the way of a sync.
//!
//! They go through one bounded lane at a set pace. What overflows is dropped and counted: no object ever waits for
//! its event. What is said again of the same object within ten minutes counts up the event that is there, as the
//! original's recorder does.

mod recent;

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use eso_plan::status::Event;
use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{Event as CoreEvent, EventSource, ObjectReference},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::recent::{Recent, Sent};
use crate::{
    apply::{CALL_TIMEOUT, FIELD_MANAGER},
    telemetry::Telemetry,
};

/// How many events may wait: a minute's worth at the default pace. At about 500 bytes each, under 1 MB.
const LANE_LENGTH: usize = 1200;

/// How much of a message is sent, in bytes: `events.k8s.io` allows no more, and shows these events too.
const LONGEST_MESSAGE: usize = 1024;

/// How much of an object's name is in its event's: the whole may have 253 characters, and a time follows.
const LONGEST_NAME: usize = 230;

/// Who says it: what `kubectl describe` shows under `From`.
const COMPONENT: &str = "external-secrets";

/// Takes events for the cluster.
#[derive(Clone, Debug)]
pub struct Events {
    lane: mpsc::Sender<News>,
    telemetry: Arc<dyn Telemetry>,
}

/// Sends the events on, while it runs.
pub struct EventTask {
    client: Client,
    pace: Option<Duration>,
    lane: mpsc::Receiver<News>,
    recent: Recent,
}

/// What one event says, of whom.
#[derive(Clone, Debug)]
struct News {
    regarding: ObjectReference,
    event: Event,
}

impl Events {
    /// A lane, and the task that empties it at `per_second` events a second.
    ///
    /// At 0 no event is sent, and each one counts as dropped.
    pub fn new(client: Client, per_second: u32, telemetry: Arc<dyn Telemetry>) -> (Self, EventTask) {
        let (sender, lane) = mpsc::channel(LANE_LENGTH);
        let pace = NonZeroU32::new(per_second).map(|per_second| Duration::from_secs(1) / per_second.get());
        (Self { lane: sender, telemetry }, EventTask { client, pace, lane, recent: Recent::default() })
    }

    /// Puts an event in the lane. It never waits: where the lane is full, the event is dropped and counted.
    pub fn publish(&self, regarding: ObjectReference, event: Event) {
        if self.lane.try_send(News { regarding, event }).is_err() {
            self.telemetry.event_dropped();
        }
    }
}

impl fmt::Debug for EventTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventTask").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl EventTask {
    /// Sends events until it is stopped, or nobody can publish any more. An event that the API server refuses, or
    /// does not answer for, is gone.
    pub async fn run(mut self, stop: CancellationToken) {
        // Whoever takes no event closes the lane, so that each one counts as dropped.
        let Some(pace) = self.pace else { return };
        stop.run_until_cancelled(self.send_all(pace)).await;
    }

    async fn send_all(&mut self, pace: Duration) {
        let mut ticks = interval(pace);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Some(news) = self.lane.recv().await {
            ticks.tick().await;
            if let Err(problem) = self.send(news).await {
                debug!(problem, "an event could not be sent");
            }
        }
    }

    async fn send(&mut self, news: News) -> Result<(), &'static str> {
        let now = Timestamp::now();
        // One that is not there any more (the API server keeps events for an hour) is written anew.
        if let Some(sent) = self.recent.again(&news)
            && count_up(&self.client, &sent, now).await?
        {
            return Ok(());
        }
        let event = written_out(&news, now);
        let sent = Sent { namespace: namespace_of(&news.regarding), name: name_of(&event), count: 1 };
        create(&self.client, &sent.namespace, &event).await?;
        self.recent.remember(&news, sent);
        Ok(())
    }
}

async fn create(client: &Client, namespace: &str, event: &CoreEvent) -> Result<(), &'static str> {
    let events = Api::<CoreEvent>::namespaced(client.clone(), namespace);
    let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    let created = timeout(CALL_TIMEOUT, events.create(&params, event)).await;
    created.map_err(|_| "the API server does not answer")?.map_err(|_| "the API server refuses it")?;
    Ok(())
}

/// Says of an event that it happened once more, or `false` where it is there no longer.
async fn count_up(client: &Client, sent: &Sent, now: Timestamp) -> Result<bool, &'static str> {
    let events = Api::<CoreEvent>::namespaced(client.clone(), &sent.namespace);
    let patch = Patch::Merge(json!({ "count": sent.count, "lastTimestamp": Time(now) }));
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let patched = timeout(CALL_TIMEOUT, events.patch(&sent.name, &params, &patch)).await;
    match patched.map_err(|_| "the API server does not answer")? {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(_) => Err("the API server refuses it"),
    }
}

/// The event as the original's recorder writes it.
fn written_out(news: &News, now: Timestamp) -> CoreEvent {
    let News { regarding, event: Event { warning, reason, message } } = news;
    let name = regarding.name.as_deref().unwrap_or_default();
    let name = cut(name, LONGEST_NAME).trim_end_matches(['.', '-']);
    CoreEvent {
        metadata: ObjectMeta {
            name: Some(format!("{name}.{:x}", now.as_nanosecond())),
            namespace: Some(namespace_of(regarding)),
            ..ObjectMeta::default()
        },
        involved_object: regarding.clone(),
        type_: Some(if *warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some((*reason).to_owned()),
        message: Some(cut(message, LONGEST_MESSAGE).to_owned()),
        count: Some(1),
        first_timestamp: Some(Time(now)),
        last_timestamp: Some(Time(now)),
        source: Some(EventSource { component: Some(COMPONENT.to_owned()), host: None }),
        reporting_component: Some(COMPONENT.to_owned()),
        ..CoreEvent::default()
    }
}

fn name_of(event: &CoreEvent) -> String {
    event.metadata.name.clone().expect("an event that was written out must have a name")
}

/// An event about an object of the cluster lies where the original's recorder puts it.
fn namespace_of(regarding: &ObjectReference) -> String {
    regarding.namespace.clone().unwrap_or_else(|| "default".to_owned())
}

/// The beginning of a text, at most so many bytes long.
fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests;
