//! A token and its life: one login for each life, renewal on the way, and one login for any number of calls that find
//! the token dead.

use std::{sync::Arc, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    value::SecretBytes,
};
use parking_lot::RwLock;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use crate::auth::Authenticator;

/// A login that is refused is not tried again for this long: a thousand objects of one store would otherwise ask a
/// thousand times, and Vault locks a role out for it.
const REFUSAL_PAUSE: Duration = Duration::from_secs(2);

/// A new login that did not help against "permission denied" is not tried again for this long.
const VAIN_PAUSE: Duration = Duration::from_secs(30);

/// A token, where it is from, and how long it lives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    secret: Option<SecretBytes>,
    origin: Origin,
    /// How long it lived when it was got; `None` is for ever.
    granted: Option<Duration>,
    life: Option<Life>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    /// When something should be done for it; `None` where nothing can be.
    due: Option<Instant>,
    end: Instant,
    renewable: bool,
}

/// Where in its life a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
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
        Self { secret: None, origin: Origin::Nobody, granted: None, life: None }
    }

    /// A token that was just got.
    pub(crate) fn new(origin: Origin, secret: SecretBytes, lease: Lease) -> Self {
        Self {
            secret: Some(secret),
            origin,
            granted: lease.length(),
            life: Life::new(origin, lease, Instant::now()),
        }
    }

    /// The token itself.
    pub(crate) fn secret(&self) -> Option<&SecretBytes> {
        self.secret.as_ref()
    }

    fn renewed(&self, lease: Lease, now: Instant) -> Self {
        Self { secret: self.secret.clone(), life: Life::new(self.origin, lease, now), ..*self }
    }

    /// The same token, left in peace for half of what remains of its life.
    fn postponed(&self, now: Instant) -> Self {
        let later =
            |life: Life| Life { due: Some(now + life.end.saturating_duration_since(now) / 2), ..life };
        Self { secret: self.secret.clone(), life: self.life.map(later), ..*self }
    }

    fn stage(&self, now: Instant) -> Stage {
        match self.life {
            Some(life) if now >= life.end => Stage::Over,
            Some(Life { due: Some(due), .. }) if now >= due => Stage::Due,
            Some(_) | None => Stage::Fresh,
        }
    }

    fn is_renewable(&self) -> bool {
        self.life.is_some_and(|life| life.renewable)
    }

    /// Whether renewals give it ever less, because its longest life comes to an end, and a login would give more.
    fn is_worn_out(&self, now: Instant) -> bool {
        let left = self.life.map(|life| life.end.saturating_duration_since(now));
        match (self.origin, self.granted, left) {
            (Origin::Login, Some(granted), Some(left)) => left < granted / 2,
            (Origin::Nobody | Origin::Given | Origin::Login | Origin::Batch, _, _) => false,
        }
    }
}

impl Lease {
    fn length(self) -> Option<Duration> {
        (self.seconds > 0).then(|| Duration::from_secs(self.seconds))
    }
}

impl Life {
    fn new(origin: Origin, lease: Lease, now: Instant) -> Option<Self> {
        let renewable = lease.renewable && origin != Origin::Batch;
        let length = lease.length()?;
        // A given token that cannot be renewed is as good at the end as at the start: there is no other to get.
        let can_be_helped = renewable || origin != Origin::Given;
        // Lengths beyond what an instant can hold are for ever.
        let end = now.checked_add(length)?;
        Some(Self { due: can_be_helped.then(|| now + length / 3 * 2), end, renewable })
    }
}

/// A login that is kept alive.
#[derive(Debug)]
pub(crate) struct Session {
    authenticator: Authenticator,
    current: RwLock<Arc<Token>>,
    /// Whoever holds it may change the token.
    gate: Mutex<Memory>,
}

/// What those who waited at the gate need not find out again.
#[derive(Debug, Default)]
struct Memory {
    /// When the token was last seen to be alive.
    alive: Option<Instant>,
    /// When a login last failed, and why.
    failed: Option<(Instant, ProviderError)>,
    /// When a login last did not help.
    in_vain: Option<Instant>,
}

impl Session {
    /// Logs in.
    pub(crate) async fn open(authenticator: Authenticator) -> Result<Self, ProviderError> {
        let token = Arc::new(authenticator.log_in().await?);
        Ok(Self { authenticator, current: RwLock::new(token), gate: Mutex::default() })
    }

