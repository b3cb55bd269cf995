//! How much may be read of values for one object.

use std::cell::Cell;

/// A thousand properties of a value of 64 kB, each looked up by the longest way, and nobody waits for a second. A value
/// may be 2 MiB long, and an object may ask for ten thousand properties of it.
const BYTES: usize = 256 << 20;

/// How many bytes of values may still be read for one object, each as often as it is read: a look-up reads a value
/// from its beginning.
#[derive(Debug)]
pub struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(BYTES))
    }
}

impl Budget {
    /// For one look-up.
    pub(super) fn of(bytes: usize) -> Self {
        Self(Cell::new(bytes))
    }

    /// How many are left; 0 once it was overdrawn.
    pub(super) fn left(&self) -> usize {
        self.0.get()
    }

    /// Takes so many; `None` once there is nothing left.
    pub(super) fn spend(&self, bytes: usize) -> Option<()> {
        let left = self.0.get().saturating_sub(bytes);
        self.0.set(left);
        (left > 0).then_some(())
    }

    /// How many were taken of a budget that was whole.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> usize {
        BYTES - self.0.get()
    }
}
