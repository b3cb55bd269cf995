//! Tests of `cache`.

use std::{sync::Barrier, thread};

use anyhow::bail;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn write(text: &'static str) -> impl Fn(&Path) -> Result<()> {
    move |folder| Ok(fs::write(folder.join("program"), text)?)
}

#[test]
fn an_entry_is_made_once_and_found_from_then_on() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().join("not/there/yet"));
    assert_eq!(cache.entry("bao-1"), None);
    let made = cache.get_or_make("bao-1", write("one")).unwrap();
    assert_eq!(cache.entry("bao-1"), Some(made.clone()));
    let again = cache.get_or_make("bao-1", write("two")).unwrap();
    assert_eq!(again, made);
    assert_eq!(fs::read_to_string(made.join("program")).unwrap(), "one");
}

#[test]
fn a_failed_entry_leaves_nothing_and_can_be_made_later() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().to_owned());
    let failed = cache.get_or_make("bao-1", |folder| {
        write("half")(folder)?;
        bail!("the network is down")
    });
    assert_eq!(failed.unwrap_err().to_string(), "the network is down");
    assert_eq!(cache.entry("bao-1"), None);
    assert_eq!(names(root.path()), [".bao-1.lock"]);
    cache.get_or_make("bao-1", write("whole")).unwrap();
    assert_eq!(names(root.path()), [".bao-1.lock", "bao-1"]);
}

#[test]
fn an_entry_is_not_seen_before_it_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().to_owned());
    cache
        .get_or_make("bao-1", |folder| {
            write("half")(folder)?;
            assert_eq!(cache.entry("bao-1"), None);
            Ok(())
        })
        .unwrap();
}

#[test]
fn of_many_at_once_one_makes_the_entry() {
    let root = tempfile::tempdir().unwrap();
    let together = Barrier::new(8);
    let made: usize = thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut made = 0;
                    together.wait();
                    let cache = Cache::new(root.path().to_owned());
                    let make = |_: &Path| {
                        made += 1;
                        Ok(())
                    };
                    cache.get_or_make("bao-1", make).unwrap();
                    made
                })
            })
            .collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).sum()
    });
    assert_eq!(made, 1);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Cache::new(file.clone()).get_or_make("bao-1", |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

#[test]
fn what_a_killed_process_left_is_not_taken_for_an_entry() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().to_owned());
    let left = cache.scratch("unfinished-bao-1");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("half"), "").unwrap();
    let made = cache.get_or_make("bao-1", write("whole")).unwrap();
    assert_eq!(names(&made), ["program"]);
    assert_eq!(names(root.path()), [".bao-1.lock", "bao-1"]);
}
