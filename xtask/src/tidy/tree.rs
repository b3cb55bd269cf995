//! What must not be among the dependencies, and where: held against `cargo tree`.

use crate::project;

/// Crates that are nowhere, each with its reason.
const BANNED: &[(&str, &str)] = &[
    ("ring v", "there is one TLS implementation, aws-lc-rs"),
    ("openssl v", "there is one TLS implementation, aws-lc-rs"),
    ("native-tls v", "there is one TLS implementation, aws-lc-rs"),
    ("hyper v0.", "it is the AWS SDK's old stack, with open advisories"),
    ("rustls v0.21", "it is the AWS SDK's old stack, with open advisories"),
    ("serde_yaml v", "it is deprecated"),
    ("serde_yml v", "it is unsound"),
    ("backoff v", "it is unmaintained"),
    ("bincode v", "it is unmaintained"),
    ("dashmap v", "a lock is easily held across an await"),
    ("rustls-pemfile v", "it is unmaintained"),
    ("rsa v", "it has an open advisory"),
    ("chrono v", "jiff is here already"),
];

#[test]
fn no_banned_crate_is_used() {
    let tree = tree(&["--workspace"]);
    for (prefix, reason) in BANNED {
        let found: Vec<_> = tree.lines().filter(|line| line.starts_with(prefix)).collect();
        assert!(found.is_empty(), "{found:?} is used: {reason}");
    }
}

#[test]
fn what_decides_and_what_orders_compile_no_client() {
    for package in ["eso-plan", "eso-sync"] {
        let tree = tree(&["--package", package]);
        for client in ["kube-client v", "hyper v", "reqwest v", "aws-sdk-secretsmanager v"] {
            assert!(!tree.lines().any(|line| line.starts_with(client)), "{package} uses {client}");
        }
    }
}

#[test]
fn there_is_one_version_of_what_must_not_be_mixed() {
    let tree = tree(&["--workspace"]);
    for name in ["kube-client v", "kube-core v", "k8s-openapi v", "rustls v", "tokio v"] {
        let mut versions: Vec<_> = tree
            .lines()
            .filter(|line| line.starts_with(name))
            .map(|line| line.split_whitespace().nth(1).unwrap_or_default())
            .collect();
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), 1, "{name}{versions:?}");
    }
}

/// A line for each crate that is compiled in, such as `tokio v1.54.1`.
fn tree(arguments: &[&str]) -> String {
    let mut cargo = project::cargo();
    cargo.args(["tree", "--prefix=none", "--edges=normal", "--locked"]).args(arguments);
    let output = cargo.output().expect("cargo must run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo must print text")
}
