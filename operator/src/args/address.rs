//! Addresses to listen at, as Go writes them.

use std::{fmt, io, net::Ipv4Addr, str::FromStr};

use tokio::net::TcpListener;

/// `host:port`, `:port` for every address of the machine, or `0` for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress(Option<(String, u16)>);

impl ListenAddress {
    /// Serves none.
    pub fn nowhere() -> Self {
        Self(None)
    }

    /// Begins to listen; `None` where nothing is to be served.
    ///
    /// Without a host it listens on IPv6 and IPv4 where the machine has both, else on IPv4.
    pub async fn bind(&self) -> io::Result<Option<TcpListener>> {
        match &self.0 {
            None => Ok(None),
            Some((host, port)) if host.is_empty() => match TcpListener::bind(("::", *port)).await {
                Ok(listener) => Ok(Some(listener)),
                Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).await.map(Some),
            },
            Some((host, port)) => TcpListener::bind((host.as_str(), *port)).await.map(Some),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "0" {
            return Ok(Self(None));
        }
        let (host, port) = text.rsplit_once(':').ok_or("not an address such as :8080 or 127.0.0.1:8080")?;
        let port = port.parse().map_err(|_| format!("{port:?} is not a port"))?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Self(Some((host.to_owned(), port))))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("0"),
            Some((host, port)) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some((host, port)) => write!(f, "{host}:{port}"),
        }
    }
}
