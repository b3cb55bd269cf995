//! Each value that the chart takes by the original's name changes what is rendered.

use std::fs;

use serde_json::Value;

use super::{arguments, rendered};
use crate::{
    chart::{CHART, values},
    project,
};

/// The values that a file of the original may say and that mean the same here.
const NAMES: [&str; 37] = [
    "installCRDs",
    "replicaCount",
    "image.repository",
    "image.tag",
    "image.flavour",
    "image.pullPolicy",
    "imagePullSecrets",
    "nameOverride",
    "fullnameOverride",
    "namespaceOverride",
    "commonLabels",
    "leaderElect",
    "controllerClass",
    "scopedNamespace",
    "scopedRBAC",
    "concurrent",
    "extraArgs",
    "extraEnv",
    "podLabels",
    "podAnnotations",
    "resources",
    "nodeSelector",
    "tolerations",
    "affinity",
    "serviceAccount.create",
    "serviceAccount.automount",
    "serviceAccount.annotations",
    "serviceAccount.extraLabels",
    "serviceAccount.name",
    "rbac.create",
    "securityContext",
    "podSecurityContext",
    "webhook.create",
    "webhook.port",
    "webhook.failurePolicy",
    "log.level",
    "storeRequeueInterval",
];

/// Where a value is seen: the case that says it, the kind of an object, where in it, and what is there as JSON; `null` where the
/// object or its field is not. `POD` and `CONTAINER` are where a Deployment has them.
const SEEN: [(&str, &str, &str, &str, &str); 40] = [
    ("replicaCount", "everything", "Deployment", "/spec/replicas", "2"),
    ("image.repository", "everything", "Deployment", "CONTAINER/image", IMAGE),
    ("image.tag", "everything", "Deployment", "CONTAINER/image", IMAGE),
    ("image.flavour", "everything", "Deployment", "CONTAINER/image", IMAGE),
    ("imagePullSecrets", "everything", "Deployment", "POD/imagePullSecrets/0/name", r#""registry""#),
    ("namespaceOverride", "everything", "Deployment", "/metadata/namespace", r#""elsewhere""#),
    ("namespaceOverride", "everything", "Service", "/metadata/namespace", r#""elsewhere""#),
    ("commonLabels", "everything", "Service", "/metadata/labels/everywhere", r#""yes""#),
    ("extraEnv", "everything", "Deployment", "CONTAINER/env/0/name", r#""AWS_REGION""#),
    ("podLabels", "everything", "Deployment", "/spec/template/metadata/labels/team", r#""a""#),
    ("podAnnotations", "everything", "Deployment", NOTE, r#""here""#),
    ("resources", "everything", "Deployment", "CONTAINER/resources/requests/memory", r#""32Mi""#),
    ("nodeSelector", "everything", "Deployment", "POD/nodeSelector/kubernetes.io~1os", r#""linux""#),
    ("tolerations", "everything", "Deployment", "POD/tolerations/0/key", r#""dedicated""#),
    ("affinity", "everything", "Deployment", APART, "1"),
    ("serviceAccount.annotations", "everything", "ServiceAccount", ROLE, r#""arn:aws:iam::1:role/eso""#),
    ("serviceAccount.extraLabels", "everything", "ServiceAccount", "/metadata/labels/team", r#""a""#),
    ("serviceAccount.name", "everything", "ServiceAccount", "/metadata/name", r#""operator""#),
    ("serviceAccount.name", "everything", "Deployment", "POD/serviceAccountName", r#""operator""#),
    ("webhook.port", "everything", "Service", "/spec/ports/0/targetPort", "9443"),
    ("nameOverride", "named", "Deployment", "/metadata/labels/app.kubernetes.io~1name", r#""keeper""#),
    ("fullnameOverride", "named", "Deployment", "/metadata/name", r#""team-a""#),
    ("image.pullPolicy", "named", "Deployment", "CONTAINER/imagePullPolicy", r#""Always""#),
    ("serviceAccount.automount", "named", "ServiceAccount", "/automountServiceAccountToken", "false"),
    ("securityContext", "named", "Deployment", "CONTAINER/securityContext/runAsUser", "2000"),
    ("podSecurityContext", "named", "Deployment", "POD/securityContext/fsGroup", "2000"),
    ("hostUsers", "named", "Deployment", "POD/hostUsers", "false"),
    ("livenessProbe.enabled", "named", "Deployment", "CONTAINER/livenessProbe/httpGet/port", r#""live""#),
    ("livenessProbe.spec.port", "named", "Deployment", "CONTAINER/ports/1/containerPort", "9082"),
    ("scopedNamespace", "named", "MutatingWebhookConfiguration", SELECTED, r#""apps""#),
    ("installCRDs", "one-namespace", "CustomResourceDefinition", "/metadata/name", "null"),
    ("scopedRBAC", "one-namespace", "Role", "/metadata/namespace", r#""apps""#),
    ("rbac.create", "without-rights", "ClusterRole", "/metadata/name", "null"),
    ("rbac.create", "without-rights", "RoleBinding", "/metadata/name", "null"),
    ("serviceAccount.create", "without-rights", "ServiceAccount", "/metadata/name", "null"),
    ("serviceAccount.name", "without-rights", "Deployment", "POD/serviceAccountName", r#""mine""#),
    ("securityContext", "without-rights", "Deployment", "CONTAINER/securityContext", "null"),
    ("webhook.failurePolicy", "without-rights", "ValidatingWebhookConfiguration", POLICY, r#""Ignore""#),
    ("webhook.create", "without-webhook", "MutatingWebhookConfiguration", "/metadata/name", "null"),
    ("webhook.create", "without-webhook", "Service", "/metadata/name", "null"),
];

const IMAGE: &str = r#""registry.example/eso:1.2-ubi""#;
const NOTE: &str = "/spec/template/metadata/annotations/example.com~1note";
const APART: &str = "POD/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/weight";
const ROLE: &str = "/metadata/annotations/eks.amazonaws.com~1role-arn";
const SELECTED: &str = "/webhooks/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name";
const POLICY: &str = "/webhooks/0/failurePolicy";

/// Flags that values become: the case that says them.
const FLAGS: [(&str, &str, &str); 12] = [
    ("leaderElect", "everything", "--enable-leader-election=true"),
    ("controllerClass", "everything", "--controller-class=team-a"),
    ("concurrent", "everything", "--concurrent=1000"),
    ("log.level", "everything", "--loglevel=debug"),
    ("storeRequeueInterval", "everything", "--store-requeue-interval=5m0s"),
    ("webhook.port", "everything", "--webhook-port=9443"),
    ("extraArgs", "everything", "--client-qps=200"),
    ("extraArgs", "everything", "--enable-flood-gate"),
    ("livenessProbe.spec.address", "named", "--live-addr=0.0.0.0:9082"),
    ("livenessProbe.spec.port", "named", "--live-addr=0.0.0.0:9082"),
    ("metrics.listen.secure.enabled", "without-rights", "--metrics-secure=true"),
    ("scopedNamespace", "one-namespace", "--namespace=apps"),
];

/// What the first object of a kind has at this place.
fn shown(case: &str, kind: &str, place: &str) -> Value {
    let documents = rendered(case);
    let first = documents.iter().find(|document| document["kind"] == kind);
    let place = place.replace("CONTAINER", "POD/containers/0").replace("POD", "/spec/template/spec");
    first.and_then(|document| document.pointer(&place)).cloned().unwrap_or_default()
}

/// Whether the file of a case says a value, by its path.
fn is_said(case: &str, value: &str) -> bool {
    let text = fs::read_to_string(values(case)).unwrap();
    let said: Value = serde_saphyr::from_str(&text).unwrap();
    said.pointer(&format!("/{}", value.replace('.', "/"))).is_some()
}

#[test]
fn each_value_changes_what_is_rendered() {
    for (value, case, kind, place, expected) in SEEN {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert!(is_said(case, value), "{case} does not say {value}");
        assert_eq!(shown(case, kind, place), expected, "{value} in {case}: {kind} {place}");
        assert_ne!(shown("default", kind, place), expected, "{value} is so without being said: {place}");
    }
}

#[test]
fn each_value_becomes_its_flag() {
    let default = rendered("default");
    for (value, case, flag) in FLAGS {
        assert!(is_said(case, value), "{case} does not say {value}");
        assert!(arguments(&rendered(case)).contains(&flag), "{value} in {case}: {flag}");
        assert!(!arguments(&default).contains(&flag), "{value} is so without being said: {flag}");
    }
}

#[test]
fn each_name_is_tried() {
    let tried: Vec<&str> =
        SEEN.iter().map(|(value, ..)| *value).chain(FLAGS.iter().map(|(value, ..)| *value)).collect();
    for name in NAMES {
        assert!(tried.contains(&name), "nothing shows what {name} does");
    }
}

#[test]
fn what_means_nothing_any_more_is_told_of() {
    let read = |path: &str| fs::read_to_string(project::root().join(CHART).join(path)).unwrap();
    let (notes, values) = (read("templates/NOTES.txt"), read("values.yaml"));
    for name in ["certController", "log.timeEncoding"] {
        assert!(notes.contains(&format!("\"{name}\" \"")), "{name}");
        let own = name.rsplit('.').next().unwrap();
        assert!(!values.contains(&format!("{own}:")), "{own} would always be told of");
    }
}
