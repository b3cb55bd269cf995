//! The operator: arguments and wiring, and the binary eso
