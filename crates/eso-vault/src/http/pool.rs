//! Connections: a pool for each way to reach servers, for as long as a store uses it.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use reqwest::{Certificate, redirect};

use super::{
    identity::ClientIdentity,
    standby::{NamesFrom, Nearness},
};

/// A server that is there accepts a connection well within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One call, from the first byte sent to the last one read. Vault answers a login within 0.4 s on its worst days.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// The connection pools of a process: one for each way to reach servers, for as long as a store uses it.
#[derive(Debug, Default)]
pub(crate) struct Pools(Mutex<HashMap<Route, Weak<reqwest::Client>>>);

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    /// Which certificates are believed.
    pub(crate) trust: Trust,
    /// Who a server is told that we are, where it asks. What reaches a server as one is never used by another.
    pub(crate) identity: Option<ClientIdentity>,
    /// Whether proxies are passed by.
    pub(crate) direct: bool,
    /// How near the server is that leads there; `None` where it is the store that does, and names mean what they mean.
    pub(crate) led_from: Option<Nearness>,
}

/// Which certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trust {
    /// None: the server is reached without TLS.
    Plain,
    /// Those that the system's roots sign.
    System,
    /// Those that these roots sign, and no others. PEM.
    Only(Vec<u8>),
}

impl Pools {
    /// The pool of a route: a new one, or the one that another store uses now.
    pub(crate) fn get(&self, route: &Route) -> reqwest::Result<Arc<reqwest::Client>> {
        self.get_or_build(route, build)
    }

    /// It is built while nothing is locked: that parses certificates, and no store should wait for those of another.
    fn get_or_build(
        &self,
        route: &Route,
        build: impl FnOnce(&Route) -> reqwest::Result<reqwest::Client>,
    ) -> reqwest::Result<Arc<reqwest::Client>> {
        if let Some(pool) = self.used(route) {
            return Ok(pool);
        }
        let built = Arc::new(build(route)?);
        let mut pools = self.0.lock();
        // Two may build at once: the first that is done is used by both.
        if let Some(pool) = pools.get(route).and_then(Weak::upgrade) {
            return Ok(pool);
        }
        pools.retain(|_, pool| pool.strong_count() > 0);
        pools.insert(route.clone(), Arc::downgrade(&built));
        Ok(built)
    }

    fn used(&self, route: &Route) -> Option<Arc<reqwest::Client>> {
        self.0.lock().get(route).and_then(Weak::upgrade)
    }
}

fn build(Route { trust, identity, direct, led_from }: &Route) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .user_agent("external-secrets")
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT);
    let builder = if *direct { builder.no_proxy() } else { builder };
    let builder = match identity {
        Some(identity) => builder.identity(identity.parse()?),
        None => builder,
    };
    let builder = match led_from {
        Some(server) => builder.dns_resolver(NamesFrom(*server)),
        None => builder,
    };
    match trust {
        // With no roots at all: an image without any could not build a client otherwise (reqwest#2988).
        Trust::Plain => builder.tls_certs_only([]),
        Trust::System => builder,
        Trust::Only(roots) => builder.tls_certs_only(Certificate::from_pem_bundle(roots)?),
    }
    .build()
}

/// The connections of one store: to its server, and to the active node that a standby leads to.
#[derive(Debug)]
pub(crate) struct Pool {
    pools: Arc<Pools>,
    connections: RwLock<Connections>,
}

#[derive(Debug)]
struct Connections {
    route: Route,
    server: Arc<reqwest::Client>,
    /// Made when it is needed first: most servers never lead anywhere.
    active: Option<Arc<reqwest::Client>>,
}

impl Pool {
    /// The connections of a route.
    pub(crate) fn new(pools: Arc<Pools>, route: Route) -> reqwest::Result<Self> {
        let server = pools.get(&route)?;
        Ok(Self { pools, connections: RwLock::new(Connections { route, server, active: None }) })
    }

    /// From now on calls go through connections of this identity; those that are under way end on the ones before.
    pub(crate) fn show(&self, identity: ClientIdentity) -> reqwest::Result<()> {
        let route = Route { identity: Some(identity), ..self.connections.read().route.clone() };
        let server = self.pools.get(&route)?;
        *self.connections.write() = Connections { route, server, active: None };
        Ok(())
    }

    /// Those to the server.
    pub(super) fn to_server(&self) -> Arc<reqwest::Client> {
        Arc::clone(&self.connections.read().server)
    }

    /// Those to an active node that is so near, where a server leads that is so near itself. The environment's proxies are
    /// asked for any node but one on this machine.
    pub(super) fn to_active(
        &self,
        node: Nearness,
        server: Nearness,
    ) -> reqwest::Result<Arc<reqwest::Client>> {
        let connections = self.connections.read();
        if node == Nearness::Here {
            return Ok(Arc::clone(&connections.server));
        }
        if let Some(active) = &connections.active {
            return Ok(Arc::clone(active));
        }
        let shown = connections.route.clone();
        drop(connections);
        let route = Route { direct: false, led_from: Some(server), ..shown.clone() };
        let active = self.pools.get(&route)?;
        self.keep_active(&shown, &active);
        Ok(active)
    }

    /// Keeps connections that were made for this route to the server, unless another identity is shown by now.
    fn keep_active(&self, shown: &Route, active: &Arc<reqwest::Client>) {
        let mut connections = self.connections.write();
        if connections.route == *shown {
            connections.active = Some(Arc::clone(active));
        }
    }
}

#[cfg(test)]
mod tests;
