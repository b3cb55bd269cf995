//! What tests of this project share: the conformance suite that every provider passes, an in-memory provider with
//! faults and counters, doubles for a provider's connection, and a vocabulary of objects.
//!
//! It is for `[dev-dependencies]` only, and panics where a test should fail.

pub mod conformance;

pub mod connection;
pub mod memory;
pub mod objects;

pub mod canary;
