//! From words to a tree, as Go's `text/template/parse` does, and with its errors.

mod constant;
mod pipeline;

use std::collections::BTreeMap;

use crate::{
    lexer::{Keyword, Kind, Lexer, LexicalError, Token},
    tree::{Call, Choice, Loop, Node, Nodes},
};

/// The most parts that a template has: nodes and words of commands.
const MOST_PARTS: usize = 50_000;

/// What is wrong with a template, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) reason: String,
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// The trees of a template by name: its own, and those that it defines.
pub(crate) fn parse(name: &str, lexer: Lexer<'_>, nesting: usize) -> Result<BTreeMap<String, Nodes>> {
    let mut parser = Parser {
        lexer,
        pending: Vec::new(),
        trees: BTreeMap::new(),
        variables: vec!["$".to_owned()],
        loops: 0,
        depth: 0,
        nesting,
        parts: 0,
    };
    let root = parser.top()?;
    parser.define(0, name.to_owned(), root)?;
    Ok(parser.trees)
}

#[derive(Debug)]
struct Parser<'a> {
    lexer: Lexer<'a>,
    /// Words that were looked at and given back, the next one last.
    pending: Vec<Token<'a>>,
    trees: BTreeMap<String, Nodes>,
    /// The variables that are in scope.
    variables: Vec<String>,
    /// How many `range`s are open.
    loops: usize,
    /// How deep actions and parentheses nest, and how deep they may.
    depth: usize,
    nesting: usize,
    parts: usize,
}

/// What ends a list of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    End,
    /// `else`, followed by a right delimiter.
    Else,
    /// `else if` or `else with`, up to that keyword.
    ElseThen(Keyword),
}

/// What an action is: a part, or the end of a list.
enum Action {
    Node(Node),
    Ending(Ending),
}

