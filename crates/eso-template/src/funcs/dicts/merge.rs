//! Maps merged into the first, by the rules of mergo, which sprig uses.

use std::collections::BTreeMap;

use crate::{
    Fault, Map, Scope, Text, Value,
    funcs::defaults::is_empty,
    function::{Function, Rest, function},
    value::Element,
};

use super::ENTRY;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("merge", merge).example(r#"{{ merge (dict "a" 1) (dict "a" 2 "b" 3) }}"#, "map[a:1 b:3]"),
        function("mustMerge", merge).example(r#"{{ mustMerge (dict "a" 1) (dict "b" 2) }}"#, "map[a:1 b:2]"),
        function("mergeOverwrite", merge_over)
            .example(r#"{{ mergeOverwrite (dict "a" 1) (dict "a" 2 "b" 3) }}"#, "map[a:2 b:3]"),
        function("mustMergeOverwrite", merge_over)
            .example(r#"{{ mustMergeOverwrite (dict "a" 1) (dict "a" 2) }}"#, "map[a:2]"),
    ]
}

/// What is there and not empty stays.
fn merge(scope: &mut Scope<'_>, into: Option<Map>, Rest(from): Rest<Option<Map>>) -> Result<Value, Fault> {
    merge_all(scope, into, &from, false)
}

/// What comes later wins, also where it is empty.
fn merge_over(
    scope: &mut Scope<'_>,
    into: Option<Map>,
    Rest(from): Rest<Option<Map>>,
) -> Result<Value, Fault> {
    merge_all(scope, into, &from, true)
}

fn merge_all(
    scope: &mut Scope<'_>,
    into: Option<Map>,
    from: &[Option<Map>],
    overwrite: bool,
) -> Result<Value, Fault> {
    let merged = into.map_or_else(|| scope.map(BTreeMap::new()), |into| Ok(Value::Map(into)))?;
    if let Value::Map(into) = &merged {
        let mut merge = Merge { scope, overwrite, depth: 0 };
        for from in from.iter().flatten() {
            merge.maps(into, from)?;
        }
    }
    Ok(merged)
}

struct Merge<'a, 'b> {
    scope: &'a mut Scope<'b>,
    overwrite: bool,
    depth: usize,
}

impl Merge<'_, '_> {
    fn maps(&mut self, into: &Map, from: &Map) -> Result<(), Fault> {
        if self.depth >= self.scope.nesting() {
            return Err(Fault::Limit("nesting of maps"));
        }
        self.depth += 1;
        // A copy: the maps may be one and the same.
        super::ask(self.scope, Some(from))?;
        let entries = super::entries(Some(from));
        for (name, value) in entries {
            if !self.stays(into, &name, &value)? {
                self.write(into, from.element(), name, value)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Whether what is there stays, where it is a map with the other merged into it.
    fn stays(&mut self, into: &Map, name: &Text, value: &Value) -> Result<bool, Fault> {
        let present = super::find(Some(into), name);
        Ok(match (&present, value) {
            // Nil comes only where it wins, and not where nothing was.
            (_, Value::Nil) => !self.overwrite,
            (Some(Value::Map(present)), Value::Map(value)) => {
                self.maps(present, value)?;
                !present.entries().is_empty()
            }
            (None, _) => false,
            (Some(present), _) => !self.overwrite && !is_empty(present),
        })
    }

    fn write(&mut self, into: &Map, element: Element, name: Text, value: Value) -> Result<(), Fault> {
        let fits = into.element() == Element::Any || into.element() == element;
        if !fits {
            return Err(Fault::wrong("merge: the maps are of different types"));
        }
        self.scope.hold(ENTRY)?;
        into.entries_mut().insert(name, value);
        Ok(())
    }
}
