//! What values are decoded to, beside what Go says.
