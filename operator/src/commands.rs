//! What the binary does besides running the operator.

pub mod migrate;
pub mod originals;
pub mod plan;
pub mod render;
