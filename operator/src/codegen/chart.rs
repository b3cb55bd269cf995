//! What of the chart comes out of the code: the definitions, the operator's roles, and its webhooks.

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

/// Both webhook configurations, of a release.
fn webhook_configurations() -> String {
    let [mutating, mut validating] = webhooks::configurations(&PLACES);
    for webhook in validating["webhooks"].as_array_mut().into_iter().flatten() {
        webhook["failurePolicy"] = "__failure_policy__".into();
    }
    let documents = [mutating, validating].map(|configuration| {
        let text = serde_saphyr::to_string(&configuration).expect("a configuration must be YAML");
        text.replacen("  labels:\n", WEBHOOK_METADATA, 1)
    });
    let text = PLACES_IN_THE_CHART
        .iter()
        .fold(documents.join("---\n"), |text, (place, template)| text.replace(place, template));
    format!("{{{{- if .Values.webhook.create }}}}\n{text}{{{{- end }}}}\n")
}

/// What the words stand for.
const PLACES_IN_THE_CHART: &[(&str, &str)] = &[
    ("__namespace__", r#"{{ include "external-secrets.namespace" . }}"#),
    ("__service_account__", r#"{{ include "external-secrets.serviceAccountName" . }}"#),
    ("__service__", r#"{{ include "external-secrets.webhook" . }}"#),
    ("__configuration__", r#"{{ include "external-secrets.webhook" . }}"#),
    ("__failure_policy__", "{{ .Values.webhook.failurePolicy }}"),
];

const WEBHOOK_METADATA: &str = r#"  {{- with .Values.webhook.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
"#;

/// The roles and their bindings: of the whole cluster, or of the one namespace that is served.
fn roles() -> String {
    let all: String = rbac::RULES.iter().map(conditional).collect();
    let of_one_namespace: String =
        rbac::RULES.iter().filter_map(|rule| only(rule, |resource| !is_cluster_scoped(resource))).collect();
    let others: String =
        rbac::OTHERS.iter().map(|document| format!("---\n{}", in_the_chart(document))).collect();
    let mut text = ROLES.replace("ALL\n", &all).replace("OF_ONE_NAMESPACE\n", &of_one_namespace);
    text.push_str(&others);
    let about_webhooks: String =
        rbac::RULES.iter().filter(|rule| ABOUT_WEBHOOKS.contains(&rule.group)).map(rbac::rule).collect();
    if !about_webhooks.is_empty() {
        text.push_str(&WEBHOOK_ROLE.replace("ABOUT_WEBHOOKS\n", &about_webhooks));
    }
    text.push_str("{{- end }}\n");
    text
}

fn is_cluster_scoped(resource: &str) -> bool {
    let resource = resource.split_once('/').map_or(resource, |(resource, _)| resource);
    CLUSTER_SCOPED.contains(&resource)
}

/// The rule for those of its resources alone; nothing where there are none.
fn only(rule: &Rule, is_meant: impl Fn(&str) -> bool) -> Option<String> {
    let resources: Vec<&str> = rule.resources.iter().copied().filter(|resource| is_meant(resource)).collect();
    (!resources.is_empty()).then(|| switched(&resources, &rbac::rule_for(rule, &resources)))
}

fn conditional(rule: &Rule) -> String {
    switched(rule.resources, &rbac::rule(rule))
}

/// The rule, where a value switches such rules off.
fn switched(resources: &[&str], rule: &str) -> String {
    let value = if resources.contains(&"serviceaccounts/token") {
        ".Values.rbac.serviceAccountTokenCreate"
    } else if resources.iter().all(|resource| resource.ends_with("/finalizers")) {
        ".Values.openshiftFinalizers"
    } else {
        return rule.to_owned();
    };
    format!("  {{{{- if {value} }}}}\n{rule}  {{{{- end }}}}\n")
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

const WEBHOOK_ROLE: &str = r#"{{- if and $scoped .Values.webhook.create }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "external-secrets.webhook" . }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
rules:
ABOUT_WEBHOOKS
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "external-secrets.webhook" . }}
  labels:
    {{- include "external-secrets.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "external-secrets.webhook" . }}
subjects:
  - kind: ServiceAccount
    name: {{ include "external-secrets.serviceAccountName" . }}
    namespace: {{ include "external-secrets.namespace" . }}
{{- end }}
"#;
