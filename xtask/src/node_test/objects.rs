//! What is put into the cluster of the node.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::project;

/// The namespace of what the operator serves.
pub(super) const NAMESPACE: &str = "demo";

/// The image of the application.
pub(super) const APPLICATION: &str = "rig.test/busybox:1";

/// The image of the well-known example.
pub(super) const EXAMPLE: &str = "docker.io/library/busybox:latest";

/// A namespace, a store with its credentials, an ExternalSecret, and an application that uses what comes of it.
pub(super) fn objects() -> [Value; 5] {
    let credential = |key: &str| json!({ "name": "aws", "key": key });
    [
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "aws" },
            "stringData": { "id": "AKIAIOSFODNN7EXAMPLE", "key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
        }),
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": { "name": "aws" },
            "spec": { "provider": { "aws": {
                "service": "SecretsManager", "region": "us-east-1",
                "auth": { "secretRef": {
                    "accessKeyIDSecretRef": credential("id"), "secretAccessKeySecretRef": credential("key"),
                } },
            } } },
        }),
        external_secret(
            "db",
            json!([
                { "secretKey": "username", "remoteRef": { "key": "app/db", "property": "username" } },
                { "secretKey": "password", "remoteRef": { "key": "app/db", "property": "password" } },
            ]),
        ),
        application(),
    ]
}

pub(super) fn external_secret(name: &str, data: Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": { "name": name },
        "spec": { "refreshInterval": "1s", "secretStoreRef": { "name": "aws", "kind": "SecretStore" }, "data": data },
    })
}

/// A Deployment that shows its environment and the file that is mounted, to whoever asks over HTTP.
fn application() -> Value {
    let variable =
        |name: &str| json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": "db", "key": name } } });
    let script = "echo \"$username $password\" > /www/environment && exec busybox httpd -f -p 8080 -h /www";
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "app" },
        "spec": {
            "selector": { "matchLabels": { "app": "app" } },
            "template": {
                "metadata": { "labels": { "app": "app" } },
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "automountServiceAccountToken": false,
                    "containers": [{
                        "name": "app", "image": APPLICATION, "imagePullPolicy": "Never",
                        "command": ["/bin/busybox", "sh", "-c", script],
                        "env": [variable("username"), variable("password")],
                        "volumeMounts": [
                            { "name": "www", "mountPath": "/www" },
                            { "name": "db", "mountPath": "/www/mounted" },
                        ],
                        "readinessProbe": { "httpGet": { "port": 8080, "path": "/environment" }, "periodSeconds": 1 },
                    }],
                    "volumes": [
                        { "name": "www", "emptyDir": {} },
                        { "name": "db", "secret": { "secretName": "db" } },
                    ],
                },
            },
        },
    })
}

/// A Secret that says what it wants.
pub(super) fn asking(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": name, "annotations": { "admission.external-secrets.io/store": "SecretStore/aws" } },
        "stringData": { "url": "postgres://${eso:app/db#username}:${eso:app/db#password}@db" },
    })
}

/// The well-known example of the older group, as it is; but for its image, which no registry is asked for.
pub(super) fn example() -> Result<Vec<Value>> {
    let mut objects = documents("deploy/examples/kubernetes-client-io/my-external-secret.yaml")?;
    for object in objects.iter_mut().filter(|object| object["kind"] == "Deployment") {
        let pod = &mut object["spec"]["template"]["spec"];
        pod["terminationGracePeriodSeconds"] = json!(0);
        pod["containers"][0]["imagePullPolicy"] = json!("Never");
    }
    Ok(objects)
}

/// The definition of the older group, as its controller's chart leaves it: nobody's.
pub(super) fn definition() -> Result<Value> {
    let documents = documents("deploy/crds/kubernetes-client.io_externalsecrets.yaml")?;
    documents.into_iter().next().context("there must be a definition")
}

fn documents(path: &str) -> Result<Vec<Value>> {
    let text =
        fs::read_to_string(project::root().join(path)).with_context(|| format!("cannot read {path}"))?;
    serde_saphyr::from_multiple(&text).map_err(|error| anyhow::anyhow!("{path} is no YAML: {error}"))
}
