//! Numbers out of texts.

use super::{NoInteger, float, integer, to_float, to_integer, truncated};
use crate::Value;

#[track_caller]
fn check(text: &str, base: u32, expected: Result<i64, NoInteger>) {
    assert_eq!(integer(text.as_bytes(), base), expected, "{text}");
}

#[test]
fn integers_have_prefixes_and_underscores_in_base_0() {
    for (text, value) in [
        ("42", 42),
        ("-0x1F", -31),
        ("+0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("1_000", 1000),
        ("0x_ff", 255),
        ("0_7", 7),
        ("0", 0),
        ("-9223372036854775808", i64::MIN),
    ] {
        check(text, 0, Ok(value));
    }
    for text in ["", "-", "0x", "08", "1__0", "_1", "1_", "1e3", " 1", "1.5", "0xg", "--1", "é"] {
        check(text, 0, Err(NoInteger::Syntax));
    }
}

#[test]
fn integers_of_a_base_have_neither() {
    check("010", 10, Ok(10));
    check("777", 8, Ok(511));
    check("1_0", 10, Err(NoInteger::Syntax));
    check("8", 8, Err(NoInteger::Syntax));
}

#[test]
fn an_integer_that_does_not_fit_is_the_nearest() {
    check("9223372036854775808", 10, Err(NoInteger::Range(i64::MAX)));
    check("-9223372036854775809", 10, Err(NoInteger::Range(i64::MIN)));
    check("-99999999999999999999999", 10, Err(NoInteger::Range(i64::MIN)));
}

#[track_caller]
fn check_float(text: &str, expected: Option<f64>) {
    assert_eq!(float(text.as_bytes()).map(f64::to_bits), expected.map(f64::to_bits), "{text}");
}

#[test]
fn floats_are_decimal_or_hexadecimal() {
    check_float("1e3", Some(1000.0));
    check_float("-.5", Some(-0.5));
    check_float("1_2.5", Some(12.5));
    check_float("0x1p-2", Some(0.25));
    check_float("0X1.8P1", Some(3.0));
    check_float("-inf", Some(f64::NEG_INFINITY));
    check_float("Infinity", Some(f64::INFINITY));
    for text in ["", ".", "1e", "0x1", "1__0", "0x.p1", "+nan", "1e999", "infinit", "++1", "1f", "0x1p+-1"] {
        check_float(text, None);
    }
}

#[test]
fn hexadecimal_floats_are_rounded_once() {
    check_float("0x1.00000000000008p0", Some(1.0));
    check_float("0x1.000000000000081p0", Some(1.0 + f64::EPSILON));
    check_float("0x1.00000000000018p0", Some(1.0 + 2.0 * f64::EPSILON));
    check_float("0x1p-1074", Some(f64::from_bits(1)));
    check_float("0x1p-1075", Some(0.0));
    check_float("0x1.8p-1075", Some(f64::from_bits(1)));
    check_float("0x1p-99999999999", Some(0.0));
    check_float("0x1p99999999999", None);
    check_float("0x1.fffffffffffffp1023", Some(f64::MAX));
}

#[test]
fn anything_is_taken_for_a_number() {
    let integers = [("1.00", 1), ("1.50", 1), ("0x10", 16), ("1e3", 0), ("true", 0), (".0", 0), ("10", 10)];
    for (text, expected) in integers {
        assert_eq!(to_integer(&text.into()), expected, "{text}");
    }
    assert_eq!(to_integer(&Value::Bool(true)), 1);
    assert_eq!(to_integer(&Value::Float64(-3.9)), -3);
    assert_eq!(to_integer(&Value::Nil), 0);
    assert_eq!(to_float(&"2.5".into()).to_bits(), 2.5_f64.to_bits());
    assert_eq!(to_float(&"x".into()).to_bits(), 0.0_f64.to_bits());
}

#[test]
fn a_float_that_is_no_integer_is_the_least() {
    assert_eq!(truncated(9.3e18), i64::MIN);
    assert_eq!(truncated(f64::NAN), i64::MIN);
    assert_eq!(truncated(f64::INFINITY), i64::MIN);
    assert_eq!(truncated(-0.5), 0);
}
