//! Writes pieces of a text as a Go template.

use super::{Piece, expression::Expression};
use crate::template::Delimiters;

/// What stands for a value of JSON while it is made a text.
const VARIABLE: &str = "$value";

/// What stands for a text that is made piece by piece.
const WHOLE: &str = "$text";

/// How lodash escapes, in this order.
const ESCAPES: [(&str, &str); 5] =
    [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")];

/// Writes one template.
pub(super) struct Writer<'d> {
    left: &'d str,
    right: &'d str,
    out: String,
}

impl<'d> Writer<'d> {
    pub(super) fn new(delimiters: &'d Delimiters) -> Self {
        let or = |given: &'d str, other| if given.is_empty() { other } else { given };
        Self { left: or(&delimiters.left, "{{"), right: or(&delimiters.right, "}}"), out: String::new() }
    }

    /// The template.
    pub(super) fn end(self) -> String {
        self.out
    }

    /// Writes a piece that another one follows, or none.
    pub(super) fn piece(&mut self, piece: &Piece<'_>, is_followed: bool) {
        match piece {
            Piece::Literal(text) => self.literal(text, is_followed),
            Piece::Value(expression) => {
                let shown = self.shown(expression);
                self.action(&shown);
            }
            Piece::Escaped(expression) => {
                let shown = self.shown(expression);
                let pipes = ESCAPES.map(|(from, to)| format!("replace {} {}", quoted(from), quoted(to)));
                self.action(&format!("{shown} | {}", pipes.join(" | ")));
            }
        }
        if let Piece::Value(Expression::Dump(_)) | Piece::Escaped(Expression::Dump(_)) = piece {
            self.out.push('\n');
        }
    }

    /// Writes a text as it is: what would begin an action there is an action that gives it.
    pub(super) fn literal(&mut self, text: &str, is_followed: bool) {
        let after = if is_followed { self.left } else { "" };
        let whole = format!("{text}{after}");
        for (at, character) in text.char_indices() {
            match whole[at..].starts_with(self.left) {
                true => self.action(&quoted(character.encode_utf8(&mut [0; 4]))),
                false => self.out.push(character),
            }
        }
    }

    fn action(&mut self, text: &str) {
        for part in [self.left, " ", text, " ", self.right] {
            self.out.push_str(part);
        }
    }

    /// What gives an expression as a text; of a value of JSON it is a variable, and its making is written here.
    fn shown(&mut self, expression: &Expression) -> String {
        match expression {
            Expression::Dump(inner) => format!("toYaml {}", operand(inner)),
            expression if expression.is_json() => {
                self.make_text(expression);
                VARIABLE.to_owned()
            }
            expression => without_parentheses(operand(expression)),
        }
    }

    /// As JavaScript, `null` is nothing, and numbers and booleans are as in JSON.
    fn make_text(&mut self, json: &Expression) {
        let problem = "this is an object or a list: put JSON.stringify(…) or yaml.dump(…) around it";
        for action in [
            format!("{VARIABLE} := {}", without_parentheses(operand(json))),
            format!("if kindIs \"invalid\" {VARIABLE}"),
            format!("{VARIABLE} = \"\""),
            format!("else if or (kindIs \"map\" {VARIABLE}) (kindIs \"slice\" {VARIABLE})"),
            format!("fail {}", quoted(problem)),
            format!("else if not (kindIs \"string\" {VARIABLE})"),
            format!("{VARIABLE} = toRawJson {VARIABLE}"),
            "end".to_owned(),
        ] {
            self.action(&action);
        }
    }
}

/// The template of what these pieces mean, which are base64 together.
pub(super) fn decoded(pieces: &[Piece<'_>], delimiters: &Delimiters) -> String {
    let mut writer = Writer::new(delimiters);
    match pieces {
        [Piece::Value(Expression::Encode(inner))] => {
            let shown = writer.shown(inner);
            writer.action(&shown);
        }
        [Piece::Literal(digits)] => writer.action(&format!("b64dec {}", quoted(digits))),
        pieces => {
            writer.action(&format!("{WHOLE} := \"\""));
            pieces.iter().for_each(|piece| writer.add(piece));
            writer.action(&format!("b64dec {WHOLE}"));
        }
    }
    writer.end()
}

/// The template of a value, or else of this template. The values are no dict of Go's, which alone says what it has.
pub(super) fn under_value(name: &str, template: &str, delimiters: &Delimiters) -> String {
    let mut writer = Writer::new(delimiters);
    let name = quoted(name);
    writer.action(&format!("if hasKey (mustFromJson (toRawJson .)) {name}"));
    writer.action(&format!("index . {name}"));
    writer.action("else");
    writer.out.push_str(template);
    writer.action("end");
    writer.end()
}

impl Writer<'_> {
    /// Adds a piece to the text that is made piece by piece. White space means nothing in base64.
    fn add(&mut self, piece: &Piece<'_>) {
        let shown = match piece {
            Piece::Literal(text) => quoted(text),
            Piece::Value(expression) | Piece::Escaped(expression) => format!("({})", self.shown(expression)),
        };
        self.action(&format!("{WHOLE} = print {WHOLE} {shown}"));
    }
}

/// An expression as an operand of Go.
fn operand(expression: &Expression) -> String {
    match expression {
        Expression::Data => ".".to_owned(),
        Expression::Entry(name) if is_word(name) => format!(".{name}"),
        Expression::Entry(name) => format!("(index . {})", quoted(name)),
        Expression::Parse(inner) => format!("(mustFromJson {})", operand(inner)),
        Expression::Member(of, name) if is_word(name) => format!("{}.{name}", operand(of)),
        Expression::Member(of, name) => format!("(index {} {})", operand(of), quoted(name)),
        Expression::Item(of, index) => format!("(index {} {index})", operand(of)),
        Expression::Stringify(inner) => format!("(toRawJson {})", operand(inner)),
        Expression::Dump(inner) => format!("(printf \"%s\\n\" (toYaml {}))", operand(inner)),
        Expression::Encode(inner) => format!("(b64enc {})", operand(inner)),
        Expression::Decode(inner) => format!("(b64dec {})", operand(inner)),
    }
}

fn without_parentheses(operand: String) -> String {
    let inner = operand.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).map(str::to_owned);
    inner.unwrap_or(operand)
}

/// Whether Go takes it for a name.
fn is_word(name: &str) -> bool {
    let is_inner = |character: char| character == '_' || character.is_ascii_alphanumeric();
    name.chars().all(is_inner) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// A text as Go writes it in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            character if character.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            character => out.push(character),
        }
    }
    out.push('"');
    out
}
