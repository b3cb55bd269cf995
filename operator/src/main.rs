//! The binary `eso`.

fn main() {}
