//! What every test here stands on: one cluster for all, and for each test a namespace, an operator and doubles of its
//! own.
//!
//! A test says what it needs ([`Setup`]), acts and waits through its [`World`], and ends it, which looks for leaks.

mod admission;
mod audit;
mod aws;
mod canaries;
mod chart;
mod cluster;
mod election;
mod exhausted;
mod kind;
mod operator;
mod patience;
mod roles;
mod secrets;
mod setup;
mod vault;
mod waits;
mod world;

pub(crate) use self::{
    admission::{Answer, INTERVAL, RECORD, STORE, asking},
    audit::in_words,
    aws::{aws, aws_spec, values_read},
    canaries::TOKEN_BEGINNING,
    chart::rendered,
    cluster::{Cluster, ROLE, deploy},
    kind::Kind,
    patience::eventually,
    secrets::{encoded, entries},
    setup::Setup,
    vault::{Mount, secure_vault},
    waits::{Condition, measured, timed},
    world::{Manifest, World},
};
