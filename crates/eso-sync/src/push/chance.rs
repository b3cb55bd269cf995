//! The time and the chance that templates see: the same ones as long as what they are rendered over is the same, so that
//! a push which changes nothing writes nothing. After a restart they are others, once.

use std::collections::HashMap;

use eso_plan::push::seed::Seed;
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::{engine::Random, ports::ObjectId};

/// 48 bytes for each object with templates.
#[derive(Debug)]
pub(super) struct Chances {
    /// Known to this process alone.
    key: [u8; 32],
    times: Mutex<HashMap<ObjectId, (u64, Timestamp)>>,
}

impl Chances {
    pub(super) fn new(random: &Random) -> Self {
        let mut key = [0; 32];
        random(&mut key);
        Self { key, times: Mutex::default() }
    }

    /// What everything that follows begins with.
    pub(super) fn seed(&self, object: ObjectId) -> Seed {
        Seed::new(&self.key).with(&object.0.to_be_bytes())
    }

    /// The time at which an object was first rendered over this.
    pub(super) fn time(&self, object: ObjectId, over: u64, now: Timestamp) -> Timestamp {
        let mut times = self.times.lock();
        match times.get(&object) {
            Some((before, time)) if *before == over => *time,
            Some(_) | None => {
                times.insert(object, (over, now));
                now
            }
        }
    }

    pub(super) fn forget(&self, object: ObjectId) {
        self.times.lock().remove(&object);
    }
}
