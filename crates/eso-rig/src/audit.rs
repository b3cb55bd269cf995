//! A server's audit log, read from a point on.

use std::{
    fs::File,
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// A file to which a server appends one JSON object a line for each request.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
}

/// A point in a server's audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

impl Mark {
    /// Before everything.
    pub const START: Self = Self(0);
}

impl Log {
    /// The log at `path`, which need not exist yet.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where the log ends now.
    pub(crate) fn end(&self) -> Result<Mark> {
        Ok(Mark(self.text_since(Mark::START)?.1))
    }

    /// Every whole line after the mark.
    pub(crate) fn since<Line: DeserializeOwned>(&self, mark: Mark) -> Result<Vec<Line>> {
        let (text, _) = self.text_since(mark)?;
        text.lines()
            .map(|line| serde_json::from_str(line).context("a line of an audit log must be its JSON"))
            .collect()
    }

    /// The whole lines after the mark, and where they end: a line that is being written is left out.
    fn text_since(&self, mark: Mark) -> Result<(String, u64)> {
        let failed = || format!("cannot read {}", self.path.display());
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((String::new(), mark.0)),
            Err(error) => return Err(error).with_context(failed),
        };
        file.seek(SeekFrom::Start(mark.0)).with_context(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(failed)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        bytes.truncate(whole);
        let end = mark.0 + whole as u64;
        Ok((String::from_utf8(bytes).context("an audit log must be text")?, end))
    }
}

#[cfg(test)]
mod tests;
