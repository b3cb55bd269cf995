//! Arguments: operands, each of the type that its parameter has.

use super::{
    Evaluator, Found,
    call::{Arguments, fit},
};
use crate::{
    Fault, Value,
    function::Kind,
    tree::{Number, Operand},
};

impl<'t> Evaluator<'t, '_, '_> {
    /// An operand as an argument of this type.
    pub(super) fn argument(&mut self, dot: &Found, operand: &'t Operand, kind: Kind) -> Result<Value, Fault> {
        match operand {
            Operand::Nil if kind.takes(&Value::Nil) => Ok(Value::Nil),
            Operand::Nil => Err(Fault::wrong(format!("cannot assign nil to {}", kind.type_name()))),
            Operand::Bool(_) | Operand::Number(_) | Operand::String(_) => self.typed(operand, kind),
            _ => fit(self.operand(dot, operand)?, kind),
        }
    }

    /// An operand of any type.
    pub(super) fn reflected(&mut self, dot: &Found, operand: &'t Operand) -> Result<Found, Fault> {
        match operand {
            Operand::Nil => Ok(None),
            operand => self.operand(dot, operand),
        }
    }

    /// All arguments, of whatever types they are.
    pub(super) fn untyped(&mut self, dot: &Found, arguments: Arguments<'t>) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::new();
        for operand in arguments.operands {
            values.push(self.argument(dot, operand, Kind::Any)?);
        }
        values.extend(arguments.last.map(|last| last.unwrap_or(Value::Nil)));
        Ok(values)
    }

    fn operand(&mut self, dot: &Found, operand: &'t Operand) -> Result<Found, Fault> {
        match operand {
            Operand::Field(names) => self.fields(dot, dot.clone(), names, Arguments::none()),
            Operand::Chain(operand, names) => self.chain(dot, operand, names, Arguments::none()),
            Operand::Function(callee) => self.function(dot, *callee, Arguments::none()),
            Operand::Variable(name, names) => {
                let value = self.variable(name)?;
                self.fields(dot, value, names, Arguments::none())
            }
            constant => self.constant(dot, constant),
        }
    }

    /// A constant as a value of this type.
    fn typed(&mut self, operand: &'t Operand, kind: Kind) -> Result<Value, Fault> {
        let expected = |what: &str| Fault::wrong(format!("expected {what}; found {}", operand.describe()));
        match (kind, operand) {
            (Kind::Any | Kind::Bool, Operand::Bool(truth)) => Ok(Value::Bool(*truth)),
            (Kind::Any | Kind::String, Operand::String(text)) => self.text(text),
            (Kind::Any, Operand::Number(number)) => ideal(*number),
            (Kind::Int, Operand::Number(Number { integer: Some(integer), .. })) => Ok(Value::Int(*integer)),
            (Kind::Int64, Operand::Number(Number { integer: Some(integer), .. })) => {
                Ok(Value::Int64(*integer))
            }
            (Kind::Uint32, Operand::Number(Number { integer: Some(integer @ 0..), .. })) => {
                // Go wraps around.
                Ok(Value::Uint64(integer.cast_unsigned() & u64::from(u32::MAX)))
            }
            (Kind::Float64, Operand::Number(Number { float: Some(float), .. })) => Ok(Value::Float64(*float)),
            (Kind::Bool, _) => Err(expected("bool")),
            (Kind::String, _) => Err(expected("string")),
            (Kind::Int | Kind::Int64, _) => Err(expected("integer")),
            (Kind::Uint32, _) => Err(expected("unsigned integer")),
            (Kind::Float64, _) => Err(expected("float")),
            (Kind::Any | Kind::Strings | Kind::List | Kind::Map | Kind::Time, _) => Err(Fault::wrong(
                format!("can't handle {} for arg of type {}", operand.describe(), kind.type_name()),
            )),
        }
    }
}

/// A number where nothing says of what type it is to be.
pub(super) fn ideal(number: Number) -> Result<Value, Fault> {
    match number {
        Number { complex: Some((real, imaginary)), .. } => Ok(Value::Complex128(real, imaginary)),
        Number { float: Some(float), written_as_float: true, .. } => Ok(Value::Float64(float)),
        Number { integer: Some(integer), .. } => Ok(Value::Int(integer)),
        Number { unsigned: true, .. } => Err(Fault::wrong("a constant overflows int")),
        Number { .. } => Ok(Value::Nil),
    }
}
