//! An expression as instructions for the search.

use std::sync::Arc;

use regex_syntax::hir::ClassUnicode;

use super::parse::{Assertion, Count, Node};
use crate::{Fault, Scope};

/// The instructions; the first is where a search begins, and the last is [`Instruction::Match`].
#[derive(Debug)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
}

#[derive(Clone, Debug)]
pub(super) enum Instruction {
    /// Takes this rune.
    Rune(char),
    /// Takes a rune of this set.
    Class(Arc<ClassUnicode>),
    Assertion(Assertion),
    /// Notes the place.
    Save(usize),
    /// Goes on at both, the first before the second.
    Split(usize, usize),
    Jump(usize),
    Match,
}

impl Program {
    pub(super) fn new(scope: &mut Scope<'_>, node: &Node) -> Result<Self, Fault> {
        let mut writer = Writer { scope, instructions: Vec::new() };
        writer.push(Instruction::Save(0))?;
        writer.node(node)?;
        writer.push(Instruction::Save(1))?;
        writer.push(Instruction::Match)?;
        Ok(Self { instructions: writer.instructions })
    }

    /// The byte that every match begins with, where it is one.
    pub(super) fn first_byte(&self) -> Option<u8> {
        match self.instructions.get(1) {
            Some(Instruction::Rune(rune)) => u8::try_from(*rune).ok().filter(u8::is_ascii),
            _ => None,
        }
    }

    /// Whether a match begins with the text alone.
    pub(super) fn is_anchored(&self) -> bool {
        matches!(self.instructions.get(1), Some(Instruction::Assertion(Assertion::TextBegins)))
    }
}

struct Writer<'a, 'b> {
    scope: &'a mut Scope<'b>,
    instructions: Vec<Instruction>,
}

impl Writer<'_, '_> {
    /// Writes an instruction, and says where.
    fn push(&mut self, instruction: Instruction) -> Result<usize, Fault> {
        self.scope.hold(size_of::<Instruction>())?;
        self.scope.spend(1)?;
        self.instructions.push(instruction);
        Ok(self.instructions.len() - 1)
    }

    fn here(&self) -> usize {
        self.instructions.len()
    }

    fn node(&mut self, node: &Node) -> Result<(), Fault> {
        match node {
            Node::Empty => Ok(()),
            Node::Rune(rune) => self.push(Instruction::Rune(*rune)).map(drop),
            Node::Class(class) => self.push(Instruction::Class(Arc::clone(class))).map(drop),
            Node::Assertion(assertion) => self.push(Instruction::Assertion(*assertion)).map(drop),
            Node::Group(node, group) => {
                self.push(Instruction::Save(group * 2))?;
                self.node(node)?;
                self.push(Instruction::Save(group * 2 + 1)).map(drop)
            }
            Node::Concat(nodes) => nodes.iter().try_for_each(|node| self.node(node)),
            Node::Alternatives(nodes) => self.alternatives(nodes),
            Node::Repeat { node, count, greedy, nullable } => {
                let star = *count == Count { least: 0, most: None };
                if star && !nullable { self.star(node, *greedy) } else { self.repeat(node, *count, *greedy) }
            }
        }
    }

    fn alternatives(&mut self, nodes: &[Node]) -> Result<(), Fault> {
        let mut ends = Vec::new();
        for (place, node) in nodes.iter().enumerate() {
            let is_last = place + 1 == nodes.len();
            let split = if is_last { None } else { Some(self.push(Instruction::Match)?) };
            self.node(node)?;
            if let Some(split) = split {
                ends.push(self.push(Instruction::Match)?);
                self.instructions[split] = Instruction::Split(split + 1, self.here());
            }
        }
        for end in ends {
            self.instructions[end] = Instruction::Jump(self.here());
        }
        Ok(())
    }

    fn repeat(&mut self, node: &Node, count: Count, greedy: bool) -> Result<(), Fault> {
        match count {
            // As Go has it: an empty round is preferred to none.
            Count { least: 0, most: None } => self.optional(1, greedy, |writer| writer.rounds(node, greedy)),
            Count { least, most: None } => {
                (1..least).try_for_each(|_| self.node(node))?;
                self.rounds(node, greedy)
            }
            Count { least, most: Some(most) } => {
                (0..least).try_for_each(|_| self.node(node))?;
                self.optional(most - least, greedy, |writer| writer.node(node))
            }
        }
    }

    /// Any number of rounds, none of them empty. It begins where it ends, as in Go, so that a round of something
    /// around it cannot begin where one of it ended: what the groups hold depends on it.
    fn star(&mut self, node: &Node, greedy: bool) -> Result<(), Fault> {
        let begin = self.push(Instruction::Match)?;
        self.node(node)?;
        let end = self.push(Instruction::Jump(begin))? + 1;
        self.instructions[begin] = split(begin + 1, end, greedy);
        Ok(())
    }

    /// Once or more.
    fn rounds(&mut self, node: &Node, greedy: bool) -> Result<(), Fault> {
        let begin = self.here();
        self.node(node)?;
        let end = self.here() + 1;
        self.push(split(begin, end, greedy)).map(drop)
    }

    /// So many times or fewer, each only behind the one before.
    fn optional(
        &mut self,
        times: u32,
        greedy: bool,
        mut write: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut splits = Vec::new();
        for _ in 0..times {
            splits.push(self.push(Instruction::Match)?);
            write(self)?;
        }
        let end = self.here();
        for at in splits {
            self.instructions[at] = split(at + 1, end, greedy);
        }
        Ok(())
    }
}

fn split(more: usize, end: usize, greedy: bool) -> Instruction {
    match greedy {
        true => Instruction::Split(more, end),
        false => Instruction::Split(end, more),
    }
}
