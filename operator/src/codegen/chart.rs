//! What of the chart comes out of the code: the definitions, and the operator's roles.

use super::rbac::{self, Rule};

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
    copies.chain([("deploy/chart/templates/rbac.yaml".to_owned(), roles())]).collect()
}

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
