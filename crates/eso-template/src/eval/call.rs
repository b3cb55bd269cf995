//! Calls of functions: their arguments, and `and` and `or`, which take only as many as they need.

use super::{Evaluator, Found};
use crate::{
    Fault, Value,
    function::{Function, Kind},
    tree::{Callee, Operand},
    value::truth,
};

/// What a call is given: the operands after its name, and the value of the pipeline before it.
pub(super) struct Arguments<'t> {
    pub(super) operands: &'t [Operand],
    pub(super) last: Option<Found>,
}

impl Arguments<'_> {
    pub(super) fn none() -> Self {
        Self { operands: &[], last: None }
    }

    pub(super) fn is_none(&self) -> bool {
        self.operands.is_empty() && self.last.is_none()
    }

    pub(super) fn must_be_none(&self) -> Result<(), Fault> {
        match self.is_none() {
            true => Ok(()),
            false => Err(Fault::wrong("can't give argument to non-function")),
        }
    }

    fn len(&self) -> usize {
        self.operands.len() + usize::from(self.last.is_some())
    }
}

impl<'t> Evaluator<'t, '_, '_> {
    /// Calls a function.
    pub(super) fn function(
        &mut self,
        dot: &Found,
        Callee(function): Callee,
        arguments: Arguments<'t>,
    ) -> Result<Found, Fault> {
        check_number(function, arguments.len())?;
        let at = self.at;
        match function.name {
            "and" => return self.first_that(false, dot, arguments),
            "or" => return self.first_that(true, dot, arguments),
            _ => {}
        }
        let mut values = Vec::with_capacity(arguments.len());
        for (place, operand) in arguments.operands.iter().enumerate() {
            values.push(self.argument(dot, operand, kind(function, place))?);
        }
        if let Some(last) = arguments.last {
            values.push(fit(last, kind(function, values.len()))?);
        }
        self.at = at;
        function.call(self.scope, values).map(Some).map_err(|fault| called(function, fault))
    }

    /// The first value that is as true as that, or the last one.
    fn first_that(&mut self, ends: bool, dot: &Found, arguments: Arguments<'t>) -> Result<Found, Fault> {
        let mut value = None;
        for operand in arguments.operands {
            value = self.reflected(dot, operand)?;
            if value.as_ref().is_some_and(truth) == ends {
                return Ok(value);
            }
        }
        Ok(arguments.last.unwrap_or(value))
    }
}

fn check_number(function: &Function, given: usize) -> Result<(), Fault> {
    let (name, least) = (function.name, function.least());
    match function.variadic {
        true if given < least => {
            Err(Fault::wrong(format!("wrong number of args for {name}: want at least {least} got {given}")))
        }
        false if given != least => {
            Err(Fault::wrong(format!("wrong number of args for {name}: want {least} got {given}")))
        }
        true | false => Ok(()),
    }
}

fn kind(function: &Function, place: usize) -> Kind {
    function.parameter(place).expect("a call must have been checked to have no argument too many")
}

/// A value that is of the type that is asked for.
pub(super) fn fit(value: Found, kind: Kind) -> Result<Value, Fault> {
    match value {
        // Nothing is the zero value of what can be nil; an interface that holds nil is of no other type.
        None if kind.takes(&Value::Nil) => Ok(Value::Nil),
        None => Err(Fault::wrong(format!("invalid value; expected {}", kind.type_name()))),
        Some(Value::Nil) if kind == Kind::Any => Ok(Value::Nil),
        Some(value) if !matches!(value, Value::Nil) && kind.takes(&value) => Ok(value),
        Some(value) => {
            let found = if let Value::Nil = value { "interface {}".to_owned() } else { value.type_name() };
            Err(Fault::wrong(format!("wrong type for value; expected {}; got {found}", kind.type_name())))
        }
    }
}

/// An error of a function, with its name.
fn called(function: &Function, fault: Fault) -> Fault {
    match fault {
        Fault::Wrong(reason) => Fault::wrong(format!("error calling {}: {reason}", function.name)),
        limit @ Fault::Limit(_) => limit,
    }
}
