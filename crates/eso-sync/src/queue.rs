//! Whose turn it is: objects that wait for a time, and objects that are due, served in a fair order.

/// How urgent it is to look at an object, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A person changed something and waits for it.
    Changed,
    /// It failed before, or what it comes from changed.
    Retry,
    /// Its time has come.
    Periodic,
}
