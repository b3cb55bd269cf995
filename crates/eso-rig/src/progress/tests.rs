//! Tests of `progress`.

use std::{process::Command, sync::Mutex};

use anyhow::bail;

use super::*;

/// Notes what it is told; `heard` hears each word of a step that goes on.
#[derive(Default)]
struct Notes {
    told: Mutex<Vec<String>>,
    heard: Option<Mutex<mpsc::Sender<()>>>,
}

impl Notes {
    fn note(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }
}

impl Progress for Notes {
    fn announced(&self, _: &[Step]) {}

    fn began(&self, step: &Step) {
        self.note(format!("{} began", step.name));
    }

    fn goes_on(&self, step: &Step, elapsed: Duration, said: &str) {
        self.note(format!("{} {elapsed:?} {said}", step.name));
        if let Some(heard) = &self.heard {
            // Whoever listens has heard enough where this fails.
            let _ = heard.lock().unwrap().send(());
        }
    }

    fn finished(&self, step: &Step, _: Duration) {
        self.note(format!("{} finished", step.name));
    }
}

fn step() -> Step {
    Step { name: "etcd 3".to_owned(), work: "build".to_owned(), about: Duration::from_secs(80) }
}

#[test]
fn a_step_that_goes_on_is_heard_of_with_what_its_program_said_last() {
    let (heard, hearing) = mpsc::channel();
    let notes = Notes { heard: Some(Mutex::new(heard)), ..Notes::default() };
    let done = step().carry_out(&notes, move |said| {
        let mut program = Command::new("sh");
        program.args(["-c", "echo one; echo two >&2"]);
        said.run(program)?;
        // It ends only when it was heard of.
        hearing.recv()?;
        Ok(5)
    });
    assert_eq!(done.unwrap(), 5);
    let told = notes.told.lock().unwrap();
    assert_eq!(told.first().unwrap(), "etcd 3 began");
    assert_eq!(told[1], "etcd 3 1s two");
    assert_eq!(told.last().unwrap(), "etcd 3 finished");
}

#[test]
fn a_step_that_fails_is_named_and_not_finished() {
    let notes = Notes::default();
    let failed = step().carry_out::<()>(&notes, |_| bail!("no network")).unwrap_err();
    assert_eq!(format!("{failed:#}"), "etcd 3 cannot be had: no network");
    assert!(!notes.told.lock().unwrap().iter().any(|told| told.ends_with("finished")));
}
