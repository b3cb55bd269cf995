//! How names must look, as the original's schema says it.

/// The name of an object: a DNS subdomain, of at most 253 characters.
pub(super) const SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// The name of a namespace: a DNS label, of at most 63 characters.
pub(super) const LABEL: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// The key of an entry of a Secret, of at most 253 characters.
pub(super) const KEY: &str = r"^[-._a-zA-Z0-9]+$";
