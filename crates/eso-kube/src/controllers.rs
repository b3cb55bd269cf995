//! The controllers, and how they are joined.

pub mod external_secret;
pub mod secret_store;
