//! A failure is told by its cause, a caller shows nothing, and nobody is led where a redirect may not lead.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use eso_core::{error::ErrorKind, value::SecretBytes};
use eso_rig::{Reply as ScriptedReply, Scripted};
use http::{HeaderValue, Response};
use rustls::{AlertDescription, CertificateError, Error};
use vaultrs::api::token::requests::LookupTokenSelfRequest;
use zeroize::Zeroizing;

use super::{
    Caller, Consistency, Failure, HeaderMap,
    Nearness::{self, Far, Here},
    Pool, Pools, Reply, Route, Seals, Seen, Server, Trust, cause, is_header,
};
use crate::error::Call;

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
        assert_eq!(super::cause::<Error>(&wrapped), Some(&cause));
    }
    assert_eq!(cause::<Error>(&io::Error::other("no TLS here")), None);
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

/// A server on this machine, as one that is so near; with an address under that name.
fn server(scripted: &Scripted, nearness: Nearness) -> Server {
    let route = Route { trust: Trust::Plain, identity: None, direct: true, led_from: None };
    Server {
        origin: scripted.url(),
        prefix: "/v1".to_owned(),
        nearness,
        pool: Pool::new(Arc::default(), route).expect("connections must be made"),
        headers: HeaderMap::new(),
        seen: Seen::new(Consistency::Eventual),
        seals: Seals::default(),
        calls: Arc::new(()),
    }
}

async fn ask(server: &Server) -> Result<u16, ErrorKind> {
    let caller = Caller::new(Some(&SecretBytes::from("s.token")), None);
    let reply = server.call(Call::LookupSelf, &caller, LookupTokenSelfRequest {}).await;
    reply.map(|reply| reply.status).map_err(|error| error.kind())
}

const LOOK_UP: &str = "/v1/auth/token/lookup-self";

#[tokio::test]
async fn nobody_far_away_leads_to_this_machine_by_an_address_or_by_a_name() {
    let (standby, victim) = (Scripted::start().await.unwrap(), Scripted::start().await.unwrap());
    victim.always("GET", LOOK_UP, ScriptedReply::status(200));
    let by_name = victim.url().replace("127.0.0.1", "localhost");
    for address in [victim.url(), by_name] {
        let before = victim.requests().len();
        let location = format!("{address}{LOOK_UP}");
        standby.always("GET", LOOK_UP, ScriptedReply::status(307).header("location", &location));
        assert_eq!(ask(&server(&standby, Far)).await, Ok(307), "it is not followed");
        assert_eq!(victim.requests().len(), before);
        assert_eq!(ask(&server(&standby, Here)).await, Ok(200), "a server that is here leads here");
        assert_eq!(victim.requests().len(), before + 1);
    }
}

#[tokio::test]
async fn a_name_that_turns_out_to_mean_this_machine_is_not_reached() {
    let victim = Scripted::start().await.unwrap();
    let route = Route { trust: Trust::Plain, identity: None, direct: true, led_from: Some(Far) };
    let client = Pools::default().get(&route).expect("connections must be made");
    let address = victim.url().replace("127.0.0.1", "localhost");
    let request = http::Request::get(format!("{address}{LOOK_UP}")).body(Bytes::new()).unwrap();
    assert_eq!(super::transfer(&client, request).await.map(drop), Err(Failure::LedHere));
    assert!(victim.requests().is_empty());
}

/// Vault's way to say that a node has not caught up, and OpenBao's.
fn behind() -> [(u16, ScriptedReply); 2] {
    let openbao = ScriptedReply::json(429, &serde_json::json!({"errors": []})).header("retry-after", "1");
    [(412, ScriptedReply::status(412)), (429, openbao)]
}

async fn check_catching_up(refusals: usize, is_answered: bool, requests: usize) {
    for (status, refusal) in behind() {
        let node = Scripted::start().await.unwrap();
        for _ in 0..refusals {
            node.once("GET", LOOK_UP, refusal.clone());
        }
        node.always("GET", LOOK_UP, ScriptedReply::status(200));
        let expected = if is_answered { 200 } else { status };
        assert_eq!(ask(&server(&node, Here)).await, Ok(expected), "{refusals} times {status}");
        assert_eq!(node.count("GET", LOOK_UP), requests, "{refusals} times {status}");
    }
}

#[tokio::test]
async fn a_node_that_has_not_caught_up_is_asked_twice_more() {
    check_catching_up(0, true, 1).await;
    check_catching_up(1, true, 2).await;
    check_catching_up(2, true, 3).await;
    check_catching_up(3, false, 3).await;
}

#[tokio::test]
async fn a_server_whose_limit_is_reached_is_not_asked_again_at_once() {
    let limit = serde_json::json!({"errors": ["request path \"a\": rate limit quota exceeded"]});
    for reply in [ScriptedReply::json(429, &limit), ScriptedReply::status(429)] {
        let node = Scripted::start().await.unwrap();
        node.always("GET", LOOK_UP, reply);
        assert_eq!(ask(&server(&node, Here)).await, Ok(429));
        assert_eq!(node.count("GET", LOOK_UP), 1);
    }
}
