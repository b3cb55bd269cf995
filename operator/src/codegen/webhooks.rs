//! The webhooks that the operator serves, as they are registered with the API server: what is sent to it, and what becomes
//! of that while nobody answers.

use eso_kube::certificates::paths::Paths;
use serde_json::{Value, json};

/// Where Secrets are sent that some object may write, behind the token of the hour.
pub const TARGETS: &str = "/mutate/targets";

/// Where Secrets are sent that say what they want, behind the token of the hour.
pub const REFERENCES: &str = "/mutate/references";

/// Where ExternalSecrets are judged, as in the original.
pub const EXTERNAL_SECRETS: &str = "/validate-external-secrets-io-v1-externalsecret";

/// Where SecretStores are judged, as in the original.
pub const SECRET_STORES: &str = "/validate-external-secrets-io-v1-secretstore";

/// Where ClusterSecretStores are judged, as in the original.
pub const CLUSTER_SECRET_STORES: &str = "/validate-external-secrets-io-v1-clustersecretstore";

/// The label of the configurations, as the original's.
const COMPONENT: (&str, &str) = ("external-secrets.io/component", "webhook");

/// How long the API server waits: a little longer than `--webhook-timeout`, so that who waits hears why it took too long.
const TIMEOUT_SECONDS: u8 = 10;

/// A webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its name, which is unique in its configuration.
    pub name: &'static str,
    /// Where it is served.
    pub path: &'static str,
    /// What becomes of a request that nobody answers: `Fail` or `Ignore`.
    pub failure_policy: &'static str,
    /// The group of the objects that are sent; empty is the core group.
    pub group: &'static str,
    /// Their resource. Each is created or changed in version v1.
    pub resource: &'static str,
    /// Whether they are in namespaces: `Namespaced` or `Cluster`.
    pub scope: &'static str,
    /// What else must hold of one to be sent: a name for it, and an expression in CEL.
    pub condition: Option<(&'static str, &'static str)>,
}

/// Those that fill Secrets. They must fail differently, and so there are two.
pub const MUTATING: [Webhook; 2] = [
    // While nobody answers, such a Secret is stored empty, and filled a little later.
    Webhook {
        name: "targets.admission.external-secrets.io",
        path: TARGETS,
        failure_policy: "Ignore",
        condition: Some((
            "holds-nothing",
            r#"(!has(object.type) || object.type == "Opaque") && (!has(object.data) || size(object.data) == 0) && !(has(object.metadata.annotations) && "admission.external-secrets.io/store" in object.metadata.annotations)"#,
        )),
        ..SECRETS
    },
    // No reference is ever stored as if it were a password, and no other Secret waits for us.
    Webhook {
        name: "references.admission.external-secrets.io",
        path: REFERENCES,
        failure_policy: "Fail",
        condition: Some((
            "asks-to-be-filled",
            r#"has(object.metadata.annotations) && ("admission.external-secrets.io/store" in object.metadata.annotations || "admission.external-secrets.io/record" in object.metadata.annotations)"#,
        )),
        ..SECRETS
    },
];

/// Their names and paths.
pub(crate) const PATHS: Paths = &[(MUTATING[0].name, MUTATING[0].path), (MUTATING[1].name, MUTATING[1].path)];

/// Those that judge our objects. While nobody answers, such an object is refused, as in the original.
pub const VALIDATING: [Webhook; 3] = [
    Webhook {
        name: "validate.externalsecret.external-secrets.io",
        path: EXTERNAL_SECRETS,
        resource: "externalsecrets",
        ..JUDGED
    },
    Webhook {
        name: "validate.secretstore.external-secrets.io",
        path: SECRET_STORES,
        resource: "secretstores",
        ..JUDGED
    },
    Webhook {
        name: "validate.clustersecretstore.external-secrets.io",
        path: CLUSTER_SECRET_STORES,
        resource: "clustersecretstores",
        scope: "Cluster",
        ..JUDGED
    },
];

const SECRETS: Webhook = Webhook {
    name: "",
    path: "",
    failure_policy: "Ignore",
    group: "",
    resource: "secrets",
    scope: "Namespaced",
    condition: None,
};

const JUDGED: Webhook = Webhook { group: "external-secrets.io", failure_policy: "Fail", ..SECRETS };

/// Where an operator is installed. A template of a chart may stand in each of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installation<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its service account, whose own requests are not sent back to it.
    pub service_account: &'a str,
    /// The Service that leads to it (`--webhook-service-name`).
    pub service: &'a str,
    /// The name of both configurations (`--webhook-configuration-name`).
    pub configuration: &'a str,
}

/// The installation of `deploy/examples/operator/`.
pub const EXAMPLE: Installation<'static> = Installation {
    namespace: "external-secrets",
    service_account: "external-secrets",
    service: "external-secrets-webhook",
    configuration: "external-secrets-webhook",
};

/// The configurations: the mutating one, and the validating one. What is trusted is left out, and
/// so are the paths of the mutating one: the operator puts these in itself.
pub fn configurations(installation: &Installation<'_>) -> [Value; 2] {
    let configuration = |kind: &str, webhooks: Vec<Value>| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": { "name": installation.configuration, "labels": { COMPONENT.0: COMPONENT.1 } },
            "webhooks": webhooks,
        })
    };
    let mutating = MUTATING.iter().map(|webhook| {
        let mut webhook = registered(webhook, installation);
        // The operator puts one in: nobody who applies a manifest again takes it away.
        webhook["clientConfig"]["service"]
            .as_object_mut()
            .expect("a service must be an object")
            .remove("path");
        // A second look at what was filled would take values for what somebody wrote.
        webhook["reinvocationPolicy"] = json!("Never");
        webhook
    });
    let validating = VALIDATING.iter().map(|webhook| registered(webhook, installation));
    [
        configuration("MutatingWebhookConfiguration", mutating.collect()),
        configuration("ValidatingWebhookConfiguration", validating.collect()),
    ]
}

fn registered(webhook: &Webhook, installation: &Installation<'_>) -> Value {
    let Webhook { name, path, failure_policy, group, resource, scope, condition } = webhook;
    let Installation { namespace, service_account, service, configuration: _ } = installation;
    let others =
        format!(r#"request.userInfo.username != "system:serviceaccount:{namespace}:{service_account}""#);
    let conditions = [("is-of-others", others.as_str())].into_iter().chain(*condition);
    let conditions: Vec<Value> =
        conditions.map(|(name, expression)| json!({ "name": name, "expression": expression })).collect();
    json!({
        "name": name,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "service": { "name": service, "namespace": namespace, "path": path, "port": 443 },
        },
        "failurePolicy": failure_policy,
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": TIMEOUT_SECONDS,
        "matchConditions": conditions,
        "rules": [{
            "apiGroups": [group],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": [resource],
            "scope": scope,
        }],
    })
}

/// The manifest, by its path: the Service, and both configurations.
pub(super) fn manifest() -> (String, String) {
    let Installation { namespace, service, .. } = EXAMPLE;
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": service, "namespace": namespace },
        "spec": {
            "selector": { "app.kubernetes.io/name": "external-secrets" },
            "ports": [{ "name": "webhook", "port": 443, "targetPort": 10250 }],
        },
    });
    let documents = [service].into_iter().chain(configurations(&EXAMPLE));
    let documents: Vec<String> = documents
        .map(|document| serde_saphyr::to_string(&document).expect("a manifest must be YAML"))
        .collect();
    ("deploy/examples/operator/webhooks.yaml".to_owned(), documents.join("---\n"))
}
