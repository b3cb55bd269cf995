//! Stores on AWS Secrets Manager against our own double, with faults on demand, and against the standard one.

mod fixture;

mod batches;
mod conformance;
mod default_chain;
mod faults;
mod finds;
mod logins;
mod reads;
