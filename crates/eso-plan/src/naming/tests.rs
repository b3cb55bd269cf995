//! What keys become.
