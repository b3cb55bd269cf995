//! `cargo xtask`: the project's chores.

mod bench;
mod ci;
mod codegen;
mod demo;
mod node_test;
mod test;

mod admission;
mod chart;
mod cluster;
mod fields;
mod image;
mod operator;
mod prerequisites;
mod project;
mod screen;
mod templates;

#[cfg(test)]
mod tidy;

use std::{
    io::{Write as _, stderr},
    process::ExitCode,
};

use clap::Parser;

/// The project's chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Chore {
    /// Look at everything about the code that needs no server.
    Ci,
    /// Run every test that needs no privileges, on real servers.
    Test(test::Options),
    /// Write the files that come out of the code.
    Codegen(codegen::Options),
    /// Walk through the operator's main job on real servers, and leave everything running.
    Demo(demo::Options),
    /// Try random input, until something is not as it must be.
    #[command(subcommand)]
    Fuzz(Fuzz),
    /// Run the operator on a real node, with pods. It needs root.
    NodeTest(node_test::Options),
    /// Render the chart with helm for the golden files.
    Chart,
    /// Make the operator's image without a container engine.
    Image(image::Options),
    /// Measure what the operator costs and how fast it is, on a real API server.
    Bench(bench::Options),
}

/// What can be tried.
#[derive(Debug, clap::Subcommand)]
enum Fuzz {
    /// What templates render, compared with the original. It needs Go.
    Templates(templates::Options),
    /// What is answered to AdmissionReviews.
    Admission(admission::Options),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Ci => ci::run(),
        Chore::Test(options) => test::run(options),
        Chore::Codegen(options) => codegen::run(options),
        Chore::Demo(options) => demo::run(options),
        Chore::Fuzz(Fuzz::Templates(options)) => templates::fuzz(&options),
        Chore::Fuzz(Fuzz::Admission(options)) => admission::fuzz(&options),
        Chore::NodeTest(options) => node_test::run(options),
        Chore::Chart => chart::run(),
        Chore::Image(options) => image::run(&options),
        Chore::Bench(options) => bench::run(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without the backtrace that anyhow's own way to print shows where RUST_BACKTRACE is set: the causes say it.
            let _ = writeln!(stderr(), "\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
