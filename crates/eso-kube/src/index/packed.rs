//! JSON in half the room: the words that nearly every ExternalSecret holds are one byte each.

use serde::{Serialize, de::DeserializeOwned};

/// A JSON text. Text that serde_json writes holds no control characters (it escapes them), so these are free to stand
/// for words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Packed(Box<[u8]>);

/// The words: byte 1 stands for the first one. A word that is a part of another comes after it. Nothing of this is
/// ever stored outside this process.
const WORDS: [&str; 26] = [
    r#"","message":"secret synced","reason":"SecretSynced","status":"True","type":"Ready"}],"refreshTime":""#,
    r#""},"conditions":[{"lastTransitionTime":""#,
    r#"","syncedResourceVersion":"1-"#,
    r#"{"binding":{"name":""#,
    r#""kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"external-secrets.io/v1\",\"kind\":\"ExternalSecret\",\"metadata\":{\"annotations\":{},\"name\":\""#,
    r#"\"refreshInterval\":\""#,
    r#"\"remoteRef\":{\"key\":\""#,
    r#"\",\"property\":\""#,
    r#"\"},\"secretKey\":\""#,
    r#"\",\"secretStoreRef\":{\"kind\":\""#,
    r#"\"target\":{\"creationPolicy\":\"Owner\""#,
    r#"\",\"name\":\""#,
    r#"\"namespace\":\""#,
    r#"{"metadata":{"#,
    r#""annotations":{"#,
    r#""generation":1"#,
    r#""labels":{"#,
    r#""app.kubernetes.io/"#,
    r#"},"spec":{"data":["#,
    r#"{"remoteRef":{"key":""#,
    r#"","property":""#,
    r#""},"secretKey":""#,
    r#""refreshInterval":""#,
    r#""secretStoreRef":{"kind":"SecretStore","name":""#,
    r#""secretStoreRef":{"kind":"ClusterSecretStore","name":""#,
    r#""target":{"creationPolicy":"Owner","deletionPolicy":"Retain""#,
];

impl Packed {
    pub(super) fn of(value: &impl Serialize) -> Self {
        let mut text = serde_json::to_string(value).expect("what came as JSON must be JSON again");
        for (code, word) in (1_u8..).zip(WORDS) {
            if text.contains(word) {
                text = text.replace(word, char::from(code).encode_utf8(&mut [0]));
            }
        }
        Self(text.into_bytes().into_boxed_slice())
    }

    /// What it holds, where that can be read as such.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.text()).ok()
    }

    /// The text that it was made of.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.0.len() * 2);
        for byte in &self.0 {
            match WORDS.get(usize::from(*byte).wrapping_sub(1)) {
                Some(word) => text.extend_from_slice(word.as_bytes()),
                None => text.push(*byte),
            }
        }
        text
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests;
