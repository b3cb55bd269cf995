//! Whether the older group's kind is defined in the cluster. Nobody waits where it is not, and who defines it later is served
//! then.

use std::time::Duration;

use eso_core::api::legacy::ExternalSecret;
use kube::{Client, Resource};
use tokio::time::sleep;

use crate::apply::within;

/// How long it takes at most until a definition that was made is noticed. Asking costs one small request, to which
/// everybody has the right.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// Whether it is defined.
pub(in crate::controllers) async fn is_defined(client: &Client) -> bool {
    let version = ExternalSecret::api_version(&());
    let resources = within(client.list_api_group_resources(&version)).await;
    let plural = ExternalSecret::plural(&());
    resources.is_ok_and(|list| list.resources.iter().any(|resource| resource.name == plural))
}

/// Returns when it is defined.
pub(in crate::controllers) async fn until_defined(client: Client) {
    while !is_defined(&client).await {
        sleep(LOOK_INTERVAL).await;
    }
}
