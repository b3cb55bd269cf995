//! What of the chart comes out of the code: the definitions, the operator's roles, and its webhooks.

use std::mem;

use serde_json::Value;

use super::{
    rbac::{self, Rule},
    webhooks::{self, Installation},
};

/// Resources that belong to no namespace: a role of one namespace cannot speak of them.
const CLUSTER_SCOPED: &[&str] = &[
    "clusterexternalsecrets",
    "clusterpushsecrets",
    "clustersecretstores",
    "mutatingwebhookconfigurations",
    "namespaces",
    "subjectaccessreviews",
    "validatingwebhookconfigurations",
];

/// Groups of which an operator needs rights in the whole cluster also where it serves one namespace: they are about the
/// webhooks.
const ABOUT_WEBHOOKS: &[&str] = &["admissionregistration.k8s.io", "authorization.k8s.io"];

/// Values on which a rule hangs, by its group.
const SWITCHES: &[(&str, &str)] = &[
    ("kubernetes-client.io", ".Values.serveKubernetesClientIo"),
    ("authorization.k8s.io", ".Values.webhook.create"),
    ("admissionregistration.k8s.io", ".Values.webhook.create"),
];

/// What is put for a name of the example's, in this order.
const NAMES: &[(&str, &str)] = &[
    ("metadata:\n", "metadata:\n  labels:\n    {{- include \"external-secrets.labels\" . | nindent 4 }}\n"),
    ("namespace: external-secrets\n", "namespace: {{ include \"external-secrets.namespace\" . }}\n"),
    ("[external-secrets-controller]", "[{{ .Values.leaderElectionID }}]"),
    ("external-secrets-webhook", "{{ include \"external-secrets.webhook\" . }}"),
    (
        "name: external-secrets-leaderelection",
        "name: {{ include \"external-secrets.fullname\" . }}-leaderelection",
    ),
    ("name: external-secrets\n", "name: {{ include \"external-secrets.serviceAccountName\" . }}\n"),
];

/// The chart's generated files, each by its path.
pub(super) fn files(definitions: &[(String, String)]) -> Vec<(String, String)> {
    let copies = definitions.iter().filter_map(|(path, manifest)| {
        let name = path.strip_prefix("deploy/crds/")?;
        Some((format!("deploy/chart/files/crds/{name}"), manifest.clone()))
    });
    let templates = [("rbac", roles()), ("webhooks", webhook_configurations())];
    let templates = templates.map(|(name, text)| (format!("deploy/chart/templates/{name}.yaml"), text));
    copies.chain(templates).collect()
}

/// Words that stand for what a release says, until the YAML is written: they need no quotes in it.
const PLACES: Installation<'static> = Installation {
    namespace: "__namespace__",
    service_account: "__service_account__",
    service: "__service__",
    configuration: "__configuration__",
};

/// Both webhook configurations, of a release that has somebody who answers.
fn webhook_configurations() -> String {
    let [mut mutating, mut validating] = webhooks::configurations(&PLACES);
    for webhook in webhooks_of(&mut validating).iter_mut() {
        webhook["failurePolicy"] = "__failure_policy__".into();
    }
    let documents = [&mut mutating, &mut validating].map(|configuration| {
        let webhooks = webhooks_of(configuration);
        *webhooks = mem::take(webhooks).into_iter().flat_map(within_the_scope).collect();
        let text = serde_saphyr::to_string(&configuration).expect("a configuration must be YAML");
        text.replacen("  labels:\n", WEBHOOK_METADATA, 1)
    });
    let [mutating, validating] = documents.map(|document| {
        PLACES_IN_THE_CHART.iter().fold(document, |text, (place, template)| text.replace(place, template))
    });
    format!(
        "{{{{- if and .Values.createOperator .Values.webhook.create }}}}\n{KNOWS_CONDITIONS}\n{mutating}---\n{{{{- end }}}}\n{validating}{{{{- end }}}}\n"
    )
}

/// A cluster that knows no match conditions drops them: it would send every Secret, and refuse each while nobody answers.
const KNOWS_CONDITIONS: &str = r#"{{- if semverCompare ">=1.28-0" .Capabilities.KubeVersion.Version }}"#;

fn webhooks_of(configuration: &mut Value) -> &mut Vec<Value> {
    configuration["webhooks"].as_array_mut().expect("a configuration must have webhooks")
}

/// The webhook as a release of one namespace has it: it is sent nothing of others, and is not there at all for what such a
/// release does not serve.
fn within_the_scope(mut webhook: Value) -> Vec<Value> {
    if webhook["rules"][0]["scope"] == "Cluster" {
        return vec!["__if_cluster_stores__".into(), webhook, "__end__".into()];
    }
    webhook["namespaceSelector"] = "__namespace_selector__".into();
    vec![webhook]
}

