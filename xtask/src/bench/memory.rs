//! Resident memory: with nothing, with very many objects, and with Secrets that are nobody's business.

use std::{ops::Range, time::Duration};

use anyhow::Result;

use super::{
    cold, fleet, objects,
    report::{Figure, Report, Unit, grouped},
    usage::{self, Memory},
    world::{AT_ONCE, World, create, delete, each, secrets},
};
use crate::operator::Operator;

/// After so long, what was only needed for the work before has been given back.
const SETTLES_IN: Duration = Duration::from_secs(10);

/// The Secrets that nobody asked for.
const UNRELATED: usize = 2_000;

/// What the resident memory should be at the most, in MB, by the number of objects.
const GOALS: [(usize, f64); 3] = [(0, 15.0), (10_000, 40.0), (50_000, 150.0)];

/// Measures an operator that has nothing to do for a while.
pub(super) async fn measure(operator: &Operator, objects: usize, report: &mut Report) -> Result<()> {
    tokio::time::sleep(SETTLES_IN).await;
    let Memory { now, data, most } = usage::resident(operator.id())?;
    let resident = Figure::new("resident memory, settled", now, Unit::Megabytes);
    report.add(match GOALS.iter().find(|(count, _)| *count == objects) {
        Some((_, goal)) => resident.at_most(*goal),
        None => resident,
    });
    report.add(Figure::new("of it data, the rest is the program's text", data, Unit::Megabytes));
    report.add(Figure::new("the most until then", most, Unit::Megabytes));
    Ok(())
}

/// Measures without an object.
pub(super) async fn idle(world: &World, report: &mut Report) -> Result<()> {
    world.screen.say("resident memory without an object");
    let operator = world.operator().await?;
    report.begin("no object".to_owned());
    measure(&operator, 0, report).await
}

/// Measures a start with large Secrets that are none of ours.
pub(super) async fn unrelated(world: &World, objects: usize, report: &mut Report) -> Result<()> {
    world.screen.say(&format!("{} unrelated Secrets of 50 kB", grouped(UNRELATED)));
    let api = world.api.clone();
    each(0..UNRELATED, AT_ONCE, move |number| {
        let api = api.clone();
        async move { create(&api, &secrets(), &objects::unrelated(number)).await }
    })
    .await?;
    let operator = world.operator().await?;
    let (unrelated, served) = (grouped(UNRELATED), grouped(objects));
    report.begin(format!("a restart with {unrelated} unrelated Secrets of 50 kB beside {served} objects"));
    measure(&operator, objects, report).await?;
    drop(operator);
    let api = world.api.clone();
    let deleted = each(0..UNRELATED, AT_ONCE, move |number| {
        let (api, path) = (api.clone(), format!("{}/unrelated-{number:05}", secrets()));
        async move { delete(&api, &path).await }
    });
    deleted.await.map(drop)
}

/// Measures with these objects in addition to those before them.
pub(super) async fn large(world: &World, more: Range<usize>, report: &mut Report) -> Result<()> {
    let objects = more.end;
    world.screen.say(&format!("resident memory with {} objects", grouped(objects)));
    let operator = world.operator().await?;
    fleet::set_interval(world, more.start, cold::RARELY).await?;
    drop(operator);
    fleet::make(world, more.clone(), cold::RARELY).await?;
    let (operator, _) = cold::sync(world, more).await?;
    report.begin(format!("{} objects, after their first sync", grouped(objects)));
    measure(&operator, objects, report).await?;
    drop(operator);
    let operator = world.operator().await?;
    report.begin(format!("{} objects, after a restart", grouped(objects)));
    measure(&operator, objects, report).await
}
