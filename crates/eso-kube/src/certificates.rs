//! The certificates that webhooks are served with: made, renewed, and trusted by the API server before they are served.
//!
//! ```text
//! Secret ─► material ─► decide ─► Secret        every replica serves the leaf that the Secret holds
//!                └─► bundle ─► caBundle of both webhook configurations
//! ```
//!
//! Whichever replica is first writes: each write names the version of the Secret that it is made for, and the others take
//! what was written. A new authority is trusted beside the old one for a while before it signs what is served, and the
//! old one for a while after that.

mod bundle;
mod configurations;
mod decide;
mod keeper;
mod material;
mod parsed;
pub mod paths;

use std::{fmt, time::Duration};

use kube::Client;
use tokio::sync::watch;
use zeroize::Zeroizing;

use keeper::Keeper;

/// Whose certificates are served, and who trusts them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The operator's own namespace.
    pub namespace: String,
    /// The Secret that holds the certificates, as the original's: `tls.crt`, `tls.key`, `ca.crt` and `ca.key`.
    pub secret: String,
    /// Whose they are.
    pub source: Source,
}

/// Whose certificates are served.
#[derive(Clone, Debug)]
pub enum Source {
    /// Ours.
    Own(Own),
    /// Somebody else's: the Secret is read, and nothing is written.
    Followed,
}

/// What certificates of ours are made for.
#[derive(Clone, Debug)]
pub struct Own {
    /// The Service that leads to the webhooks.
    pub service: String,
    /// The name of the mutating and of the validating webhook configuration.
    pub configuration: String,
    /// How long a new authority is trusted before what it signed is served, and an old one after that.
    pub overlap: Duration,
}

/// A certificate with its chain, and its key, in PEM. `Debug` shows nothing of the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate first.
    pub chain: String,
    /// Its key.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

/// What is to be served now; `None` where there is nothing yet. What was there once stays until there is another.
pub type Served = watch::Receiver<Option<Pair>>;

/// Keeps certificates. The future does so for as long as it is polled.
///
/// `client` is one that sends writes whether or not this process leads: a standby serves webhooks too.
pub fn follow(client: Client, settings: Settings) -> (Served, impl Future<Output = ()> + Send + use<>) {
    let (sender, served) = watch::channel(None);
    (served, Keeper::new(client, settings, sender).run())
}
