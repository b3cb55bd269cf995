//! The operator: what it is told, and how its parts are joined.
//!
//! The binary `eso` is this library and nothing else. Another program can be the same operator with one more provider:
//! it passes its own [`eso_kube::stores::Connect`] to [`run::run`], and asks [`providers::Providers`] for the rest.

pub mod args;
pub mod run;

pub mod providers;

pub mod client;
pub mod http;
pub mod logs;
pub mod telemetry;

pub mod codegen;
pub mod commands;
