//! What a Lease says of its holder, as client-go reads and writes it.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::{api::coordination::v1::LeaseSpec, apimachinery::pkg::apis::meta::v1::MicroTime};

/// What a Lease says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who holds it; empty where its last holder gave it up.
    pub holder: String,
    /// How long after a renewal others wait.
    pub duration: Duration,
    /// When the holder took it, by the holder's clock. Nothing is decided by it.
    pub acquired: Option<Timestamp>,
    /// When the holder last renewed it, by the holder's clock. Nothing is decided by it, but that it changes.
    pub renewed: Option<Timestamp>,
    /// How often it went from one holder to another.
    pub transitions: i32,
}

/// How long others wait for a holder that gave the lease up, as client-go writes it: a Lease must have a duration.
const GIVEN_UP: Duration = Duration::from_secs(1);

impl Record {
    /// What `spec` says. Where it says no duration, it is this one.
    pub fn read(spec: Option<&LeaseSpec>, default: Duration) -> Self {
        let spec = spec.cloned().unwrap_or_default();
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            holder: spec.holder_identity.unwrap_or_default(),
            duration: seconds.filter(|seconds| *seconds > 0).map_or(default, Duration::from_secs),
            acquired: spec.acquire_time.map(|MicroTime(time)| time),
            renewed: spec.renew_time.map(|MicroTime(time)| time),
            transitions: spec.lease_transitions.unwrap_or_default(),
        }
    }

    /// This, as a Lease has it. What it says besides is of no meaning where holders are elected so.
    pub fn written(&self) -> LeaseSpec {
        let Self { holder, duration, acquired, renewed, transitions } = self;
        // A part of a second is a whole one: others must never wait for less than we count on.
        let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
        LeaseSpec {
            holder_identity: Some(holder.clone()),
            lease_duration_seconds: Some(i32::try_from(seconds).unwrap_or(i32::MAX)),
            acquire_time: acquired.map(MicroTime),
            renew_time: renewed.map(MicroTime),
            lease_transitions: Some(*transitions),
            ..LeaseSpec::default()
        }
    }

    /// This, given up at that time.
    pub fn given_up(&self, now: Timestamp) -> Self {
        Self {
            holder: String::new(),
            duration: GIVEN_UP,
            acquired: Some(now),
            renewed: Some(now),
            transitions: self.transitions,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use serde_json::json;

    use super::Record;

    const SECOND: Duration = Duration::from_secs(1);

    fn record(duration: Duration) -> Record {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        Record {
            holder: "pod-1_uuid".to_owned(),
            duration,
            acquired: time("2026-11-29T10:00:00.123456Z"),
            renewed: time("2026-11-29T10:00:02Z"),
            transitions: 3,
        }
    }

    #[test]
    fn a_record_is_written_as_client_go_writes_it_and_read_back() {
        let written = json!({
            "holderIdentity": "pod-1_uuid", "leaseDurationSeconds": 15, "leaseTransitions": 3,
            "acquireTime": "2026-11-29T10:00:00.123456Z", "renewTime": "2026-11-29T10:00:02.000000Z",
        });
        let record = record(15 * SECOND);
        assert_eq!(serde_json::to_value(record.written()).unwrap(), written);
        let spec: LeaseSpec = serde_json::from_value(written).unwrap();
        assert_eq!(Record::read(Some(&spec), SECOND), record);
    }

    #[test]
    fn a_part_of_a_second_is_written_as_a_whole_one() {
        let spec = record(Duration::from_millis(2_001)).written();
        assert_eq!(spec.lease_duration_seconds, Some(3));
    }

    #[test]
    fn a_lease_that_says_nothing_is_held_by_nobody() {
        let nobody = Record {
            holder: String::new(),
            duration: 15 * SECOND,
            acquired: None,
            renewed: None,
            transitions: 0,
        };
        assert_eq!(Record::read(None, 15 * SECOND), nobody);
        let odd = LeaseSpec { lease_duration_seconds: Some(-1), ..LeaseSpec::default() };
        assert_eq!(Record::read(Some(&odd), 15 * SECOND), nobody);
    }

    #[test]
    fn what_is_given_up_has_no_holder_and_keeps_count() {
        let given_up = record(15 * SECOND).given_up(Timestamp::UNIX_EPOCH);
        let written = json!({
            "holderIdentity": "", "leaseDurationSeconds": 1, "leaseTransitions": 3,
            "acquireTime": "1970-01-01T00:00:00.000000Z", "renewTime": "1970-01-01T00:00:00.000000Z",
        });
        assert_eq!(serde_json::to_value(given_up.written()).unwrap(), written);
    }
}
