//! When the timer may act.
