//! Tests of `said`.

use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[track_caller]
fn check(script: &str, last: &str) {
    let said = Said::default();
    said.run(shell(script)).unwrap();
    assert_eq!(said.last(), last);
}

#[test]
fn the_last_line_of_either_output_is_what_was_said_last() {
    check("true", "");
    check("echo one; echo two", "two");
    check("echo one; echo two >&2", "two");
    check("echo one >&2; echo; echo '   '", "one");
    check("printf '  1/9: core\\r  2/9: plan\\r'", "2/9: plan");
    check("printf 'a\\tb\\033c\\n'", "abc");
}

#[test]
fn a_failed_program_is_quoted_without_what_it_overwrote() {
    let failed = Said::default().run(shell("printf '1/9\\r'; echo sorry; echo why >&2; exit 3")).unwrap_err();
    assert_eq!(failed.to_string(), "sh failed (exit status: 3):\nsorry\nwhy");
}

#[test]
fn a_long_complaint_is_quoted_from_its_end() {
    let script = "number=0; while [ $number -lt 100 ]; do echo $number.; number=$((number+1)); done; exit 1";
    let failed = Said::default().run(shell(script)).unwrap_err().to_string();
    assert!(failed.ends_with("\n99.") && failed.contains("\n40.") && !failed.contains("\n39."), "{failed}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let failed = Said::default().run(Command::new("/nowhere/go")).unwrap_err().to_string();
    assert_eq!(failed, "/nowhere/go does not run");
}

#[test]
fn a_download_is_measured_by_what_is_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let said = Said::default();
    said.fetching(folder.path(), 75);
    said.say("Downloading bao");
    assert_eq!(said.last(), "0 of about 75 MB; Downloading bao");
    fs::create_dir(folder.path().join("wheels")).unwrap();
    for name in ["one", "wheels/two"] {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        file.set_len(3 * MEGABYTE).unwrap();
    }
    assert_eq!(said.last(), "6 of about 75 MB; Downloading bao");
}
