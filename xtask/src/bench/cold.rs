//! A first sync: all objects are there, none was ever seen to, and the operator is started.

use std::{ops::Range, time::Duration};

use anyhow::{Context, Result};

use super::{
    fleet,
    floor::Floor,
    memory,
    report::{Figure, Report, Unit, grouped},
    sightings::{Sightings, generation},
    usage::{Reading, Usage},
    world::{World, external_secrets},
};
use crate::operator::Operator;

/// Long enough that nothing is due again while it is measured.
pub(super) const RARELY: &str = "1h";

/// How many keys AWS takes in a batch.
const BATCH: usize = 20;

/// Makes so many objects, and measures until the last of them is Ready. The operator goes on.
pub(super) async fn measure(
    world: &World,
    objects: usize,
    floor: Option<&Floor>,
    report: &mut Report,
) -> Result<Operator> {
    world.screen.say(&format!("a first sync of {}", grouped(objects)));
    fleet::make(world, 0..objects, RARELY).await?;
    let before = Reading::before_start(world, objects).await?;
    let (operator, took) = sync(world, 0..objects).await?;
    let usage = before.until_now(world, &operator).await?;
    add_speed(report, objects, took, floor);
    add_costs(report, objects, &usage);
    memory::measure(&operator, objects, report).await?;
    Ok(operator)
}

/// Starts the operator on objects that it has not seen to, and says how long it took to the last Ready.
pub(super) async fn sync(world: &World, numbers: Range<usize>) -> Result<(Operator, Duration)> {
    let mut sightings = Sightings::begin(&world.api, &external_secrets(), generation).await?;
    let operator = world.operator().await?;
    let ready = sightings.all(fleet::first_synced(numbers)).await.with_context(|| operator.last_words())?;
    let last = ready.into_values().max().context("there must be an object")?;
    let took = last - operator.started();
    world.screen.say(&format!("  all are Ready after {:.1} s", took.as_secs_f64()));
    Ok((operator, took))
}

fn add_speed(report: &mut Report, objects: usize, took: Duration, floor: Option<&Floor>) {
    let (count, seconds) = (objects as f64, took.as_secs_f64());
    report.begin(format!("first sync of {} objects", grouped(objects)));
    report.add(Figure::new("from the start to the last Ready", seconds, Unit::Seconds));
    report.add(Figure::new("objects a second", count / seconds, Unit::PerSecond));
    if let Some(Floor { first_syncs }) = floor {
        let share = 100.0 * count / seconds / first_syncs;
        report.add(Figure::new("share of the floor", share, Unit::Percent).at_least(80.0));
    }
}

fn add_costs(report: &mut Report, objects: usize, usage: &Usage) {
    let each = |total: usize| total as f64 / objects as f64;
    let thousand = |time: Duration| 1_000.0 * time.as_secs_f64() / objects as f64;
    let batches = each(objects.div_ceil(BATCH));
    let calls = each(usize::try_from(usage.calls).unwrap_or(usize::MAX));
    let events = usage.requests.resource("events").len();
    for figure in [
        Figure::new("API server writes an object, Events apart", each(usage.writes()), Unit::Count)
            .at_most(2.0),
        Figure::new("reads of Secrets an object", each(usage.secret_reads()), Unit::Count).at_most(0.0),
        Figure::new("Events sent", events as f64, Unit::Count),
        Figure::new("provider calls an object", calls, Unit::Count).at_most(batches),
        Figure::new("throttled answers", usage.throttled as f64, Unit::Count).at_most(0.0),
        Figure::new("operator CPU for 1,000 first syncs", thousand(usage.operator), Unit::Seconds),
        Figure::new("API server CPU for 1,000 first syncs", thousand(usage.apiserver), Unit::Seconds),
    ] {
        report.add(figure);
    }
}
