//! What each variable comes to.

use std::collections::BTreeSet;

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(found, _)| *found == name);
        found.map(|(_, text)| (*text).to_owned())
    };
    environment(variable, Delimiters::default()).map_err(|error| error.to_string())
}

#[track_caller]
fn check(variables: &[(&str, &str)], expected: Environment) {
    assert_eq!(read(variables), Ok(expected));
}

#[test]
fn without_a_variable_it_is_as_it_ever_was() {
    check(&[], Environment::default());
    let empty = ["AWS_REGION", "VAULT_ADDR", "INSTANCE_ID", "POLLER_INTERVAL_MILLISECONDS"];
    check(&empty.map(|name| (name, "")), Environment::default());
}

#[test]
fn each_variable_says_what_it_said_to_the_older_controller() {
    let text = |text: &str| Some(text.to_owned());
    check(
        &[
            ("AWS_REGION", "eu-west-1"),
            ("AWS_INTERMEDIATE_ROLE_ARN", "arn:aws:iam::1:role/a"),
            ("VAULT_ADDR", "https://vault:8200"),
            ("VAULT_NAMESPACE", "team"),
            ("DEFAULT_VAULT_ROLE", "reader"),
            ("DEFAULT_VAULT_MOUNT_POINT", "k8s"),
            ("INSTANCE_ID", "one"),
            ("WATCHED_NAMESPACES", "a, b,"),
            ("POLLER_INTERVAL_MILLISECONDS", "2500"),
            ("DISABLE_POLLING", ""),
            ("ENFORCE_NAMESPACE_ANNOTATIONS", "false"),
            ("NAMING_PERMITTED_ANNOTATION", "keys"),
            ("ROLE_PERMITTED_ANNOTATION", "roles"),
        ],
        Environment {
            aws_region: "eu-west-1".to_owned(),
            intermediate_role: text("arn:aws:iam::1:role/a"),
            vault_address: "https://vault:8200".to_owned(),
            vault_namespace: text("team"),
            default_vault_role: text("reader"),
            default_vault_mount: text("k8s"),
            instance_id: text("one"),
            watched_namespaces: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
            interval: Duration::from_millis(2500),
            polls: false,
            annotations: Annotations {
                permitted_key_name: "keys".to_owned(),
                permitted_role: "roles".to_owned(),
            },
            enforce: true,
            delimiters: Delimiters::default(),
        },
    );
}

#[test]
fn an_interval_that_is_none_is_told_by_its_name() {
    for text in ["often", "-1", "0"] {
        let error = read(&[("POLLER_INTERVAL_MILLISECONDS", text)]).unwrap_err();
        assert!(error.starts_with("POLLER_INTERVAL_MILLISECONDS is"), "{error}");
    }
}
