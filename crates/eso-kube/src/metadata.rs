//! What a Secret's metadata says about who wrote it.
