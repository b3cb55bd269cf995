//! `spec.target.template`: what a target is made of, out of the values.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DecodingStrategy;
use crate::api::names::{KEY, SUBDOMAIN};

/// What a target is made of, out of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// The type of the Secret.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,
    /// The language of the templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "v2"))]
    pub engine_version: Option<EngineVersion>,
    /// What the target carries beside its data, in place of the ExternalSecret's own labels and annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,
    /// Whether the values themselves are kept beside what the templates make (`Merge`), or not (`Replace`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Replace"))]
    pub merge_policy: Option<TemplateMergePolicy>,
    /// A template for each key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// Templates of ConfigMaps and Secrets of the namespace, and longer ones; later entries win over earlier ones, and
    /// `data` over all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_from: Vec<TemplateFrom>,
}

/// The languages of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineVersion {
    /// Go's `text/template` with the functions of sprig.
    V2,
}

/// What a target carries beside its data. Values are templates; names are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TemplateMetadata {
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Finalizers that are put on it, and never taken off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

/// Whether the values themselves are kept beside what the templates make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum TemplateMergePolicy {
    /// They are not.
    Replace,
    /// They are.
    Merge,
}

/// Templates that stand elsewhere, or make many keys at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateFrom {
    /// Templates of a ConfigMap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<TemplateRef>,
    /// Templates of a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<TemplateRef>,
    /// What they make: `Data` (the default), `Labels` or `Annotations` of a Secret, or a path in another kind of object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Data"))]
    pub target: Option<String>,
    /// A template that makes a YAML map of names and values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub literal: Option<String>,
    /// How the values that it makes are decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values_decoding_strategy: Option<DecodingStrategy>,
}

/// Templates of a ConfigMap or a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TemplateRef {
    /// Its name.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = SUBDOMAIN)
    )]
    pub name: String,
    /// Which of its keys.
    pub items: Vec<TemplateRefItem>,
}

/// One key of a ConfigMap or a Secret that holds a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateRefItem {
    /// The key.
    #[schemars(length(min = 1, max = 253), regex(pattern = KEY))]
    pub key: String,
    /// Whether it makes one value under its own name, or a YAML map of names and values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Values"))]
    pub template_as: Option<TemplateScope>,
}

/// What a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum TemplateScope {
    /// One value.
    Values,
    /// A YAML map of names and values.
    KeysAndValues,
}
