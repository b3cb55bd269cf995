//! Removing what was made from a cluster that stays.

use anyhow::{Result, bail, ensure};
use serde_json::json;

use super::{
    kubectl::Kubectl,
    made::{Kind, Made},
};

/// How long kubectl waits for something to be gone.
const GONE_WITHIN: &str = "--timeout=120s";

/// Removes everything, kind by kind, and waits until it is gone. What cannot be removed hinders nothing else.
///
/// # Errors
/// Names what is left, and why.
pub(super) async fn remove(kubectl: &Kubectl, mut made: Vec<Made>) -> Result<()> {
    made.sort();
    let mut left = Vec::new();
    for of_a_kind in made.chunk_by(|one, other| one.kind == other.kind) {
        let mut going = Vec::new();
        for made in of_a_kind {
            match delete(kubectl, made).await {
                Ok(()) => going.push(made),
                Err(error) => left.push(format!("{made}: {error:#}")),
            }
        }
        for made in going {
            if let Err(error) = gone(kubectl, made).await {
                left.push(format!("{made}: {error:#}"));
            }
        }
    }
    ensure!(left.is_empty(), "left on the cluster:\n  {}", left.join("\n  "));
    Ok(())
}

/// Asks for an object's end, if it is still the one that was made and nothing of others would end with it.
async fn delete(kubectl: &Kubectl, made: &Made) -> Result<()> {
    if made.kind == Kind::Definition {
        unused(kubectl, made).await?;
    }
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": made.uid },
    });
    let arguments = ["delete", "--raw", &made.path(), "-f", "-"];
    match kubectl.run(&arguments, Some(&options.to_string())).await {
        Ok(_) => Ok(()),
        Err(error) if is_no_longer_ours(&error.to_string()) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Objects of a definition go away with it, and somebody may have made some elsewhere meanwhile.
async fn unused(kubectl: &Kubectl, definition: &Made) -> Result<()> {
    let arguments = ["get", &definition.name, "--all-namespaces", "--no-headers", "--ignore-not-found"];
    let objects = match kubectl.run(&arguments, None).await {
        Ok(objects) => objects,
        // The definition itself is gone, or so new that nobody can have used it.
        Err(error) if error.to_string().contains("the server doesn't have a resource type") => String::new(),
        Err(error) => return Err(error),
    };
    match objects.lines().count() {
        0 => Ok(()),
        number => bail!("{number} objects of it are not the demo's, and would be deleted with it"),
    }
}

/// Whether somebody else deleted it, or replaced it by one of theirs.
fn is_no_longer_ours(complaint: &str) -> bool {
    complaint.contains("(NotFound)") || complaint.contains("(Conflict)")
}

/// Waits until it is gone, or another one has its name.
async fn gone(kubectl: &Kubectl, made: &Made) -> Result<()> {
    let object = format!("{}/{}", made.kind.resource(), made.name);
    let arguments = ["get", &object, "--ignore-not-found", "--output=jsonpath={.metadata.uid}"];
    if kubectl.run(&arguments, None).await? == made.uid {
        kubectl.run(&["wait", "--for=delete", &object, GONE_WITHIN], None).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
