//! Go's syntax of regular expressions.

mod atoms;

use std::{mem, sync::Arc};

use regex_syntax::hir::ClassUnicode;

use super::error::{
    INVALID_COUNT, INVALID_NAMED_CAPTURE, INVALID_PERL, INVALID_REPETITION, INVALID_UTF8, MISSING_ARGUMENT,
    MISSING_PARENTHESIS, Problem, UNEXPECTED_PARENTHESIS,
};
use crate::{Fault, Scope};

/// An expression as a tree.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Nothing, which always matches.
    Empty,
    Rune(char),
    Class(Arc<ClassUnicode>),
    Assertion(Assertion),
    /// A group that is told of, by its place.
    Group(Box<Node>, usize),
    Concat(Vec<Node>),
    /// The first that leads to a match is taken.
    Alternatives(Vec<Node>),
    Repeat {
        node: Box<Node>,
        count: Count,
        greedy: bool,
        /// Whether one round may be empty.
        nullable: bool,
    },
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) least: u32,
    /// None for any number.
    pub(super) most: Option<u32>,
}

/// What holds between two runes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    TextBegins,
    TextEnds,
    LineBegins,
    LineEnds,
    WordBoundary,
    NoWordBoundary,
}

/// What was parsed.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    /// The name of each group, from the whole on.
    pub(super) names: Vec<Option<String>>,
}

/// The most that something may be repeated by numbers, taken together where those lie in each other.
const MOST_REPEATS: u32 = 1000;

const TOO_DEEP: Fault = Fault::Limit("nesting of a regular expression");

pub(super) fn parse(scope: &mut Scope<'_>, pattern: &[u8]) -> Result<Parsed, Problem> {
    let text = str::from_utf8(pattern).map_err(|_| Problem::new(INVALID_UTF8, ""))?;
    // A tree takes about so many bytes for each of the pattern.
    scope.hold(text.len().saturating_mul(3 * size_of::<Item>()))?;
    let parser = Parser {
        deepest: scope.nesting(),
        scope,
        whole: text,
        rest: text,
        flags: Flags::default(),
        names: vec![None],
        open: vec![Level::default()],
        has_no_names: false,
    };
    parser.parse()
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_all: bool,
    ungreedy: bool,
}

/// A part of a sequence.
#[derive(Debug)]
struct Item {
    node: Node,
    /// How often something is repeated in it at most, by numbers.
    repeats: u32,
    /// How deep it nests.
    depth: usize,
    /// Whether it may match nothing.
    nullable: bool,
}

/// What is open: the whole, or a group.
#[derive(Debug, Default)]
struct Level {
    alternatives: Vec<Item>,
    items: Vec<Item>,
    /// Its place, where it is a group that is told of.
    group: Option<usize>,
    /// The flags that hold after it.
    flags: Flags,
}

struct Parser<'a, 's> {
    scope: &'a mut Scope<'s>,
    whole: &'a str,
    /// What is still to be read: the end of the whole.
    rest: &'a str,
    flags: Flags,
    names: Vec<Option<String>>,
    open: Vec<Level>,
    deepest: usize,
    /// Whether no `:]` is ahead, which is looked for at each `[:` of a class.
    has_no_names: bool,
}