impl<'a> Parser<'a> {
    /// The template's own nodes, up to its end.
    fn top(&mut self) -> Result<Nodes> {
        let mut nodes = Nodes::new();
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::End => return Ok(nodes),
                Kind::LeftDelimiter if self.peek_word()?.kind == Kind::Keyword(Keyword::Define) => {
                    self.next_word()?;
                    self.definition()?;
                }
                _ => {
                    self.back(token);
                    match self.text_or_action()? {
                        Action::Node(node) => nodes.push(node),
                        Action::Ending(_) => return Err(unexpected(token, "input")),
                    }
                }
            }
        }
    }

    fn definition(&mut self) -> Result<()> {
        let token = self.next_word()?;
        let name = self.name(token, "define clause")?;
        self.expect(Kind::RightDelimiter, "define clause")?;
        let body = self.separate(|parser| parser.closed_list("define clause"))?;
        self.define(token.at, name, body)
    }

    /// Adds a tree. One that is not empty is not replaced but where it is the only one.
    fn define(&mut self, at: usize, name: String, body: Nodes) -> Result<()> {
        match self.trees.get(&name) {
            Some(old) if !is_empty(old) && is_empty(&body) => Ok(()),
            Some(old) if !is_empty(old) => {
                Err(error(at, format!("multiple definition of template {name:?}")))
            }
            Some(_) | None => {
                self.trees.insert(name, body);
                Ok(())
            }
        }
    }

    /// Parses what has neither the variables nor the loops around it.
    fn separate<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let parsed = parse(self)?;
        (self.variables, self.loops) = (variables, loops);
        Ok(parsed)
    }

    /// Nodes up to what ends them.
    fn list(&mut self) -> Result<(Nodes, Ending)> {
        let mut nodes = Nodes::new();
        loop {
            match self.text_or_action()? {
                Action::Node(node) => nodes.push(node),
                Action::Ending(ending) => return Ok((nodes, ending)),
            }
        }
    }

    /// Nodes up to an `end`.
    fn closed_list(&mut self, context: &str) -> Result<Nodes> {
        match self.deeper(Self::list)? {
            (nodes, Ending::End) => Ok(nodes),
            (_, Ending::Else | Ending::ElseThen(_)) => {
                Err(self.wrong(format!("unexpected else in {context}")))
            }
        }
    }

    fn text_or_action(&mut self) -> Result<Action> {
        self.count()?;
        let token = self.next_word()?;
        match token.kind {
            Kind::Text => Ok(Action::Node(Node::Text(token.text.as_bytes().into()))),
            Kind::LeftDelimiter => self.action(),
            Kind::End => Err(error(token.at, "unexpected end of the template")),
            _ => Err(unexpected(token, "input")),
        }
    }

    fn action(&mut self) -> Result<Action> {
        let token = self.next_word()?;
        let Kind::Keyword(keyword) = token.kind else {
            self.back(token);
            return Ok(Action::Node(Node::Action(self.pipeline("command", Kind::RightDelimiter)?)));
        };
        let node = match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.in_loop(token, Node::Break)?,
            Keyword::Continue => self.in_loop(token, Node::Continue)?,
            Keyword::Else => return self.otherwise().map(Action::Ending),
            Keyword::End => {
                self.expect(Kind::RightDelimiter, "end")?;
                return Ok(Action::Ending(Ending::End));
            }
            Keyword::If => Node::If(self.choice(Keyword::If, "if")?),
            Keyword::With => Node::With(self.choice(Keyword::With, "with")?),
            Keyword::Range => Node::Range(self.range()?),
            Keyword::Template => self.template()?,
            Keyword::Define => return Err(unexpected(token, "command")),
        };
        Ok(Action::Node(node))
    }

    fn in_loop(&mut self, token: Token<'a>, node: Node) -> Result<Node> {
        self.expect(Kind::RightDelimiter, token.text)?;
        match self.loops {
            0 => Err(error(token.at, format!("{} outside of range", token.text))),
            _ => Ok(node),
        }
    }

    fn otherwise(&mut self) -> Result<Ending> {
        match self.peek_word()?.kind {
            Kind::Keyword(keyword @ (Keyword::If | Keyword::With)) => Ok(Ending::ElseThen(keyword)),
            _ => {
                self.expect(Kind::RightDelimiter, "else")?;
                Ok(Ending::Else)
            }
        }
    }

    /// `if` or `with`, with all that `else` adds. What a branch declares is known in those after it.
    fn choice(&mut self, keyword: Keyword, context: &str) -> Result<Choice> {
        let known = self.variables.len();
        let mut branches = Vec::new();
        let otherwise = loop {
            let pipeline = self.pipeline(context, Kind::RightDelimiter)?;
            let (body, ending) = self.deeper(Self::list)?;
            branches.push((pipeline, body));
            match ending {
                Ending::End => break Nodes::new(),
                Ending::Else => break self.closed_list(context)?,
                Ending::ElseThen(next) if next == keyword => {
                    self.count()?;
                    self.next_word()?;
                }
                Ending::ElseThen(_) => return Err(self.wrong(format!("else {context} goes on otherwise"))),
            }
        };
        self.variables.truncate(known);
        Ok(Choice { branches, otherwise })
    }

    fn range(&mut self) -> Result<Loop> {
        let known = self.variables.len();
        let over = self.pipeline("range", Kind::RightDelimiter)?;
        self.loops += 1;
        let (body, ending) = self.deeper(Self::list)?;
        self.loops -= 1;
        let otherwise = match ending {
            Ending::End => Nodes::new(),
            Ending::Else => self.closed_list("range")?,
            Ending::ElseThen(_) => return Err(self.wrong("range has no else if".to_owned())),
        };
        self.variables.truncate(known);
        Ok(Loop { over, body, otherwise })
    }

    fn template(&mut self) -> Result<Node> {
        let token = self.next_word()?;
        let name = self.name(token, "template clause")?;
        let data = match self.peek_word()?.kind {
            Kind::RightDelimiter => {
                self.next_word()?;
                None
            }
            _ => Some(self.pipeline("template clause", Kind::RightDelimiter)?),
        };
        Ok(Node::Template(Call { at: offset(token.at), name, data }))
    }

    /// A definition that is called where it stands.
    fn block(&mut self) -> Result<Node> {
        let token = self.next_word()?;
        let name = self.name(token, "block clause")?;
        let data = self.pipeline("block clause", Kind::RightDelimiter)?;
        let body = self.separate(|parser| parser.closed_list("block clause"))?;
        self.define(token.at, name.clone(), body)?;
        Ok(Node::Template(Call { at: offset(token.at), name, data: Some(data) }))
    }

    fn name(&mut self, token: Token<'a>, context: &str) -> Result<String> {
        let (Kind::String | Kind::RawString) = token.kind else { return Err(unexpected(token, context)) };
        let bytes = constant::string(token.text).map_err(|reason| error(token.at, reason))?;
        // Names that are no UTF-8 cannot be told apart, and nobody has them.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Parses something that lies one level deeper.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= self.nesting {
            return Err(self.wrong("it nests too deep".to_owned()));
        }
        self.depth += 1;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    /// Counts a part.
    fn count(&mut self) -> Result<()> {
        self.parts += 1;
        match self.parts > MOST_PARTS {
            true => Err(self.wrong("it has too many parts".to_owned())),
            false => Ok(()),
        }
    }

    fn next(&mut self) -> Result<Token<'a>> {
        match self.pending.pop() {
            Some(token) => Ok(token),
            None => self.lexer.next().map_err(|LexicalError { at, reason }| error(at, reason)),
        }
    }

    /// Gives a word back.
    fn back(&mut self, token: Token<'a>) {
        self.pending.push(token);
    }

    fn peek(&mut self) -> Result<Token<'a>> {
        let token = self.next()?;
        self.back(token);
        Ok(token)
    }

    /// The next word that is not space.
    fn next_word(&mut self) -> Result<Token<'a>> {
        loop {
            let token = self.next()?;
            if token.kind != Kind::Space {
                return Ok(token);
            }
        }
    }

    /// The next word that is not space, which stays; the space goes.
    fn peek_word(&mut self) -> Result<Token<'a>> {
        let token = self.next_word()?;
        self.back(token);
        Ok(token)
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token<'a>> {
        let token = self.next_word()?;
        match token.kind == kind {
            true => Ok(token),
            false => Err(unexpected(token, context)),
        }
    }

    /// An error at the next word.
    fn wrong(&mut self, reason: String) -> SyntaxError {
        match self.peek() {
            Ok(token) => error(token.at, reason),
            Err(error) => error,
        }
    }
}

/// Whether nothing but space is rendered.
fn is_empty(nodes: &[Node]) -> bool {
    let is_blank = |text: &[u8]| str::from_utf8(text).is_ok_and(|text| text.trim().is_empty());
    nodes.iter().all(|node| matches!(node, Node::Text(text) if is_blank(text)))
}

fn error(at: usize, reason: impl Into<String>) -> SyntaxError {
    SyntaxError { at, reason: reason.into() }
}

fn unexpected(token: Token<'_>, context: &str) -> SyntaxError {
    match token.kind {
        Kind::End => error(token.at, format!("unexpected end of the template in {context}")),
        _ => error(token.at, format!("unexpected {:?} in {context}", token.text)),
    }
}

/// Where a word begins, as nodes keep it. A template of 4 GiB does not come to be.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