    /// A token that is alive, as far as is known. One caller renews or replaces it when it is time; the others go on
    /// with it while it is good, and wait when it is not.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, ProviderError> {
        let asked = Instant::now();
        let token = self.current();
        match token.stage(asked) {
            Stage::Fresh => Ok(token),
            Stage::Due => match self.gate.try_lock() {
                Ok(gate) => Ok(self.prolong(gate, asked).await.unwrap_or(token)),
                Err(_) => Ok(token),
            },
            Stage::Over => self.prolong(self.gate.lock().await, asked).await,
        }
    }

    /// What to do after Vault refused a call made with `refused`: another token to try once more with, or none,
    /// because that one is alive and the refusal meant.
    pub(crate) async fn replacement(
        &self,
        refused: &Arc<Token>,
    ) -> Result<Option<Arc<Token>>, ProviderError> {
        let asked = Instant::now();
        let mut gate = self.gate.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, refused) {
            return Ok(Some(current));
        }
        if gate.alive.is_some_and(|alive| alive >= asked) || gate.in_vain.is_some_and(is_within(VAIN_PAUSE)) {
            return Ok(None);
        }
        match self.authenticator.look_up(current.secret()).await {
            Ok(_) => {
                gate.alive = Some(Instant::now());
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                self.log_in(&mut gate, asked).await.map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// Says that a call was refused with a token just got: the refusal is meant, whatever the look-up says. (A policy
    /// may forbid a token to look itself up.)
    pub(crate) async fn was_in_vain(&self) {
        self.gate.lock().await.in_vain = Some(Instant::now());
    }

    /// Asks Vault about the token, and gets another where it is dead.
    pub(crate) async fn check(&self) -> Result<(), ProviderError> {
        let asked = Instant::now();
        let token = self.token().await?;
        match self.authenticator.look_up(token.secret()).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Unauthenticated && token.origin != Origin::Nobody => {
                let mut gate = self.gate.lock().await;
                let replaced = !Arc::ptr_eq(&self.current(), &token);
                if replaced { Ok(()) } else { self.log_in(&mut gate, asked).await.map(drop) }
            }
            Err(error) => Err(error),
        }
    }

    /// Revokes the token, where a login of ours made it. It ends by itself where that fails.
    pub(crate) async fn close(&self) {
        let token = self.current();
        if token.origin == Origin::Login {
            drop(self.authenticator.revoke(token.secret()).await);
        }
    }

    fn current(&self) -> Arc<Token> {
        Arc::clone(&self.current.read())
    }

    fn keep(&self, token: Token) -> Arc<Token> {
        let token = Arc::new(token);
        *self.current.write() = Arc::clone(&token);
        token
    }

    /// Renews the token or logs in anew. Where neither can be done, a token that is not over yet is kept.
    async fn prolong(
        &self,
        mut gate: MutexGuard<'_, Memory>,
        asked: Instant,
    ) -> Result<Arc<Token>, ProviderError> {
        let token = self.current();
        if token.stage(Instant::now()) == Stage::Fresh {
            return Ok(token);
        }
        if let Some(renewed) = self.renewed(&token).await {
            return Ok(self.keep(renewed));
        }
        let outcome = self.log_in(&mut gate, asked).await;
        match (outcome, token.stage(Instant::now())) {
            (Err(_), Stage::Fresh | Stage::Due) => Ok(self.keep(token.postponed(Instant::now()))),
            (outcome, _) => outcome,
        }
    }

    async fn renewed(&self, token: &Token) -> Option<Token> {
        if !token.is_renewable() || token.stage(Instant::now()) == Stage::Over {
            return None;
        }
        let lease = self.authenticator.renew(token.secret()).await.ok()?;
        let now = Instant::now();
        let renewed = token.renewed(lease, now);
        (!renewed.is_worn_out(now)).then_some(renewed)
    }

    /// One login for all who ask while it is made, whether it succeeds or fails.
    async fn log_in(&self, gate: &mut Memory, asked: Instant) -> Result<Arc<Token>, ProviderError> {
        if let Some((failed, error)) = &gate.failed
            && (*failed >= asked || is_within(REFUSAL_PAUSE)(*failed))
        {
            return Err(error.clone());
        }
        match self.authenticator.log_in().await {
            Ok(token) => {
                gate.failed = None;
                Ok(self.keep(token))
            }
            Err(error) => {
                gate.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

fn is_within(pause: Duration) -> impl Fn(Instant) -> bool {
    move |instant| instant.elapsed() < pause
}

#[cfg(test)]
mod tests;
