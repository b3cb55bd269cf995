//! The expressions of JavaScript that are served, and what they give.

/// How deep an expression may be nested: each level costs a stack frame.
const DEEPEST: usize = 16;

/// An expression that gives a text, a value of JSON, or bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// `data`: all values by their names.
    Data,
    /// `data.x`: a value, as a text.
    Entry(String),
    /// `JSON.parse(x)`: a value of JSON.
    Parse(Box<Expression>),
    /// `x.name` or `x['name']` of a value of JSON.
    Member(Box<Expression>, String),
    /// `x[0]` of a value of JSON.
    Item(Box<Expression>, u32),
    /// `JSON.stringify(x)`: a text.
    Stringify(Box<Expression>),
    /// `yaml.dump(x)`: a text.
    Dump(Box<Expression>),
    /// `Buffer.from(x).toString('base64')` or `btoa(x)`: a text.
    Encode(Box<Expression>),
    /// `Buffer.from(x, 'base64').toString()` or `atob(x)`: a text.
    Decode(Box<Expression>),
}

impl Expression {
    /// Whether it gives a value of JSON, of whatever type.
    pub(super) fn is_json(&self) -> bool {
        match self {
            Self::Parse(_) | Self::Member(..) | Self::Item(..) => true,
            Self::Data
            | Self::Entry(_)
            | Self::Stringify(_)
            | Self::Dump(_)
            | Self::Encode(_)
            | Self::Decode(_) => false,
        }
    }

    /// The same where it can be a text.
    fn text(self) -> Option<Box<Self>> {
        (self != Self::Data).then(|| Box::new(self))
    }
}

/// The expression of a text, where it is one that is served, and gives what can be shown.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let mut parser = Parser { rest: text.trim(), depth: 0 };
    let expression = parser.expression()?;
    (parser.rest.is_empty() && expression != Expression::Data).then_some(expression)
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut expression = self.primary()?;
        while let Some(step) = self.step()? {
            expression = match (expression, step) {
                (Expression::Data, Step::Name(name)) => Expression::Entry(name),
                (of, Step::Name(name)) if of.is_json() => Expression::Member(Box::new(of), name),
                (of, Step::Index(index)) if of.is_json() => Expression::Item(Box::new(of), index),
                _ => return None,
            };
        }
        self.depth -= 1;
        Some(expression)
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.take("(").is_some() {
            let inner = self.expression()?;
            self.take(")")?;
            return Some(inner);
        }
        match self.word()? {
            "data" => Some(Expression::Data),
            "JSON" => self.json(),
            "yaml" => self.yaml(),
            "Buffer" => self.buffer(),
            "btoa" => Some(Expression::Encode(self.argument()?.text()?)),
            "atob" => Some(Expression::Decode(self.argument()?.text()?)),
            _ => None,
        }
    }

    fn json(&mut self) -> Option<Expression> {
        self.take(".")?;
        match self.word()? {
            "parse" => Some(Expression::Parse(self.argument()?.text()?)),
            "stringify" => Some(Expression::Stringify(Box::new(self.argument()?))),
            _ => None,
        }
    }

    fn yaml(&mut self) -> Option<Expression> {
        self.take(".")?;
        match self.word()? {
            "dump" | "safeDump" => Some(Expression::Dump(Box::new(self.argument()?))),
            _ => None,
        }
    }

    /// `Buffer.from(x[, encoding])[.toString([encoding])]`: a buffer by itself is shown as text.
    fn buffer(&mut self) -> Option<Expression> {
        self.take(".")?;
        self.named("from")?;
        self.take("(")?;
        let inner = self.expression()?.text()?;
        let encoding = if self.take(",").is_some() { Some(self.string()?) } else { None };
        self.take(")")?;
        let bytes = match encoding.as_deref() {
            Some("base64") => Expression::Decode(inner),
            None | Some("utf8" | "utf-8") => *inner,
            Some(_) => return None,
        };
        if self.take(".").is_none() {
            return Some(bytes);
        }
        self.named("toString")?;
        self.take("(")?;
        let encoding = if self.rest.starts_with(')') { None } else { Some(self.string()?) };
        self.take(")")?;
        match encoding.as_deref() {
            None | Some("utf8" | "utf-8" | "ascii") => Some(bytes),
            Some("base64") => Some(Expression::Encode(Box::new(bytes))),
            Some(_) => None,
        }
    }

    fn argument(&mut self) -> Option<Expression> {
        self.take("(")?;
        let inner = self.expression()?;
        self.take(")")?;
        Some(inner)
    }

    /// The next step into what was read; the outer `None` is one that is not served.
    #[expect(clippy::option_option, reason = "no step is no failure")]
    fn step(&mut self) -> Option<Option<Step>> {
        if self.take(".").is_some() {
            return Some(Some(Step::Name(self.word()?.to_owned())));
        }
        if self.take("[").is_none() {
            return Some(None);
        }
        let step = match self.rest.chars().next()? {
            '0'..='9' => Step::Index(self.word()?.parse().ok()?),
            _ => Step::Name(self.string()?),
        };
        self.take("]")?;
        Some(Some(step))
    }

    /// A text in quotes, without any escape in it.
    fn string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next().filter(|character| matches!(character, '"' | '\''))?;
        let (text, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest.trim_start();
        (!text.contains(['\\', '\n'])).then(|| text.to_owned())
    }

    fn named(&mut self, word: &str) -> Option<()> {
        (self.word()? == word).then_some(())
    }

    fn take(&mut self, mark: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(mark)?.trim_start();
        Some(())
    }
}

impl<'t> Parser<'t> {
    fn word(&mut self) -> Option<&'t str> {
        let is_outside =
            |character: char| character != '_' && character != '$' && !character.is_ascii_alphanumeric();
        let end = self.rest.find(is_outside).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }
}

/// A step into a value.
enum Step {
    Name(String),
    Index(u32),
}
