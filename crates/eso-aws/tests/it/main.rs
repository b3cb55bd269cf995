//! Stores on AWS Secrets Manager and Parameter Store against our own double, with faults on demand, and against the standard one.

mod fixture;

mod batches;
mod conformance;
mod default_chain;
mod faults;
mod finds;
mod logins;
mod parameter_finds;
mod parameter_writes;
mod parameters;
mod reads;
mod writes;
