//! Which keys a pattern allows.
