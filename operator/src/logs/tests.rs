//! What is logged at which level, and how it looks.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use super::subscriber;
use crate::args::{LogFormat, LogLevel};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged of one line a level, ours and a library's.
fn logged(level: LogLevel, format: LogFormat) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    tracing::subscriber::with_default(subscriber(level, format, move || writer.clone()), || {
        tracing::error!(target: "eso_sync::engine", count = 3, "ours-error");
        tracing::info!(target: "eso_sync::engine", "ours-info");
        tracing::trace!(target: "eso_sync::engine", "ours-trace");
        tracing::warn!(target: "hyper::client", "theirs-warn");
        tracing::info!(target: "hyper::client", "theirs-info");
        tracing::error!(target: "kube_client::client", "theirs-whole-answer");
    });
    let bytes = buffer.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[track_caller]
fn check(level: LogLevel, expected: &[&str]) {
    let text = logged(level, LogFormat::Text);
    let all = ["ours-error", "ours-info", "ours-trace", "theirs-warn", "theirs-info", "theirs-whole-answer"];
    let found: Vec<_> = all.into_iter().filter(|line| text.contains(line)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_level_is_about_our_own_lines() {
    check(LogLevel::Error, &["ours-error"]);
    check(LogLevel::Warn, &["ours-error", "theirs-warn"]);
    check(LogLevel::Info, &["ours-error", "ours-info", "theirs-warn"]);
}

#[test]
fn libraries_never_log_more_than_warnings() {
    check(LogLevel::Trace, &["ours-error", "ours-info", "ours-trace", "theirs-warn"]);
}

#[test]
fn json_is_one_object_a_line_with_its_fields_beside_the_message() {
    let text = logged(LogLevel::Info, LogFormat::Json);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["message"], "ours-error");
    assert_eq!(lines[0]["count"], 3);
    assert_eq!(lines[0]["level"], "ERROR");
    assert!(lines[0]["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{text}");
}

#[test]
fn text_has_no_colours() {
    assert!(!logged(LogLevel::Info, LogFormat::Text).contains('\u{1b}'));
}
