//! Maps of anything by name: made, read, changed, merged. `set`, `unset` and `merge` change the map that they are
//! given.

mod copy;
mod merge;

use std::collections::BTreeMap;

use crate::{
    Fault, Map, Scope, Text, Value,
    function::{Function, Rest, function},
    value::Element,
};

use super::strings;

pub(super) fn functions() -> Vec<Function> {
    let own = [
        function("dict", dict).example(r#"{{ dict "a" 1 "b" 2 }}"#, "map[a:1 b:2]"),
        function("get", get).example(r#"{{ get (dict "a" 1) "a" }}"#, "1"),
        function("set", set).example(r#"{{ set (dict "a" 1) "b" 2 }}"#, "map[a:1 b:2]"),
        function("unset", unset).example(r#"{{ unset (dict "a" 1 "b" 2) "a" }}"#, "map[b:2]"),
        function("hasKey", has_key).example(r#"{{ hasKey (dict "a" 1) "a" }}"#, "true"),
        function("pluck", pluck).example(r#"{{ pluck "a" (dict "a" 1) (dict "a" 2) }}"#, "[1 2]"),
        function("keys", keys).example(r#"{{ keys (dict "a" 1 "b" 2) }}"#, "[a b]"),
        function("values", values).example(r#"{{ values (dict "a" 1 "b" 2) }}"#, "[1 2]"),
        function("pick", pick).example(r#"{{ pick (dict "a" 1 "b" 2) "a" }}"#, "map[a:1]"),
        function("omit", omit).example(r#"{{ omit (dict "a" 1 "b" 2) "a" }}"#, "map[b:2]"),
        function("dig", dig).example(r#"{{ dict "a" (dict "b" 1) | dig "a" "b" "none" }}"#, "1"),
    ];
    own.into_iter().chain(merge::functions()).chain(copy::functions()).collect()
}

/// What an entry takes beside its value: its name with its counts.
const ENTRY: usize = 96;

/// The entries of a map that may be Go's nil.
fn entries(map: Option<&Map>) -> BTreeMap<Text, Value> {
    map.map(|map| map.entries().clone()).unwrap_or_default()
}

/// Asks for the memory and the steps to copy a map's entries.
fn ask(scope: &mut Scope<'_>, map: Option<&Map>) -> Result<(), Fault> {
    let count = map.map_or(0, |map| map.entries().len());
    scope.afford(count.saturating_mul(size_of::<(Text, Value)>()))?;
    scope.spend(count as u64)
}

/// Names and values by turns; a name without a value has the empty text.
fn dict(scope: &mut Scope<'_>, Rest(parts): Rest<Value>) -> Result<Value, Fault> {
    let mut entries = BTreeMap::new();
    for pair in parts.chunks(2) {
        scope.hold(ENTRY)?;
        let name = strings::text(scope, &pair[0])?;
        entries.insert(name, pair.get(1).cloned().unwrap_or_else(|| "".into()));
    }
    scope.map(entries)
}

/// The value, or the empty text where there is none.
fn get(map: Option<Map>, name: Text) -> Value {
    find(map.as_ref(), &name).unwrap_or_else(|| "".into())
}

fn set(scope: &mut Scope<'_>, map: Option<Map>, name: Text, value: Value) -> Result<Map, Fault> {
    let map = map.ok_or_else(|| Fault::wrong("set: there is no map"))?;
    scope.hold(ENTRY)?;
    map.entries_mut().insert(name, value);
    Ok(map)
}

fn unset(scope: &mut Scope<'_>, map: Option<Map>, name: Text) -> Result<Value, Fault> {
    match map {
        Some(map) => {
            map.entries_mut().remove(&name);
            Ok(Value::Map(map))
        }
        None => scope.map(BTreeMap::new()),
    }
}

fn has_key(map: Option<Map>, name: Text) -> bool {
    map.is_some_and(|map| map.entries().contains_key(&name))
}

fn find(map: Option<&Map>, name: &Text) -> Option<Value> {
    map.and_then(|map| map.entries().get(name).cloned())
}

/// The values of one name in several maps.
fn pluck(scope: &mut Scope<'_>, name: Text, Rest(maps): Rest<Option<Map>>) -> Result<Value, Fault> {
    let found = maps.iter().filter_map(|map| find(map.as_ref(), &name)).collect();
    scope.list(found)
}

/// The names of all, sorted in each map, where Go has them in any order.
fn keys(scope: &mut Scope<'_>, Rest(maps): Rest<Option<Map>>) -> Result<Value, Fault> {
    maps.iter().try_for_each(|map| ask(scope, map.as_ref()))?;
    let names = maps.iter().flat_map(|map| entries(map.as_ref()).into_keys());
    scope.strings(names)
}

/// The values in the order of their names, where Go has them in any order.
fn values(scope: &mut Scope<'_>, map: Option<Map>) -> Result<Value, Fault> {
    ask(scope, map.as_ref())?;
    scope.list(entries(map.as_ref()).into_values().collect())
}

fn pick(scope: &mut Scope<'_>, map: Option<Map>, Rest(names): Rest<Text>) -> Result<Value, Fault> {
    let found = names.into_iter().filter_map(|name| find(map.as_ref(), &name).map(|value| (name, value)));
    scope.map(found.collect())
}

fn omit(scope: &mut Scope<'_>, map: Option<Map>, Rest(names): Rest<Text>) -> Result<Value, Fault> {
    ask(scope, map.as_ref())?;
    let mut kept = entries(map.as_ref());
    names.iter().for_each(|name| {
        kept.remove(name);
    });
    scope.map(kept)
}

/// The value that names lead to through maps in maps; what comes before the map is the answer where a name is
/// missing.
fn dig(_: &mut Scope<'_>, Rest(mut parts): Rest<Value>) -> Result<Value, Fault> {
    let (Some(mut value), Some(default), false) = (parts.pop(), parts.pop(), parts.is_empty()) else {
        return Err(Fault::wrong("dig: names, a default and a map are wanted"));
    };
    // All names are looked at before the first is followed, and no nil map is entered but the first.
    let names: Vec<Text> = parts.into_iter().map(name).collect::<Result<_, _>>()?;
    for name in &names {
        let next = find(Some(&map(value)?), name);
        match next {
            None => return Ok(default),
            Some(next) => value = next,
        }
    }
    Ok(value)
}

fn name(value: Value) -> Result<Text, Fault> {
    match value {
        Value::String(name) => Ok(name),
        other => Err(Fault::wrong(format!("dig: a name is a string, and not {}", other.kind()))),
    }
}

fn map(value: Value) -> Result<Map, Fault> {
    match value {
        Value::Map(map) if map.element() == Element::Any => Ok(map),
        other => Err(Fault::wrong(format!("dig: a map is wanted, and not {}", other.type_name()))),
    }
}

#[cfg(test)]
mod tests;
