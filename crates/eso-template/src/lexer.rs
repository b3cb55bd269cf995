//! The words of a template: text, delimiters, and what stands between them.
//!
//! It reads as Go's `text/template/parse` does. Space is a word, because `.a.b` and `.a .b` are not the same.

use crate::unicode;

/// A word, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// The byte at which it begins.
    pub(crate) at: usize,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What is outside of actions.
    Text,
    LeftDelimiter,
    RightDelimiter,
    LeftParenthesis,
    RightParenthesis,
    Space,
    /// `|`.
    Pipe,
    /// `:=`.
    Declare,
    /// `=`.
    Assign,
    /// Any other mark, such as `,`.
    Mark,
    Bool,
    Number,
    /// `1+2i`.
    Complex,
    /// `'a'`.
    Character,
    String,
    RawString,
    Nil,
    /// `.`.
    Dot,
    /// `.name`.
    Field,
    /// `$` or `$name`.
    Variable,
    /// The name of a function.
    Identifier,
    Keyword(Keyword),
    End,
}

/// A word that begins an action of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// What is no word, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LexicalError {
    pub(crate) at: usize,
    pub(crate) reason: &'static str,
}

type Result<T> = std::result::Result<T, LexicalError>;

/// Reads words one by one.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    input: &'a str,
    left: &'a str,
    right: &'a str,
    at: usize,
    /// Where the word that is being read begins.
    start: usize,
    place: Place,
}

/// Where in the template it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    /// In front of a left delimiter.
    Delimiter,
    /// Between delimiters, in so many parentheses.
    Inside(usize),
}

const LEFT_COMMENT: &str = "/*";
const RIGHT_COMMENT: &str = "*/";
/// `- ` after a left delimiter, ` -` before a right one.
const TRIM: usize = 2;

impl<'a> Lexer<'a> {
    /// Of a template with these delimiters, neither of which is empty.
    pub(crate) fn new(input: &'a str, left: &'a str, right: &'a str) -> Self {
        Self { input, left, right, at: 0, start: 0, place: Place::Outside }
    }

