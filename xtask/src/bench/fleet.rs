//! The ExternalSecrets: made, changed and deleted by the thousand.

use std::{collections::HashMap, ops::Range};

use anyhow::{Context, Result};
use eso_rig::Method;
use serde_json::json;

use super::{
    objects::{self, key, name, value},
    sightings::{Sightings, generation},
    world::{AT_ONCE, World, create, delete as delete_object, each, external_secrets, patch, secrets},
};

/// The first revision of each value.
const FIRST: usize = 0;

/// The generation of an object that was not edited.
const CREATED: usize = 1;

/// Makes objects, and their values in the store.
pub(super) async fn make(world: &World, numbers: Range<usize>, interval: &'static str) -> Result<()> {
    for number in numbers.clone() {
        world.aws.put(&key(number), &value(number, FIRST))?;
    }
    let api = world.api.clone();
    let made = each(numbers, AT_ONCE, move |number| {
        let api = api.clone();
        async move { create(&api, &external_secrets(), &objects::external_secret(number, interval)).await }
    });
    made.await.map(drop)
}

/// What is seen of objects once they are in step for the first time.
pub(super) fn first_synced(numbers: Range<usize>) -> HashMap<String, String> {
    numbers.map(|number| (name(number), CREATED.to_string())).collect()
}

/// Gives objects another interval while the operator runs, and waits until it has seen to each. The edits come as
/// fast as the API server takes them, so that the next refreshes are spread over as long a time.
pub(super) async fn set_interval(world: &World, count: usize, interval: &'static str) -> Result<()> {
    let path = format!("{}/{}", external_secrets(), name(0));
    let object = world.api.request(Method::GET, &path, None).await?.success()?;
    if object["spec"]["refreshInterval"] == interval {
        return Ok(());
    }
    let edited = object["metadata"]["generation"].as_u64().context("an object must have a generation")? + 1;
    let mut sightings = Sightings::begin(&world.api, &external_secrets(), generation).await?;
    let api = world.api.clone();
    each(0..count, AT_ONCE, move |number| {
        let api = api.clone();
        let path = format!("{}/{}", external_secrets(), name(number));
        async move { patch(&api, &path, &json!({ "spec": { "refreshInterval": interval } })).await }
    })
    .await?;
    let synced = (0..count).map(|number| (name(number), edited.to_string()));
    sightings.all(synced.collect()).await.map(drop)
}

/// Deletes objects and their Secrets: nobody collects garbage here.
pub(super) async fn delete(world: &World, count: usize) -> Result<()> {
    for collection in [external_secrets(), secrets()] {
        let api = world.api.clone();
        each(0..count, AT_ONCE, move |number| {
            let (api, path) = (api.clone(), format!("{collection}/{}", name(number)));
            async move { delete_object(&api, &path).await }
        })
        .await?;
    }
    Ok(())
}
