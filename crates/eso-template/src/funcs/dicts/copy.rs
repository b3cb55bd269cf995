//! Values copied with all that they hold, so that a change of the one does not change the other.

use crate::{
    Fault, List, Map, Scope, Value,
    funcs::versions::Version,
    function::{Function, function},
};

use super::ENTRY;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("deepCopy", deep_copy).example(
            r#"{{ $a := dict "n" 1 }}{{ $b := deepCopy $a }}{{ $_ := set $b "n" 2 }}{{ $a }}"#,
            "map[n:1]",
        ),
        function("mustDeepCopy", deep_copy).example(r#"{{ mustDeepCopy (list 1 2) }}"#, "[1 2]"),
    ]
}

fn deep_copy(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    match value {
        Value::Nil => Err(Fault::wrong("deepCopy: there is nothing to copy")),
        value => Copy { scope, depth: 0 }.value(&value),
    }
}

struct Copy<'a, 'b> {
    scope: &'a mut Scope<'b>,
    depth: usize,
}

impl Copy<'_, '_> {
    fn value(&mut self, value: &Value) -> Result<Value, Fault> {
        self.scope.spend(1)?;
        match value {
            Value::List(list) if list.is_nil() => Ok(value.clone()),
            Value::List(list) => self.list(list),
            Value::Map(map) => self.map(map),
            // What it copies with cannot see the fields of a version, and leaves them out.
            value if value.downcast::<Version>().is_some() => Ok(Value::object(Version::default())),
            value => Ok(value.clone()),
        }
    }

    fn list(&mut self, list: &List) -> Result<Value, Fault> {
        self.scope.afford(size_of_val(list.items()))?;
        let items = list.items().iter().map(|item| self.value(item)).collect::<Result<_, _>>()?;
        self.scope.list_of(list.element(), items)
    }

    fn map(&mut self, map: &Map) -> Result<Value, Fault> {
        if self.depth >= self.scope.nesting() {
            return Err(Fault::Limit("nesting of maps"));
        }
        self.depth += 1;
        let mut copy = std::collections::BTreeMap::new();
        for (name, value) in map.entries().iter() {
            self.scope.hold(ENTRY)?;
            copy.insert(name.clone(), self.value(value)?);
        }
        self.depth -= 1;
        self.scope.map_of(map.element(), copy)
    }
}
