//! How somebody who waits is told what is fetched and built.

use std::{
    io::{Write, stderr},
    time::Duration,
};

/// One thing that has to be fetched or built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is, with its version.
    pub name: String,
    /// What is done to have it, in a few words.
    pub work: String,
    /// About how long it takes on two cores.
    pub about: Duration,
}

/// Is told before and while servers are fetched and built; not called when all of them are there.
pub trait Progress: Send + Sync {
    /// All that is going to be done, before anything is.
    fn announced(&self, steps: &[Step]);
    /// A step begins.
    fn began(&self, step: &Step);
    /// A step ended well, after so long. A failed step is an error of the call instead.
    fn finished(&self, step: &Step, took: Duration);
}

/// For tests: one line on standard error, and that only when somebody has to wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneLine;

impl Progress for OneLine {
    fn announced(&self, steps: &[Step]) {
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        let about: Duration = steps.iter().map(|step| step.about).sum();
        // Nobody reads it when standard error is closed, and that is no reason to fail.
        let _ = writeln!(
            stderr(),
            "eso-rig: fetching and building {} (about {} min, once)",
            names.join(", "),
            about.as_secs().div_ceil(60)
        );
    }

    fn began(&self, _: &Step) {}

    fn finished(&self, _: &Step, _: Duration) {}
}
