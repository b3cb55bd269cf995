//! A template: parsed once, rendered often.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Limits, ParseError, RenderError, Scope, Surroundings, Text, Value, eval,
    lexer::Lexer,
    parser::{self, SyntaxError},
    tree::Nodes,
};

/// How templates are read and rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What begins and ends an action; `{{` and `}}` where one is empty.
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
            delimiters: (LEFT.to_owned(), RIGHT.to_owned()),
            missing_key: MissingKey::default(),
            limits: Limits::default(),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// A template that was parsed. Clones share it, and threads can.
#[derive(Clone, Debug)]
pub struct Template {
    pub(crate) name: String,
    pub(crate) options: Options,
    trees: Arc<BTreeMap<String, Nodes>>,
    /// Where the lines begin.
    lines: Arc<[u32]>,
}

impl Template {
    /// Parses a template. The name is that of errors, and of the template within itself.
    ///
    /// # Errors
    /// What Go's `Parse` refuses, and what nests deeper than the limits allow.
    pub fn parse(name: &str, text: &str, options: &Options) -> Result<Self, ParseError> {
        let lines = (0..).zip(text.bytes()).filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines: Arc<[u32]> = [0].into_iter().chain(lines).collect();
        let or = |chosen: &'_ String, default| if chosen.is_empty() { default } else { chosen.clone() };
        let (left, right) = &options.delimiters;
        let (left, right) = (or(left, LEFT.to_owned()), or(right, RIGHT.to_owned()));
        let parsed = parser::parse(name, Lexer::new(text, &left, &right), options.limits.nesting);
        let trees = parsed.map_err(|SyntaxError { at, reason }| {
            let (line, column) = position(&lines, u32::try_from(at).unwrap_or(u32::MAX));
            ParseError { name: name.to_owned(), line, column, reason }
        })?;
        Ok(Self { name: name.to_owned(), options: options.clone(), trees: Arc::new(trees), lines })
    }

    /// The same within other limits. How deep it may nest was decided when it was parsed.
    #[must_use]
    pub fn within(&self, limits: Limits) -> Self {
        let mut template = self.clone();
        template.options.limits = limits;
        template
    }

    /// Renders it.
    ///
    /// # Errors
    /// What Go's `Execute` fails at, and what needs more than the limits allow. No error holds a value.
    pub fn render(&self, data: &Value, surroundings: Surroundings<'_>) -> Result<Text, RenderError> {
        eval::render(self, data, &mut Scope::new(self.options.limits, surroundings))
    }

    /// Renders it within what is left of limits that several templates share, and takes from them what it used.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_sharing(
        &self,
        data: &Value,
        surroundings: Surroundings<'_>,
        left: &mut Limits,
    ) -> Result<Text, RenderError> {
        let mut scope = Scope::new(*left, surroundings);
        let rendered = eval::render(self, data, &mut scope);
        *left = scope.left();
        rendered
    }

    /// The nodes of the template itself, or of one that it defines.
    pub(crate) fn tree(&self, name: &str) -> Option<&Nodes> {
        self.trees.get(name)
    }

    /// The line and the column of a byte, both from 1.
    pub(crate) fn position(&self, at: u32) -> (u32, u32) {
        position(&self.lines, at)
    }
}

fn position(lines: &[u32], at: u32) -> (u32, u32) {
    let line = lines.partition_point(|begin| *begin <= at);
    (u32::try_from(line).unwrap_or(u32::MAX), at - lines[line - 1] + 1)
}

#[cfg(test)]
mod tests;
