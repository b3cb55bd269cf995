//! Paths, by their text alone: no file is looked at. Those of the system are those of Linux, and the same.

use crate::{
    Text,
    function::{Function, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("base", base).example(r#"{{ base "/a/b.txt" }}"#, "b.txt"),
        function("osBase", base).example(r#"{{ osBase "/a/b.txt" }}"#, "b.txt"),
        function("dir", dir).example(r#"{{ dir "/a/b.txt" }}"#, "/a"),
        function("osDir", dir).example(r#"{{ osDir "/a/b.txt" }}"#, "/a"),
        function("clean", clean).example(r#"{{ clean "/a/../b//c/." }}"#, "/b/c"),
        function("osClean", clean).example(r#"{{ osClean "a/./b/../c" }}"#, "a/c"),
        function("ext", extension).example(r#"{{ ext "a.tar.gz" }}"#, ".gz"),
        function("osExt", extension).example(r#"{{ osExt "a.tar.gz" }}"#, ".gz"),
        function("isAbs", is_absolute).example(r#"{{ isAbs "/a" }}"#, "true"),
        function("osIsAbs", is_absolute).example(r#"{{ osIsAbs "a" }}"#, "false"),
    ]
}

/// The last part.
fn base(path: Text) -> Text {
    let end = path.iter().rposition(|byte| *byte != b'/');
    match end {
        None if path.is_empty() => ".".into(),
        None => "/".into(),
        Some(end) => path[..=end].rsplit(|byte| *byte == b'/').next().unwrap_or_default().into(),
    }
}

/// All but the last part, cleaned.
fn dir(path: Text) -> Vec<u8> {
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    cleaned(&path[..end])
}

fn clean(path: Text) -> Vec<u8> {
    cleaned(&path)
}

/// The shortest path that is the same: without empty parts, `.`, and `..` with what is before it.
fn cleaned(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut clean: Vec<u8> = if rooted { b"/".to_vec() } else { Vec::new() };
    // Up to here nothing can be taken back: the root, or `..` that leads out.
    let mut fixed = clean.len();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if clean.len() > fixed => {
                let slash = clean[fixed..].iter().rposition(|byte| *byte == b'/');
                clean.truncate(fixed + slash.unwrap_or(0));
            }
            b".." if rooted => {}
            b".." => {
                add(&mut clean, part);
                fixed = clean.len();
            }
            part => add(&mut clean, part),
        }
    }
    match clean.is_empty() {
        true => b".".to_vec(),
        false => clean,
    }
}

fn add(clean: &mut Vec<u8>, part: &[u8]) {
    if !clean.is_empty() && !clean.ends_with(b"/") {
        clean.push(b'/');
    }
    clean.extend_from_slice(part);
}

/// From the last dot of the last part on.
fn extension(path: Text) -> Text {
    let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    last.iter().rposition(|byte| *byte == b'.').map_or_else(Text::default, |dot| last[dot..].into())
}

fn is_absolute(path: Text) -> bool {
    path.starts_with(b"/")
}

#[cfg(test)]
mod tests;
