//! Many objects kept in step with their stores: a fair queue, stores with budgets, and the engine that joins them.
//!
//! Generic over its ports: it names no provider, no CRD type and no Kubernetes client.
//! Whoever embeds it writes [`ports::Target`] and nothing else, and [`ports::Stores`] where [`ports::StoreMap`] will not do;
//! connects providers to [`store::Store`]s; and tells [`engine::Handle`] what happened.
//! `docs/guides/embed-the-engine.md` goes that way step by step, and `docs/examples/embedded` is where it leads.

pub mod ports;

pub mod contents;
pub mod engine;
pub mod push;

pub mod queue;
pub mod store;

mod dispatch;
