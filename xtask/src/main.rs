//! `cargo xtask`: the project's chores.

mod demo;

mod project;
mod screen;

use anyhow::Result;
use clap::Parser;

/// The project's chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Chore {
    /// Walk through the operator's main job on real servers, and leave everything running.
    Demo(demo::Options),
}

fn main() -> Result<()> {
    match Chore::parse() {
        Chore::Demo(options) => demo::run(options),
    }
}
