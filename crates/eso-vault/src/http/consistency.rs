//! Reads that are no older than what a store has seen: Vault tells in a header of each answer up to where the node is
//! that answered, and a replica that is asked with that header answers from nowhere before it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use serde::Deserialize;

const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
const INCONSISTENT: HeaderName = HeaderName::from_static("x-vault-inconsistent");
const FORWARD: HeaderValue = HeaderValue::from_static("forward-active-node");

/// The longest state that is kept, in bytes: a real one has about 200. What a server tells is sent back with each request.
const LONGEST: usize = 1024;

/// What a store asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// Nothing: a replica may answer from before what was seen.
    Eventual,
    /// No answer from before it.
    Kept,
    /// The same, and that a replica hands on what it cannot answer so.
    Forwarded,
}

/// What one store has seen of its server.
#[derive(Debug)]
pub(crate) struct Seen {
    consistency: Consistency,
    /// One state, or two of which neither is before the other.
    states: Mutex<Vec<HeaderValue>>,
}

/// How far a cluster was: where it writes itself, and what it has of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    cluster: Cluster,
    local: u64,
    replicated: u64,
}

/// A cluster, as the server calls it whose states these are: where a server is replaced by one of the other sort, the name
/// may stay, and the numbers count something else.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cluster {
    Vault(String),
    OpenBao(String),
}

/// A state of OpenBao.
#[derive(Deserialize)]
struct Told {
    cluster: String,
    value: String,
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(consistency: Consistency) -> Self {
        Self { consistency, states: Mutex::default() }
    }

    /// Asks with what was seen.
    pub(crate) fn ask(&self, headers: &mut HeaderMap) {
        if self.consistency == Consistency::Forwarded {
            headers.insert(INCONSISTENT, FORWARD);
        }
        for state in self.states.lock().iter() {
            headers.append(INDEX, state.clone());
        }
    }

    /// Notes what an answer tells.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        if self.consistency == Consistency::Eventual {
            return;
        }
        if let Some(told) = headers.get(INDEX).filter(|told| (1..=LONGEST).contains(&told.len())) {
            let mut states = self.states.lock();
            let merged = merged(&states, told);
            *states = merged;
        }
    }
}

/// What is kept of what was known when another state is told: whatever nothing else is ahead of. States of another
/// cluster, and those that are not understood, cannot be compared: the last one told is right.
fn merged(known: &[HeaderValue], told: &HeaderValue) -> Vec<HeaderValue> {
    let compared: Option<Vec<_>> =
        known.iter().map(|state| State::of(state)?.is_before(&State::of(told)?).zip(Some(state))).collect();
    let Some(compared) = compared else { return vec![told.clone()] };
    if compared.iter().any(|(before, _)| *before == Before::No) {
        return known.to_vec();
    }
    let beside = compared.into_iter().filter(|(before, _)| *before == Before::Neither);
    beside.map(|(_, state)| state.clone()).take(1).chain([told.clone()]).collect()
}

/// Whether a state is before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Yes,
    No,
    Neither,
}

impl State {
    /// A state out of a header: base64, of `v1:cluster:local:replicated:signature` from Vault, and of an object from
    /// OpenBao. A storage of OpenBao that does not count in numbers is not understood.
    fn of(header: &HeaderValue) -> Option<Self> {
        let text = String::from_utf8(BASE64_STANDARD.decode(header).ok()?).ok()?;
        if let Ok(Told { cluster, value }) = serde_json::from_str(&text) {
            return Some(Self {
                cluster: Cluster::OpenBao(cluster),
                local: value.parse().ok()?,
                replicated: 0,
            });
        }
        match text.split(':').collect::<Vec<_>>()[..] {
            ["v1", cluster, local, replicated, _signature] if !cluster.is_empty() => Some(Self {
                cluster: Cluster::Vault(cluster.to_owned()),
                local: local.parse().ok()?,
                replicated: replicated.parse().ok()?,
            }),
            _ => None,
        }
    }

    /// `None` where the two are of different clusters. A state is not before its equal.
    fn is_before(&self, other: &Self) -> Option<Before> {
        let is_ahead = self.local >= other.local && self.replicated >= other.replicated;
        let is_behind = self.local <= other.local && self.replicated <= other.replicated;
        (self.cluster == other.cluster).then_some(match (is_ahead, is_behind) {
            (true, _) => Before::No,
            (false, true) => Before::Yes,
            (false, false) => Before::Neither,
        })
    }
}

#[cfg(test)]
mod tests;
