//! Vault stores against OpenBao, and against a scripted server for what a real one will not do on demand.

mod fixture;

mod answers;
mod conformance;
mod finds;
mod lives;
mod logins;
mod logs;
mod reads;
mod transport;
mod writes;
