//! Conformance suite for providers, an in-memory provider, object builders
