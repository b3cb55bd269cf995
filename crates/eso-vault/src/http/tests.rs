//! Pools are shared by what makes them differ, and a failure is told by its cause.

use std::{io, sync::Arc, time::Duration};

use eso_core::value::SecretBytes;
use http::{HeaderValue, Response};
use rustls::{AlertDescription, CertificateError, Error};
use zeroize::Zeroizing;

use super::{Caller, ClientIdentity, Failure, Pool, Pools, Reply, Route, Seals, Trust, is_header, tls_cause};

fn roots() -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["vault.example".to_owned()]);
    made.expect("a certificate must be made").cert.pem().into_bytes()
}

#[test]
fn a_pool_is_built_while_nothing_is_locked_and_two_that_build_at_once_share_it() {
    let pools = Pools::default();
    let route = Route { trust: Trust::Plain, identity: None, direct: true };
    let other = Route { trust: Trust::Plain, identity: None, direct: false };
    let mut faster = None;
    let slower = pools.get_or_build(&route, |route| {
        assert!(pools.0.try_lock().is_some(), "another store must not wait");
        assert!(pools.get(&other).is_ok());
        faster = pools.get(route).ok();
        super::build(route)
    });
    let (slower, faster) = (slower.unwrap(), faster.unwrap());
    let again = pools.get_or_build(&route, |_| panic!("it must not be built again")).unwrap();
    assert!(Arc::ptr_eq(&slower, &faster) && Arc::ptr_eq(&slower, &again));
}

#[test]
fn a_pool_is_shared_by_those_who_reach_servers_in_the_same_way() {
    let pools = Pools::default();
    let (one, other) = (Trust::Only(roots()), Trust::Only(roots()));
    let get = |trust: &Trust, direct| {
        pools.get(&Route { trust: trust.clone(), identity: None, direct }).expect("a pool must be made")
    };
    let first = get(&one, false);
    assert!(Arc::ptr_eq(&first, &get(&one, false)));
    for different in [get(&one, true), get(&other, false), get(&Trust::Plain, false)] {
        assert!(!Arc::ptr_eq(&first, &different));
    }
}

fn identity() -> ClientIdentity {
    let made = rcgen::generate_simple_self_signed(["client.example".to_owned()]);
    let rcgen::CertifiedKey { cert, signing_key } = made.expect("a certificate must be made");
    let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
    ClientIdentity::new(&SecretBytes::from(certificate), &SecretBytes::from(key))
        .expect("they must belong together")
}

#[test]
fn a_pool_is_shared_by_those_who_show_the_same_certificate_and_by_nobody_else() {
    let pools = Pools::default();
    let get = |identity: Option<&ClientIdentity>| {
        let route = Route { trust: Trust::System, identity: identity.cloned(), direct: false };
        pools.get(&route).expect("a pool must be made")
    };
    let (one, other) = (identity(), identity());
    let first = get(Some(&one));
    assert!(Arc::ptr_eq(&first, &get(Some(&one))));
    for different in [get(Some(&other)), get(None)] {
        assert!(!Arc::ptr_eq(&first, &different));
    }
}

#[test]
fn connections_that_are_replaced_serve_no_later_call() {
    let pools = Pools::default();
    let get = |direct| pools.get(&Route { trust: Trust::Plain, identity: None, direct }).unwrap();
    let (before, after) = (get(true), get(false));
    let pool = Pool::new(Arc::clone(&before));
    let under_way = pool.current();
    pool.replace(Arc::clone(&after));
    assert!(Arc::ptr_eq(&under_way, &before) && Arc::ptr_eq(&pool.current(), &after));
}

#[test]
fn a_pool_that_nobody_uses_is_forgotten() {
    let pools = Pools::default();
    for _ in 0..3 {
        let route = Route { trust: Trust::Only(roots()), identity: None, direct: false };
        drop(pools.get(&route).expect("a pool must be made"));
    }
    assert_eq!(pools.0.lock().len(), 1);
}

#[test]
fn roots_that_are_no_certificates_make_no_pool() {
    let garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let route = Route { trust: Trust::Only(garbage), identity: None, direct: false };
    assert!(Pools::default().get(&route).is_err());
}

#[test]
fn a_certificate_is_refused_by_what_is_wrong_with_it() {
    for (cause, failure) in [
        (Error::InvalidCertificate(CertificateError::UnknownIssuer), Failure::UntrustedCertificate),
        (Error::InvalidCertificate(CertificateError::BadSignature), Failure::UntrustedCertificate),
        (Error::InvalidCertificate(CertificateError::Expired), Failure::OutdatedCertificate),
        (Error::InvalidCertificate(CertificateError::NotValidYet), Failure::OutdatedCertificate),
        (Error::InvalidCertificate(CertificateError::NotValidForName), Failure::ForeignCertificate),
        (Error::DecryptError, Failure::Handshake),
        (Error::AlertReceived(AlertDescription::CertificateRequired), Failure::RefusedCertificate),
        (Error::AlertReceived(AlertDescription::UnknownCA), Failure::RefusedCertificate),
        (Error::AlertReceived(AlertDescription::ProtocolVersion), Failure::Handshake),
    ] {
        assert_eq!(Failure::of_tls(&cause), failure, "{cause:?}");
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, cause.clone()));
        assert_eq!(tls_cause(&wrapped), Some(&cause));
    }
    assert_eq!(tls_cause(&io::Error::other("no TLS here")), None);
}

#[test]
fn a_caller_shows_no_token() {
    let caller = Caller::new(Some(&SecretBytes::from("canary-0b5e")), None);
    assert!(caller.token.is_some());
    assert!(!format!("{caller:?}").contains("canary-0b5e"));
}

#[test]
fn what_no_header_can_carry_is_known_beforehand() {
    for (text, carried) in [("s.token", true), ("a b", true), ("a\nb", false), ("a\0", false), ("a\r", false)]
    {
        assert_eq!(is_header(text), carried, "{text:?}");
        assert_eq!(Caller::new(Some(&SecretBytes::from(text)), None).token.is_some(), carried, "{text:?}");
    }
}

#[track_caller]
fn check_seals(answers: &[(u16, &str)], ended: u64) {
    let seals = Seals::default();
    for (status, body) in answers {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        seals.note(&Reply { status: *status, retry_after: None, body });
    }
    assert_eq!(seals.ended(), ended, "{answers:?}");
}

#[test]
fn a_seal_ends_with_the_first_answer_of_a_server_that_is_in_order() {
    let sealed = (503, r#"{"errors":["Vault is sealed"]}"#);
    check_seals(&[(200, "{}"), (403, "{}")], 0);
    check_seals(&[(503, "{}"), (200, "{}")], 0);
    check_seals(&[sealed, sealed], 0);
    check_seals(&[sealed, (500, "{}"), (503, "")], 0);
    check_seals(&[sealed, (403, "{}"), (200, "{}")], 1);
    check_seals(&[sealed, (200, "{}"), (200, "{}"), sealed, (404, "{}")], 2);
}

#[test]
fn a_pause_is_read_where_it_is_a_number_of_seconds() {
    for (value, pause) in
        [("7", Some(7)), ("0", Some(0)), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)]
    {
        let mut response = Response::new(Vec::new());
        response.headers_mut().insert("retry-after", HeaderValue::from_static(value));
        assert_eq!(Reply::new(response).retry_after, pause.map(Duration::from_secs), "{value}");
    }
}
