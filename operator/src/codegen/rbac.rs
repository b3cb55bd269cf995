//! The least that the operator may do in a cluster, each rule with its reason.

/// One rule of the ClusterRole.
pub(super) struct Rule {
    pub(super) why: &'static str,
    pub(super) group: &'static str,
    pub(super) resources: &'static [&'static str],
    pub(super) verbs: &'static [&'static str],
}

/// What it may do in the namespaces that it serves, and in the whole cluster.
pub(super) const RULES: &[Rule] = &[
    Rule {
        why: "What it serves.",
        group: "external-secrets.io",
        resources: &[
            "externalsecrets",
            "clusterexternalsecrets",
            "pushsecrets",
            "clusterpushsecrets",
            "secretstores",
            "clustersecretstores",
        ],
        verbs: &["list", "watch"],
    },
    Rule {
        why: "What it says about it.",
        group: "external-secrets.io",
        resources: &[
            "externalsecrets/status",
            "clusterexternalsecrets/status",
            "pushsecrets/status",
            "clusterpushsecrets/status",
            "secretstores/status",
            "clustersecretstores/status",
        ],
        verbs: &["patch"],
    },
    Rule {
        why: "The original's finalizer is taken off an object that is being deleted.",
        group: "external-secrets.io",
        resources: &["externalsecrets", "clusterexternalsecrets"],
        verbs: &["patch"],
    },
    Rule {
        why: "A PushSecret that deletes what it wrote stays until that is done, and its stores with it.",
        group: "external-secrets.io",
        resources: &["pushsecrets", "secretstores", "clustersecretstores"],
        verbs: &["patch"],
    },
    Rule {
        why: "The ExternalSecrets of a ClusterExternalSecret; the patch above mends them.",
        group: "external-secrets.io",
        resources: &["externalsecrets"],
        verbs: &["create", "delete"],
    },
    Rule {
        why: "The PushSecrets of a ClusterPushSecret; the patch above mends them.",
        group: "external-secrets.io",
        resources: &["pushsecrets"],
        verbs: &["create", "delete"],
    },
    Rule {
        why: "Whether an object whose status was refused is gone, and another one has its name.",
        group: "external-secrets.io",
        resources: &["externalsecrets", "pushsecrets"],
        verbs: &["get"],
    },
    Rule {
        why: "An owner reference that blocks its owner's deletion needs this where \
              OwnerReferencesPermissionEnforcement is on (OpenShift).",
        group: "external-secrets.io",
        resources: &[
            "externalsecrets/finalizers",
            "clusterexternalsecrets/finalizers",
            "clusterpushsecrets/finalizers",
        ],
        verbs: &["update"],
    },
    Rule {
        why: "The older objects that it serves, and whether one whose status was refused is gone.",
        group: "kubernetes-client.io",
        resources: &["externalsecrets"],
        verbs: &["get", "list", "watch"],
    },
    Rule {
        why: "What it says about them.",
        group: "kubernetes-client.io",
        resources: &["externalsecrets/status"],
        verbs: &["patch"],
    },
    Rule {
        why: "The Secrets that it keeps, and those that hold its stores' credentials.",
        group: "",
        resources: &["secrets"],
        verbs: &["get", "list", "watch", "create", "patch", "delete"],
    },
    Rule {
        why: "Certificate authorities of stores, and templates.",
        group: "",
        resources: &["configmaps"],
        verbs: &["get", "list", "watch"],
    },
    Rule {
        why: "Labels of namespaces, which a ClusterSecretStore, a ClusterExternalSecret and a ClusterPushSecret ask for, and \
              annotations, which say what older objects may ask for.",
        group: "",
        resources: &["namespaces"],
        verbs: &["get", "list", "watch"],
    },
    Rule {
        why: "The finalizer that the original puts on namespaces is taken off.",
        group: "",
        resources: &["namespaces"],
        verbs: &["patch"],
    },
    Rule {
        why: "Tokens of the service accounts that stores log in with.",
        group: "",
        resources: &["serviceaccounts/token"],
        verbs: &["create"],
    },
    Rule {
        why: "Their annotations, which name the role of AWS that they may take, and when they are edited.",
        group: "",
        resources: &["serviceaccounts"],
        verbs: &["get", "list", "watch"],
    },
    Rule {
        why: "Whether somebody whose Secret is filled at admission may see it, and have a store read.",
        group: "authorization.k8s.io",
        resources: &["subjectaccessreviews"],
        verbs: &["create"],
    },
    Rule {
        why: "Whom the API server trusts when it calls the webhooks, and the path that it sends Secrets to: of these two and of \
              no others.",
        group: NAMED.0,
        resources: &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        verbs: &["list", "watch", "patch"],
    },
    Rule { why: "What it tells people.", group: "", resources: &["events"], verbs: &["create", "patch"] },
];

/// Of this group, objects of this name alone are ours.
const NAMED: (&str, &str) = ("admissionregistration.k8s.io", "external-secrets-webhook");

/// The manifest, by its path: a service account, its roles and their bindings.
pub(super) fn manifest() -> (String, String) {
    let rules: String = RULES.iter().map(rule).collect();
    let others: String = OTHERS.iter().map(|document| format!("---\n{document}")).collect();
    ("deploy/examples/operator/rbac.yaml".to_owned(), format!("{HEAD}{rules}{BINDING}{others}"))
}

/// A rule, as a role has it.
pub(super) fn rule(rule: &Rule) -> String {
    rule_for(rule, rule.resources)
}

/// A rule, for these of its resources.
pub(super) fn rule_for(rule: &Rule, resources: &[&str]) -> String {
    let Rule { why, group, resources: _, verbs } = rule;
    let (resources, verbs) = (resources.join(", "), verbs.join(", "));
    let names = match *group == NAMED.0 {
        true => format!("    resourceNames: [{}]\n", NAMED.1),
        false => String::new(),
    };
    format!(
        "  # {why}\n  - apiGroups: [\"{group}\"]\n    resources: [{resources}]\n{names}    verbs: [{verbs}]\n"
    )
}

const HEAD: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: external-secrets
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: external-secrets
  namespace: external-secrets
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: external-secrets-controller
rules:
";

const BINDING: &str = "\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: external-secrets-controller
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: external-secrets-controller
subjects:
  - kind: ServiceAccount
    name: external-secrets
    namespace: external-secrets
";

/// What it may do in its own namespace: roles and their bindings, each a document.
pub(super) const OTHERS: &[&str] = &[
    "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: external-secrets-leaderelection
  namespace: external-secrets
rules:
  # The lease of the leader, where one is elected. Rights to create name no object.
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [leases]
    verbs: [create]
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [leases]
    resourceNames: [external-secrets-controller]
    verbs: [get, update]
",
    "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: external-secrets-leaderelection
  namespace: external-secrets
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: external-secrets-leaderelection
subjects:
  - kind: ServiceAccount
    name: external-secrets
    namespace: external-secrets
",
];
