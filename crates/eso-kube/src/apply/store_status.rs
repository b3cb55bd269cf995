//! Writes the status of a store.
