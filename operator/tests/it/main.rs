//! The operator's behaviours on real servers: the real binary, a real API server, OpenBao and doubles of AWS.
#![expect(clippy::unwrap_used, reason = "this is all test, which clippy only sees of the test functions")]

mod harness;

mod walk_through;

mod admission;
mod aws_logins;
mod chart;
mod cluster;
mod described;
mod ends;
mod fences;
mod fights;
mod filled;
mod generic_targets;
mod isolation;
mod lease;
mod legacy;
mod migrate;
mod originals;
mod parameters;
mod plan;
mod policies;
mod process;
mod prompt;
mod pushes;
mod quotas;
mod refused;
mod remote_refs;
mod rights;
mod rotated;
mod service_accounts;
mod unreadable;
mod wrong;

mod counted;
mod leaks;
mod logins;
mod stores;
mod switch_over;
mod templates;
