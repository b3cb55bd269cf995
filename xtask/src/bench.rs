//! `cargo xtask bench`: what the operator costs and how fast it is, measured on a real API server.
//!
//! It reports each figure beside its goal, and never fails because one is missed: a slow machine is not a defect.

mod world;

mod fleet;
mod objects;
mod sightings;
mod usage;

mod admission;
mod cold;
mod floor;
mod memory;
mod refresh;
mod report;
mod restart;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use eso_rig::Program;

use self::{floor::Floor, report::Report, world::World};
use crate::{
    operator, prerequisites,
    project::{self, Profile},
    screen::Screen,
    templates,
};

/// What is measured, and how much.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many ExternalSecrets there are.
    #[arg(long, value_name = "NUMBER", default_value = "10000")]
    objects: usize,
    /// Write the figures to this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure only these, and a first sync where they need one.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    only: Vec<Measure>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// What the API server can do at the most.
    Floor,
    /// Resident memory without an object.
    Idle,
    /// A first sync of 1,000 objects, and resident memory with them.
    Small,
    /// A first sync of all objects at once, and resident memory with them.
    Cold,
    /// A restart with everything fresh.
    Restart,
    /// Resident memory with 2,000 Secrets of 50 kB that nobody asked for.
    Unrelated,
    /// Unchanged refreshes every minute, and a new object among them.
    Refresh,
    /// Unchanged refreshes every ten seconds, and changed values among them.
    Busy,
    /// Resident memory with 50,000 objects.
    Large,
    /// A Secret that the webhook fills while it is created, beside one that no webhook looks at.
    Admission,
    /// A template of 20 lines, 10,000 times, in Go and in Rust. It needs Go, and nothing else; only where it is named.
    Templates,
}

impl Options {
    fn wants(&self, measure: Measure) -> bool {
        self.only.is_empty() || self.only.contains(&measure)
    }
}

/// What is measured with all objects, once they are in step.
const WITH_OBJECTS: [Measure; 6] =
    [Measure::Cold, Measure::Restart, Measure::Unrelated, Measure::Refresh, Measure::Busy, Measure::Large];

/// The objects of [`Measure::Small`] and of [`Measure::Large`].
const FEW: usize = 1_000;
const MANY: usize = 50_000;

/// Measures, prints the table, and writes the JSON.
pub(crate) fn run(options: Options) -> Result<()> {
    // This program serves the operator and asks for the floor. Unoptimised, it would be what is measured.
    if cfg!(debug_assertions) {
        return run_optimised();
    }
    if options.only == [Measure::Templates] {
        return templates::bench();
    }
    let screen = Screen;
    prerequisites::check()?;
    eso_rig::prepare(&[Program::Kubectl, Program::Etcd, Program::KubeApiserver], &screen)?;
    let binary = operator::build(&screen, Profile::Release)?;
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    let mut report = Report::of_this_machine(options.objects);
    let measured = runtime.block_on(async {
        tokio::select! {
            measured = measure(&options, &screen, &binary, &mut report) => measured,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    });
    // What was measured before something failed, or somebody had enough, is worth showing.
    screen.say(&format!("\n{}", report.table()));
    if let Some(path) = &options.json {
        fs::write(path, report.json()).with_context(|| path.display().to_string())?;
    }
    measured
}

/// Runs this command again, as cargo builds it for release.
fn run_optimised() -> Result<()> {
    let mut command = project::cargo();
    command.args(["run", "--release", "--package", "xtask", "--"]).args(std::env::args_os().skip(1));
    ensure!(command.status().context("cannot run cargo")?.success(), "the benchmark did not end well");
    Ok(())
}

async fn measure(options: &Options, screen: &Screen, binary: &Path, report: &mut Report) -> Result<()> {
    let world = screen.step("API server and AWS double", World::start(*screen, binary)).await?;
    report.note("kube-apiserver", world.version().await?);
    let floor = match options.wants(Measure::Floor) {
        true => Some(floor::measure(&world, options.objects, report).await?),
        false => None,
    };
    if options.wants(Measure::Idle) {
        memory::idle(&world, report).await?;
    }
    if options.wants(Measure::Admission) {
        admission::measure(&world, report).await?;
    }
    if options.wants(Measure::Small) && options.objects > FEW {
        drop(cold::measure(&world, FEW, floor.as_ref(), report).await?);
        fleet::delete(&world, FEW).await?;
    }
    if WITH_OBJECTS.into_iter().any(|measure| options.wants(measure)) {
        with_objects(options, &world, floor.as_ref(), report).await?;
    }
    Ok(())
}

/// Measures what needs all objects, synced for the first time.
async fn with_objects(
    options: &Options,
    world: &World,
    floor: Option<&Floor>,
    report: &mut Report,
) -> Result<()> {
    let objects = options.objects;
    let mut cold = Report::default();
    drop(cold::measure(world, objects, floor, &mut cold).await?);
    if options.wants(Measure::Cold) {
        report.extend(cold);
    }
    if options.wants(Measure::Restart) {
        restart::measure(world, objects, report).await?;
    }
    if options.wants(Measure::Unrelated) {
        memory::unrelated(world, objects, report).await?;
    }
    if options.wants(Measure::Refresh) {
        refresh::unhurried(world, objects, report).await?;
    }
    if options.wants(Measure::Busy) {
        refresh::busy(world, objects, report).await?;
    }
    if options.wants(Measure::Large) && objects < MANY {
        memory::large(world, objects..MANY, report).await?;
    }
    Ok(())
}
