//! Seeing a Secret follow its store, and how long that takes.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{INTERVAL, objects::value_of};
use crate::{
    cluster::Cluster,
    screen::{Screen, seconds},
};

/// How much longer than the refresh interval it may take, in seconds: what a slow machine needs for the rest.
const ALLOWANCE: u64 = 10;

/// Waits until a Secret has a value that was just put in its store, and says how long that took.
///
/// # Errors
/// When it took longer than the refresh interval and the allowance for a slow machine.
pub(super) async fn follow(
    screen: &Screen,
    cluster: &Cluster,
    name: &str,
    (key, value): (&str, &str),
) -> Result<()> {
    let followed = |secret: &Value| value_of(secret, key).as_deref() == Some(value);
    let (_, took) = cluster.wait(("secret", name), followed).await?;
    screen.say(&format!("the Secret followed after {} (interval {INTERVAL} s)", seconds(took)));
    in_time(took)
}

fn in_time(took: Duration) -> Result<()> {
    let allowed = Duration::from_secs(INTERVAL + ALLOWANCE);
    ensure!(
        took <= allowed,
        "the Secret followed after {}, and {} are allowed: the interval of {INTERVAL} s, and {ALLOWANCE} s for a \
        slow machine",
        seconds(took),
        seconds(allowed),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_follow_within_the_interval_and_a_slow_machines_allowance() {
        in_time(Duration::ZERO).unwrap();
        in_time(Duration::from_secs(INTERVAL)).unwrap();
        in_time(Duration::from_secs(INTERVAL + ALLOWANCE)).unwrap();
    }

    #[test]
    fn a_secret_that_follows_later_is_an_error_with_both_times() {
        let late = in_time(Duration::from_millis(15_100)).unwrap_err().to_string();
        assert!(late.contains("after 15.1 s, and 15.0 s are allowed"), "{late}");
    }
}
