//! What a rendering takes from the world: the time and random bytes, both handed in.

use std::fmt;

use jiff::Timestamp;

/// Where random bytes come from. Keys are made of them: outside of tests it must be the operating system's own
/// generator, or one that was seeded by it.
pub trait Random {
    /// Fills a buffer.
    fn fill(&mut self, buffer: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Random for F {
    fn fill(&mut self, buffer: &mut [u8]) {
        self(buffer);
    }
}

/// The time and random bytes. The time zone is UTC, as in the original's container.
pub struct Surroundings<'a> {
    /// What `now` answers, all through one rendering.
    pub now: Timestamp,
    /// What `uuidv4`, `randAlpha`, `genPrivateKey "ecdsa"` and their like are made of. RSA keys alone are not: AWS-LC
    /// makes them with a generator of its own.
    pub random: &'a mut dyn Random,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("now", &self.now).finish_non_exhaustive()
    }
}
