//! What the older controller was told by its environment, so that the `env` block of its Deployment can be kept.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use eso_plan::convert::legacy::{Annotations, Environment};
use eso_plan::template::Delimiters;

/// Reads it: `variable` gives what a variable says, where it is there.
///
/// # Errors
/// Names the variable that cannot be read.
pub fn environment(
    variable: impl Fn(&str) -> Option<String>,
    delimiters: Delimiters,
) -> anyhow::Result<Environment> {
    let given = |name: &str| variable(name).filter(|text| !text.is_empty());
    let default = Environment::default();
    let annotations = Annotations {
        permitted_key_name: given("NAMING_PERMITTED_ANNOTATION")
            .unwrap_or(default.annotations.permitted_key_name),
        permitted_role: given("ROLE_PERMITTED_ANNOTATION").unwrap_or(default.annotations.permitted_role),
    };
    let watched = given("WATCHED_NAMESPACES").unwrap_or_default();
    let watched = watched.split(',').map(str::trim).filter(|name| !name.is_empty());
    Ok(Environment {
        aws_region: given("AWS_REGION").unwrap_or(default.aws_region),
        intermediate_role: given("AWS_INTERMEDIATE_ROLE_ARN"),
        vault_address: given("VAULT_ADDR").unwrap_or(default.vault_address),
        vault_namespace: given("VAULT_NAMESPACE"),
        default_vault_role: given("DEFAULT_VAULT_ROLE"),
        default_vault_mount: given("DEFAULT_VAULT_MOUNT_POINT"),
        instance_id: given("INSTANCE_ID"),
        watched_namespaces: watched.map(str::to_owned).collect(),
        interval: given(INTERVAL).map_or(Ok(default.interval), |text| interval(&text))?,
        // As ever, these two are on where they are there, whatever they say.
        polls: variable("DISABLE_POLLING").is_none(),
        enforce: variable("ENFORCE_NAMESPACE_ANNOTATIONS").is_some(),
        annotations,
        delimiters,
    })
}

const INTERVAL: &str = "POLLER_INTERVAL_MILLISECONDS";

fn interval(text: &str) -> anyhow::Result<Duration> {
    let milliseconds = text.trim().parse().ok();
    let interval = milliseconds.map(Duration::from_millis);
    let interval = interval.with_context(|| format!("{INTERVAL} is no number of milliseconds"))?;
    ensure!(
        !interval.is_zero(),
        "{INTERVAL} is 0: set DISABLE_POLLING to read values only when objects change"
    );
    Ok(interval)
}

#[cfg(test)]
mod tests;
