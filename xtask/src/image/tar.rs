//! A tar archive (ustar) in memory, the same bytes for the same files.

use anyhow::{Result, ensure};

/// The size of a block, of which an archive is made.
const BLOCK: usize = 512;

/// The longest path that fits into a header.
const LONGEST_PATH: usize = 100;

/// Something in an archive. It belongs to root, and is as old as time itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    path: String,
    mode: u32,
    kind: Kind,
    content: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

impl Entry {
    /// A file; `path` has no leading slash.
    pub(crate) fn file(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), mode: 0o644, kind: Kind::File, content: content.into() }
    }

    /// A file that can be run.
    pub(crate) fn program(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { mode: 0o755, ..Self::file(path, content) }
    }

    /// A folder; `mode` as chmod has it.
    pub(crate) fn folder(path: &str, mode: u32) -> Self {
        Self { path: format!("{path}/"), mode, kind: Kind::Folder, content: Vec::new() }
    }
}

/// An archive of these, in their order.
///
/// # Errors
/// When a path is longer than 100 bytes, which no path here is.
pub(super) fn archive(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend(header(entry)?);
        bytes.extend(&entry.content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    Ok(bytes)
}

fn header(entry: &Entry) -> Result<[u8; BLOCK]> {
    let Entry { path, mode, kind, content } = entry;
    ensure!(path.len() <= LONGEST_PATH, "{path} is too long for an archive");
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, path);
    put(100, &format!("{mode:07o}"));
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", content.len()));
    put(136, "00000000000");
    // The sum is taken with blanks where it will stand.
    put(148, "        ");
    put(
        156,
        match kind {
            Kind::File => "0",
            Kind::Folder => "5",
        },
    );
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}
