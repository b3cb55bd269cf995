//! Floats and complex numbers: `%e`, `%f`, `%g`, `%b`, `%x`, as Go's `strconv` writes them.

use super::Printer;
use crate::{Fault, Value};

/// More digits than a float has, after the point or at all; what is asked for beyond is zeros.
const MOST_DIGITS: usize = 1100;

impl Printer<'_, '_> {
    /// Prints the float that a value is.
    pub(super) fn float(&mut self, value: &Value, float: f64, verb: char) -> Result<(), Fault> {
        match verb {
            'v' => self.number(float, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.number(float, verb, None),
            'f' | 'F' => self.number(float, 'f', Some(6)),
            'e' | 'E' => self.number(float, verb, Some(6)),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Prints both parts in parentheses; the second has a sign.
    pub(super) fn complex(&mut self, value: &Value, parts: (f64, f64), verb: char) -> Result<(), Fault> {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(value, verb);
        }
        self.put(b"(")?;
        self.float(value, parts.0, verb)?;
        let plus = std::mem::replace(&mut self.layout.plus, true);
        self.float(value, parts.1, verb)?;
        self.layout.plus = plus;
        self.put(b"i)")
    }

    fn number(&mut self, float: f64, verb: char, precision: Option<usize>) -> Result<(), Fault> {
        let layout = self.layout;
        let precision = layout.precision.or(precision);
        // They are joined, filled up and written: three copies.
        self.room(3 * (precision.unwrap_or(0) + MOST_DIGITS))?;
        let sign = match float.is_sign_negative() && !float.is_nan() {
            true => "-",
            false if layout.plus => "+",
            false if layout.space => " ",
            false => "",
        };
        if !float.is_finite() {
            let sign = if float.is_nan() || !sign.is_empty() { sign } else { "+" };
            let name = if float.is_nan() { "NaN" } else { "Inf" };
            return self.pad_with_spaces(format!("{sign}{name}").as_bytes());
        }
        let mut digits = write(float.abs(), verb, precision);
        if layout.sharp && verb != 'b' {
            digits = with_point(&digits, verb, precision);
        }
        let length = sign.len() + digits.len();
        match layout.width {
            Some(width) if !sign.is_empty() && layout.fills_with_zeros() && width > length => {
                self.put(sign.as_bytes())?;
                self.fill(width - length)?;
                self.put(digits.as_bytes())
            }
            Some(_) | None => self.pad([sign, &digits].concat().as_bytes()),
        }
    }
}

/// A finite float that is not negative; without a precision, with as few digits as tell it from others.
fn write(float: f64, verb: char, precision: Option<usize>) -> String {
    match verb {
        'b' => binary(float),
        'x' | 'X' => hexadecimal(float, precision, verb == 'X'),
        'f' => match precision {
            Some(precision) => Decimal::rounded_after_point(float, precision).plain(precision),
            None => Decimal::shortest(float).plain(0),
        },
        'e' | 'E' => {
            let precision = precision.unwrap_or(0);
            Decimal::rounded(float, precision + 1).scientific(precision, verb)
        }
        _ => general(float, verb, precision),
    }
}

/// `%g`: with an exponent where the number is very small, or larger than the digits tell.
fn general(float: f64, verb: char, precision: Option<usize>) -> String {
    let precision = precision.map(|precision| precision.max(1));
    let decimal = match precision {
        Some(precision) => Decimal::rounded(float, precision),
        None => Decimal::shortest(float),
    };
    let (length, point) = (decimal.digits.len(), decimal.point);
    let enough = match precision {
        None => 6,
        Some(precision) if precision > length && signed(length) >= point => signed(length),
        Some(precision) => signed(precision),
    };
    let exponent = point - 1;
    match exponent < -4 || exponent >= enough {
        true => decimal.scientific(length.saturating_sub(1), if verb == 'G' { 'E' } else { 'e' }),
        false => decimal.plain(usize::try_from(signed(length) - point).unwrap_or(0)),
    }
}

fn signed(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// Digits without zeros at their end, and where the point is among them.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// As few digits as tell the float from its neighbours.
    fn shortest(float: f64) -> Self {
        Self::read(&format!("{float:e}"))
    }

    /// Rounded to so many digits.
    fn rounded(float: f64, digits: usize) -> Self {
        Self::read(&format!("{float:.*e}", digits.min(MOST_DIGITS) - 1))
    }

    /// Rounded to so many digits after the point.
    fn rounded_after_point(float: f64, digits: usize) -> Self {
        let text = format!("{float:.*}", digits.min(MOST_DIGITS));
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let all = [whole, fraction].concat();
        let leading = all.len() - all.trim_start_matches('0').len();
        let digits = all[leading..].trim_end_matches('0').as_bytes().to_vec();
        let point = if digits.is_empty() { 0 } else { signed(whole.len()) - signed(leading) };
        Self { digits, point }
    }

    /// Reads what Rust writes: `1.25e-3`.
    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits = mantissa.replace('.', "").trim_end_matches('0').as_bytes().to_vec();
        let exponent: i32 = exponent.parse().expect("an exponent must be a number");
        let point = if digits.is_empty() { 0 } else { exponent + 1 };
        Self { digits, point }
    }

    fn digit(&self, place: i32) -> u8 {
        let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place));
        digit.copied().unwrap_or(b'0')
    }

    /// `12.50`, with so many digits after the point.
    fn plain(&self, precision: usize) -> String {
        let mut written = String::with_capacity(precision + 20);
        for place in 0..self.point.max(0) {
            written.push(char::from(self.digit(place)));
        }
        if self.point <= 0 {
            written.push('0');
        }
        if precision > 0 {
            written.push('.');
            written.extend((0..signed(precision)).map(|place| char::from(self.digit(self.point + place))));
        }
        written
    }

    /// `1.25e+01`, with so many digits after the point.
    fn scientific(&self, precision: usize, mark: char) -> String {
        let mut written = String::with_capacity(precision + 8);
        written.push(char::from(self.digit(0)));
        if precision > 0 {
            written.push('.');
            written.extend((1..=signed(precision)).map(|place| char::from(self.digit(place))));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        written + &format!("{mark}{sign}{:02}", exponent.abs())
    }
}

