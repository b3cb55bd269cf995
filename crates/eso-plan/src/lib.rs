//! What one object needs, decided without IO: the same input gives the same answer, everywhere and always.
//!
//! ```text
//! convert (CRD object → Desired) ─► due ─► [the caller reads the store] ─► render ─► plan ─► [the caller writes] ─► status
//! ```
//!
//! Only [`convert`] names CRD types. Time comes in as an argument; nothing here prints, logs or stores a value.

pub mod desired;
pub mod observed;

pub mod convert;

pub mod due;
pub mod plan;
pub mod push;
pub mod render;
pub mod status;
pub mod template;

pub mod filled;

pub mod cluster;
pub mod decoding;
pub mod fence;
pub mod fields;
pub mod naming;
pub mod windows;

pub mod digest;
pub mod names;
pub mod property;

#[cfg(test)]
mod fixtures;
