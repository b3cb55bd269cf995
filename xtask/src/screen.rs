//! What a person who runs a command sees: what is done, how it goes, how long it took.

use std::{
    future::Future,
    io::{IsTerminal as _, Write as _, stdout},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use eso_rig::{Progress, Step};

/// How often, in seconds, a step that goes on gets a line where lines stay, as in a log.
const REMINDER: u64 = 15;

/// The columns of a line that is overwritten: one that a terminal breaks in two cannot be. In a log, the rest of what
/// a program says is of no use either.
const COLUMNS: usize = 79;

/// Back to the begin of a terminal's line, with nothing on it.
const ERASE: &str = "\r\x1b[2K";

/// The terminal, or the file that it is sent to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Screen;

impl Screen {
    /// Shows a line.
    pub(crate) fn say(&self, line: &str) {
        let erase = if stdout().is_terminal() { ERASE } else { "" };
        // Nobody reads it where standard output is closed, and that is no reason to stop.
        let _ = writeln!(stdout(), "{erase}{line}");
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

    /// Does something that takes a while, counts its seconds, and says how long it took.
    pub(crate) async fn step<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let began = Instant::now();
        let count = async {
            for second in (1..).map(Duration::from_secs) {
                tokio::time::sleep(second.saturating_sub(began.elapsed())).await;
                self.goes_on(name, second, "");
            }
            std::future::pending().await
        };
        let done = tokio::select! { done = work => done, never = count => never };
        let done = done.with_context(|| format!("{name}: it failed after {}", seconds(began.elapsed())))?;
        self.say(&format!("  {name}: ready, {}", seconds(began.elapsed())));
        Ok(done)
    }

    /// Shows for a whole second how long something has taken: in place on a terminal, as a line now and then elsewhere.
    fn goes_on(&self, name: &str, elapsed: Duration, said: &str) {
        let line = going_on(name, elapsed, said);
        match stdout().is_terminal() {
            true => {
                let mut terminal = stdout();
                // As with whole lines.
                let _ = write!(terminal, "{ERASE}{line}").and_then(|()| terminal.flush());
            }
            false if is_due(elapsed) => self.say(&line),
            false => {}
        }
    }
}

impl Progress for Screen {
    fn announced(&self, steps: &[Step]) {
        self.say(&announcement(steps));
    }

    fn began(&self, step: &Step) {
        self.say(&format!("{} …", step.name));
    }

    fn goes_on(&self, step: &Step, elapsed: Duration, said: &str) {
        Self::goes_on(self, &step.name, elapsed, said);
    }

    fn finished(&self, step: &Step, took: Duration) {
        self.say(&format!("  {}: done, {}", step.name, seconds(took)));
    }
}

/// A duration as people read it.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        whole @ 60.. => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{:.1} s", duration.as_secs_f32()),
    }
}

/// What is going to be fetched and built, and about how long each of it and all of it takes.
fn announcement(steps: &[Step]) -> String {
    let about: Duration = steps.iter().map(|step| step.about).sum();
    let minutes = match about.as_secs().div_ceil(60) {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    };
    let lines = steps
        .iter()
        .map(|Step { name, work, about }| format!("\n  {name}: {work}, about {} s", about.as_secs()));
    format!(
        "This is fetched and built once, and kept for the next time. It takes about {minutes} on two cores:{}",
        lines.collect::<String>()
    )
}

/// A step that goes on, in one line; `said` is empty where its program said nothing yet.
fn going_on(name: &str, elapsed: Duration, said: &str) -> String {
    let elapsed = match elapsed.as_secs() {
        whole @ 60.. => format!("{} min {:02} s", whole / 60, whole % 60),
        whole => format!("{whole} s"),
    };
    let line = match said {
        "" => format!("  {name}: {elapsed}"),
        said => format!("  {name}: {elapsed}; {said}"),
    };
    line.chars().take(COLUMNS).collect()
}

/// Whether a line is due after so many whole seconds, where lines stay.
fn is_due(elapsed: Duration) -> bool {
    elapsed.as_secs().is_multiple_of(REMINDER)
}

#[cfg(test)]
mod tests;
