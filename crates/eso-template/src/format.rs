//! Values as Go's `fmt` prints them.
//!
//! What Go writes into the text about a verb that does not fit, such as `%!d(string=a)`, is output and no error.

mod directives;
mod float;
mod integer;
mod layout;
mod string;

use layout::Layout;

use crate::{Fault, List, Map, Object, Scope, Value};

/// How deep lists and maps may lie in each other to be printed.
const DEEPEST: usize = 200;

/// What `%v` prints.
pub(crate) fn show(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<u8>, Fault> {
    let mut printer = Printer::new(scope);
    printer.argument(value, 'v')?;
    Ok(printer.written)
}

/// What `fmt.Sprint` gives: a space between two values neither of which is a text.
pub(crate) fn print(scope: &mut Scope<'_>, values: &[Value]) -> Result<Vec<u8>, Fault> {
    let mut printer = Printer::new(scope);
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::String(_));
        if !is_text && !after_text {
            printer.put(b" ")?;
        }
        printer.argument(value, 'v')?;
        after_text = is_text;
    }
    Ok(printer.written)
}

/// What `fmt.Sprintln` gives: a space between all values, and a line break.
pub(crate) fn print_line(scope: &mut Scope<'_>, values: &[Value]) -> Result<Vec<u8>, Fault> {
    let mut printer = Printer::new(scope);
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            printer.put(b" ")?;
        }
        printer.argument(value, 'v')?;
    }
    printer.put(b"\n")?;
    Ok(printer.written)
}

/// What `fmt.Sprintf` gives.
pub(crate) fn print_with(scope: &mut Scope<'_>, format: &[u8], values: &[Value]) -> Result<Vec<u8>, Fault> {
    let mut printer = Printer::new(scope);
    directives::print(&mut printer, format, values)?;
    Ok(printer.written)
}

/// Writes values, each as a verb and flags say.
struct Printer<'a, 'b> {
    scope: &'a mut Scope<'b>,
    written: Vec<u8>,
    layout: Layout,
    /// Whether it writes about a verb that does not fit.
    mending: bool,
}

impl<'a, 'b> Printer<'a, 'b> {
    fn new(scope: &'a mut Scope<'b>) -> Self {
        Self { scope, written: Vec::new(), layout: Layout::default(), mending: false }
    }

