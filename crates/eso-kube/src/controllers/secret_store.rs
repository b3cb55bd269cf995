//! The status of stores.
