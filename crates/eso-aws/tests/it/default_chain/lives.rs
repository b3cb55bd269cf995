//! What the default chain gave, later: it ends, is rotated, or is refused; and agents that give nothing.

use std::time::{Duration, SystemTime};

use aws_smithy_types::{DateTime, date_time::Format};
use eso_core::error::ErrorKind;
use eso_rig::{Reply, Scripted};

use super::{
    FAR, FORMER, GIVEN, LAST, Outcome, PATIENCE, READS_ON, ROLES, SESSIONS, TOKEN, failed, fixture, given,
    given_until, granted_until, instance, read_app, scripted, session, token_file, web_identity,
};
use crate::process;

/// When credentials end that are given now for a moment: long enough that they are used, whatever the machine.
fn soon() -> String {
    let now =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it must be after 1970").as_secs();
    let end = DateTime::from_secs(i64::try_from(now + 5).expect("it must be before the end of time"));
    end.fmt(Format::DateTime).expect("a time must be written")
}

/// A server that gives credentials of a moment when it is asked at `path` for the first time, and then lasting ones.
async fn gives(path: &'static str, reply: fn(&str, &str) -> Reply) -> Scripted {
    let (server, mut asked) = (scripted().await, false);
    server.otherwise(move |request| {
        let is_first = request.path == path && !std::mem::replace(&mut asked, true);
        (request.path == path).then(|| if is_first { reply(FORMER, &soon()) } else { reply(GIVEN, FAR) })
    });
    server
}

/// Lets a process read on while the credentials of a moment end and others come, and shows that it never fails, and that
/// nothing is signed with what ended. `rotate` is done once the first ones were used.
async fn is_renewed(name: &str, variables: &[(&str, &str)], rotate: impl FnOnce()) -> bool {
    let fixture = fixture();
    let variables = [variables, &[(READS_ON, "yes")]].concat();
    if process::outcome_file().is_some() {
        read_app(name, &fixture, &variables).await;
        return false;
    }
    let signed_by = async |id: &str| {
        while !fixture.signers("GetSecretValue").iter().any(|signer| signer == id) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let goes_on = async {
        signed_by(FORMER).await;
        rotate();
        signed_by(GIVEN).await;
        fixture.put("app", LAST);
    };
    let reads = read_app(name, &fixture, &variables);
    let (outcome, ()) = tokio::join!(reads, async { drop(tokio::time::timeout(PATIENCE, goes_on).await) });
    assert_eq!(outcome, Some(Outcome::Read));
    let mut signers = fixture.signers("GetSecretValue");
    signers.dedup();
    assert_eq!(signers, [FORMER, GIVEN]);
    true
}

/// Replaces the token that the chain shows, as the kubelet does.
fn rotated(file: &str) -> impl FnOnce() {
    let file = file.to_owned();
    move || std::fs::write(file, "rotated").expect("a token must be written")
}

#[tokio::test]
async fn a_web_identity_is_renewed_before_it_ends_with_the_token_of_the_moment() {
    let name = "default_chain::lives::a_web_identity_is_renewed_before_it_ends_with_the_token_of_the_moment";
    let server = gives("/", granted_until).await;
    let file = token_file(name);
    if is_renewed(name, &web_identity(&file, &server.url()), rotated(&file)).await {
        let shown =
            server.requests().into_iter().map(|request| String::from_utf8_lossy(&request.body).into_owned());
        let shown: Vec<bool> = shown.map(|body| body.contains("WebIdentityToken=rotated")).collect();
        assert_eq!(shown, [false, true]);
    }
}

#[tokio::test]
async fn what_a_container_agent_gave_is_renewed_before_it_ends_with_the_token_of_the_moment() {
    let name = "default_chain::lives::what_a_container_agent_gave_is_renewed_before_it_ends_with_the_token_of_the_moment";
    let server = gives("/v1/credentials", given_until).await;
    let (url, file) = (format!("{}/v1/credentials", server.url()), token_file(name));
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file),
    ];
    if is_renewed(name, &variables, rotated(&file)).await {
        let shown = server.requests();
        let shown: Vec<_> = shown.iter().map(|request| request.header("authorization")).collect();
        assert_eq!(shown, [TOKEN, "rotated"]);
    }
}

#[tokio::test]
async fn the_role_of_an_instance_is_renewed_before_it_ends() {
    let name = "default_chain::lives::the_role_of_an_instance_is_renewed_before_it_ends";
    let place = "/latest/meta-data/iam/security-credentials/reader";
    let server = gives(place, given_until).await;
    server.always("PUT", SESSIONS, session());
    server.always("GET", ROLES, Reply::status(200).body("reader"));
    if is_renewed(name, &instance(&server.url()), || ()).await {
        assert_eq!(server.count("GET", place), 2);
    }
}

#[tokio::test]
async fn credentials_of_the_chain_that_aws_does_not_take_are_asked_for_once_more_and_said_to_be_refused() {
    let name = "default_chain::lives::credentials_of_the_chain_that_aws_does_not_take_are_asked_for_once_more_and_said_to_be_refused";
    let (fixture, server) = (fixture(), scripted().await);
    fixture.refuse("GetSecretValue", 400, "UnrecognizedClientException");
    server.always("GET", "/v1/credentials", given());
    let (url, file) = (format!("{}/v1/credentials", server.url()), token_file(name));
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file),
        (READS_ON, "yes"),
    ];
    let Some(outcome) = read_app(name, &fixture, &variables).await else { return };
    failed(outcome, ErrorKind::Unauthenticated, "AWS does not accept the credentials");
    assert_eq!(server.count("GET", "/v1/credentials"), 2);
}

/// What an agent that answers so makes of a read.
async fn agent_fails(name: &str, reply: Reply, kind: ErrorKind) {
    let (fixture, server) = (fixture(), scripted().await);
    server.always("GET", "/v1/credentials", reply);
    let (url, file) = (format!("{}/v1/credentials", server.url()), token_file(name));
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file),
    ];
    let Some(outcome) = read_app(name, &fixture, &variables).await else { return };
    failed(outcome, kind, "the operator's own credentials cannot be had");
    assert!(fixture.server.counts().is_empty());
    assert!(server.count("GET", "/v1/credentials") > 0);
}

#[tokio::test]
async fn an_agent_that_does_not_know_the_pod_names_the_operators_own_credentials() {
    let name =
        "default_chain::lives::an_agent_that_does_not_know_the_pod_names_the_operators_own_credentials";
    agent_fails(name, Reply::status(403), ErrorKind::Unavailable).await;
}

#[tokio::test]
async fn an_agent_in_trouble_names_the_operators_own_credentials() {
    let name = "default_chain::lives::an_agent_in_trouble_names_the_operators_own_credentials";
    agent_fails(name, Reply::status(500), ErrorKind::Unavailable).await;
}

#[tokio::test]
async fn an_agent_whose_token_is_not_there_is_not_asked() {
    let name = "default_chain::lives::an_agent_whose_token_is_not_there_is_not_asked";
    let (fixture, server) = (fixture(), scripted().await);
    let url = format!("{}/v1/credentials", server.url());
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nonexistent/token"),
    ];
    let Some(outcome) = read_app(name, &fixture, &variables).await else { return };
    failed(outcome, ErrorKind::Unavailable, "the operator's own credentials cannot be had");
    assert!(server.requests().is_empty());
}
