//! Whether the store must be read for an object now, and if not, when to look again.

use jiff::Timestamp;

use crate::observed::Observed;

/// Why an object is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wake {
    /// It, its target or the clock may have changed: look whether it is due.
    Look,
    /// What its values come from changed (its store, a credential): read the store, whatever the interval says.
    Refresh,
}

/// Whether the store must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It must be read now.
    Now,
    /// It must be read at that time, unless something changes before.
    At(Timestamp),
    /// It must be read when something changes.
    OnChange,
}

/// Whether the store must be read for an object now.
pub fn due(_observed: &Observed, _wake: Wake, _now: Timestamp) -> Due {
    todo!()
}
