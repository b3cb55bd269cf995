//! Stores on AWS Secrets Manager against our own double, with faults on demand, and against the standard one.

mod fixture;
mod process;

mod batches;
mod conformance;
mod default_chain;
mod endpoints;
mod faults;
mod finds;
mod logins;
mod many;
mod prefixes;
mod reads;
mod roles;
mod web_identity;
