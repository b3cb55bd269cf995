//! Values as KV keeps them: JSON objects, in which version 1 also keeps the mark by which they are known as ours.
//!
//! Members are carried over as the texts that they are, so that no digit, escape or order of a value changes on its way.

use std::fmt;

use eso_core::value::SecretBytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};
use zeroize::Zeroizing;

use super::wish::MANAGED_BY;

/// The member of a value of version 1 that holds the mark, as in the original.
const MARK: &str = "custom_metadata";

/// Why a value cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoValue {
    /// The first words are the original's.
    #[error("invalid JSON format: Vault keeps JSON objects, so push an object or a property of one")]
    NoObject,
    #[error("KV version 1 keeps its mark under {MARK}: name the property otherwise")]
    Mark,
}

/// The write of a value of version 2 over this version of it; 0 is none.
pub(super) fn versioned(value: &SecretBytes, over: u64) -> Result<Zeroizing<Vec<u8>>, NoValue> {
    Members::of(value).ok_or(NoValue::NoObject)?;
    let options = json!({ "cas": over }).to_string();
    let parts: [&[u8]; 5] = [br#"{"data":"#, value.expose(), br#","options":"#, options.as_bytes(), b"}"];
    Ok(Zeroizing::new(parts.concat()))
}

/// The write of a value of version 1: the value with the mark in it.
pub(super) fn marked(value: &SecretBytes) -> Result<Zeroizing<Vec<u8>>, NoValue> {
    let Members(members) = Members::of(value).ok_or(NoValue::NoObject)?;
    if members.iter().any(|(name, _)| name == MARK) {
        return Err(NoValue::Mark);
    }
    let (name, owner) = MANAGED_BY;
    let mark = json!({ name: owner }).to_string();
    let members = members.iter().map(|(name, value)| (name.as_str(), value.get()));
    Ok(object(members.chain([(MARK, mark.as_str())])))
}

/// A value of version 1 without its mark; `None` where it carries none of ours.
pub(super) fn unmarked(document: &SecretBytes) -> Option<SecretBytes> {
    let Members(members) = Members::of(document)?;
    let (_, mark) = members.iter().find(|(name, _)| name == MARK)?;
    let (name, owner) = MANAGED_BY;
    let mark: Value = serde_json::from_str(mark.get()).ok()?;
    let rest = members.iter().filter(|(name, _)| name != MARK);
    let rest = object(rest.map(|(name, value)| (name.as_str(), value.get())));
    (mark[name] == owner).then(|| SecretBytes::new(rest.to_vec()))
}

/// Whether two values have the same members, in whatever order. Texts are compared: one that is written otherwise may mean
/// the same.
pub(super) fn are_alike(one: &SecretBytes, other: &SecretBytes) -> bool {
    let (Some(Members(one)), Some(Members(other))) = (Members::of(one), Members::of(other)) else {
        return false;
    };
    sorted(&one) == sorted(&other)
}

fn sorted<'text>(members: &'text [(String, &RawValue)]) -> Vec<(&'text str, &'text str)> {
    let mut texts: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
    texts.sort_unstable();
    texts
}

fn object<'member>(members: impl Iterator<Item = (&'member str, &'member str)>) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(b"{".to_vec());
    for (index, (name, value)) in members.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(json!(name).to_string().as_bytes());
        text.push(b':');
        text.extend_from_slice(value.as_bytes());
    }
    text.push(b'}');
    text
}

/// The members of a JSON object, in their order.
struct Members<'text>(Vec<(String, &'text RawValue)>);

impl<'text> Members<'text> {
    fn of(text: &'text SecretBytes) -> Option<Self> {
        serde_json::from_slice(text.expose()).ok()
    }
}

impl<'de: 'text, 'text> Deserialize<'de> for Members<'text> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests;
