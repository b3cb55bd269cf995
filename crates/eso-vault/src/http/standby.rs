//! The one redirect that is followed: a standby's, which names the active node and changes nothing else of the request.
//!
//! What was asked is asked once more with all that was sent, the token among it. A server that was asked has all that
//! already, so it could hand it on itself; what it must not get is a request from where the operator stands. So only the
//! origin is taken out of a redirect, never a path; the scheme stays; and whoever is not on this machine or its link is
//! not led there, by an address or by a name that means one: that is where machines keep their own services.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, StatusCode, header::LOCATION};
use percent_encoding::percent_decode_str;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// How near a host is, as far as services are concerned that a machine keeps for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Nearness {
    /// On this machine.
    Here,
    /// On this machine's link, where clouds answer what a machine asks about itself.
    Link,
    /// Anywhere else.
    Far,
}

/// A request that a server has answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Scheme, host and port of the server that was asked.
    pub(super) origin: &'a str,
    /// The path that its API is below, `/v1` included.
    pub(super) prefix: &'a str,
    /// Path and query below that.
    pub(super) path: &'a str,
    /// How near that server is.
    pub(super) nearness: Nearness,
}

/// Where a request is asked once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Active {
    /// The whole address.
    pub(super) address: String,
    /// How near it is.
    pub(super) nearness: Nearness,
}

/// Where the active node is asked, where a standby's answer says so; `None` where it is no such answer, or one that is
/// not followed.
pub(super) fn active(asked: Asked<'_>, status: StatusCode, headers: &HeaderMap) -> Option<Active> {
    if status != StatusCode::TEMPORARY_REDIRECT {
        return None;
    }
    let location = Url::parse(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    let ours = Url::parse(asked.origin).ok()?;
    let nearness = Nearness::of(&location.host()?);
    let is_plain = location.username().is_empty() && location.password().is_none();
    let is_allowed = nearness.is_allowed(asked.nearness);
    if location.scheme() != ours.scheme() || !is_plain || location.fragment().is_some() || !is_allowed {
        return None;
    }
    // Behind a proxy that takes a prefix off, a node knows only of its own path.
    let path = [asked.prefix, "/v1"].map(|prefix| format!("{prefix}{}", asked.path));
    let path = path.into_iter().find(|path| is_same(&ours, path, &location))?;
    Some(Active { address: format!("{}{path}", origin(&location)?), nearness })
}

/// Scheme, host and port of an address.
pub(crate) fn origin(url: &Url) -> Option<String> {
    Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port_or_known_default()?))
}

/// Whether a redirect leads to the path and query that were asked, however each of the two encodes them.
fn is_same(ours: &Url, path: &str, location: &Url) -> bool {
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let parts = |url: &Url| (decoded(url.path()), decoded(url.query().unwrap_or_default()));
    ours.join(path).is_ok_and(|asked| parts(&asked) == parts(location))
}

impl Nearness {
    /// How near a host is by what is written.
    pub(crate) fn of<Text: AsRef<str>>(host: &Host<Text>) -> Self {
        match host {
            Host::Domain(name) if is_this_machine(name.as_ref()) => Self::Here,
            Host::Domain(_) => Self::Far,
            Host::Ipv4(address) => Self::of_address(IpAddr::V4(*address)),
            Host::Ipv6(address) => Self::of_address(IpAddr::V6(*address)),
        }
    }

    /// The unspecified address is taken for this machine's own by Linux.
    fn of_address(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let is_link = match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local() || is_of_aws(address),
        };
        match address.is_loopback() || address.is_unspecified() {
            true => Self::Here,
            false if is_link => Self::Link,
            false => Self::Far,
        }
    }

    /// Whether a server that is as near as this other leads there: what is as near as itself is nothing new to it.
    fn is_allowed(self, server: Self) -> bool {
        self == Self::Far || self == server
    }
}

/// RFC 6761: all names below `localhost` are this machine's.
fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// Where AWS answers on IPv6 what it answers at 169.254.169.254: `fd00:ec2::/32`.
fn is_of_aws(address: Ipv6Addr) -> bool {
    address.segments()[..2] == [0xfd00, 0x0ec2]
}

/// Resolves names as the system does, but none that means what this server does not lead to: a name is held against the
/// rule when a connection is made, whatever it meant before.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamesFrom(pub(super) Nearness);

/// A name that a redirect leads to means this machine or its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name means this machine or its link")]
pub(super) struct LedHere;

impl Resolve for NamesFrom {
    fn resolve(&self, name: Name) -> Resolving {
        let Self(server) = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !Nearness::of_address(address.ip()).is_allowed(server)) {
                return Err(LedHere.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
