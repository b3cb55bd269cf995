//! What a parsed template is: a tree of nodes, which any number of renderings share.

use std::fmt;

use crate::function::Function;

/// What is rendered one after the other.
pub(crate) type Nodes = Vec<Node>;

/// A part of a template.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Box<[u8]>),
    /// A pipeline whose value is printed, or kept in variables.
    Action(Pipeline),
    If(Choice),
    With(Choice),
    Range(Loop),
    Template(Call),
    Break,
    Continue,
}

/// `if` and `with`, with what their `else if` and `else with` choose.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) branches: Vec<(Pipeline, Nodes)>,
    pub(crate) otherwise: Nodes,
}

/// `range`.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) over: Pipeline,
    pub(crate) body: Nodes,
    pub(crate) otherwise: Nodes,
}

/// `template`.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) at: u32,
    pub(crate) name: String,
    pub(crate) data: Option<Pipeline>,
}

/// Commands, each of which is given the value of the one before; and the variables that are set to the last one's.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) at: u32,
    pub(crate) variables: Vec<String>,
    /// Whether the variables are there already.
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
}

/// An operand, and the arguments that it is called with.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) at: u32,
    pub(crate) operand: Operand,
    pub(crate) arguments: Vec<Operand>,
}

/// A word of a command.
#[derive(Debug)]
pub(crate) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    String(Box<[u8]>),
    /// `.a.b`.
    Field(Vec<String>),
    /// `$x`, or `$x.a.b`.
    Variable(String, Vec<String>),
    /// `(…).a.b`, or `now.Unix`.
    Chain(Box<Operand>, Vec<String>),
    Function(Callee),
    Pipeline(Box<Pipeline>),
}

/// A function by its name.
#[derive(Clone, Copy)]
pub(crate) struct Callee(pub(crate) &'static Function);

/// A constant, as all the types that it can be of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) integer: Option<i64>,
    /// Whether it is an integer of 64 bits without a sign.
    pub(crate) unsigned: bool,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    /// Whether it is written as a float: a float where nothing says what type it is to be of.
    pub(crate) written_as_float: bool,
}

impl Operand {
    /// What it is, for errors.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Dot => "dot",
            Self::Nil => "nil",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Field(_) | Self::Chain(..) => "a field",
            Self::Variable(..) => "a variable",
            Self::Function(_) => "a function",
            Self::Pipeline(_) => "a pipeline",
        }
    }
}

impl fmt::Debug for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}
