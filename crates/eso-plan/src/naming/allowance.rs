//! How much the rewrites of one set of values may take: expressions, templates and their number are a stranger's.

use eso_template::Limits;

use super::RewriteError;

/// Steps of templates and of regular expressions, for all rewrites and keys together: about 50 ms.
const STEPS: u64 = 1_000_000;

/// Steps that each key adds, in each rewrite: about 12 µs. The rewriting of a name of 50 characters takes 10 to 100.
const STEPS_A_KEY: u64 = 250;

/// Bytes of memory that each key adds.
const MEMORY_A_KEY: usize = 1 << 10;

/// Keys, each counted for each rewrite: 5 s at the most.
const KEYS: usize = 400_000;

/// Bytes of values that merges may read, each counted for each merge.
const READ: usize = 256 << 20;

/// Bytes that keys and values may grow to: the four times of what a Secret holds.
const GROWN: usize = 4 << 20;

/// What is left for the rewrites of one set of values.
#[derive(Debug)]
pub(super) struct Allowance {
    rewrites: usize,
    largest: usize,
    keys: usize,
    read: usize,
}

impl Allowance {
    /// For so many rewrites of so many bytes.
    pub(super) fn new(rewrites: usize, size: usize) -> Self {
        Self { rewrites: rewrites.max(1), largest: size.max(GROWN), keys: KEYS, read: READ }
    }

    /// Takes a rewrite of so many keys.
    pub(super) fn rewrite(&mut self, keys: usize) -> Result<(), RewriteError> {
        take(&mut self.keys, keys).ok_or(RewriteError::TooMuch("keys times rewrites"))
    }

    /// Takes the reading of so many bytes.
    pub(super) fn read(&mut self, bytes: usize) -> Result<(), RewriteError> {
        take(&mut self.read, bytes).ok_or(RewriteError::TooMuch("bytes to merge"))
    }

    /// Whether a rewrite may leave so many bytes.
    pub(super) fn keep(&self, size: usize) -> Result<(), RewriteError> {
        if size > self.largest { Err(RewriteError::TooMuch("bytes")) } else { Ok(()) }
    }

    /// What one rewrite of all these keys may use.
    pub(super) fn for_all(&self, keys: usize) -> Limits {
        let mut limits = Limits::default();
        limits.steps = self.steps() + STEPS_A_KEY * keys as u64;
        limits.memory += MEMORY_A_KEY * keys;
        limits
    }

    /// What one rewrite of each of these keys may use.
    pub(super) fn for_each(&self, keys: usize) -> Limits {
        let mut limits = Limits::default();
        let keys = keys.max(1);
        limits.steps = (self.steps() / keys as u64).clamp(STEPS_A_KEY, limits.steps);
        let rewritten = u32::try_from(self.rewrites.saturating_mul(keys)).unwrap_or(u32::MAX);
        limits.effort /= rewritten;
        limits
    }

    /// The share of one rewrite.
    fn steps(&self) -> u64 {
        STEPS / self.rewrites as u64
    }
}

fn take(left: &mut usize, some: usize) -> Option<()> {
    *left = left.checked_sub(some)?;
    Some(())
}
