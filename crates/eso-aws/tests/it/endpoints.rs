//! Which hosts are called: those of the region, as the SDK's own variables want them, unless an address is given.
//!
//! A proxy is told them, and calls nobody.

use std::sync::{Arc, Mutex};

use eso_aws::{Aws, Endpoints};
use eso_core::provider::Fetch;
use eso_testkit::connection::{CallRecorder, connection};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    default_chain::{Outcome, read_app},
    fixture::{Fixture, ROLE, SECRET_KEY, credentials, spec},
    process,
};

/// Says a process the region of its stores.
const REGION: &str = "ESO_AWS_TEST_REGION";

/// The address of a proxy, and whom it was asked to call.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there must be a free port");
    let url = format!("http://{}", listener.local_addr().expect("a listener must know its address"));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let mut client = BufReader::new(client);
            let mut line = String::new();
            client.read_line(&mut line).await.expect("a client must ask for something");
            seen.lock().expect("no test panics here").extend(line.split(' ').nth(1).map(str::to_owned));
            let refused = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n";
            // Whoever does not wait for the answer need not have it.
            let _ = client.write_all(refused).await;
        }
    });
    (url, asked)
}

/// Reads through a store of each service with keys, and through one with a role, in the region that the process is told.
async fn other_half() {
    let aws = Aws::new(Endpoints::default());
    let region = std::env::var(REGION).expect("the other process must say the region");
    for fields in [json!({}), json!({"service": "ParameterStore"}), json!({"role": ROLE})] {
        let mut fields = fields;
        fields["region"] = json!(region);
        let connection = connection(&credentials(), &CallRecorder::new());
        let store = aws.connect(&spec(fields), connection).await.expect("a store must connect");
        store.fetch(&Fetch::new("app")).await.expect_err("the proxy calls nobody");
    }
}

/// The hosts of Secrets Manager, of the Parameter Store and of STS that are called in a region, with these variables.
async fn hosts(test: &str, region: &str, variables: &[(&str, &str)]) -> Option<[String; 3]> {
    if let Some(file) = process::outcome_file() {
        other_half().await;
        std::fs::write(file, "").expect("an outcome must be written");
        return None;
    }
    let (url, asked) = proxy().await;
    let variables = [&[("HTTPS_PROXY", url.as_str()), (REGION, region)], variables].concat();
    process::other_half(test, &variables).await;
    let asked = asked.lock().expect("no test panics here").clone();
    Some(asked.try_into().expect("each store must call somebody once"))
}

const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");

#[tokio::test]
async fn the_hosts_are_those_of_the_regions_partition() {
    let test = "endpoints::the_hosts_are_those_of_the_regions_partition";
    for (region, domain) in [
        ("eu-central-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-nowhere-17", "amazonaws.com"),
    ] {
        let Some(hosts) = hosts(test, region, &[]).await else { return };
        assert_eq!(
            hosts,
            ["secretsmanager", "ssm", "sts"].map(|service| format!("{service}.{region}.{domain}:443"))
        );
    }
}

#[tokio::test]
async fn the_hosts_are_fips_and_dual_stack_as_the_sdks_variables_say() {
    let test = "endpoints::the_hosts_are_fips_and_dual_stack_as_the_sdks_variables_say";
    // The host of Secrets Manager has both stacks under its own name.
    for (variables, expected) in [
        (
            &[FIPS][..],
            [
                "secretsmanager-fips.us-east-1.amazonaws.com",
                "ssm-fips.us-east-1.amazonaws.com",
                "sts-fips.us-east-1.amazonaws.com",
            ],
        ),
        (
            &[DUAL_STACK],
            ["secretsmanager.us-east-1.amazonaws.com", "ssm.us-east-1.api.aws", "sts.us-east-1.api.aws"],
        ),
        (
            &[FIPS, DUAL_STACK],
            [
                "secretsmanager-fips.us-east-1.amazonaws.com",
                "ssm-fips.us-east-1.api.aws",
                "sts-fips.us-east-1.api.aws",
            ],
        ),
        (
            &[("AWS_USE_FIPS_ENDPOINT", "false")],
            [
                "secretsmanager.us-east-1.amazonaws.com",
                "ssm.us-east-1.amazonaws.com",
                "sts.us-east-1.amazonaws.com",
            ],
        ),
    ] {
        let Some(hosts) = hosts(test, "us-east-1", variables).await else { return };
        assert_eq!(hosts, expected.map(|host| format!("{host}:443")), "{variables:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_given_is_called_whatever_the_sdks_variables_say() {
    let test = "endpoints::an_address_that_is_given_is_called_whatever_the_sdks_variables_say";
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let variables = [
        FIPS,
        DUAL_STACK,
        ("AWS_ACCESS_KEY_ID", "AKIARIG"),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("ESO_AWS_TEST_ROLE", ROLE),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ];
    let Some(outcome) = read_app(test, &fixture, &variables).await else { return };
    assert_eq!(outcome, Outcome::Read);
    assert_eq!((fixture.server.count("AssumeRole"), fixture.server.count("GetSecretValue")), (1, 4));
}
