//! What is read of objects, and written.
