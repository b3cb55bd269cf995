//! `provider.fake`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Values that are written in the store itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FakeProvider {
    /// The values.
    pub data: Vec<FakeData>,
    /// What a validation of the store finds: `0` ready, `1` unknown, `2` an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_result: Option<u8>,
}

/// One value.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FakeData {
    /// Its name.
    pub key: String,
    /// Its content.
    pub value: String,
    /// Its version, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Shows no content: it stands openly in its store, and in no log.
impl fmt::Debug for FakeData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value: _, version } = self;
        f.debug_struct("FakeData").field("key", key).field("version", version).finish_non_exhaustive()
    }
}
