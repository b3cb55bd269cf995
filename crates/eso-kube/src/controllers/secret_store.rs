//! Keeps one identity of a store connected, and its status true.
//!
//! It connects and checks a store when it appears or is edited, when a credential is edited, after a failure with a
//! growing pause, and at the interval that the store sets. Each identity has a task of its own.

mod condition;
mod gate;
mod keeper;
mod pause;

pub(crate) use gate::Gate;
pub(crate) use keeper::{Assignment, Keeper, Shared};
