//! The annotations by which a Secret asks to be filled, and those in which it is written down that it was.

/// The store that the references of a Secret are read from, `KIND/NAME`; empty is the one that its Namespace names with
/// the same annotation. A Secret without it asks for nothing.
pub const STORE: &str = "admission.external-secrets.io/store";

/// How often it is to be refreshed: a duration such as `1h`.
pub const INTERVAL: &str = "admission.external-secrets.io/refresh-interval";

/// What it was filled with, sealed. Nobody else can write it.
pub const RECORD: &str = "admission.external-secrets.io/record";

/// How its refreshing stands.
pub const STATUS: &str = "admission.external-secrets.io/status";
