//! What a program that takes minutes says meanwhile, for somebody who waits for it.

use std::{
    collections::VecDeque,
    fs,
    io::{BufReader, Read, pipe},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, bail};

/// Lines that an error quotes: a compiler's first error stands far above its last word.
const QUOTED_LINES: usize = 60;

/// A megabyte, as package registries count.
const MEGABYTE: u64 = 1_000_000;

/// What was said last, and what is being fetched.
#[derive(Debug, Default)]
pub struct Said {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    line: String,
    fetching: Option<Fetching>,
}

/// A folder that a download fills.
#[derive(Debug)]
struct Fetching {
    folder: PathBuf,
    /// About how many megabytes it holds in the end.
    megabytes: u64,
}

impl Said {
    /// Runs a program to its end. Each line that it prints, on standard output or error, is what was said last.
    ///
    /// # Errors
    /// When it does not run, or does not end well; quotes the last lines that it printed.
    pub fn run(&self, mut command: Command) -> Result<()> {
        let program = command.get_program().to_string_lossy().into_owned();
        let (output, input) = pipe().context("no pipe")?;
        command.stdin(Stdio::null()).stdout(input.try_clone().context("no pipe")?).stderr(input);
        let mut child = command.spawn().with_context(|| format!("{program} does not run"))?;
        // The command holds the pipe's other end too, and the pipe ends when nobody holds it.
        drop(command);
        let quoted = self.listen(output)?;
        let status = child.wait().with_context(|| format!("{program} cannot be waited for"))?;
        match status.success() {
            true => Ok(()),
            false => bail!("{program} failed ({status}):\n{quoted}"),
        }
    }

    /// Says from now on how much of so many megabytes has come into the folder.
    pub(crate) fn fetching(&self, folder: &Path, megabytes: u64) {
        self.state().fetching = Some(Fetching { folder: folder.to_owned(), megabytes });
    }

    /// What was said last, and how far the download is.
    pub(crate) fn last(&self) -> String {
        let state = self.state();
        match &state.fetching {
            None => state.line.clone(),
            Some(Fetching { folder, megabytes }) => {
                format!("{} of about {megabytes} MB; {}", size(folder) / MEGABYTE, state.line)
            }
        }
    }

    /// Notes each line, and answers the last ones. A line that ends in a carriage return is shown and overwritten:
    /// how far something is, and no word of an error.
    fn listen(&self, output: impl Read) -> Result<String> {
        let mut kept = VecDeque::new();
        let mut line = Vec::new();
        for byte in BufReader::new(output).bytes() {
            match byte.context("cannot read what a program says")? {
                end @ (b'\n' | b'\r') => {
                    let text = printable(&std::mem::take(&mut line));
                    self.say(&text);
                    if end == b'\n' {
                        kept.push_back(text);
                    }
                    if kept.len() > QUOTED_LINES {
                        kept.pop_front();
                    }
                }
                byte => line.push(byte),
            }
        }
        kept.push_back(printable(&line));
        Ok(Vec::from(kept).join("\n").trim_end().to_owned())
    }

    fn say(&self, line: &str) {
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut self.state().line);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn printable(line: &[u8]) -> String {
    String::from_utf8_lossy(line).replace(char::is_control, "")
}

/// The bytes of the files below a folder. What vanishes meanwhile counts nothing.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests;
