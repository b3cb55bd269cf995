//! Times and durations.

use std::rc::Rc;

use jiff::Timestamp;

use crate::{
    Fault, Text, Value,
    function::{Function, Scope, function},
    value::Object,
};

pub(super) fn functions() -> Vec<Function> {
    vec![function("now", now)]
}

/// Go's `time.Time`, in UTC.
#[derive(Debug)]
pub(crate) struct Time {
    pub(crate) at: Timestamp,
}

fn now(scope: &mut Scope<'_>) -> Value {
    Value::Object(Rc::new(Time { at: scope.now() }))
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn show(&self) -> Text {
        self.at.to_string().into()
    }

    fn get(&self, _scope: &mut Scope<'_>, name: &str, _arguments: &[Value]) -> Option<Result<Value, Fault>> {
        match name {
            "Unix" => Some(Ok(Value::Int64(self.at.as_second()))),
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
