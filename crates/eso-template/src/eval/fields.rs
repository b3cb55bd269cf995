//! Fields: entries of maps, fields and methods of objects.

use super::{Evaluator, Found, call::Arguments};
use crate::{
    Fault, Map, MissingKey, Object, Value,
    tree::Operand,
    value::{Element, List},
};

impl<'t> Evaluator<'t, '_, '_> {
    /// `.a.b.c` of a value. The last name may be a method that takes arguments.
    pub(super) fn fields(
        &mut self,
        dot: &Found,
        mut value: Found,
        names: &'t [String],
        arguments: Arguments<'t>,
    ) -> Result<Found, Fault> {
        let Some((last, names)) = names.split_last() else { return Ok(value) };
        for name in names {
            value = self.field(dot, value, name, Arguments::none())?;
        }
        self.field(dot, value, last, arguments)
    }

    /// `(…).a`, or `now.Unix`.
    pub(super) fn chain(
        &mut self,
        dot: &Found,
        operand: &'t Operand,
        names: &'t [String],
        arguments: Arguments<'t>,
    ) -> Result<Found, Fault> {
        let value = match operand {
            Operand::Function(callee) => self.function(dot, *callee, Arguments::none())?,
            Operand::Chain(operand, names) => self.chain(dot, operand, names, Arguments::none())?,
            operand => self.constant(dot, operand)?,
        };
        self.fields(dot, value, names, arguments)
    }

    fn field(
        &mut self,
        dot: &Found,
        value: Found,
        name: &'t str,
        arguments: Arguments<'t>,
    ) -> Result<Found, Fault> {
        self.scope.spend(1)?;
        match value {
            None => match self.missing_key() {
                MissingKey::Error => Err(Fault::wrong(format!("nil data; no entry for key {name:?}"))),
                MissingKey::Default | MissingKey::Zero => Ok(None),
            },
            Some(Value::Nil) => Err(Fault::wrong(format!("nil pointer evaluating interface {{}}.{name}"))),
            Some(Value::Map(map)) => self.entry(&map, name, &arguments),
            Some(Value::Object(object)) => self.method(dot, &*object, name, arguments),
            Some(value) => Err(no_field(name, &value.type_name())),
        }
    }

    fn entry(&mut self, map: &Map, name: &str, arguments: &Arguments<'t>) -> Result<Found, Fault> {
        if !arguments.is_none() {
            return Err(Fault::wrong(format!("{name} is not a method but has arguments")));
        }
        if let Some(value) = map.entries().get(name.as_bytes()) {
            return Ok(Some(value.clone()));
        }
        match self.missing_key() {
            MissingKey::Error => Err(Fault::wrong(format!("map has no entry for key {name:?}"))),
            MissingKey::Default => Ok(None),
            MissingKey::Zero => Ok(Some(zero(map.element()))),
        }
    }

    fn method(
        &mut self,
        dot: &Found,
        object: &dyn Object,
        name: &'t str,
        arguments: Arguments<'t>,
    ) -> Result<Found, Fault> {
        let at = self.at;
        let values = self.untyped(dot, arguments)?;
        self.at = at;
        let answer = object.get(self.scope, name, &values);
        answer.unwrap_or_else(|| Err(no_field(name, object.type_name()))).map(Some)
    }
}

/// What a map answers for a name that it does not have.
pub(crate) fn zero(element: Element) -> Value {
    match element {
        Element::Any => Value::Nil,
        Element::String => Value::String(crate::Text::default()),
        Element::Int => Value::Int(0),
        Element::Lists => Value::List(List::nil(Element::Any)),
    }
}

fn no_field(name: &str, type_name: &str) -> Fault {
    Fault::wrong(format!("can't evaluate field {name} in type {type_name}"))
}
