//! What is seen of an object and its target before anything is done.

use std::fmt;

use jiff::Timestamp;

use crate::{desired::Desired, digest::Digest, plan::WriteError};

/// One look at an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// It is not there, or it is not ours to serve.
    Gone,
    /// It is being deleted, or all that is around it, and carries a mark that only we may remove.
    Leaving,
    /// It cannot be understood: why, in words for its status. Nothing is done until it changes.
    Malformed {
        /// What its status says now.
        record: Record,
        /// What is wrong, and what to do.
        problem: String,
        /// The state of the object that is malformed, as [`Desired::revision`].
        revision: String,
    },
    /// It is there, and its target could not be looked at.
    Unseen {
        /// What its status says now.
        record: Record,
        /// Why not; a [`WriteError::Conflict`] where the target changed under our eyes.
        error: WriteError,
    },
    /// It is there.
    Present(Box<Observed>),
}

/// An object that is there, and its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// What it asks for.
    pub desired: Desired,
    /// What its status says.
    pub record: Record,
    /// What its target holds.
    pub held: Held,
    /// A fingerprint of the versions of what its templates stand in: it differs when one of them changes, comes or goes.
    pub sources: u64,
    /// When this process last read the store for it with success.
    pub refreshed: Option<Timestamp>,
    /// When this process first saw the cluster, or became the one who writes.
    pub started: Timestamp,
    /// A number that is the object's own and spread evenly (of its uid): it spreads refreshes after a restart.
    pub spread: u32,
}

impl Observed {
    /// An object of which nothing is written down, seen by a process that started at `started`, without templates that stand
    /// in anything. What is known of it besides is a field.
    pub fn new(desired: Desired, held: Held, started: Timestamp) -> Self {
        Self { desired, record: Record::default(), held, sources: 0, refreshed: None, started, spread: 0 }
    }
}

/// What an object's status says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When the store was last read with success.
    pub refreshed: Option<Timestamp>,
    /// The revision that was last brought into step.
    pub revision: Option<String>,
    /// The condition: whether it is in step, the reason and the message. `None`: nothing was said yet.
    pub condition: Option<(bool, String, String)>,
    /// What its target is, which the words of the condition say.
    pub kind: Kind,
}

/// What a target is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A Secret.
    #[default]
    Secret,
    /// An object of another kind.
    Resource,
}

/// What a target holds, as far as it can be known without comparing values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// There is no target.
    Nothing,
    /// The entries are those that we wrote.
    Intact {
        /// The digest of the entries that are ours; `None` where nobody knows it any more, and only a comparison of
        /// the values can tell (a shared target after a restart).
        digest: Option<Digest>,
    },
    /// Somebody else wrote entries of ours, or marks of ours, or it was never ours.
    Drifted,
    /// It belongs to somebody who must not lose it, and is left alone: another object of our kind, whoever we write
    /// for; a stranger's controller, where the object wants to own it. Where a stranger controls a target that is
    /// shared or nobody's, only its data is written, and this is not said.
    Contested(Holder),
}

/// Who holds a contested target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Another object of our kind, by name.
    Peer(String),
    /// A controller of another kind: `kind/name`.
    Stranger(String),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(name) | Self::Stranger(name) => f.write_str(name),
        }
    }
}