/// What the words stand for.
const PLACES_IN_THE_CHART: &[(&str, &str)] = &[
    ("- __if_cluster_stores__\n", "{{- if include \"external-secrets.clusterStores\" . }}\n"),
    ("- __end__\n", "{{- end }}\n"),
    ("  namespaceSelector: __namespace_selector__\n", NAMESPACE_SELECTOR),
    ("__namespace__", r#"{{ include "external-secrets.namespace" . }}"#),
    ("__service_account__", r#"{{ include "external-secrets.serviceAccountName" . }}"#),
    ("__service__", r#"{{ include "external-secrets.webhook" . }}"#),
    ("__configuration__", r#"{{ include "external-secrets.webhook" . }}"#),
    ("__failure_policy__", "{{ .Values.webhook.failurePolicy }}"),
];

const NAMESPACE_SELECTOR: &str = "  {{- with .Values.scopedNamespace }}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . }}
  {{- end }}
";

const WEBHOOK_METADATA: &str = r#"  {{- with include "external-secrets.webhookAnnotations" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
"#;

/// The roles and their bindings: of the whole cluster, or of the one namespace that is served.
fn roles() -> String {
    let all: String = rbac::RULES.iter().map(|rule| switched(rule, rule.resources)).collect();
    let of_one_namespace: String =
        rbac::RULES.iter().filter_map(|rule| only(rule, |resource| !is_cluster_scoped(resource))).collect();
    let others: String =
        rbac::OTHERS.iter().map(|document| format!("---\n{}", in_the_chart(document))).collect();
    let about_webhooks = rbac::RULES.iter().filter(|rule| ABOUT_WEBHOOKS.contains(&rule.group));
    let about_webhooks: String = about_webhooks.map(|rule| switched(rule, rule.resources)).collect();
    let scoped = SCOPED.replace("ABOUT_WEBHOOKS\n", &about_webhooks);
    let roles = ROLES.replace("ALL\n", &all).replace("OF_ONE_NAMESPACE\n", &of_one_namespace);
    format!("{roles}{others}{scoped}{{{{- end }}}}\n")
}

fn is_cluster_scoped(resource: &str) -> bool {
    let resource = resource.split_once('/').map_or(resource, |(resource, _)| resource);
    CLUSTER_SCOPED.contains(&resource)
}

/// The rule for those of its resources alone; nothing where there are none.
fn only(rule: &Rule, is_meant: impl Fn(&str) -> bool) -> Option<String> {
    let resources: Vec<&str> = rule.resources.iter().copied().filter(|resource| is_meant(resource)).collect();
    (!resources.is_empty()).then(|| switched(rule, &resources))
}

/// The rule for these of its resources, where a value switches such rules off.
fn switched(rule: &Rule, resources: &[&str]) -> String {
    let text = in_the_chart(&rbac::rule_for(rule, resources));
    let of_group = SWITCHES.iter().find(|(group, _)| *group == rule.group);
    let value = if resources.contains(&"serviceaccounts/token") {
        ".Values.rbac.serviceAccountTokenCreate"
    } else if resources.iter().all(|resource| resource.ends_with("/finalizers")) {
        ".Values.openshiftFinalizers"
    } else if let Some((_, value)) = of_group {
        value
    } else {
        return text;
    };
    format!("  {{{{- if {value} }}}}\n{text}  {{{{- end }}}}\n")
}

/// A document of the example, with the names of a release.
fn in_the_chart(document: &str) -> String {
    NAMES.iter().fold(document.to_owned(), |text, (example, template)| text.replace(example, template))
}

const ROLES: &str = r#"{{- if .Values.rbac.create }}
{{- $scoped := include "external-secrets.scoped" . }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $scoped | empty | ternary "ClusterRole" "Role" }}
metadata:
  name: {{ include "external-secrets.fullname" . }}-controller
  {{- with $scoped }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
rules:
{{- if $scoped }}
OF_ONE_NAMESPACE
{{- else }}
ALL
{{- end }}
{{- if .Values.genericTargets.enabled }}
  # Targets that are no Secrets.
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [create, update, patch, delete]
  {{- with .Values.genericTargets.resources }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $scoped | empty | ternary "ClusterRoleBinding" "RoleBinding" }}
metadata:
  name: {{ include "external-secrets.fullname" . }}-controller
  {{- with $scoped }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $scoped | empty | ternary "ClusterRole" "Role" }}
  name: {{ include "external-secrets.fullname" . }}-controller
subjects:
  - kind: ServiceAccount
    name: {{ include "external-secrets.serviceAccountName" . }}
    namespace: {{ include "external-secrets.namespace" . }}
"#;

/// What an operator of one namespace needs outside of it: the webhooks, whoever makes a Secret, the namespace itself, and
/// its own two Secrets where it lives.
const SCOPED: &str = r#"{{- if and $scoped (or .Values.webhook.create .Values.serveKubernetesClientIo) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "external-secrets.fullname" . }}-scoped
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
rules:
  # The annotations of the one namespace that is served: which store its Secrets are filled from, and what older objects may
  # ask for.
  - apiGroups: [""]
    resources: [namespaces]
    resourceNames: [{{ $scoped }}]
    verbs: [get, list, watch]
ABOUT_WEBHOOKS
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "external-secrets.fullname" . }}-scoped
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "external-secrets.fullname" . }}-scoped
subjects:
  - kind: ServiceAccount
    name: {{ include "external-secrets.serviceAccountName" . }}
    namespace: {{ include "external-secrets.namespace" . }}
{{- end }}
{{- if and $scoped .Values.webhook.create }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "external-secrets.webhook" . }}
  namespace: {{ include "external-secrets.namespace" . }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
rules:
  # The certificates of the webhooks, and the key that records are sealed with. Rights to create name no object.
  - apiGroups: [""]
    resources: [secrets]
    verbs: [create]
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: [{{ include "external-secrets.webhook" . }}, {{ include "external-secrets.seal" . }}]
    verbs: [list, watch, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "external-secrets.webhook" . }}
  namespace: {{ include "external-secrets.namespace" . }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "external-secrets.webhook" . }}
subjects:
  - kind: ServiceAccount
    name: {{ include "external-secrets.serviceAccountName" . }}
    namespace: {{ include "external-secrets.namespace" . }}
{{- end }}
"#;
