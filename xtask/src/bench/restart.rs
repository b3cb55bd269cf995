//! A restart while everything is fresh.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{
    cold::RARELY,
    fleet, memory,
    objects::{encoded_password, name},
    report::{Figure, Report, Unit, grouped},
    sightings::{Sightings, password},
    usage::{Reading, Usage},
    world::{World, secrets},
};

/// The number of the object that comes while the operator does not run.
const LATE: usize = 90_000;

/// Starts the operator on objects that are all fresh, and once more with a new one among them.
pub(super) async fn measure(world: &World, objects: usize, report: &mut Report) -> Result<()> {
    world.screen.say("a restart");
    let before = Reading::before_start(world, objects).await?;
    let operator = world.operator().await?;
    report.begin(format!("a restart with {} fresh objects", grouped(objects)));
    let ready = Figure::new("ready after", operator.ready_after().as_secs_f64(), Unit::Seconds);
    report.add(ready.at_most(3.0));
    memory::measure(&operator, objects, report).await?;
    add(report, &before.until_now(world, &operator).await?);
    drop(operator);
    let served = new_object(world, LATE).await?;
    report.add(Figure::new("a new object is in its Secret after", served.as_secs_f64(), Unit::Seconds));
    Ok(())
}

fn add(report: &mut Report, usage: &Usage) {
    for (what, count) in [
        ("provider calls in the first 10 s", usage.calls as f64),
        ("reads of Secrets in that time", usage.secret_reads() as f64),
        ("writes in that time", usage.writes() as f64),
    ] {
        report.add(Figure::new(what, count, Unit::Count).at_most(0.0));
    }
    report.add(Figure::new("operator CPU in that time", usage.operator.as_secs_f64(), Unit::Seconds));
}

/// How long after its start the operator has seen to an object that came while it did not run.
async fn new_object(world: &World, number: usize) -> Result<Duration> {
    fleet::make(world, number..number + 1, RARELY).await?;
    let mut sightings = Sightings::begin(&world.api, &secrets(), password).await?;
    let operator = world.operator().await?;
    let seen = sightings.one(name(number), encoded_password(number, 0)).await;
    let seen = seen.with_context(|| operator.last_words())?;
    Ok(seen - operator.started())
}
