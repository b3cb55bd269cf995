//! Vault stores against servers.
