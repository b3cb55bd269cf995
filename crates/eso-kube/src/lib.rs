//! Kubernetes as the ports of eso-sync: what is watched, what is remembered of it, and what is written.
//!
//! Start at [`controllers::Controller`], which joins the parts: [`watch`] and [`index`] know the cluster, [`metadata`]
//! reads drift off it, [`apply`] alone writes targets and statuses, [`stores`] connects the stores, and [`events`]
//! tells people.

pub mod controllers;

pub mod index;
pub mod marks;
pub mod metadata;
pub mod watch;

pub mod apply;

pub mod client;
pub mod credentials;
pub mod events;
pub mod stores;
pub mod telemetry;

mod spread;
