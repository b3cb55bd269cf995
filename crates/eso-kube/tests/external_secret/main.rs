//! ExternalSecrets, PushSecrets and filled Secrets on a real API server, with a provider in memory behind their store.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod world;

mod counts;
mod filled;
mod ownership;
mod push;
mod sync;
mod trouble;