    /// The next word; [`Kind::End`] over and over where there is none.
    pub(crate) fn next(&mut self) -> Result<Token<'a>> {
        loop {
            self.start = self.at;
            let token = match self.place {
                Place::Outside => self.outside(),
                Place::Delimiter => self.left_delimiter()?,
                Place::Inside(depth) => Some(self.inside(depth)?),
            };
            if let Some(token) = token {
                return Ok(token);
            }
        }
    }

    /// Text up to the next delimiter or the end; nothing where there is none, or where it is trimmed away.
    fn outside(&mut self) -> Option<Token<'a>> {
        let Some(length) = self.rest().find(self.left) else {
            self.at = self.input.len();
            return Some(self.token(if self.at > self.start { Kind::Text } else { Kind::End }));
        };
        let text = &self.rest()[..length];
        self.at += length;
        self.place = Place::Delimiter;
        let kept = match trims_left(&self.rest()[self.left.len()..]) {
            true => text.trim_end_matches(is_space),
            false => text,
        };
        (!kept.is_empty()).then_some(Token { kind: Kind::Text, text: kept, at: self.start })
    }

    /// A left delimiter; nothing where it begins a comment, which is passed over.
    fn left_delimiter(&mut self) -> Result<Option<Token<'a>>> {
        self.at += self.left.len();
        let token = self.token(Kind::LeftDelimiter);
        if trims_left(self.rest()) {
            self.at += TRIM;
        }
        if self.rest().starts_with(LEFT_COMMENT) {
            self.comment()?;
            return Ok(None);
        }
        self.place = Place::Inside(0);
        Ok(Some(token))
    }

    fn comment(&mut self) -> Result<()> {
        self.at += LEFT_COMMENT.len();
        let length = self.rest().find(RIGHT_COMMENT).ok_or_else(|| self.error("unclosed comment"))?;
        self.at += length + RIGHT_COMMENT.len();
        match self.before_right_delimiter() {
            false => Err(self.error("comment ends before closing delimiter")),
            true => {
                self.right_delimiter();
                Ok(())
            }
        }
    }

    fn right_delimiter(&mut self) -> Token<'a> {
        let trims = trims_right(self.rest());
        self.at += if trims { TRIM } else { 0 };
        self.start = self.at;
        self.at += self.right.len();
        let token = self.token(Kind::RightDelimiter);
        if trims {
            self.at += self.rest().len() - self.rest().trim_start_matches(is_space).len();
        }
        self.place = Place::Outside;
        token
    }

    /// Whether the right delimiter is next, with or without a mark to trim what follows.
    fn before_right_delimiter(&self) -> bool {
        let rest = self.rest();
        rest.starts_with(self.right) || (trims_right(rest) && rest[TRIM..].starts_with(self.right))
    }

    fn inside(&mut self, depth: usize) -> Result<Token<'a>> {
        if self.before_right_delimiter() {
            return match depth {
                0 => Ok(self.right_delimiter()),
                _ => Err(self.error("unclosed left parenthesis")),
            };
        }
        let Some(first) = self.peek() else { return Err(self.error("unclosed action")) };
        match first {
            _ if is_space(first) => return Ok(self.space()),
            '0'..='9' | '+' | '-' => return self.number(),
            '.' if self.rest()[1..].starts_with(|next: char| next.is_ascii_digit()) => return self.number(),
            _ if is_alphanumeric(first) => return self.identifier(),
            _ => self.at += first.len_utf8(),
        }
        match first {
            '.' => self.name(Kind::Field, Kind::Dot),
            '$' => self.name(Kind::Variable, Kind::Variable),
            '"' => self.quoted('"', Kind::String),
            '\'' => self.quoted('\'', Kind::Character),
            '`' => self.raw_string(),
            '=' => Ok(self.token(Kind::Assign)),
            '|' => Ok(self.token(Kind::Pipe)),
            ':' if self.accept("=") => Ok(self.token(Kind::Declare)),
            ':' => Err(self.error("expected :=")),
            '(' => {
                self.place = Place::Inside(depth + 1);
                Ok(self.token(Kind::LeftParenthesis))
            }
            ')' => {
                let depth = depth.checked_sub(1).ok_or_else(|| self.error("unexpected right parenthesis"))?;
                self.place = Place::Inside(depth);
                Ok(self.token(Kind::RightParenthesis))
            }
            ' '..='~' => Ok(self.token(Kind::Mark)),
            _ => Err(self.error("unrecognized character in action")),
        }
    }

    /// Spaces. The last one may belong to the mark in front of a right delimiter.
    fn space(&mut self) -> Token<'a> {
        let length = self.rest().len() - self.rest().trim_start_matches(is_space).len();
        self.at += length - 1;
        if trims_right(self.rest()) && self.before_right_delimiter() {
            if length == 1 {
                return self.right_delimiter();
            }
        } else {
            self.at += 1;
        }
        self.token(Kind::Space)
    }

    fn identifier(&mut self) -> Result<Token<'a>> {
        self.accept_run(is_alphanumeric);
        self.must_end()?;
        let kind = match &self.input[self.start..self.at] {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            word => keyword(word).map_or(Kind::Identifier, Kind::Keyword),
        };
        Ok(self.token(kind))
    }

    /// A field or a variable, whose first mark was read; `bare` where nothing follows that mark.
    fn name(&mut self, kind: Kind, bare: Kind) -> Result<Token<'a>> {
        if self.at_terminator() {
            return Ok(self.token(bare));
        }
        self.accept_run(is_alphanumeric);
        self.must_end()?;
        Ok(self.token(kind))
    }

    /// A string or a character, whose first quotation mark was read.
    fn quoted(&mut self, mark: char, kind: Kind) -> Result<Token<'a>> {
        loop {
            let mut next = self.advance();
            let escaped = next == Some('\\');
            if escaped {
                next = self.advance();
            }
            match next {
                None | Some('\n') if kind == Kind::String => {
                    return Err(self.error("unterminated quoted string"));
                }
                None | Some('\n') => return Err(self.error("unterminated character constant")),
                Some(next) if next == mark && !escaped => return Ok(self.token(kind)),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Result<Token<'a>> {
        let length = self.rest().find('`').ok_or_else(|| self.error("unterminated raw quoted string"))?;
        self.at += length + 1;
        Ok(self.token(Kind::RawString))
    }

    /// A number, perhaps followed by an imaginary part. Whether it is well written is for the parser to say.
    fn number(&mut self) -> Result<Token<'a>> {
        self.scan_number()?;
        if !matches!(self.peek(), Some('+' | '-')) {
            return Ok(self.token(Kind::Number));
        }
        self.scan_number()?;
        match self.input[..self.at].ends_with('i') {
            true => Ok(self.token(Kind::Complex)),
            false => Err(self.error("bad number syntax")),
        }
    }

    fn scan_number(&mut self) -> Result<()> {
        self.accept("+-");
        let base: u32 = match self.accept("0") {
            true if self.accept("xX") => 16,
            true if self.accept("oO") => 8,
            true if self.accept("bB") => 2,
            _ => 10,
        };
        let is_digit = |character: char| character == '_' || character.is_digit(base);
        self.accept_run(is_digit);
        if self.accept(".") {
            self.accept_run(is_digit);
        }
        if (base == 10 && self.accept("eE")) || (base == 16 && self.accept("pP")) {
            self.accept("+-");
            self.accept_run(|character| character == '_' || character.is_ascii_digit());
        }
        self.accept("i");
        match self.peek().is_some_and(is_alphanumeric) {
            true => Err(self.error("bad number syntax")),
            false => Ok(()),
        }
    }

    /// Whether a name may end here.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(next) => is_space(next) || self.rest().starts_with(self.right),
        }
    }

    fn must_end(&self) -> Result<()> {
        match self.at_terminator() {
            true => Ok(()),
            false => Err(self.error("bad character in a name")),
        }
    }

    fn rest(&self) -> &'a str {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Passes over one of these characters, where it is next.
    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|next| valid.contains(next));
        self.at += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, is_valid: impl Fn(char) -> bool) {
        self.at += self.rest().find(|next| !is_valid(next)).unwrap_or(self.rest().len());
    }

    fn token(&self, kind: Kind) -> Token<'a> {
        Token { kind, text: &self.input[self.start..self.at], at: self.start }
    }

    fn error(&self, reason: &'static str) -> LexicalError {
        LexicalError { at: self.start, reason }
    }
}

fn keyword(word: &str) -> Option<Keyword> {
    let keyword = match word {
        "block" => Keyword::Block,
        "break" => Keyword::Break,
        "continue" => Keyword::Continue,
        "define" => Keyword::Define,
        "else" => Keyword::Else,
        "end" => Keyword::End,
        "if" => Keyword::If,
        "range" => Keyword::Range,
        "template" => Keyword::Template,
        "with" => Keyword::With,
        _ => return None,
    };
    Some(keyword)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(character: char) -> bool {
    match character.is_ascii() {
        true => character == '_' || character.is_ascii_alphanumeric(),
        false => unicode::LETTER.has(character) || unicode::DIGIT.has(character),
    }
}

fn trims_left(after_delimiter: &str) -> bool {
    after_delimiter.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

fn trims_right(rest: &str) -> bool {
    rest.strip_prefix(is_space).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests;
