//! Whether a regular expression is held against a whole text, as far as can be read off it.

/// Whether every alternative of a pattern begins with `^` and ends with `$`, or with `\A` and `\z`.
///
/// It does not look into groups, nor does it know all that can be in brackets: `(^a$)` is anchored too, and `false`.
pub(super) fn hold(pattern: &str) -> bool {
    let is_anchored = |alternative: &&str| {
        let begins = alternative.starts_with('^') || alternative.starts_with(r"\A");
        begins && (ends_with(alternative, "$") || ends_with(alternative, r"\z"))
    };
    alternatives(without_flags(pattern)).is_some_and(|parts| parts.iter().all(is_anchored))
}

/// `(?i)^a$` is `^a$`, for all that matters here.
fn without_flags(pattern: &str) -> &str {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    let flags = flags.filter(|(flags, _)| flags.bytes().all(|flag| b"imsU-".contains(&flag)));
    flags.map_or(pattern, |(_, rest)| rest)
}

/// The parts of a pattern between those `|` that are in no group, in no brackets, and not escaped. `None` where groups and
/// brackets do not add up, as where a bracket in brackets means itself.
fn alternatives(pattern: &str) -> Option<Vec<&str>> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut depth, mut in_brackets, mut is_escaped) = (0_usize, false, false);
    for (at, character) in pattern.char_indices() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match character {
            '\\' => is_escaped = true,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ if in_brackets => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                parts.push(&pattern[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&pattern[begin..]);
    (depth == 0 && !in_brackets).then_some(parts)
}

/// Whether a part ends with an anchor whose first character is not escaped.
fn ends_with(part: &str, anchor: &str) -> bool {
    part.strip_suffix(anchor).is_some_and(|rest| {
        let escapes = rest.len() - rest.trim_end_matches('\\').len();
        escapes % 2 == 0
    })
}

#[cfg(test)]
mod tests;
