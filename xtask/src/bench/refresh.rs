//! Unchanged refreshes, and what must not wait for them: a new object, and a changed value.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    cold::RARELY,
    fleet,
    objects::{encoded_password, key, name, value},
    report::{Figure, Report, Unit, grouped, middle_and_most},
    sightings::{Sightings, password},
    usage::{Reading, Usage},
    world::{World, secrets},
};
use crate::operator::Operator;

/// The number of the first of the new objects, and how many there are, one after the other.
const FIRST_NEW: usize = 91_000;
const NEW_OBJECTS: usize = 20;

/// How many values are changed, and how often one is.
const CHANGES: usize = 200;
const A_CHANGE_EVERY: Duration = Duration::from_millis(60);

/// After so long, what the edits of the interval brought with them is over.
const SETTLES_IN: Duration = Duration::from_secs(5);

/// Refreshes at an interval, observed for a while.
struct Pace {
    interval: Duration,
    text: &'static str,
    observed_for: Duration,
}

/// Everything is refreshed once a minute.
pub(super) async fn unhurried(world: &World, objects: usize, report: &mut Report) -> Result<()> {
    let minute = Duration::from_secs(60);
    let pace = Pace { interval: minute, text: "60s", observed_for: minute };
    let operator = refresh(world, objects, &pace, report).await?;
    let latencies = new_objects(world).await.with_context(|| operator.last_words())?;
    let (middle, most) = middle_and_most(latencies).context("there must be new objects")?;
    report.add(Figure::new(
        "a new object among them is in its Secret after, half of 20",
        middle,
        Unit::Seconds,
    ));
    report.add(Figure::new("the slowest of them", most, Unit::Seconds).at_most(0.5));
    Ok(())
}

/// Everything is refreshed every ten seconds.
pub(super) async fn busy(world: &World, objects: usize, report: &mut Report) -> Result<()> {
    let interval = Duration::from_secs(10);
    let pace = Pace { interval, text: "10s", observed_for: 3 * interval };
    let operator = refresh(world, objects, &pace, report).await?;
    let latencies = changes(world, objects).await.with_context(|| operator.last_words())?;
    let (middle, most) = middle_and_most(latencies).context("there must be changes")?;
    report.add(Figure::new("a changed value is in its Secret after, half of 200", middle, Unit::Seconds));
    report.add(Figure::new("the slowest of them", most, Unit::Seconds));
    Ok(())
}

/// Sets the interval, and measures while nothing changes.
async fn refresh(world: &World, objects: usize, pace: &Pace, report: &mut Report) -> Result<Operator> {
    let Pace { interval, text, observed_for } = *pace;
    world.screen.say(&format!("{} objects every {text}", grouped(objects)));
    let operator = world.operator().await?;
    fleet::set_interval(world, objects, text).await.with_context(|| operator.last_words())?;
    tokio::time::sleep(SETTLES_IN).await;
    let before = Reading::of(world, objects, &operator).await?;
    tokio::time::sleep(observed_for).await;
    let usage = before.until_now(world, &operator).await?;
    add(report, (objects, interval, text), &usage);
    Ok(operator)
}

fn add(report: &mut Report, (objects, interval, text): (usize, Duration, &str), usage: &Usage) {
    let refreshes = usage.keys as f64;
    let due = objects as f64 * usage.took.as_secs_f64() / interval.as_secs_f64();
    let thousand = |time: Duration| 1_000_000.0 * time.as_secs_f64() / refreshes;
    report.begin(format!("{} objects every {text}, unchanged", grouped(objects)));
    for figure in [
        Figure::new("refreshes reached of those due", 100.0 * refreshes / due, Unit::Percent),
        Figure::new("API server requests a refresh", usage.questions() as f64 / refreshes, Unit::Count)
            .at_most(0.0),
        Figure::new("provider calls a refresh", usage.calls as f64 / refreshes, Unit::Count).at_most(0.05),
        Figure::new("throttled answers", usage.throttled as f64, Unit::Count).at_most(0.0),
        Figure::new("operator CPU for 1,000 refreshes", thousand(usage.operator), Unit::Milliseconds)
            .at_most(50.0),
        Figure::new("API server CPU for 1,000 refreshes", thousand(usage.apiserver), Unit::Milliseconds),
    ] {
        report.add(figure);
    }
}

/// Makes new objects, and gives how many seconds after its POST each was in its Secret.
async fn new_objects(world: &World) -> Result<Vec<f64>> {
    let mut sightings = Sightings::begin(&world.api, &secrets(), password).await?;
    let mut latencies = Vec::new();
    for number in FIRST_NEW..FIRST_NEW + NEW_OBJECTS {
        let asked = Instant::now();
        fleet::make(world, number..number + 1, RARELY).await?;
        let seen = sightings.one(name(number), encoded_password(number, 0)).await?;
        latencies.push((seen - asked).as_secs_f64());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(latencies)
}

/// Changes values of objects all over the fleet, and gives how many seconds later each was in its Secret.
async fn changes(world: &World, objects: usize) -> Result<Vec<f64>> {
    let mut sightings = Sightings::begin(&world.api, &secrets(), password).await?;
    let (mut changed, mut expected) = (HashMap::new(), HashMap::new());
    let count = CHANGES.min(objects);
    for number in (0..objects).step_by(objects / count).take(count) {
        world.aws.put(&key(number), &value(number, 1))?;
        changed.insert(name(number), Instant::now());
        expected.insert(name(number), encoded_password(number, 1));
        tokio::time::sleep(A_CHANGE_EVERY).await;
    }
    let seen = sightings.all(expected).await?;
    Ok(seen.iter().map(|(name, at)| (*at - changed[name]).as_secs_f64()).collect())
}
