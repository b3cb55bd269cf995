//! The operator: what it is told, and how its parts are joined.
//!
//! The binary `eso` is this library and nothing else: [`main_with`] with the providers that are built in. Another program
//! is the same operator with one more provider, its flags and its commands included, by a `main` of one line:
//! `external_secrets::main_with(|built_in| built_in.with("directory", connect))`.
//! [`providers::Providers::with`] says what `connect` is; `docs/guides/write-a-provider.md` makes such a program from its
//! first line on, and `docs/examples/own-provider` is it.
//!
//! A program that wants all in its own hands passes its own [`eso_kube::stores::Connect`] to [`run::run`].

use std::process::ExitCode;

use clap::Parser as _;

pub mod args;
pub mod run;

pub mod providers;

mod admission;
pub mod client;
mod election;
pub mod http;
pub mod logs;
pub mod telemetry;

pub mod codegen;
pub mod commands;

/// The whole program: does what its command line asks for, until a signal stops it. `extend` is given the providers that are
/// built in, and gives those that stores may have.
///
/// It is for a `main` and nothing else: it chooses the TLS implementation of the process, the sink of its logs and what a
/// panic prints, and ends the process where the command line cannot be understood.
pub fn main_with(extend: impl FnOnce(providers::Providers) -> providers::Providers) -> ExitCode {
    run::main(args::Args::parse(), extend)
}
