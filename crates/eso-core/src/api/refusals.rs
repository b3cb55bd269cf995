//! What is said of an object that the original's webhook or definition refuses, in its words.
//!
//! The API server says them where a rule of the definition refuses the object, and the operator where an object is
//! older than the rule, or the rule would cost more than the API server grants.

/// An ExternalSecret that asks for nothing.
pub const NO_ENTRIES: &str = "either data or dataFrom should be specified";

/// An entry of `dataFrom` that comes from several sources.
pub const SOURCES_AT_ONCE: &str = "extract, find, or generatorRef cannot be set at the same time";

/// An entry of `dataFrom` that comes from nowhere.
pub const NO_SOURCE: &str = "either extract, find, or sourceRef must be set to dataFrom";

/// An entry of `dataFrom` whose `sourceRef` is empty.
pub const EMPTY_SOURCE: &str = "generatorRef or storeRef must be set when using sourceRef in dataFrom";

/// `deletionPolicy: Delete` for a Secret that is somebody else's.
pub const DELETE_UNOWNED: &str = "deletionPolicy=Delete must not be used when the controller doesn't own the secret. \
                                  Please set creationPolicy=Owner";

/// `deletionPolicy: Merge` where no Secret is written.
pub const MERGE_INTO_NOTHING: &str =
    "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with";

/// A template of a token of whatever service account an annotation names.
pub const TOKEN_OF_ANNOTATION: &str = "template.type=\"kubernetes.io/service-account-token\" with annotation \
                                       \"kubernetes.io/service-account.name\" is not allowed";

/// A template of a token of whatever service account the values name.
pub const TOKEN_OF_ANNOTATIONS: &str = "template.type=\"kubernetes.io/service-account-token\" with templateFrom \
                                        target=\"Annotations\" is not allowed";

/// A template of a token with which nodes join the cluster.
pub const BOOTSTRAP_TOKEN: &str = "template.type=\"bootstrap.kubernetes.io/token\" is not allowed";

/// A Vault store whose AppRole has no role id.
pub const NO_ROLE_ID: &str = "invalid Auth.AppRole: neither `roleId` nor `roleRef` was supplied";

/// A Vault store whose JWT method has no token.
pub const NO_TOKEN_OF_JWT: &str = "neither `secretRef` nor `kubernetesServiceAccountToken` was supplied as token source \
                                   for jwt authentication";

/// An entry of `dataTo` that names no store.
pub const NO_STORE_OF_DATA_TO: &str = "storeRef must specify either name or labelSelector";

/// An entry of `dataTo` that writes all keys to one value, and writes their names anew.
pub const REWRITE_OF_BUNDLE: &str = "remoteKey and rewrite are mutually exclusive: rewrite is only supported in per-key \
                                     mode (without remoteKey)";

/// A step of `rewrite` that is none, or two.
pub const NO_ONE_REWRITE: &str = "exactly one of regexp or transform must be set";

/// An AWS store whose own session tags say who asks.
pub const RESERVED_SESSION_TAGS: &str = "customSessionTags cannot contain automatically injected reserved keys: \
                                         esoNamespace, esoStoreName, esoStoreKind";

/// An AWS store that keeps deleted secrets for a time that AWS does not know.
pub const RECOVERY_WINDOW: &str =
    "invalid DeleteSecretInput: RecoveryWindowInDays must be between 7 and 30 days";

/// An AWS store that keeps deleted secrets for a time, and does not keep them.
pub const RECOVERY_AND_FORCE: &str =
    "invalid DeleteSecretInput: ForceDeleteWithoutRecovery conflicts with RecoveryWindowInDays";

/// All of them. They hold no part of the object, so that whoever finds one in an answer of the API server may repeat it.
pub const ALL: [&str; 17] = [
    NO_ENTRIES,
    SOURCES_AT_ONCE,
    NO_SOURCE,
    EMPTY_SOURCE,
    DELETE_UNOWNED,
    MERGE_INTO_NOTHING,
    TOKEN_OF_ANNOTATION,
    TOKEN_OF_ANNOTATIONS,
    BOOTSTRAP_TOKEN,
    NO_ROLE_ID,
    NO_TOKEN_OF_JWT,
    RESERVED_SESSION_TAGS,
    RECOVERY_WINDOW,
    RECOVERY_AND_FORCE,
    NO_STORE_OF_DATA_TO,
    REWRITE_OF_BUNDLE,
    NO_ONE_REWRITE,
];

/// How the original's webhook begins what it says of a selector that leads a SecretStore out of its namespace, by the
/// selector's place in the store. `None` where it has no words of its own.
pub fn of_selector(path: &str) -> Option<&'static str> {
    OF_SELECTORS
        .iter()
        .find(|(of, _)| path.strip_prefix("spec.provider.") == Some(of))
        .map(|(_, words)| *words)
}

/// Of AWS's keys the original says what it says of a token.
const OF_SELECTORS: [(&str, &str); 17] = [
    ("vault.auth.tokenSecretRef", "invalid Auth.TokenSecretRef"),
    ("vault.auth.appRole.secretRef", "invalid Auth.AppRole.SecretRef"),
    ("vault.auth.appRole.roleRef", "invalid Auth.AppRole.RoleRef"),
    ("vault.auth.kubernetes.serviceAccountRef", "invalid Auth.Kubernetes.ServiceAccountRef"),
    ("vault.auth.kubernetes.secretRef", "invalid Auth.Kubernetes.SecretRef"),
    ("vault.auth.ldap.secretRef", "invalid Auth.Ldap.SecretRef"),
    ("vault.auth.userPass.secretRef", "invalid Auth.UserPass.SecretRef"),
    ("vault.auth.jwt.secretRef", "invalid Auth.Jwt.SecretRef"),
    (
        "vault.auth.jwt.kubernetesServiceAccountToken.serviceAccountRef",
        "invalid Auth.Jwt.KubernetesServiceAccountToken.ServiceAccountRef",
    ),
    ("vault.auth.cert.clientCert", "invalid Auth.Cert.ClientCert"),
    ("vault.auth.cert.secretRef", "invalid Auth.Cert.SecretRef"),
    ("vault.auth.iam.jwt.serviceAccountRef", "invalid Auth.TokenSecretRef"),
    ("vault.auth.iam.secretRef.accessKeyIDSecretRef", "invalid Auth.TokenSecretRef"),
    ("vault.auth.iam.secretRef.secretAccessKeySecretRef", "invalid Auth.TokenSecretRef"),
    ("vault.auth.iam.secretRef.sessionTokenSecretRef", "invalid Auth.TokenSecretRef"),
    ("vault.tls.certSecretRef", "invalid ClientTLS.ClientCert"),
    ("vault.tls.keySecretRef", "invalid ClientTLS.SecretRef"),
];
