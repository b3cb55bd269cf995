//! Objects and stores that failed so often that they are not tried again for long: what puts them right sooner is no
//! retry.

use jiff::Timestamp;
use serde_json::Value;

use super::{audit::in_words, patience::eventually, world::World};

/// After so many failures in a row an object, and a store that waits for what is not there, are tried again after 30 s,
/// less a tenth.
const TRIES: usize = 6;

/// Well before that, also where one of the two failed for the sixth time 6 s before the other; and long for what is acted
/// on within a second.
const BEFORE_THE_NEXT_TRY: i64 = 15;

impl World {
    /// Waits until an ExternalSecret has failed so often that it waits as long as any does, and returns right after
    /// the last failure. That takes half a minute.
    pub(crate) async fn exhausted(&self, name: &str) {
        let series =
            format!("externalsecret_sync_calls_error{{name=\"{name}\",namespace=\"{}\"}}", self.namespace);
        eventually(&format!("{name} failed {TRIES} times"), async || {
            match self.operator.metric(&series).await.unwrap_or_default() {
                failures if failures >= TRIES as f64 => Ok(()),
                failures => Err(format!("it failed {failures} times")),
            }
        })
        .await;
    }

    /// As [`exhausted`](Self::exhausted), where what is not there is what its store needs: that was looked for as often.
    pub(crate) async fn exhausted_without(&self, name: &str, missing: &str) {
        self.exhausted(name).await;
        eventually(&format!("{missing} was looked for {TRIES} times"), async || {
            let looks = in_words(&self.asked(self.began).await.verb("get").name(missing));
            if looks.len() >= TRIES { Ok(()) } else { Err(format!("{looks:?}")) }
        })
        .await;
    }

    /// Waits until the Secret of an [exhausted](Self::exhausted) ExternalSecret is made, and shows that it was made for
    /// what somebody wrote: both times are the API server's, and no retry comes so soon.
    pub(crate) async fn made_for(&self, written: &Value, name: &str, entries: &[(&str, &str)]) {
        let secret = self.holds(name, entries).await;
        let made = time(&secret["metadata"]["creationTimestamp"]);
        let cause = &written["metadata"]["name"];
        let took = made.duration_since(last_write(written)).as_secs();
        assert!(took < BEFORE_THE_NEXT_TRY, "{name} was made {took} s after {cause} was written");
        self.synced(name).await;
    }
}

/// When an object was written last, in whole seconds.
fn last_write(object: &Value) -> Timestamp {
    let writers = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    writers.map(|writer| time(&writer["time"])).max().expect("an object must have been written by somebody")
}

fn time(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).expect("a time must be one")
}
