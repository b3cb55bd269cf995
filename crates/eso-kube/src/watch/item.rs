//! One object as the API server sent it: its own text, so that nothing which one object holds can hide the others.
//!
//! kube parses a list at once, and the whole of it fails over one object that is nested too deeply, or whose managed
//! fields name a time that is none. Of an [`Item`] it parses what the API server itself vouches for.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::Resource;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::{Value, value::RawValue};

use crate::metadata::sent;

/// An object of the kind `K`, of which nothing but its metadata was read so far.
pub struct Item<K> {
    metadata: ObjectMeta,
    text: Box<RawValue>,
    kind: PhantomData<fn() -> K>,
}

/// What is said of an object whose spec is nested too deeply: our reader goes 127 levels deep, the API server 10,000.
pub const UNREADABLE_SPEC: &str =
    "the spec cannot be read: it is nested too deeply, take out the field that is";

/// An object of one of our own kinds, as far as it can be read.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// Its metadata without the managed fields.
    pub metadata: ObjectMeta,
    /// What it asks for; `Value::Null` where it has no spec, and `None` where the spec is nested too deeply.
    pub spec: Option<Value>,
    /// What is said of it; `Value::Null` where that is nothing, or nested too deeply.
    pub status: Value,
}

impl<K> Item<K> {
    /// Its metadata without the managed fields.
    pub fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    /// Its metadata with the managed fields.
    pub fn into_metadata(self) -> ObjectMeta {
        ObjectMeta { managed_fields: sent::managed_fields(self.text.get()), ..self.metadata }
    }

    /// A part of it: a struct with the fields that are wanted. `None` where these cannot be read, whatever the others
    /// are like.
    pub fn read<Part: DeserializeOwned>(&self) -> Option<Part> {
        serde_json::from_str(self.text.get()).ok()
    }
}

impl Item<Secret> {
    /// The entries of a Secret. The API server sends one without a value as null.
    pub fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        #[derive(Default, Deserialize)]
        struct Content {
            data: Option<BTreeMap<String, Option<ByteString>>>,
        }
        let Content { data } = self.read().unwrap_or_default();
        data.into_iter().flatten().map(|(name, value)| (name, bytes(value))).collect()
    }
}

impl Item<ConfigMap> {
    /// The entries of a ConfigMap, texts and bytes: no name is among both.
    pub fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Content {
            data: Option<BTreeMap<String, String>>,
            binary_data: Option<BTreeMap<String, Option<ByteString>>>,
        }
        let Content { data, binary_data } = self.read().unwrap_or_default();
        let texts = data.into_iter().flatten().map(|(name, text)| (name, text.into_bytes()));
        let others = binary_data.into_iter().flatten().map(|(name, value)| (name, bytes(value)));
        texts.chain(others).collect()
    }
}

impl<K> From<Item<K>> for Object {
    fn from(item: Item<K>) -> Self {
        #[derive(Deserialize)]
        struct Asked {
            #[serde(default)]
            spec: Value,
        }
        #[derive(Default, Deserialize)]
        struct Said {
            #[serde(default)]
            status: Value,
        }
        Self {
            spec: item.read().map(|Asked { spec }| spec),
            status: item.read::<Said>().unwrap_or_default().status,
            metadata: item.metadata,
        }
    }
}

fn bytes(value: Option<ByteString>) -> Vec<u8> {
    value.map(|ByteString(bytes)| bytes).unwrap_or_default()
}

impl<'de, K> Deserialize<'de> for Item<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let metadata = sent::metadata(text.get()).map_err(|_| Error::custom("an object without metadata"))?;
        Ok(Self { metadata, text, kind: PhantomData })
    }
}

impl<K> Clone for Item<K> {
    fn clone(&self) -> Self {
        Self { metadata: self.metadata.clone(), text: self.text.clone(), kind: PhantomData }
    }
}

impl<K> fmt::Debug for Item<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectMeta { namespace, name, resource_version, .. } = &self.metadata;
        let mut item = f.debug_struct("Item");
        item.field("namespace", namespace).field("name", name).field("resource_version", resource_version);
        item.finish_non_exhaustive()
    }
}

impl<K: Resource> Resource for Item<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn metadata_api() -> bool {
        K::metadata_api()
    }

    fn kind(of: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(of)
    }

    fn group(of: &Self::DynamicType) -> Cow<'_, str> {
        K::group(of)
    }

    fn version(of: &Self::DynamicType) -> Cow<'_, str> {
        K::version(of)
    }

    fn plural(of: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(of)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
impl Object {
    /// The object that was sent as this.
    pub(crate) fn sent(object: Value) -> Self {
        serde_json::from_value::<Item<()>>(object).expect("an object of a test must have metadata").into()
    }
}

#[cfg(test)]
mod tests;
