//! A token and its life, instant by instant: when to renew it, and when it is over.

use std::time::Duration;

use eso_core::value::SecretBytes;
use tokio::time::Instant;

/// Nothing is done for a token sooner than this after the last time, however short its life is.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// By how much Vault may say that a token ends earlier than was thought before it is believed: an answer takes its
/// time, and a life is told in whole seconds.
const TOLERANCE: Duration = Duration::from_secs(10);

/// A token, where it is from, and how long it lives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    secret: Option<SecretBytes>,
    origin: Origin,
    /// How long it lived when it was got; `None` is for ever.
    granted: Option<Duration>,
    life: Life,
    /// Whether it should be replaced though it may be good.
    is_doubted: bool,
}

/// Where a token is from, and so what may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// There is no token.
    Nobody,
    /// Somebody made it: it is renewed, never revoked.
    Given,
    /// A login of ours made it.
    Login,
    /// A login of ours made it, and it can neither be renewed nor revoked.
    Batch,
}

/// What Vault says about a token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// 0 is for ever.
    pub(crate) seconds: u64,
    pub(crate) renewable: bool,
}

/// What is known of a token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Nothing: Vault was not asked yet.
    Unseen,
    /// It has no end.
    Endless,
    /// It ends.
    Mortal {
        /// When something should be done for it; `None` where nothing can be.
        due: Option<Instant>,
        end: Instant,
        renewable: bool,
    },
}

/// Where in its life a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nobody knows yet.
    Unseen,
    /// It is good, and nothing is to be done.
    Fresh,
    /// It is good, but should be renewed or replaced.
    Due,
    /// It is dead.
    Over,
}

impl Token {
    /// No token at all.
    pub(crate) fn anonymous() -> Self {
        Self { secret: None, origin: Origin::Nobody, granted: None, life: Life::Endless, is_doubted: false }
    }

    /// A token that somebody made, and that Vault was not asked about yet.
    pub(crate) fn unseen(secret: SecretBytes) -> Self {
        let (secret, origin, life) = (Some(secret), Origin::Given, Life::Unseen);
        Self { secret, origin, granted: None, life, is_doubted: false }
    }

    /// A token that was just got.
    pub(crate) fn new(origin: Origin, secret: SecretBytes, lease: Lease) -> Self {
        Self {
            secret: Some(secret),
            origin,
            granted: lease.length(),
            life: Life::new(origin, lease, Instant::now()),
            is_doubted: false,
        }
    }

    /// The token itself.
    pub(crate) fn secret(&self) -> Option<&SecretBytes> {
        self.secret.as_ref()
    }

    /// Where it is from.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// The same token, whose life is this one from now on.
    pub(crate) fn renewed(&self, lease: Lease, now: Instant) -> Self {
        self.living(Life::new(self.origin, lease, now))
    }

    /// The same token, left in peace for half of what remains of its life.
    pub(crate) fn postponed(&self, now: Instant) -> Self {
        match self.life {
            life @ (Life::Unseen | Life::Endless) => self.living(life),
            Life::Mortal { end, renewable, .. } => {
                let pause = (end.saturating_duration_since(now) / 2).max(SHORTEST_PAUSE);
                self.living(Life::Mortal { due: Some(now + pause), end, renewable })
            }
        }
    }

    /// The same token, which the server may have forgotten: another login should replace it, or another look into its
    /// Secret. Where that fails it is used on.
    pub(crate) fn doubted(&self) -> Self {
        Self { is_doubted: self.origin != Origin::Nobody, ..self.living(self.life) }
    }

    fn living(&self, life: Life) -> Self {
        Self { secret: self.secret.clone(), life, is_doubted: false, ..*self }
    }

    pub(crate) fn stage(&self, now: Instant) -> Stage {
        match self.life {
            Life::Unseen => Stage::Unseen,
            Life::Mortal { end, .. } if now >= end => Stage::Over,
            Life::Mortal { .. } | Life::Endless if self.is_doubted => Stage::Due,
            Life::Mortal { due: Some(due), .. } if now >= due => Stage::Due,
            Life::Mortal { .. } | Life::Endless => Stage::Fresh,
        }
    }

    pub(crate) fn is_renewable(&self) -> bool {
        !self.is_doubted && matches!(self.life, Life::Mortal { renewable: true, .. })
    }

    /// When it should be renewed, though nobody may need it then; `None` where it cannot be, or not any more.
    pub(crate) fn renewal(&self, now: Instant) -> Option<Instant> {
        match self.life {
            Life::Mortal { due, end, renewable: true } if now < end && !self.is_doubted => due,
            Life::Mortal { .. } | Life::Unseen | Life::Endless => None,
        }
    }

    /// Whether renewals give it ever less, because its longest life comes to an end, and a login would give more.
    pub(crate) fn is_worn_out(&self, now: Instant) -> bool {
        match (self.origin, self.granted, self.life) {
            (Origin::Login, Some(granted), Life::Mortal { end, .. }) => {
                end.saturating_duration_since(now) < granted / 2
            }
            (Origin::Nobody | Origin::Given | Origin::Login | Origin::Batch, _, _) => false,
        }
    }

    /// Whether it was thought to live longer than Vault says now: this machine's clock may have stood still.
    pub(crate) fn outlives(&self, lease: Lease, now: Instant) -> bool {
        match (self.life, lease.length()) {
            (Life::Mortal { end, .. }, Some(left)) => end.saturating_duration_since(now) > left + TOLERANCE,
            (Life::Unseen | Life::Endless, _) | (Life::Mortal { .. }, None) => false,
        }
    }
}

impl Lease {
    fn length(self) -> Option<Duration> {
        (self.seconds > 0).then(|| Duration::from_secs(self.seconds))
    }
}

impl Life {
    fn new(origin: Origin, lease: Lease, now: Instant) -> Self {
        let renewable = lease.renewable && origin != Origin::Batch;
        // Lengths beyond what an instant can hold are for ever.
        let end = lease.length().and_then(|length| Some((length, now.checked_add(length)?)));
        let Some((length, end)) = end else { return Self::Endless };
        let pause = match (origin, renewable) {
            // No login can replace it: half of its life is there to try again in.
            (Origin::Given, true) => Some(length / 2),
            // It is as good at the end as at the start: there is no other to get.
            (Origin::Given, false) => None,
            (Origin::Nobody | Origin::Login | Origin::Batch, _) => Some(length / 3 * 2),
        };
        Self::Mortal { due: pause.map(|pause| now + pause.max(SHORTEST_PAUSE)), end, renewable }
    }
}

#[cfg(test)]
mod tests;
