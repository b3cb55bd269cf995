//! Kubernetes as the ports of eso-sync: what is watched, what is remembered of it, and what is written.
//!
//! Start at [`controllers::Controller`], which joins the parts: [`watch`] and [`index`] know the cluster, [`metadata`]
//! reads drift off it, [`apply`] alone writes targets and statuses, [`stores`] connects the stores, [`events`]
//! tells people, and [`lease`] says whether this process may write at all. [`certificates`] and [`seal`] keep what
//! whoever serves admission needs besides.

pub mod controllers;

pub mod index;
pub mod marks;
pub mod metadata;
pub mod watch;

pub mod apply;

pub mod client;
pub mod credentials;
pub mod events;
pub mod lease;
pub mod stores;
pub mod telemetry;

pub mod certificates;
pub mod seal;

mod own;
mod spread;
