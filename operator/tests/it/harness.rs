//! What every test here stands on: one cluster for all, and for each test a namespace, an operator and doubles of its
//! own.
//!
//! A test says what it needs ([`Setup`]), acts and waits through its [`World`], and ends it, which looks for leaks.

mod canaries;
mod cluster;
mod kind;
mod operator;
mod patience;
mod secrets;
mod vault;
mod world;

pub(crate) use self::{
    cluster::{Cluster, deploy},
    kind::Kind,
    operator::Operator,
    patience::{PATIENCE, eventually},
    secrets::entries,
    vault::{Mount, vault},
    world::{Condition, Manifest, Setup, World, measured},
};
