//! Starts real servers for tests: etcd, kube-apiserver, OpenBao, AWS doubles, each on a free port.
//!
//! A server is found, or fetched and built once and kept ([`prepare`]); it ends with its handle, and with
//! the process, however that ends. Nothing here knows what is tested with it.

mod audit;
mod aws_json;
mod cache;
mod certificates;
mod control_plane;
mod environment;
mod fast_aws;
mod fetch;
mod folder;
mod http;
mod kubeconfig;
mod moto;
mod openbao;
mod parameter_store;
mod port;
mod process;
mod programs;
mod progress;
mod proxy;
mod said;
mod scripted;
mod secrets_manager;

pub use self::{
    audit::Mark,
    control_plane::{ApiClient, ApiRequest, ApiRequests, ApiWatch, ControlPlane, ControlPlaneOptions},
    fast_aws::{Assumed, Call, Effect, FastAws, FastAwsOptions, Fault},
    http::Answer,
    moto::Moto,
    openbao::{Cluster, Mode, OpenBao, Standbys, VaultRequest, VaultRequests},
    parameter_store::ParameterStore,
    port::free as free_port,
    process::{Launch, Process},
    programs::{Plan, Program, find, plan, prepare},
    progress::{OneLine, Progress, Step},
    proxy::{FaultProxy, ProxyMode},
    said::Said,
    scripted::{Reply, Scripted, ScriptedRequest},
    secrets_manager::SecretsManager,
};
pub use reqwest::{Method, StatusCode};
