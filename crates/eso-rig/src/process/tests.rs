//! Tests of `process` and of `folder`, with the shell as the server.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use super::*;
use crate::folder::Folder;

/// Set for the process that [`nothing_outlives_a_parent_that_is_killed`] starts and kills.
const IS_VICTIM: &str = "ESO_RIG_TEST_VICTIM";

fn shell(folder: &Path, script: &str) -> Launch {
    Launch {
        name: "shell",
        program: "sh".into(),
        arguments: vec!["-c".to_owned(), script.to_owned()],
        environment: vec![("GREETING", "hello".to_owned())],
        log: folder.join("shell.log"),
    }
}

#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process runs; one that ended but was not waited for does not.
fn runs(id: u32) -> bool {
    state(id).is_some_and(|state| state != 'Z')
}

#[test]
fn a_server_that_ends_by_itself_leaves_its_status_and_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let server = shell(folder.path(), "echo \"$GREETING\"; echo sorry >&2; exit 3").start().unwrap();
    eventually("the shell ends", || server.ended().unwrap().is_some());
    assert_eq!(server.ended().unwrap().unwrap().code(), Some(3));
    assert_eq!(server.log_tail(), "hello\nsorry");
}

#[test]
fn the_tail_of_a_log_is_its_last_lines() {
    let folder = tempfile::tempdir().unwrap();
    let script = "for line in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo $line; done";
    let server = shell(folder.path(), script).start().unwrap();
    eventually("the shell ends", || server.ended().unwrap().is_some());
    let tail = server.log_tail();
    assert_eq!((tail.lines().next(), tail.lines().last()), (Some("3"), Some("17")));
}

#[test]
fn a_program_that_is_not_there_is_named_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch { program: "/nowhere/server".into(), ..shell(folder.path(), "") };
    let server = launch.start().unwrap();
    eventually("the shell gives up", || server.ended().unwrap().is_some());
    assert!(server.log_tail().contains("/nowhere/server"), "{}", server.log_tail());
}

#[test]
fn a_dropped_server_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let server = shell(folder.path(), "exec sleep 1000").start().unwrap();
    let id = server.id();
    assert!(runs(id));
    drop(server);
    assert!(!runs(id));
}

#[test]
fn a_paused_server_stands_still_and_can_be_killed() {
    let folder = tempfile::tempdir().unwrap();
    let server = shell(folder.path(), "exec sleep 1000").start().unwrap();
    server.pause().unwrap();
    assert_eq!(state(server.id()), Some('T'));
    server.resume().unwrap();
    eventually("it goes on", || state(server.id()) == Some('S'));
    server.pause().unwrap();
    server.kill();
    assert!(!runs(server.id()));
}

#[test]
fn ps_says_the_same_as_proc() {
    let folder = tempfile::tempdir().unwrap();
    let server = shell(folder.path(), "exec sleep 1000").start().unwrap();
    server.pause().unwrap();
    assert!(asked_of_ps(server.id()).unwrap().trim_start().starts_with('T'));
    assert_eq!(state(0), None);
}

#[test]
fn a_restarted_server_is_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let server = shell(folder.path(), "exec sleep 1000").start().unwrap();
    let first = server.id();
    server.restart().unwrap();
    assert!(!runs(first));
    assert!(runs(server.id()));
}

#[test]
fn a_dropped_folder_is_gone() {
    let folder = Folder::new("test").unwrap();
    let path = folder.path().to_owned();
    fs::write(path.join("data"), "x").unwrap();
    drop(folder);
    assert!(!path.exists());
}

#[test]
fn nothing_outlives_a_parent_that_is_killed() {
    if env::var_os(IS_VICTIM).is_some() {
        live_until_killed();
    }
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "process::tests::nothing_outlives_a_parent_that_is_killed", "--nocapture"])
        .env(IS_VICTIM, "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find_map(|line| line.split_once("started ").map(|(_, rest)| rest.to_owned())).unwrap();
    let (server, folder) = line.split_once(' ').unwrap();
    let (server, folder) = (server.parse().unwrap(), Path::new(folder));
    assert!(runs(server) && folder.is_dir());
    victim.kill().unwrap();
    victim.wait().unwrap();
    eventually("the server is gone", || !runs(server));
    eventually("its folder is gone", || !folder.exists());
}

/// What the killed process does: it starts a server, says so, and waits.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn live_until_killed() -> ! {
    let folder = Folder::new("test").unwrap();
    let server = shell(folder.path(), "trap '' TERM HUP INT; while :; do sleep 1; done").start().unwrap();
    println!("started {} {}", server.id(), folder.path().display());
    // Standard input never says anything; a test that is killed does not come back from here.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    thread::sleep(Duration::from_secs(600));
    panic!("nobody killed this process");
}
