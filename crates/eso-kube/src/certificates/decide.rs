//! What to do about certificates. Pure.

use std::time::Duration;

use jiff::Timestamp;

/// How certificates stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The authority that new certificates are signed by, where it and its key are there.
    pub(super) issuing: Option<Validity>,
    /// Whether others are trusted besides.
    pub(super) has_others: bool,
    /// What is served.
    pub(super) leaf: Option<Leaf>,
    /// Whether the API server trusts, as far as we know, the authorities that are there, in each configuration that there
    /// is.
    pub(super) is_trusted: bool,
}

/// From when to when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    /// When it was made.
    pub(super) made: Timestamp,
    /// When it ends.
    pub(super) ends: Timestamp,
}

/// A certificate that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) validity: Validity,
    /// Who signed it.
    pub(super) signer: Signer,
    /// Whether it is for the name that the API server asks for, and its key is there.
    pub(super) fits: bool,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    /// The authority that signs now.
    Issuing,
    /// One that is trusted besides.
    Other,
    /// None that is trusted.
    Unknown,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing until then.
    Rest(Timestamp),
    /// A new authority is made, and trusted beside those that are there.
    Authority,
    /// A new certificate is made by the authority that signs.
    Leaf,
    /// The authorities that do not sign any more are not trusted any more.
    Retire,
}

/// The wait for the API server to trust what is due to be served.
const TRUST_PAUSE: Duration = Duration::from_secs(5);

impl Validity {
    /// When a new one is to be made: a third of its life before it ends.
    fn due(self) -> Timestamp {
        let life = self.ends.duration_since(self.made);
        self.made + life / 3 * 2
    }
}

/// What to do now.
pub(super) fn decide(standing: &Standing, overlap: Duration, now: Timestamp) -> Step {
    let Some(issuing) = standing.issuing.filter(|issuing| now < issuing.due()) else {
        return Step::Authority;
    };
    let usable = |leaf: &Leaf| leaf.fits && now < leaf.validity.ends && leaf.signer != Signer::Unknown;
    let Some(leaf) = standing.leaf.filter(usable) else { return Step::Leaf };
    match leaf.signer {
        Signer::Unknown => Step::Leaf,
        Signer::Other => {
            let settled = later(issuing.made, overlap);
            match now < settled {
                true => Step::Rest(settled),
                false if standing.is_trusted => Step::Leaf,
                false => Step::Rest(later(now, TRUST_PAUSE)),
            }
        }
        Signer::Issuing if now >= leaf.validity.due() => Step::Leaf,
        Signer::Issuing => {
            let due = leaf.validity.due().min(issuing.due());
            let unused = later(leaf.validity.made, overlap);
            match standing.has_others {
                true if now >= unused => Step::Retire,
                true => Step::Rest(due.min(unused)),
                false => Step::Rest(due),
            }
        }
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
