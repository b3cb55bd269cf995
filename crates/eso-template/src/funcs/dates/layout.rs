//! Go's layouts of times: `2006-01-02T15:04:05Z07:00`, cut into its parts.

/// What a layout says at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    NumericMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperNoon,
    LowerNoon,
    ZoneName,
    Offset(Offset),
    Fraction(Fraction),
}

/// An offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// Whether UTC itself is `Z`.
    pub(super) zulu: bool,
    pub(super) colon: bool,
    pub(super) precision: Precision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    Hours,
    Minutes,
    Seconds,
}

/// A fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) digits: usize,
    /// Without zeros at the end, and without the point where nothing is left.
    pub(super) trimmed: bool,
    /// A point or a comma.
    pub(super) separator: u8,
}

/// The parts that are known by how they begin, those that are longer before those that they begin with.
const PARTS: [(&[u8], Part); 21] = [
    (b"January", Part::LongMonth),
    (b"Monday", Part::LongWeekday),
    (b"MST", Part::ZoneName),
    (b"002", Part::ZeroYearDay),
    (b"01", Part::ZeroMonth),
    (b"02", Part::ZeroDay),
    (b"03", Part::ZeroHour12),
    (b"04", Part::ZeroMinute),
    (b"05", Part::ZeroSecond),
    (b"06", Part::Year),
    (b"15", Part::Hour),
    (b"1", Part::NumericMonth),
    (b"2006", Part::LongYear),
    (b"2", Part::Day),
    (b"__2", Part::SpaceYearDay),
    (b"_2", Part::SpaceDay),
    (b"3", Part::Hour12),
    (b"4", Part::Minute),
    (b"5", Part::Second),
    (b"PM", Part::UpperNoon),
    (b"pm", Part::LowerNoon),
];

/// Offsets after their sign, the longest first.
const OFFSETS: [(&[u8], bool, Precision); 5] = [
    (b"070000", false, Precision::Seconds),
    (b"07:00:00", true, Precision::Seconds),
    (b"0700", false, Precision::Minutes),
    (b"07:00", true, Precision::Minutes),
    (b"07", false, Precision::Hours),
];

/// The layout up to its next part, that part, and the rest.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Part>, &[u8]) {
    for start in 0..layout.len() {
        let rest = &layout[start..];
        // `_2006` is a line and a year, and not a day.
        if rest.starts_with(b"_2006") {
            return (&layout[..=start], Some(Part::LongYear), &rest[5..]);
        }
        if let Some((part, length)) = starting(rest) {
            return (&layout[..start], Some(part), &rest[length..]);
        }
    }
    (layout, None, b"")
}

/// The part that a layout begins with, and its length.
fn starting(layout: &[u8]) -> Option<(Part, usize)> {
    let known = || PARTS.iter().find(|(name, _)| layout.starts_with(name));
    match layout.first()? {
        b'-' | b'Z' => offset(layout),
        b'.' | b',' => fraction(layout),
        _ => known().map(|(name, part)| (*part, name.len())).or_else(|| short_name(layout)),
    }
}

/// `Jan` and `Mon`, where no longer word begins with them.
fn short_name(layout: &[u8]) -> Option<(Part, usize)> {
    let part = match layout.first_chunk()? {
        b"Jan" => Part::Month,
        b"Mon" => Part::Weekday,
        _ => return None,
    };
    (!layout.get(3).is_some_and(u8::is_ascii_lowercase)).then_some((part, 3))
}

fn offset(layout: &[u8]) -> Option<(Part, usize)> {
    let (sign, rest) = layout.split_first()?;
    let (name, colon, precision) = OFFSETS.iter().find(|(name, ..)| rest.starts_with(name))?;
    let offset = Offset { zulu: *sign == b'Z', colon: *colon, precision: *precision };
    Some((Part::Offset(offset), name.len() + 1))
}

fn fraction(layout: &[u8]) -> Option<(Part, usize)> {
    let (separator, rest) = layout.split_first()?;
    let digit = rest.first().filter(|digit| matches!(digit, b'0' | b'9'))?;
    let digits = rest.iter().take_while(|other| *other == digit).count();
    if rest.get(digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let fraction = Fraction { digits, trimmed: *digit == b'9', separator: *separator };
    Some((Part::Fraction(fraction), digits + 1))
}
