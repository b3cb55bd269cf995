//! Fractions: `float64`, rounded; and sums and products that are exact in between, in decimal digits.

use num_bigint::{BigInt, Sign};

use crate::{
    Fault, Scope, Value,
    function::{Function, Int, Rest, function},
    number::to_float,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("float64", |value: Value| to_float(&value)).example(r#"{{ float64 "3.5" }}"#, "3.5"),
        function("ceil", |value: Value| to_float(&value).ceil()).example("{{ ceil 1.2 }}", "2"),
        function("floor", |value: Value| to_float(&value).floor()).example("{{ floor 1.8 }}", "1"),
        function("round", round).example("{{ round 1.2345 2 }}", "1.23"),
        function("maxf", greatest).example("{{ maxf 1.5 2 }}", "2"),
        function("minf", least).example("{{ minf 1.5 2 }}", "1.5"),
        function("add1f", add_one).example("{{ add1f 1.5 }}", "2.5"),
        function("addf", add).example("{{ addf 0.1 0.2 }}", "0.3"),
        function("subf", subtract).example("{{ subf 5.5 1 }}", "4.5"),
        function("mulf", multiply).example("{{ mulf 1.5 2 }}", "3"),
        function("divf", divide).example("{{ divf 10 4 }}", "2.5"),
    ]
}

/// Rounds to so many decimal places: up from a half on, or from what the third argument says.
fn round(_: &mut Scope<'_>, value: Value, Int(places): Int, Rest(up_from): Rest<f64>) -> f64 {
    let power = power_of_ten(places);
    let moved = power * to_float(&value);
    let up = moved.fract() >= up_from.first().copied().unwrap_or(0.5);
    (if up { moved.ceil() } else { moved.floor() }) / power
}

/// Go's `math.Pow(10, …)`, bit for bit: by squares of the mantissa, where the nearest float differs now and then.
fn power_of_ten(exponent: i64) -> f64 {
    match exponent {
        0 => return 1.0,
        1 => return 10.0,
        _ => {}
    }
    // 10 = 0.625 * 2^4.
    let (mut mantissa, mut binary) = (1.0_f64, 0_i64);
    let (mut square, mut square_binary) = (0.625_f64, 4_i64);
    let mut left = exponent.unsigned_abs();
    while left != 0 {
        if square_binary > 1 << 12 {
            binary += square_binary;
            break;
        }
        if left & 1 == 1 {
            mantissa *= square;
            binary += square_binary;
        }
        square *= square;
        square_binary <<= 1;
        if square < 0.5 {
            square += square;
            square_binary -= 1;
        }
        left >>= 1;
    }
    match exponent < 0 {
        true => scaled(1.0 / mantissa, -binary),
        false => scaled(mantissa, binary),
    }
}

fn scaled(mantissa: f64, binary: i64) -> f64 {
    let mut value = mantissa;
    let mut left = i32::try_from(binary.clamp(-3000, 3000)).unwrap_or_default();
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= 2_f64.powi(step);
        left -= step;
    }
    value
}

fn greatest(_: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> f64 {
    others.iter().map(to_float).fold(to_float(&first), |one, other| match (one, other) {
        _ if one == f64::INFINITY || other == f64::INFINITY => f64::INFINITY,
        _ if one.is_nan() || other.is_nan() => f64::NAN,
        // If they differ, they are zeros of two signs, of which Rust's own may answer either.
        _ if one == other => f64::from_bits(one.to_bits() & other.to_bits()),
        _ => one.max(other),
    })
}

fn least(_: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> f64 {
    others.iter().map(to_float).fold(to_float(&first), |one, other| match (one, other) {
        _ if one == f64::NEG_INFINITY || other == f64::NEG_INFINITY => f64::NEG_INFINITY,
        _ if one.is_nan() || other.is_nan() => f64::NAN,
        _ if one == other => f64::from_bits(one.to_bits() | other.to_bits()),
        _ => one.min(other),
    })
}

fn add_one(scope: &mut Scope<'_>, value: Value) -> Result<f64, Fault> {
    calculate(scope, value, &[Value::Int(1)], |one, other| Ok(one.plus(other)))
}

fn add(scope: &mut Scope<'_>, Rest(values): Rest<Value>) -> Result<f64, Fault> {
    calculate(scope, Value::Float64(0.0), &values, |one, other| Ok(one.plus(other)))
}

fn subtract(scope: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> Result<f64, Fault> {
    calculate(scope, first, &others, |one, other| Ok(one.plus(Decimal { digits: -other.digits, ..other })))
}

fn multiply(scope: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> Result<f64, Fault> {
    calculate(scope, first, &others, |one, other| Ok(one.times(other)))
}

fn divide(scope: &mut Scope<'_>, first: Value, Rest(others): Rest<Value>) -> Result<f64, Fault> {
    calculate(scope, first, &others, Decimal::over)
}

/// Puts an operation between the first and each of the others, in decimal digits.
fn calculate(
    scope: &mut Scope<'_>,
    first: Value,
    others: &[Value],
    operation: impl Fn(Decimal, Decimal) -> Result<Decimal, Fault>,
) -> Result<f64, Fault> {
    let mut result = Decimal::of(to_float(&first))?;
    for other in others {
        // Digits grow with each product; to print them takes time by their square.
        let words = result.digits.bits() / 64;
        scope.spend(1 + words + words * words / 256)?;
        result = operation(result, Decimal::of(to_float(other))?)?;
    }
    Ok(result.float())
}

/// `digits * 10^exponent`.
struct Decimal {
    digits: BigInt,
    exponent: i64,
}

impl Decimal {
    /// The shortest digits that are this float.
    fn of(value: f64) -> Result<Self, Fault> {
        if !value.is_finite() {
            return Err(Fault::wrong("there are no decimal digits of what is not finite"));
        }
        let written = format!("{value:e}");
        let (mantissa, exponent) = written.split_once('e').expect("an exponent must be written");
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let digits: i64 = mantissa.replace('.', "").parse().expect("17 digits must fit into 64 bits");
        let exponent: i64 = exponent.parse().expect("the exponent of a float must be an integer");
        Ok(Self { digits: digits.into(), exponent: exponent - i64::try_from(decimals).unwrap_or(0) })
    }

    fn plus(self, other: Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { digits: self.at(exponent) + other.at(exponent), exponent }
    }

    fn times(self, other: Self) -> Self {
        Self { digits: self.digits * other.digits, exponent: self.exponent + other.exponent }
    }

    /// To 16 decimal places, rounded away from zero at a half.
    fn over(self, other: Self) -> Result<Self, Fault> {
        const PLACES: i64 = 16;
        if other.digits.sign() == Sign::NoSign {
            return Err(Fault::wrong("divf: division by zero"));
        }
        let shift = self.exponent - other.exponent + PLACES;
        let dividend = self.digits * power(shift.max(0));
        let divisor = other.digits * power((-shift).max(0));
        let quotient = &dividend / &divisor;
        let rest: BigInt = (&dividend % &divisor) * 2_i32;
        let away = match (dividend.sign() == divisor.sign(), rest.magnitude() >= divisor.magnitude()) {
            (_, false) => 0_i32,
            (true, true) => 1,
            (false, true) => -1,
        };
        Ok(Self { digits: quotient + away, exponent: -PLACES })
    }

    /// The digits at an exponent that is not above its own.
    fn at(&self, exponent: i64) -> BigInt {
        &self.digits * power(self.exponent - exponent)
    }

    /// The nearest float.
    fn float(&self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().expect("a decimal number must be a float")
    }
}

fn power(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).expect("an exponent of floats must be small"))
}

#[cfg(test)]
mod tests;
