//! Names of stores: readable, the same for the same store, and another for another.

use super::{super::super::legacy::LegacyStore, *};

fn aws(region: &str, role: Option<&str>) -> LegacyStore {
    let backend = Backend::Aws {
        service: Service::SecretsManager,
        region: region.to_owned(),
        intermediate_role: None,
        role: role.map(str::to_owned),
    };
    LegacyStore { backend }
}

fn vault(mount: Option<&str>, role: &str) -> LegacyStore {
    let backend = Backend::Vault {
        address: "https://vault:8200".to_owned(),
        namespace: None,
        mount: mount.map(str::to_owned),
        version: 2,
        auth_mount: "kubernetes".to_owned(),
        role: role.to_owned(),
    };
    LegacyStore { backend }
}

fn name(store: &LegacyStore, namespace: &str) -> String {
    store_name(&store.backend, &store.spec(), namespace)
}

#[track_caller]
fn check(store: &LegacyStore, words: &str) {
    let found = name(store, "demo");
    let (beginning, digest) = found.rsplit_once('-').unwrap();
    assert_eq!(beginning, words);
    assert!(digest.len() == 10 && digest.chars().all(|one| one.is_ascii_hexdigit()), "{found}");
    assert!(found.len() <= 63, "{found}");
    assert_eq!(found, name(store, "demo"));
}

#[test]
fn a_name_says_what_and_where_and_as_whom() {
    check(&aws("us-east-1", None), "secrets-manager-us-east-1");
    check(
        &aws("us-east-1", Some("arn:aws:iam::123456789012:role/path/My_Role")),
        "secrets-manager-us-east-1-my-role",
    );
    check(&vault(Some("secret"), "reader"), "vault-secret-reader");
    check(&vault(None, "reader"), "vault-reader");
    check(&vault(Some("team/kv"), "é"), "vault-team-kv");
    check(&vault(Some("secret"), &"r".repeat(200)), &format!("vault-secret-{}", "r".repeat(37)));
}

#[test]
fn another_store_and_another_namespace_have_another_name() {
    let store = aws("us-east-1", Some("arn:aws:iam::123456789012:role/x"));
    let of_other_account = aws("us-east-1", Some("arn:aws:iam::999999999999:role/x"));
    assert_ne!(name(&store, "demo"), name(&of_other_account, "demo"));
    assert_ne!(name(&store, "demo"), name(&store, "other"));
    let of_class = SecretStoreSpec { controller: Some("dev".to_owned()), ..store.spec() };
    assert_ne!(name(&store, "demo"), store_name(&store.backend, &of_class, "demo"));
}
