//! The floor: how fast the API server takes the two writes that a first sync cannot do without.

use std::time::Duration;

use anyhow::Result;
use eso_rig::ApiClient;

use super::{
    objects,
    report::{Figure, Report, Unit},
    world::{AT_ONCE, World, create, delete, each, external_secrets, patch, secrets},
};

/// How many writes are timed one at a time, and how many at once.
const SINGLY: usize = 300;
const TOGETHER: usize = 2_000;

/// What the API server can do at the most, by the client that serves for everything here.
pub(super) struct Floor {
    /// Objects a second, with one Secret POST and one status write each.
    pub(super) first_syncs: f64,
}

/// Measures while no operator runs, and leaves nothing behind.
pub(super) async fn measure(world: &World, objects: usize, report: &mut Report) -> Result<Floor> {
    world.screen.say("the floor");
    report.begin("the floor: this API server, asked by this program".to_owned());
    let (singly, together) = (SINGLY.min(objects), TOGETHER.min(objects));
    let api = &world.api;
    make_objects(api, together).await?;
    for (count, at_once) in [(singly, 1), (together, AT_ONCE)] {
        let took = post_secrets(api, count, at_once).await?;
        report.add(speed(format!("Secret POSTs, {at_once} at a time"), count, took));
        delete_all(api, secrets(), count).await?;
    }
    for (revision, count, at_once) in [(1, singly, 1), (2, together, AT_ONCE)] {
        let took = write_statuses(api, revision, count, at_once).await?;
        report.add(speed(format!("status writes, {at_once} at a time"), count, took));
    }
    let took = sync(api, together).await?;
    report.add(speed(format!("a Secret POST and a status write each, {AT_ONCE} at a time"), together, took));
    delete_all(api, secrets(), together).await?;
    delete_all(api, external_secrets(), together).await?;
    Ok(Floor { first_syncs: together as f64 / took.as_secs_f64() })
}

async fn make_objects(api: &ApiClient, count: usize) -> Result<()> {
    let api = api.clone();
    let made = each(0..count, AT_ONCE, move |number| {
        let api = api.clone();
        async move { create(&api, &external_secrets(), &objects::external_secret(number, "1h")).await }
    });
    made.await.map(drop)
}

async fn post_secrets(api: &ApiClient, count: usize, at_once: usize) -> Result<Duration> {
    let api = api.clone();
    each(0..count, at_once, move |number| {
        let api = api.clone();
        async move { create(&api, &secrets(), &objects::secret(&objects::name(number))).await }
    })
    .await
}

async fn write_statuses(api: &ApiClient, revision: usize, count: usize, at_once: usize) -> Result<Duration> {
    let api = api.clone();
    each(0..count, at_once, move |number| {
        let api = api.clone();
        async move { write_status(&api, number, revision).await }
    })
    .await
}

/// Both for each object, as the operator does it at the best.
async fn sync(api: &ApiClient, count: usize) -> Result<Duration> {
    let api = api.clone();
    each(0..count, AT_ONCE, move |number| {
        let api = api.clone();
        async move {
            create(&api, &secrets(), &objects::secret(&objects::name(number))).await?;
            write_status(&api, number, 3).await
        }
    })
    .await
}

async fn write_status(api: &ApiClient, number: usize, revision: usize) -> Result<()> {
    let name = objects::name(number);
    patch(api, &format!("{}/{name}/status", external_secrets()), &objects::status(&name, revision)).await
}

async fn delete_all(api: &ApiClient, collection: String, count: usize) -> Result<()> {
    let api = api.clone();
    let deleted = each(0..count, AT_ONCE, move |number| {
        let (api, path) = (api.clone(), format!("{collection}/{}", objects::name(number)));
        async move { delete(&api, &path).await }
    });
    deleted.await.map(drop)
}

fn speed(what: String, count: usize, took: Duration) -> Figure {
    Figure::new(what, count as f64 / took.as_secs_f64(), Unit::PerSecond)
}
