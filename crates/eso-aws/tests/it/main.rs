//! Stores on AWS Secrets Manager and Parameter Store against our own double, with faults on demand, and against the standard one.

mod fixture;
mod process;

mod answers;
mod batches;
mod conformance;
mod default_chain;
mod endpoints;
mod faults;
mod finds;
mod logins;
mod many;
mod parameter_finds;
mod parameter_writes;
mod parameters;
mod policies;
mod prefixes;
mod quotas;
mod reads;
mod roles;
mod web_identity;
mod writes;
