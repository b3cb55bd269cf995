//! The certificate that is shown: another one is shown from the next handshake on, and no connection ends for it.

use std::{fmt, sync::Arc};

use anyhow::Context as _;
use eso_kube::certificates::{Pair, Served};
use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

/// What is shown.
pub(crate) struct Certificates {
    shown: RwLock<Option<Arc<CertifiedKey>>>,
    is_there: watch::Sender<bool>,
}

impl Certificates {
    /// Nothing yet; and whether there is something.
    pub(crate) fn new() -> (Arc<Self>, watch::Receiver<bool>) {
        let (is_there, told) = watch::channel(false);
        (Arc::new(Self { shown: RwLock::new(None), is_there }), told)
    }

    /// Shows what there is to be served, for as long as it is polled.
    pub(crate) async fn follow(self: Arc<Self>, mut served: Served) {
        loop {
            let pair = served.borrow_and_update().clone();
            pair.iter().for_each(|pair| self.show(pair));
            if served.changed().await.is_err() {
                return;
            }
        }
    }

    /// Shows this from now on, unless it is none that can be shown.
    pub(crate) fn show(&self, pair: &Pair) {
        match certified(pair) {
            Ok(key) => {
                *self.shown.write() = Some(Arc::new(key));
                self.is_there.send_replace(true);
                info!("webhooks are served with another certificate from now on");
            }
            Err(problem) => warn!("the certificate for webhooks cannot be served: {problem:#}"),
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.shown.read().clone()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

/// Takes connections with what is shown.
pub(crate) fn acceptor(certificates: Arc<Certificates>) -> TlsAcceptor {
    let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(certificates);
    config.alpn_protocols = vec![super::server::HTTP_2.to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn certified(pair: &Pair) -> anyhow::Result<CertifiedKey> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pair.chain.as_bytes())
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .context("tls.crt is no certificate in PEM")?;
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).ok().context("tls.key is no key in PEM")?;
    let key =
        aws_lc_rs::sign::any_supported_type(&key).ok().context("tls.key is of no kind that is known")?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().ok().context("tls.key is not the key of tls.crt")?;
    Ok(certified)
}

#[cfg(test)]
mod tests {
    use eso_kube::certificates::Pair;

    use super::Certificates;

    fn pair() -> Pair {
        let made = rcgen::generate_simple_self_signed(vec!["hooks".to_owned()]).unwrap();
        Pair { chain: made.cert.pem(), key: made.signing_key.serialize_pem().into() }
    }

    #[test]
    fn what_cannot_be_shown_takes_the_place_of_nothing() {
        let (certificates, is_there) = Certificates::new();
        let (one, other) = (pair(), pair());
        for broken in [
            Pair { chain: "none".into(), ..one.clone() },
            Pair { key: String::new().into(), ..one.clone() },
            Pair { key: other.key, ..one.clone() },
        ] {
            certificates.show(&broken);
            assert!(!*is_there.borrow(), "{broken:?}");
        }
        certificates.show(&one);
        assert!(*is_there.borrow());
        let shown = certificates.shown.read().clone();
        certificates.show(&Pair { chain: "none".into(), ..one });
        assert!(shown.is_some() && certificates.shown.read().is_some());
    }
}
