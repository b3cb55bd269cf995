//! The words that every other crate speaks: the provider contract, its errors, redacted values, names, and the CRD
//! types of `external-secrets.io`.
//!
//! There is no IO and no clock here, and kube is used only for its derive macro.
//! A new provider needs nothing but this crate: start at [`provider::SecretProvider`], or at
//! `docs/guides/write-a-provider.md`.

pub mod provider;

pub mod credentials;
pub mod error;
pub mod key;
pub mod value;

pub mod duration;
pub mod labels;

pub mod api;
