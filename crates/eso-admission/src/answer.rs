//! The answer to a review. The patch in it is the one place of this crate that holds values, and the answer is sent to who
//! may see them.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_core::value::SecretBytes;
use serde::Serialize;
use zeroize::Zeroizing;

/// How many bytes of a warning the API server shows; it cuts what is longer.
const LONGEST_WARNING: usize = 250;

/// How many bytes of warnings it shows of one answer.
const WARNINGS: usize = 4000;

/// How many bytes of a denial are of use to anybody.
const LONGEST_DENIAL: usize = 2000;

/// What is answered. `Debug` shows what is patched, and no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The review's own.
    pub uid: String,
    /// Why it is refused, and what to do; `None`: it is not.
    pub denial: Option<String>,
    /// What its user is told.
    pub warnings: Vec<String>,
    /// What is changed.
    pub patch: Patch,
}

impl Response {
    /// Lets it pass as it is.
    pub fn allow(uid: impl Into<String>) -> Self {
        Self { uid: uid.into(), denial: None, warnings: Vec::new(), patch: Patch::default() }
    }

    /// Refuses it.
    #[must_use]
    pub fn denied(self, problem: impl fmt::Display) -> Self {
        Self { denial: Some(problem.to_string()), patch: Patch::default(), ..self }
    }

    /// Tells its user something.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Changes it.
    #[must_use]
    pub fn patched(self, patch: Patch) -> Self {
        Self { patch, ..self }
    }

    /// The body to send.
    pub fn body(&self) -> Zeroizing<Vec<u8>> {
        let patch = self.patch.text();
        let status = self.denial.as_deref().map(|problem| Status {
            code: 403,
            reason: "Forbidden",
            message: cut(problem, LONGEST_DENIAL),
        });
        let response = Sent {
            uid: &self.uid,
            allowed: self.denial.is_none(),
            status,
            warnings: self.short_warnings(),
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch: patch.as_ref().map(|patch| patch.as_str()),
        };
        let review = Review { api_version: "admission.k8s.io/v1", kind: "AdmissionReview", response };
        let mut body =
            Zeroizing::new(Vec::with_capacity(4096 + patch.as_ref().map_or(0, |patch| patch.len())));
        serde_json::to_writer(&mut *body, &review).expect("an answer of texts must be JSON");
        body
    }

    fn short_warnings(&self) -> Vec<&str> {
        let mut left = WARNINGS;
        let short = self.warnings.iter().map(|warning| cut(warning, LONGEST_WARNING));
        short
            .take_while(|warning| {
                let fits = warning.len() <= left;
                left = left.saturating_sub(warning.len());
                fits
            })
            .collect()
    }
}

fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

/// What is changed of a Secret. `Debug` shows no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// Whether there is no `data` yet.
    pub makes_data: bool,
    /// Values that are set.
    pub data: BTreeMap<String, SecretBytes>,
    /// Whether there is no annotation yet.
    pub makes_annotations: bool,
    /// Annotations that are set, or taken out where there is none.
    pub annotations: BTreeMap<&'static str, Option<String>>,
}

impl Patch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty() && self.annotations.is_empty()
    }

    /// The JSON patch, in base64.
    fn text(&self) -> Option<Zeroizing<String>> {
        if self.is_empty() {
            return None;
        }
        let values: usize = self.data.values().map(|value| value.expose().len() * 2 + 512).sum();
        // A buffer that is long enough from the start is not copied, and left behind unwiped.
        let mut json = Zeroizing::new(Vec::with_capacity(values + 4096));
        serde_json::to_writer(&mut *json, &self.operations()).expect("a patch of texts must be JSON");
        Some(Zeroizing::new(STANDARD.encode(&*json)))
    }

    fn operations(&self) -> Vec<Change<'_>> {
        let made = [
            (self.makes_data && !self.data.is_empty(), "/data"),
            (self.makes_annotations && !self.annotations.is_empty(), "/metadata/annotations"),
        ];
        let made = made.into_iter().filter(|(is_made, _)| *is_made).map(|(_, path)| Change {
            op: "add",
            path: path.to_owned(),
            value: Some(Changed::Nothing {}),
        });
        let data = self.data.iter().map(|(key, value)| Change {
            op: "add",
            path: format!("/data/{}", escaped(key)),
            value: Some(Changed::Value(Zeroizing::new(STANDARD.encode(value.expose())))),
        });
        let annotations = self.annotations.iter().map(|(name, value)| Change {
            op: if value.is_some() { "add" } else { "remove" },
            path: format!("/metadata/annotations/{}", escaped(name)),
            value: value.as_deref().map(Changed::Text),
        });
        made.chain(data).chain(annotations).collect()
    }
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[derive(Serialize)]
struct Change<'a> {
    op: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Changed<'a>>,
}

enum Changed<'a> {
    Nothing {},
    Text(&'a str),
    Value(Zeroizing<String>),
}

impl Serialize for Changed<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing {} => BTreeMap::<String, String>::new().serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::Value(value) => value.as_str().serialize(serializer),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Sent<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a str>,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u16,
    reason: &'static str,
    message: &'a str,
}

#[cfg(test)]
mod tests;
