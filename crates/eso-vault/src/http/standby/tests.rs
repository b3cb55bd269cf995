//! Which redirects are followed, and where none leads.

use std::{error::Error, str::FromStr};

use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::dns::{Name, Resolve};
use url::Url;

use super::{
    Active, Asked, LedHere, NamesFrom,
    Nearness::{self, Far, Here, Link},
    active,
};

const ASKED: Asked<'_> = Asked {
    origin: "https://vault.example:8200",
    prefix: "/v1",
    path: "/secret/data/gr%C3%BC%C3%9Fe%20an/a'b!?version=7",
    nearness: Far,
};

const PLACE: &str = "/v1/secret/data/gr%C3%BC%C3%9Fe%20an/a'b!?version=7";

fn followed(asked: Asked<'_>, status: u16, location: &str) -> Option<Active> {
    let mut headers = HeaderMap::new();
    headers.insert("location", HeaderValue::from_str(location).expect("a location must be a header"));
    active(asked, StatusCode::from_u16(status).expect("a status must be one"), &headers)
}

#[track_caller]
fn leads(location: &str, address: &str) {
    let active = Active { address: address.to_owned(), nearness: Far };
    assert_eq!(followed(ASKED, 307, location), Some(active), "{location}");
}

#[track_caller]
fn is_left(location: &str) {
    assert_eq!(followed(ASKED, 307, location), None, "{location}");
}

#[test]
fn a_standby_leads_to_the_active_node_and_to_what_was_asked() {
    leads(&format!("https://10.0.0.2:8200{PLACE}"), &format!("https://10.0.0.2:8200{PLACE}"));
    leads(&format!("https://active.example{PLACE}"), &format!("https://active.example:443{PLACE}"));
    // However the node writes it: what is asked once more is what we asked.
    let other = "/v1/secret/data/grü%C3%9fe%20an/a%27b%21?version=7".replace('ü', "%c3%bc");
    leads(&format!("https://active.example{other}"), &format!("https://active.example:443{PLACE}"));
}

#[test]
fn an_empty_query_is_none() {
    for (path, location) in [("/secret/app?", "/v1/secret/app"), ("/secret/app", "/v1/secret/app?")] {
        let active = followed(Asked { path, ..ASKED }, 307, &format!("https://active.example{location}"));
        assert_eq!(active.map(|active| active.address), Some(format!("https://active.example:443/v1{path}")));
    }
}

#[test]
fn a_node_behind_a_proxy_knows_only_of_its_own_path() {
    let asked = Asked { prefix: "/vault/v1", path: "/secret/app", ..ASKED };
    for path in ["/v1/secret/app", "/vault/v1/secret/app"] {
        let active = followed(asked, 307, &format!("https://active.example{path}"));
        assert_eq!(active.map(|active| active.address), Some(format!("https://active.example:443{path}")));
    }
    assert_eq!(followed(asked, 307, "https://active.example/other/v1/secret/app"), None);
}

#[test]
fn nothing_else_of_a_request_is_changed() {
    for path in [
        "",
        "/",
        "/login?next=/v1/secret",
        "/v1/secret/data/app?version=7",
        "/v1/secret/data/gr%C3%BC%C3%9Fe%20an/a'b!",
        "/v1/secret/data/gr%C3%BC%C3%9Fe%20an/a'b!?version=8",
        "/v1/secret/data/gr%C3%BC%C3%9Fe%20an/a'b!?version=7&list=true",
        "/v1/secret/data/gr%C3%BC%C3%9Fe%20an/a'b!?version=7#x",
        "/v1/../v1/sys/seal?version=7",
    ] {
        is_left(&format!("https://active.example{path}"));
    }
}

#[test]
fn the_scheme_stays_and_an_address_holds_nothing_more() {
    is_left(&format!("http://active.example{PLACE}"));
    is_left(&format!("ftp://active.example{PLACE}"));
    is_left(&format!("https://user@active.example{PLACE}"));
    is_left(&format!("https://:word@active.example{PLACE}"));
    is_left(PLACE);
    is_left("https://");
    is_left("file:///etc/passwd");
    let plain = Asked { origin: "http://vault.example:8200", ..ASKED };
    assert_eq!(followed(plain, 307, &format!("https://active.example{PLACE}")), None);
    assert!(followed(plain, 307, &format!("http://active.example{PLACE}")).is_some());
}

#[test]
fn only_a_standbys_status_is_one_of_a_standby() {
    for status in [200, 201, 300, 301, 302, 303, 304, 308, 403, 503] {
        assert_eq!(followed(ASKED, status, &format!("https://active.example{PLACE}")), None, "{status}");
    }
    assert_eq!(active(ASKED, StatusCode::TEMPORARY_REDIRECT, &HeaderMap::new()), None);
}

const HERE: [&str; 11] = [
    "127.0.0.1",
    "127.1.2.3",
    "127.1",
    "0x7f000001",
    "0.0.0.0",
    "localhost",
    "LocalHost.",
    "a.localhost",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
];

const ON_THE_LINK: [&str; 5] =
    ["169.254.169.254", "[fe80::1]", "[febf::1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"];

#[test]
fn nobody_is_led_to_this_machine_or_its_link_who_is_not_there() {
    for host in HERE.into_iter().chain(ON_THE_LINK) {
        is_left(&format!("https://{host}:8200{PLACE}"));
    }
    for (server, near, farther) in [(Here, "127.0.0.1", "169.254.1.1"), (Link, "169.254.1.1", "127.0.0.1")] {
        let asked = Asked { nearness: server, ..ASKED };
        let active = followed(asked, 307, &format!("https://{near}{PLACE}"));
        assert_eq!(active.map(|active| active.nearness), Some(server));
        assert_eq!(followed(asked, 307, &format!("https://{farther}{PLACE}")), None);
        assert!(followed(asked, 307, &format!("https://active.example{PLACE}")).is_some());
    }
}

#[track_caller]
fn is_as_near(host: &str, expected: Nearness) {
    let url = Url::parse(&format!("https://{host}/")).expect("a host must be one");
    assert_eq!(Nearness::of(&url.host().expect("an address must have a host")), expected, "{host}");
}

#[test]
fn a_host_is_near_however_it_is_written() {
    for host in HERE {
        is_as_near(host, Here);
    }
    for host in ON_THE_LINK {
        is_as_near(host, Link);
    }
    for host in [
        "vault.example",
        "localhost.example",
        "10.0.0.1",
        "128.0.0.1",
        "169.253.0.1",
        "[fd00::1]",
        "[2001:db8::1]",
    ] {
        is_as_near(host, Far);
    }
}

async fn resolved(server: Nearness, name: &str) -> Result<usize, bool> {
    let found = NamesFrom(server).resolve(Name::from_str(name).expect("a name must be one")).await;
    found.map(Iterator::count).map_err(|error: Box<dyn Error + Send + Sync>| error.is::<LedHere>())
}

#[tokio::test]
async fn a_name_is_held_against_the_rule_when_it_is_resolved() {
    assert_eq!(resolved(Far, "localhost").await, Err(true));
    assert_eq!(resolved(Link, "localhost").await, Err(true));
    assert!(resolved(Here, "localhost").await.is_ok_and(|addresses| addresses > 0));
    assert_eq!(resolved(Far, "10.1.2.3").await, Ok(1));
    assert_eq!(resolved(Far, "169.254.169.254").await, Err(true));
    assert_eq!(resolved(Far, "nobody.invalid").await, Err(false));
}
