//! A template: parsed once, rendered often.

use crate::{Fault, Limits, ParseError, RenderError, Surroundings, Text, Value};

/// How templates are read and rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What begins and ends an action.
    pub delimiters: (String, String),
    /// What a name is that is missing from a map.
    pub missing_key: MissingKey,
    /// What one rendering may use.
    pub limits: Limits,
}

/// What a name is that is missing from a map, as in Go's `Option("missingkey=…")`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// An error.
    #[default]
    Error,
    /// What prints as `<no value>`.
    Default,
    /// The zero value of the map's values.
    Zero,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            delimiters: ("{{".to_owned(), "}}".to_owned()),
            missing_key: MissingKey::default(),
            limits: Limits::default(),
        }
    }
}

/// A template that was parsed.
#[derive(Clone, Debug)]
pub struct Template {
    options: Options,
}

impl Template {
    /// Parses a template. The name is that of errors, and of the template within itself.
    pub fn parse(name: &str, text: &str, options: &Options) -> Result<Self, ParseError> {
        let _ = (name, text);
        Ok(Self { options: options.clone() })
    }

    /// Renders it.
    pub fn render(&self, data: &Value, surroundings: Surroundings<'_>) -> Result<Text, RenderError> {
        let _ = (data, surroundings, &self.options);
        Err(RenderError { name: String::new(), line: 1, column: 1, fault: Fault::wrong("not yet") })
    }
}
