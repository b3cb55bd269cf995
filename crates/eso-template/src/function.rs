//! What a function of a template is: a name, the types that it takes, and a Rust function.
//!
//! A plain Rust function becomes one by its types: `function("trunc", trunc)` for `fn trunc(length: Int, text: Text)
//! -> Text`. The evaluator checks arguments against the types before it calls, as Go does by reflection, so that a
//! wrong one ends in Go's error and no function has to look.

mod answer;
mod body;
mod parameter;
mod scope;

use std::fmt;

use crate::{Fault, Value};

pub(crate) use answer::Answer;
pub(crate) use body::function;
pub(crate) use parameter::{Int, Kind, Parameter, Rest};
pub use scope::Scope;
pub(crate) use scope::TEXT;

/// A function that templates can call.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) parameters: Vec<Kind>,
    /// Whether the last parameter takes any number of arguments, none included.
    pub(crate) variadic: bool,
    /// A template that shows it, and what that renders. The reference page has it, and a test renders it.
    pub(crate) example: Option<(&'static str, &'static str)>,
    /// Whether it does no more with its arguments than to write them, and is paid for that as it does.
    copies: bool,
    call: Call,
}

type Call = Box<dyn Fn(&mut Scope<'_>, Vec<Value>) -> Result<Value, Fault> + Send + Sync>;

impl Function {
    /// Shows it by a template and what that renders.
    pub(crate) fn example(mut self, template: &'static str, rendered: &'static str) -> Self {
        self.example = Some((template, rendered));
        self
    }

    /// Marks one that does no more with its arguments than to write them, so that a text can grow in a loop.
    pub(crate) fn copies(self) -> Self {
        Self { copies: true, ..self }
    }

    /// The type that the argument at this place must have; nothing where there is one too many.
    pub(crate) fn parameter(&self, place: usize) -> Option<Kind> {
        match self.parameters.get(place) {
            None if self.variadic => self.parameters.last().copied(),
            kind => kind.copied(),
        }
    }

    /// How many arguments it takes at least.
    pub(crate) fn least(&self) -> usize {
        self.parameters.len() - usize::from(self.variadic)
    }

    /// Calls it. The arguments must be of the types and the number that it takes.
    pub(crate) fn call(&self, scope: &mut Scope<'_>, arguments: Vec<Value>) -> Result<Value, Fault> {
        scope.spend_on(if self.copies { &[] } else { &arguments })?;
        let answer = (self.call)(scope, arguments)?;
        if let Value::String(text) = &answer {
            scope.hold(scope::TEXT + text.len())?;
        }
        Ok(answer)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}
