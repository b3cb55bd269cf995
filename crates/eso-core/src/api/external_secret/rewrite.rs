//! `spec.dataFrom[].rewrite`: how the names of many keys are written anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step in which names are written anew: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Rewrite {
    /// What a regular expression finds is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<RewriteRegexp>,
    /// The name is what a template makes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<RewriteTransform>,
    /// The values, which are JSON objects, become one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<RewriteMerge>,
}

/// What a regular expression finds in a name is replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RewriteRegexp {
    /// The regular expression (Go's syntax, not anchored).
    pub source: String,
    /// What stands there then; `$1` or `${1}` is what the first group found.
    pub target: String,
}

/// A name is what a template makes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RewriteTransform {
    /// The template; `.value` is the name.
    pub template: String,
}

/// Values that are JSON objects become one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewriteMerge {
    /// The key that holds the merged object, for the strategy `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = ""))]
    pub into: Option<String>,
    /// The keys that win over others, a later one over an earlier one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<String>,
    /// What becomes of a key of `priority` that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Strict"))]
    pub priority_policy: Option<PriorityPolicy>,
    /// What becomes of a member that several objects have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Error"))]
    pub conflict_policy: Option<ConflictPolicy>,
    /// Whether the members become keys, or stay one JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Extract"))]
    pub strategy: Option<MergeStrategy>,
}

/// What becomes of a key of `priority` that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum PriorityPolicy {
    /// The object fails.
    Strict,
    /// Nothing.
    IgnoreNotFound,
}

/// What becomes of a member that several objects have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ConflictPolicy {
    /// The last one wins.
    Ignore,
    /// The object fails.
    Error,
}

/// What becomes of the members of merged objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum MergeStrategy {
    /// Each becomes a key.
    Extract,
    /// They stay one JSON object, under the key `into`.
    JSON,
}
