//! What is said of an object that the original's webhook refuses, in its words.
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
pub const ALL: [&str; 13] = [
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
    RESERVED_SESSION_TAGS,
    RECOVERY_WINDOW,
    RECOVERY_AND_FORCE,
];