impl<'a> Parser<'a, '_> {
    fn parse(mut self) -> Result<Parsed, Problem> {
        // Where a repetition begins that stands right before: another behind it is an error.
        let mut repeated = None;
        while let Some(next) = self.rest.chars().next() {
            let begin = self.rest;
            let repeats = match next {
                '*' | '+' | '?' => Some((self.skip(1), simple_count(next)).1),
                '{' => self.count(),
                _ => None,
            };
            match repeats {
                Some(count) => self.repeat(count, begin, repeated)?,
                None => self.part(next)?,
            }
            repeated = repeats.is_some().then_some(begin);
        }
        let whole = self.open.pop().filter(|_| self.open.is_empty());
        let whole = whole.ok_or_else(|| Problem::new(MISSING_PARENTHESIS, self.whole))?;
        Ok(Parsed { node: whole.close().node, names: self.names })
    }

    /// What is wrong with what was read from there on.
    fn wrong(&self, reason: &'static str, begin: &str) -> Problem {
        Problem::new(reason, &begin[..begin.len() - self.rest.len()])
    }

    fn part(&mut self, next: char) -> Result<(), Problem> {
        match next {
            '(' => self.open_group(),
            ')' => self.close_group(),
            '|' => {
                self.skip(1);
                self.level().end_alternative();
                Ok(())
            }
            _ => {
                let nodes = self.atom(next)?;
                self.level().items.extend(nodes.into_iter().map(Item::once));
                Ok(())
            }
        }
    }

    fn level(&mut self) -> &mut Level {
        self.open.last_mut().expect("the whole must be open until the end")
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        skipped
    }

    fn take(&mut self, prefix: &str) -> bool {
        let taken = self.rest.strip_prefix(prefix);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    /// The next rune, which is read.
    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.skip(next.len_utf8());
        Some(next)
    }

    /// `{2}`, `{2,}`, `{2,3}`; nothing, and nothing taken, where it is none: then `{` stands for itself.
    fn count(&mut self) -> Option<Count> {
        let inner = self.rest.strip_prefix('{')?;
        let end = inner.bytes().position(|byte| !byte.is_ascii_digit() && byte != b',')?;
        let (inner, rest) = (&inner[..end], inner[end..].strip_prefix('}')?);
        let (least, most) = inner.split_once(',').map_or((inner, None), |(least, most)| (least, Some(most)));
        let least = number(least)?;
        let most = match most {
            None => Some(least),
            Some("") => None,
            Some(most) => Some(number(most)?),
        };
        self.rest = rest;
        Some(Count { least, most })
    }

    /// Repeats what stands before. The operator was read, and begins there; another one may begin right before it.
    fn repeat(&mut self, count: Count, begin: &str, before: Option<&str>) -> Result<(), Problem> {
        let Count { least, most } = count;
        if least > MOST_REPEATS || most.is_some_and(|most| most > MOST_REPEATS || most < least) {
            return Err(self.wrong(INVALID_COUNT, begin));
        }
        let lazy = self.take("?");
        let greedy = lazy == self.flags.ungreedy;
        if let Some(before) = before {
            return Err(self.wrong(INVALID_REPETITION, before));
        }
        let items = &mut self.level().items;
        let Some(item) = items.pop() else { return Err(self.wrong(MISSING_ARGUMENT, begin)) };
        let Some(Item { node, repeats, depth, nullable }) = item.unless_one(count, greedy, items) else {
            return Ok(());
        };
        let most_times = match most.unwrap_or(least) {
            _ if most == Some(0) => 0,
            times => repeats.saturating_mul(times.max(1)),
        };
        if most_times > MOST_REPEATS {
            return Err(self.wrong(INVALID_COUNT, begin));
        }
        let node = Node::Repeat { node: Box::new(node), count, greedy, nullable };
        let nullable = nullable || least == 0;
        self.push(Item { node, repeats: most_times.max(1), depth: depth + 1, nullable })
    }

    /// `(`, and what may stand behind it: `(?P<name>`, `(?<name>`, `(?i-s:`; or `(?i)`, which opens nothing.
    fn open_group(&mut self) -> Result<(), Problem> {
        let begin = self.rest;
        self.skip(1);
        if self.open.len() > self.deepest {
            return Err(TOO_DEEP.into());
        }
        // As in Go: behind a `<` there must be something, or it is none of a name.
        let is_named = |prefix: &str| begin.len() > prefix.len() && begin.starts_with(prefix);
        if is_named("(?P<") || is_named("(?<") {
            let name = self.name(begin)?;
            self.open_told(Some(name));
        } else if self.take("?") {
            self.open_flags(begin)?;
        } else {
            self.open_told(None);
        }
        Ok(())
    }

    fn open_told(&mut self, name: Option<String>) {
        self.open.push(Level { group: Some(self.names.len()), flags: self.flags, ..Level::default() });
        self.names.push(name);
    }

    fn name(&mut self, begin: &str) -> Result<String, Problem> {
        let Some((named, rest)) = self.rest.split_once('>') else {
            return Err(Problem::new(INVALID_NAMED_CAPTURE, begin));
        };
        self.rest = rest;
        let (_, name) = named.split_once('<').unwrap_or_default();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match name.is_empty() || !name.bytes().all(is_word) {
            true => Err(self.wrong(INVALID_NAMED_CAPTURE, begin)),
            false => Ok(name.to_owned()),
        }
    }

    fn open_flags(&mut self, begin: &str) -> Result<(), Problem> {
        let mut flags = self.flags;
        let mut on = true;
        // A `-` must be followed by a flag.
        let mut lacks = false;
        loop {
            match self.next() {
                Some('i') => flags.fold = on,
                Some('m') => flags.multi_line = on,
                Some('s') => flags.dot_all = on,
                Some('U') => flags.ungreedy = on,
                Some('-') if on => {
                    (on, lacks) = (false, true);
                    continue;
                }
                Some(':') if !lacks => {
                    self.open.push(Level { flags: self.flags, ..Level::default() });
                    break;
                }
                Some(')') if !lacks => break,
                _ => return Err(self.wrong(INVALID_PERL, begin)),
            }
            lacks = false;
        }
        self.flags = flags;
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), Problem> {
        self.skip(1);
        let level = self.open.pop().filter(|_| !self.open.is_empty());
        let level = level.ok_or_else(|| Problem::new(UNEXPECTED_PARENTHESIS, self.whole))?;
        self.flags = level.flags;
        let group = level.group;
        let Item { node, repeats, depth, nullable } = level.close();
        let node = match group {
            Some(group) => Node::Group(Box::new(node), group),
            None => node,
        };
        self.push(Item { node, repeats, depth: depth + 1, nullable })
    }

    fn push(&mut self, item: Item) -> Result<(), Problem> {
        if item.depth > self.deepest {
            return Err(TOO_DEEP.into());
        }
        self.level().items.push(item);
        Ok(())
    }
}

