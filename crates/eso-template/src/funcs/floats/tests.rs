//! Numbers with a point: their powers and decimals.

use super::{Decimal, power_of_ten};
use crate::fixtures::{check, check_limit, check_silent};

#[test]
fn powers_of_ten_are_those_of_go() {
    for exponent in -22..=22_i32 {
        let nearest: f64 = format!("1e{exponent}").parse().unwrap();
        let difference = (power_of_ten(exponent.into()) / nearest - 1.0).abs();
        assert!(difference <= f64::EPSILON, "{exponent}");
    }
    assert_eq!(power_of_ten(309).to_bits(), f64::INFINITY.to_bits());
    assert_eq!(power_of_ten(i64::MAX).to_bits(), f64::INFINITY.to_bits());
    assert_eq!(power_of_ten(i64::MIN).to_bits(), 0.0_f64.to_bits());
}

#[track_caller]
fn check_decimal(value: f64, digits: i64, exponent: i64) {
    let decimal = Decimal::of(value).unwrap();
    assert_eq!((decimal.digits.clone(), decimal.exponent), (digits.into(), exponent), "{value}");
    assert_eq!(decimal.float().to_bits(), value.to_bits(), "{value}");
}

#[test]
fn a_float_is_its_shortest_digits() {
    check_decimal(0.1, 1, -1);
    check_decimal(-12.5, -125, -1);
    check_decimal(1e300, 1, 300);
    check_decimal(5e-324, 5, -324);
    check_decimal(f64::MAX, 17_976_931_348_623_157, 292);
    check_decimal(0.0, 0, 0);
}

#[test]
fn what_is_not_finite_has_no_digits() {
    assert!(Decimal::of(f64::NAN).is_err());
    assert!(Decimal::of(f64::INFINITY).is_err());
}

#[test]
fn long_products_take_steps() {
    check("{{ $x := 1.1 }}{{ range until 20 }}{{ $x = mulf $x $x 0.9 }}{{ end }}{{ kindOf $x }}", "float64");
    let factors = " 0.12345678901234567".repeat(20_000);
    check_limit(&format!("{{{{ mulf{factors} }}}}"), "steps");
}

#[test]
fn errors_hold_nothing_of_what_they_were_given() {
    check_silent("{{ divf 1 .password }}");
    check_silent(r#"{{ addf "inf" .password }}"#);
}
