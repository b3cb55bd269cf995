//! What was asked of the servers and used of the machine between two moments.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use eso_rig::{ApiRequests, Mark};

use super::{
    objects::{self, key},
    world::World,
};
use crate::operator::{ACCOUNT, Operator};

/// The unit in which the kernel tells processor time: every architecture that Linux is built for has 100 a second.
const TICK: Duration = Duration::from_millis(10);

/// Everything that is counted, read at a moment.
pub(super) struct Reading {
    mark: Mark,
    at: Instant,
    operator: Duration,
    apiserver: Duration,
    calls: u64,
    throttled: u64,
    keys: u64,
    objects: usize,
}

/// What came between a reading and now.
pub(super) struct Usage {
    pub(super) took: Duration,
    /// What the operator asked of the API server.
    pub(super) requests: ApiRequests,
    /// What the operator asked of the store.
    pub(super) calls: u64,
    /// How many of these it was told to make less often.
    pub(super) throttled: u64,
    /// How many values were asked for in these calls.
    pub(super) keys: u64,
    /// The operator's processor time.
    pub(super) operator: Duration,
    /// The API server's processor time.
    pub(super) apiserver: Duration,
}

impl Reading {
    /// Reads before the operator starts.
    pub(super) async fn before_start(world: &World, objects: usize) -> Result<Self> {
        Self::take(world, objects, None).await
    }

    /// Reads while the operator runs.
    pub(super) async fn of(world: &World, objects: usize, operator: &Operator) -> Result<Self> {
        Self::take(world, objects, Some(operator.id())).await
    }

    /// What came since this reading.
    pub(super) async fn until_now(self, world: &World, operator: &Operator) -> Result<Usage> {
        let now = Self::of(world, self.objects, operator).await?;
        let account = format!("system:serviceaccount:{}:{}", ACCOUNT.0, ACCOUNT.1);
        Ok(Usage {
            took: now.at - self.at,
            requests: world.plane.since(self.mark).await?.by(&account),
            calls: now.calls - self.calls,
            throttled: now.throttled - self.throttled,
            keys: now.keys - self.keys,
            operator: now.operator.saturating_sub(self.operator),
            apiserver: now.apiserver.saturating_sub(self.apiserver),
        })
    }

    async fn take(world: &World, objects: usize, operator: Option<u32>) -> Result<Self> {
        Ok(Self {
            // It comes first: to look for the log's end takes a while, and is no part of what is measured.
            mark: world.plane.mark().await?,
            at: Instant::now(),
            operator: operator.map_or(Ok(Duration::ZERO), processor_time)?,
            apiserver: processor_time(world.plane.apiserver_id())?,
            calls: world.aws.counts().into_values().sum(),
            throttled: world.aws.throttled(),
            keys: (0..objects).map(|number| keys_read(world, number)).sum(),
            objects,
        })
    }
}

impl Usage {
    /// Reads of Secrets other than that of the store's credentials.
    pub(super) fn secret_reads(&self) -> usize {
        let reads = self.requests.verb("get").resource("secrets");
        reads.matching(|request| request.name != objects::CREDENTIALS).len()
    }

    /// Writes of Secrets and of ExternalSecrets.
    pub(super) fn writes(&self) -> usize {
        let writes = self.requests.writes();
        writes.resource("secrets").len() + writes.resource("externalsecrets").len()
    }

    /// Everything but watches, which end and begin again by the clock.
    pub(super) fn questions(&self) -> usize {
        self.requests.matching(|request| request.verb != "watch").len()
    }
}

/// Resident memory in MB.
#[derive(Debug, PartialEq)]
pub(super) struct Memory {
    /// All of it now, the program's text included.
    pub(super) now: f64,
    /// What of it is data: the text comes from a file, and the kernel can drop it.
    pub(super) data: f64,
    /// The most that there ever was.
    pub(super) most: f64,
}

/// The resident memory of a process.
pub(super) fn resident(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    memory(&status.context("a process must have a status")?)
}

fn memory(status: &str) -> Result<Memory> {
    let megabytes = |field| megabytes(status, field);
    Ok(Memory { now: megabytes("VmRSS:")?, data: megabytes("RssAnon:")?, most: megabytes("VmHWM:")? })
}

fn megabytes(status: &str, field: &str) -> Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number =
        line.and_then(|line| line.split_whitespace().next()).context("a status must have its fields")?;
    Ok(number.parse::<f64>().context("a status must hold numbers")? / 1024.0)
}

fn processor_time(process: u32) -> Result<Duration> {
    ticks(&fs::read_to_string(format!("/proc/{process}/stat")).context("a process must have a stat")?)
}

/// Time in the process itself and in the kernel for it, the 14th and the 15th field. The second field, the name in
/// parentheses, may hold anything.
fn ticks(stat: &str) -> Result<Duration> {
    let (_, fields) = stat.rsplit_once(") ").context("a stat must hold a name")?;
    let mut times = fields.split(' ').skip(11).take(2).map(str::parse::<u32>);
    let mut next = || times.next().context("a stat must hold times")?.context("a stat must hold numbers");
    Ok(TICK * (next()? + next()?))
}

fn keys_read(world: &World, number: usize) -> u64 {
    let key = key(number);
    ["GetSecretValue", "BatchGetSecretValue"]
        .map(|operation| world.aws.count_key(operation, &key))
        .iter()
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_whatever_the_process_is_called() {
        let stat = "42 (a) S 1 (b)) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        assert_eq!(ticks(stat).unwrap(), Duration::from_secs(2));
        assert!(ticks("42 (eso) R 1 2").is_err());
    }

    #[test]
    fn resident_memory_is_in_megabytes() {
        let status = "Name:\teso\nVmHWM:\t   20480 kB\nVmRSS:\t   15360 kB\nRssAnon:\t    5120 kB\n";
        assert_eq!(memory(status).unwrap(), Memory { now: 15.0, data: 5.0, most: 20.0 });
        assert!(memory("Name:\teso\n").is_err());
    }

    #[test]
    fn this_process_uses_memory_and_time() {
        let memory = resident(std::process::id()).unwrap();
        assert!(memory.now > memory.data && memory.most >= memory.now && memory.data > 0.0);
        processor_time(std::process::id()).unwrap();
    }
}