    /// Prints one of the values that the function was given.
    fn argument(&mut self, value: &Value, verb: char) -> Result<(), Fault> {
        match (verb, value) {
            ('T' | 'v', Value::Nil) => self.pad(b"<nil>"),
            (_, Value::Nil) => self.bad_verb(value, verb),
            ('T', _) => self.string(value.type_name().as_bytes(), 's'),
            ('p', _) => self.pointer(value),
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Result<(), Fault> {
        self.scope.spend(2)?;
        match value {
            Value::Nil if self.layout.go_syntax => self.put(b"interface {}(nil)"),
            Value::Nil => self.put(b"<nil>"),
            Value::Bool(truth) => self.bool(*truth, verb),
            Value::Int(integer) | Value::Int64(integer) => self.integer(value, i128::from(*integer), verb),
            Value::Uint8(integer) => self.integer(value, i128::from(*integer), verb),
            Value::Uint64(integer) => self.integer(value, i128::from(*integer), verb),
            Value::Float64(float) => self.float(value, *float, verb),
            Value::Complex128(real, imaginary) => self.complex(value, (*real, *imaginary), verb),
            Value::String(text) => match string::has_verb(verb) {
                true => self.string(text, verb),
                false => self.bad_verb(value, verb),
            },
            Value::List(_) | Value::Map(_) | Value::Object(_) if verb == 'w' && !self.mending => {
                self.bad_verb(value, verb)
            }
            Value::List(list) => self.list((value, list), verb, depth),
            Value::Map(map) => self.map((value, map), verb, depth),
            Value::Object(object) => self.object(value, &**object, verb),
        }
    }

    fn list(&mut self, (value, list): (&Value, &List), verb: char, depth: usize) -> Result<(), Fault> {
        deep(depth)?;
        let go_syntax = self.layout.go_syntax;
        if go_syntax {
            self.put(value.type_name().as_bytes())?;
            if list.is_nil() {
                return self.put(b"(nil)");
            }
        }
        self.put(if go_syntax { b"{" } else { b"[" })?;
        for (place, item) in list.items().iter().enumerate() {
            self.separate(place)?;
            self.value(item, verb, depth + 1)?;
        }
        self.put(if go_syntax { b"}" } else { b"]" })
    }

    fn map(&mut self, (value, map): (&Value, &Map), verb: char, depth: usize) -> Result<(), Fault> {
        deep(depth)?;
        match self.layout.go_syntax {
            true => {
                self.put(value.type_name().as_bytes())?;
                self.put(b"{")?;
            }
            false => self.put(b"map[")?,
        }
        for (place, (name, value)) in map.entries().iter().enumerate() {
            self.separate(place)?;
            self.value(&Value::String(name.clone()), verb, depth + 1)?;
            self.put(b":")?;
            self.value(value, verb, depth + 1)?;
        }
        self.put(if self.layout.go_syntax { b"}" } else { b"]" })
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char) -> Result<(), Fault> {
        let is_bare = self.layout.go_syntax || self.mending || !string::has_verb(verb);
        if let Some(integer) = object.integer().filter(|_| is_bare) {
            return self.integer(value, i128::from(integer), verb);
        }
        if let Some(text) = object.go_string().filter(|_| self.layout.go_syntax) {
            return self.pad(&text);
        }
        match object.fields() {
            Some(fields) if is_bare => self.fields(object.type_name(), &fields, verb),
            Some(_) | None if string::has_verb(verb) => self.string(&object.show(), verb),
            Some(_) | None => self.bad_verb(value, verb),
        }
    }

    /// Prints what a structure holds, each with the verb; a pointer to one with `&` before it.
    fn fields(&mut self, type_name: &str, fields: &[(&'static str, Value)], verb: char) -> Result<(), Fault> {
        let (pointer, name) = type_name.strip_prefix('*').map_or(("", type_name), |name| ("&", name));
        let go_syntax = self.layout.go_syntax;
        self.put(pointer.as_bytes())?;
        if go_syntax {
            self.put(name.as_bytes())?;
        }
        self.put(b"{")?;
        for (place, (name, value)) in fields.iter().enumerate() {
            self.separate(place)?;
            if go_syntax {
                self.put(name.as_bytes())?;
                self.put(b":")?;
            }
            self.value(value, verb, 1)?;
        }
        self.put(b"}")
    }

    fn bool(&mut self, truth: bool, verb: char) -> Result<(), Fault> {
        match verb {
            't' | 'v' => self.pad(if truth { b"true" } else { b"false" }),
            _ => self.bad_verb(&Value::Bool(truth), verb),
        }
    }

    /// Where a value lies in memory. Nobody is told: it is the same for all.
    fn pointer(&mut self, value: &Value) -> Result<(), Fault> {
        let points = match value {
            Value::List(_) | Value::Map(_) => true,
            Value::Object(object) => object.kind() == "ptr",
            _ => false,
        };
        match points {
            true => self.pad(b"0xc000000000"),
            false => self.bad_verb(value, 'p'),
        }
    }

    /// Says that a verb does not fit a value, as Go does.
    fn bad_verb(&mut self, value: &Value, verb: char) -> Result<(), Fault> {
        let mending = std::mem::replace(&mut self.mending, true);
        self.put(b"%!")?;
        self.put(verb.encode_utf8(&mut [0; 4]).as_bytes())?;
        self.put(b"(")?;
        match value {
            Value::Nil => self.put(b"<nil>")?,
            _ => {
                self.put(value.type_name().as_bytes())?;
                self.put(b"=")?;
                self.argument(value, 'v')?;
            }
        }
        self.mending = mending;
        self.put(b")")
    }

    fn separate(&mut self, place: usize) -> Result<(), Fault> {
        match (place, self.layout.go_syntax) {
            (0, _) => Ok(()),
            (_, true) => self.put(b", "),
            (_, false) => self.put(b" "),
        }
    }

    /// Writes bytes as they are.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.room(bytes.len())?;
        self.written.extend_from_slice(bytes);
        Ok(())
    }

    /// Asks for so many bytes more, and takes the steps to write them: they are only copied here, and what they cost as
    /// a value is paid when they are one.
    fn room(&mut self, bytes: usize) -> Result<(), Fault> {
        self.scope.spend(bytes as u64 / 128)?;
        self.scope.afford(self.written.len() + bytes)
    }
}

fn deep(depth: usize) -> Result<(), Fault> {
    match depth >= DEEPEST {
        true => Err(Fault::Limit("nesting of lists and maps")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
