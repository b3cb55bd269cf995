//! What to answer to an AdmissionReview: a Secret is filled before it is stored, an object of ours is judged.
//!
//! ```text
//! body ─► review ─► decide ─► references, targets ─► [rights are asked for, stores are read] ─► answer
//! ```
//!
//! Whoever serves it writes [`ports::Cluster`], passes [`Stores`](eso_sync::ports::Stores), and hands each body to
//! [`Review::parse`](review::Review::parse) and then to [`Admission::answer`]. It opens no socket and knows no client of
//! Kubernetes. Nothing that it says holds a value; values are in the patch of an answer, and nowhere else.

pub mod ports;

pub mod admission;
pub mod answer;
pub mod review;

pub mod decide;
pub mod references;
pub mod targets;

pub mod validate;

pub use admission::{Admission, Settings};
pub use eso_plan::filled::annotations;

#[cfg(test)]
mod fixtures;
