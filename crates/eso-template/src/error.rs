//! Why a template cannot be parsed or rendered: where, and what is wrong; never a value.

use std::{borrow::Cow, fmt};

/// A template is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template {name:?}, line {line}, column {column}: {reason}")]
pub struct ParseError {
    /// The template's name.
    pub name: String,
    /// The line, from 1.
    pub line: u32,
    /// The byte in that line, from 1.
    pub column: u32,
    /// What is wrong. It names words of the template, and no data: there was none yet.
    pub reason: String,
}

/// A template could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template {name:?}, line {line}, column {column}: {fault}")]
pub struct RenderError {
    /// The name of the template, or of the definition in it.
    pub name: String,
    /// The line, from 1.
    pub line: u32,
    /// The byte in that line, from 1.
    pub column: u32,
    /// What went wrong there.
    pub fault: Fault,
}

/// What went wrong while rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What Go's own template would fail at too. It names functions, types and words of the template, and never a
    /// value: a value is somebody's password.
    Wrong(Cow<'static, str>),
    /// More than a limit allows. It names the limit.
    Limit(&'static str),
}

impl Fault {
    /// Something that is wrong; see [`Fault::Wrong`] for what the text must not hold.
    pub fn wrong(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Wrong(reason.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(reason) => f.write_str(reason),
            Self::Limit(limit) => write!(f, "it needs more than is allowed: {limit}"),
        }
    }
}
