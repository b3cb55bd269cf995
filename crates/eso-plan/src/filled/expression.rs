//! Sources as Go templates: what stands around references survives byte for byte, whatever begins an action.

use std::collections::BTreeMap;

use super::{
    Manner, Part, Source,
    grammar::{Piece, Reference},
};
use crate::template::Delimiters;

/// What each reference is called in the templates of one Secret.
#[derive(Debug)]
pub(super) struct Names<'a>(BTreeMap<&'a Reference, String>);

impl<'a> Names<'a> {
    /// Names for references: the same ones get the same name.
    pub(super) fn of(references: impl Iterator<Item = &'a Reference>) -> Self {
        let mut names: BTreeMap<_, _> = references.map(|reference| (reference, String::new())).collect();
        names.values_mut().enumerate().for_each(|(index, name)| *name = format!("r{index}"));
        Self(names)
    }

    /// Each reference, and what it is called.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a Reference, &str)> {
        self.0.iter().map(|(reference, name)| (*reference, name.as_str()))
    }

    fn name(&self, reference: &Reference) -> &str {
        self.0.get(reference).map(String::as_str).unwrap_or_default()
    }
}

/// The template that makes the value of a source.
pub(super) fn template(source: &Source, names: &Names<'_>, delimiters: &Delimiters) -> String {
    let or = |given: &str, usual: &str| if given.is_empty() { usual.to_owned() } else { given.to_owned() };
    let mut writer = Writer {
        names,
        left: or(&delimiters.left, "{{"),
        right: or(&delimiters.right, "}}"),
        text: String::new(),
    };
    source.parts.iter().for_each(|part| writer.part(part));
    writer.text
}

struct Writer<'a> {
    names: &'a Names<'a>,
    left: String,
    right: String,
    text: String,
}

impl Writer<'_> {
    fn part(&mut self, part: &Part) {
        match part.manner {
            Manner::Plain => part.pieces.iter().for_each(|piece| match piece {
                Piece::Text(text) => self.literal(text),
                Piece::Reference(_) => self.action(&self.operand(piece)),
            }),
            Manner::Json => self.action(&format!("{} | toRawJson", self.joined(&part.pieces))),
            Manner::JsonOfBase64 => {
                self.action(&format!("{} | b64enc | toRawJson", self.joined(&part.pieces)));
            }
        }
    }

    /// Text, in which nothing may begin an action, not even together with what follows it: so the first character of what
    /// begins one stands in no text.
    fn literal(&mut self, text: &str) {
        let mut rest = text;
        while let Some(start) = self.left.chars().next().and_then(|first| rest.find(first)) {
            let first = self.left.chars().next().unwrap_or_default();
            let (before, after) = rest.split_at(start);
            let length = after.find(|character| character != first).unwrap_or(after.len());
            self.text.push_str(before);
            self.action(&constant(&after[..length]));
            rest = &after[length..];
        }
        self.text.push_str(rest);
    }

    fn action(&mut self, pipeline: &str) {
        self.text.extend([self.left.as_str(), " ", pipeline, " ", self.right.as_str()]);
    }

    fn joined(&self, pieces: &[Piece]) -> String {
        let operands: Vec<String> = pieces.iter().map(|piece| self.operand(piece)).collect();
        format!("printf \"{}\" {}", "%s".repeat(operands.len()), operands.join(" "))
    }

    fn operand(&self, piece: &Piece) -> String {
        match piece {
            Piece::Text(text) => constant(text),
            Piece::Reference(reference) => format!(".{}", self.names.name(reference)),
        }
    }
}

/// A text as a constant of Go, every byte by its number.
fn constant(text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{bytes}\"")
}