impl Level {
    fn end_alternative(&mut self) {
        let items = mem::take(&mut self.items);
        let nullable = items.iter().all(|item| item.nullable);
        self.alternatives.push(Item::all(items, nullable, Node::Concat));
    }

    fn close(mut self) -> Item {
        self.end_alternative();
        let nullable = self.alternatives.iter().any(|item| item.nullable);
        Item::all(self.alternatives, nullable, Node::Alternatives)
    }
}

impl Item {
    fn once(node: Node) -> Self {
        let nullable = matches!(node, Node::Empty | Node::Assertion(_));
        Self { node, repeats: 1, depth: 0, nullable }
    }

    /// Itself, to be repeated; or nothing, where it is repeated already and both come to one, which is put back.
    fn unless_one(mut self, count: Count, greedy: bool, items: &mut Vec<Self>) -> Option<Self> {
        let simple = [simple_count('*'), simple_count('+'), simple_count('?')];
        match &mut self.node {
            Node::Repeat { count: inner, greedy: inner_greedy, .. }
                if *inner_greedy == greedy && simple.contains(inner) && simple.contains(&count) =>
            {
                if *inner != count {
                    *inner = simple_count('*');
                    self.nullable = true;
                }
                items.push(self);
                None
            }
            _ => Some(self),
        }
    }

    /// Several as one.
    fn all(mut items: Vec<Self>, nullable: bool, together: fn(Vec<Node>) -> Node) -> Self {
        match (items.pop(), items.is_empty()) {
            (None, _) => Self::once(Node::Empty),
            (Some(only), true) => only,
            (Some(last), false) => {
                items.push(last);
                let repeats = items.iter().map(|item| item.repeats).max().unwrap_or(1);
                let depth = items.iter().map(|item| item.depth).max().unwrap_or(0) + 1;
                let nodes = items.into_iter().map(|item| item.node).collect();
                Self { node: together(nodes), repeats, depth, nullable }
            }
        }
    }
}

fn simple_count(operator: char) -> Count {
    match operator {
        '*' => Count { least: 0, most: None },
        '+' => Count { least: 1, most: None },
        _ => Count { least: 0, most: Some(1) },
    }
}

/// Digits without a zero before them. What is larger than anything allowed is that.
fn number(digits: &str) -> Option<u32> {
    let well = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'));
    well.then(|| digits.parse().unwrap_or(u32::MAX))
}
