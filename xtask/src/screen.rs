//! What a person who runs a command sees: what is done, how it goes, how long it took.

use std::{
    future::Future,
    io::{IsTerminal as _, Write as _, stdout},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use eso_rig::{Progress, Step};

/// The terminal, or the file that it is sent to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Screen;

impl Screen {
    /// Shows a line.
    pub(crate) fn say(&self, line: &str) {
        // Nobody reads it where standard output is closed, and that is no reason to stop.
        let _ = writeln!(stdout(), "{line}");
    }

    /// Shows what another program printed, indented.
    pub(crate) fn show(&self, text: &str) {
        text.lines().for_each(|line| self.say(&format!("    {line}")));
    }

    /// Begins a part.
    pub(crate) fn heading(&self, title: &str) {
        match stdout().is_terminal() {
            true => self.say(&format!("\n\x1b[1m{title}\x1b[0m\n")),
            false => self.say(&format!("\n{title}\n")),
        }
    }

    /// Does something that takes a while, and says how long it took.
    pub(crate) async fn step<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let began = Instant::now();
        let done = work.await.with_context(|| format!("{name} did not start"))?;
        self.say(&format!("  {name}: ready, {}", seconds(began.elapsed())));
        Ok(done)
    }
}

impl Progress for Screen {
    fn announced(&self, steps: &[Step]) {
        let about: Duration = steps.iter().map(|step| step.about).sum();
        self.say(&format!(
            "Servers are fetched and built once, and kept for the next time. It takes about {} minutes:",
            about.as_secs().div_ceil(60)
        ));
        for Step { name, work, about } in steps {
            self.say(&format!("  {name}: {work}, about {} s", about.as_secs()));
        }
    }

    fn began(&self, step: &Step) {
        self.say(&format!("{} …", step.name));
    }

    fn finished(&self, step: &Step, took: Duration) {
        self.say(&format!("  {}: done, {}", step.name, seconds(took)));
    }
}

/// A duration as people read it.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f32())
}