/// The mantissa, and the exponent of two.
fn parts(float: f64) -> (u64, i64) {
    let bits = float.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff).cast_signed(), bits & ((1 << 52) - 1));
    match exponent {
        0 => (fraction, 1 - 1075),
        _ => (fraction | 1 << 52, exponent - 1075),
    }
}

fn binary(float: f64) -> String {
    let (mantissa, exponent) = parts(float);
    format!("{mantissa}p{exponent:+}")
}

/// `0x1.8p+00`.
fn hexadecimal(float: f64, precision: Option<usize>, upper: bool) -> String {
    const ONE: u64 = 1 << 60;
    let (mantissa, exponent) = parts(float);
    let (mut mantissa, mut exponent) = (mantissa << 8, exponent + 52);
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        exponent -= i64::from(shift);
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = 4 * precision;
        let extra = (mantissa << shift) & (ONE - 1);
        mantissa >>= 60 - shift;
        mantissa += u64::from(extra | (mantissa & 1) > ONE >> 1);
        mantissa <<= 60 - shift;
        if mantissa & (ONE << 1) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut written = format!("0x{}", mantissa >> 60 & 1);
    let fraction = format!("{:015x}", mantissa & (ONE - 1));
    let fraction = match precision {
        None => fraction.trim_end_matches('0').to_owned(),
        Some(precision) => format!("{fraction:0<precision$}")[..precision].to_owned(),
    };
    if !fraction.is_empty() {
        written = written + "." + &fraction;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    written += &format!("p{sign}{:02}", exponent.abs());
    if upper { written.to_uppercase() } else { written }
}

/// `#` writes a point always, and for `%g` the zeros that it leaves away otherwise.
fn with_point(written: &str, verb: char, precision: Option<usize>) -> String {
    let is_hex = matches!(verb, 'x' | 'X');
    let exponent = written.find(|mark| matches!(mark, 'p' | 'P') || (!is_hex && matches!(mark, 'e' | 'E')));
    let (number, exponent) = written.split_at(exponent.unwrap_or(written.len()));
    let mut wanted = match verb {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let digits = number.bytes().filter(|byte| *byte != b'.').skip_while(|byte| *byte == b'0').count();
    wanted = wanted.saturating_sub(digits);
    let mut number = number.to_owned();
    if !number.contains('.') {
        wanted = wanted.saturating_sub(usize::from(number == "0"));
        number.push('.');
    }
    format!("{number}{}{exponent}", "0".repeat(wanted))
}
