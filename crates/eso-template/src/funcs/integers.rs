//! Integers: 64 bits that wrap, made of any value.

use crate::{
    Fault, Scope, Text, Value,
    function::{Function, Int, Rest, function},
    number::{self, NoInteger, to_integer},
    value::Element,
};

use super::strings;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("int", |value: Value| Int(to_integer(&value))).example(r#"{{ int "0x10" }}"#, "16"),
        function("int64", |value: Value| to_integer(&value)).example("{{ int64 3.9 }}", "3"),
        function("atoi", atoi).example(r#"{{ atoi "42" }}"#, "42"),
        function("toDecimal", from_octal).example(r#"{{ toDecimal "777" }}"#, "511"),
        function("add", add).example("{{ add 1 2 3 }}", "6"),
        function("add1", |value: Value| to_integer(&value).wrapping_add(1)).example("{{ add1 2 }}", "3"),
        function("sub", subtract).example("{{ sub 5 2 }}", "3"),
        function("mul", multiply).example("{{ mul 2 3 4 }}", "24"),
        function("div", divide).example("{{ div 7 2 }}", "3"),
        function("mod", remainder).example("{{ mod 7 2 }}", "1"),
        function("max", greatest).example("{{ max 1 3 2 }}", "3"),
        function("biggest", greatest).example("{{ biggest 1 3 2 }}", "3"),
        function("min", least).example("{{ min 3 1 2 }}", "1"),
        function("until", until).example("{{ until 3 }}", "[0 1 2]"),
        function("untilStep", until_step).example("{{ untilStep 1 10 3 }}", "[1 4 7]"),
        function("seq", sequence).example("{{ seq 2 2 8 }}", "2 4 6 8"),
    ]
}

/// What does not fit is the nearest that does, and what is no number is 0.
fn atoi(text: Text) -> Int {
    match number::integer(&text, 10) {
        Ok(value) | Err(NoInteger::Range(value)) => Int(value),
        Err(NoInteger::Syntax) => Int(0),
    }
}

fn from_octal(scope: &mut Scope<'_>, value: Value) -> Result<i64, Fault> {
    let text = strings::text(scope, &value)?;
    Ok(number::integer(&text, 8).unwrap_or(0))
}

fn add(_: &mut Scope<'_>, Rest(values): Rest<Value>) -> i64 {
    values.iter().map(to_integer).fold(0, i64::wrapping_add)
}

fn subtract(first: Value, second: Value) -> i64 {
    to_integer(&first).wrapping_sub(to_integer(&second))
}

fn multiply(_: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> i64 {
    others.iter().map(to_integer).fold(to_integer(&first), i64::wrapping_mul)
}

fn divide(first: Value, second: Value) -> Result<i64, Fault> {
    match to_integer(&second) {
        0 => Err(Fault::wrong("div: division by zero")),
        second => Ok(to_integer(&first).wrapping_div(second)),
    }
}

fn remainder(first: Value, second: Value) -> Result<i64, Fault> {
    match to_integer(&second) {
        0 => Err(Fault::wrong("mod: division by zero")),
        second => Ok(to_integer(&first).wrapping_rem(second)),
    }
}

fn greatest(_: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> i64 {
    others.iter().map(to_integer).fold(to_integer(&first), i64::max)
}

fn least(_: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> i64 {
    others.iter().map(to_integer).fold(to_integer(&first), i64::min)
}

fn until(scope: &mut Scope<'_>, Int(end): Int) -> Result<Value, Fault> {
    listed(scope, steps(0, end, if end < 0 { -1 } else { 1 }))
}

fn until_step(scope: &mut Scope<'_>, Int(start): Int, Int(end): Int, Int(step): Int) -> Result<Value, Fault> {
    listed(scope, steps(start, end, step))
}

/// Numbers up to and with the end, as the shell's `seq`: the end; start and end; or start, step and end.
fn sequence(scope: &mut Scope<'_>, Rest(numbers): Rest<Int>) -> Result<String, Fault> {
    let toward = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, step, end) = match numbers[..] {
        [Int(end)] => (1, toward(1, end), end),
        [Int(start), Int(end)] => (start, toward(start, end), end),
        [Int(start), Int(step), Int(end)] if end >= start || step <= 0 => (start, step, end),
        _ => return Ok(String::new()),
    };
    let steps = steps(start, end.wrapping_add(toward(start, end)), step);
    /// The digits of an `i64`, its sign and a space.
    const LONGEST: usize = 21;
    scope.afford(steps.count.saturating_mul(LONGEST))?;
    let mut written = String::new();
    for (place, number) in steps.enumerate() {
        let space = if place > 0 { " " } else { "" };
        written += &format!("{space}{number}");
    }
    Ok(written)
}

fn listed(scope: &mut Scope<'_>, steps: Steps) -> Result<Value, Fault> {
    scope.afford(steps.count.saturating_mul(size_of::<Value>()))?;
    scope.list_of(Element::Int, steps.map(Value::Int).collect())
}

/// Numbers at the same distance: how many are left, and the next.
struct Steps {
    count: usize,
    next: i64,
    step: i64,
}

/// From the start to before the end; none where the step leads away from it.
fn steps(start: i64, end: i64, step: i64) -> Steps {
    let distance = start.abs_diff(end);
    let count = match (end < start, step) {
        (true, ..0) | (false, 1..) => distance.div_ceil(step.unsigned_abs()),
        (true, 0..) | (false, ..1) => 0,
    };
    Steps { count: usize::try_from(count).unwrap_or(usize::MAX), next: start, step }
}

impl Iterator for Steps {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.count = self.count.checked_sub(1)?;
        let number = self.next;
        self.next = number.wrapping_add(self.step);
        Some(number)
    }
}

#[cfg(test)]
mod tests;
