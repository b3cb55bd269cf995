//! Tests of `audit`.

use std::{fs, io::Write};

use serde_json::{Value, json};

use super::*;

/// A log with this text, in a folder that lasts as long as the pair.
fn log(text: &str) -> (tempfile::TempDir, Log) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    fs::write(&path, text).unwrap();
    (folder, Log::new(&path))
}

fn append(log: &Log, text: &str) {
    let mut file = File::options().append(true).open(&log.path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[track_caller]
fn check(log: &Log, mark: Mark, expected: &[Value]) {
    assert_eq!(log.since::<Value>(mark).unwrap(), expected);
}

#[test]
fn what_was_there_before_the_mark_is_left_out() {
    let (_folder, log) = log("{\"n\":1}\n{\"n\":2}\n");
    let mark = log.end().unwrap();
    check(&log, mark, &[]);
    append(&log, "{\"n\":3}\n");
    check(&log, mark, &[json!({"n": 3})]);
    check(&log, Mark::START, &[json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]);
}

#[test]
fn a_line_that_is_being_written_is_read_when_it_is_whole() {
    let (_folder, log) = log("{\"n\":1}\n{\"n\":");
    let mark = log.end().unwrap();
    check(&log, Mark::START, &[json!({"n": 1})]);
    append(&log, "2}\n");
    check(&log, mark, &[json!({"n": 2})]);
}

#[test]
fn a_log_that_is_not_there_yet_is_empty() {
    let log = Log::new(Path::new("/nowhere/audit.log"));
    assert_eq!(log.end().unwrap(), Mark::START);
    check(&log, Mark::START, &[]);
}

#[test]
fn a_line_that_is_not_json_is_an_error() {
    let (_folder, log) = log("hello\n");
    assert!(log.since::<Value>(Mark::START).is_err());
}
