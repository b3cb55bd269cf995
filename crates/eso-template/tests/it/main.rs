//! Templates against what Go renders.

mod golden;
mod probes;
mod regexp;
