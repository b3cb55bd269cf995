//! Keys as the older controller took them, and as stores take them.

use super::*;

const NONE: Mounts = Mounts { kv: None, one: None };

fn version(kv: u8, one: Option<&str>) -> Mounts {
    Mounts { kv: Some(kv), one: one.map(str::to_owned) }
}

#[track_caller]
fn check(backend: Served, mounts: &Mounts, text: &str, expected: (&str, Option<&str>)) {
    let found = key(text, backend, mounts, "spec.dataFrom[0]").unwrap();
    assert_eq!((found.key.as_str(), found.version.as_deref()), expected, "{text}");
}

#[track_caller]
fn check_mounts(kv: u8, keys: &[&str], expected: Result<Option<&str>, &str>) {
    let found = mounts(keys.iter().map(|key| ("spec.data[0].key".to_owned(), *key)), kv);
    let found = found.map(|mounts| mounts.one).map_err(|error| error.to_string());
    assert_eq!(found, expected.map(|one| one.map(str::to_owned)).map_err(str::to_owned), "{keys:?}");
}

#[test]
fn a_name_or_arn_of_secrets_manager_stays_as_it_is() {
    check(Served::SecretsManager, &NONE, "app/db:1", ("app/db:1", None));
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf";
    check(Served::SecretsManager, &NONE, arn, (arn, None));
}

#[test]
fn a_parameter_may_have_a_version_behind_its_name() {
    check(Served::ParameterStore, &NONE, "/app/db", ("/app/db", None));
    check(Served::ParameterStore, &NONE, "/app/db:3", ("/app/db", Some("3")));
    check(Served::ParameterStore, &NONE, "db:stable", ("db", Some("stable")));
    check(Served::ParameterStore, &NONE, "db:", ("db:", None));
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/app/db";
    check(Served::ParameterStore, &NONE, arn, (arn, None));
    check(Served::ParameterStore, &NONE, &format!("{arn}:3"), (arn, Some("3")));
}

#[test]
fn a_path_of_vault_loses_the_mount_that_the_store_has() {
    check(Served::Vault, &version(2, Some("secret")), "secret/data/app/db", ("app/db", None));
    check(Served::Vault, &version(2, Some("team/kv")), "/team/kv/data/app/", ("app", None));
    check(Served::Vault, &version(2, None), "secret/data/app/db", ("secret/app/db", None));
    check(Served::Vault, &version(2, Some("secret")), "secret/data/data/x", ("data/x", None));
    check(Served::Vault, &version(1, Some("kv")), "kv/data/app", ("data/app", None));
    check(Served::Vault, &version(1, None), "kv/app", ("kv/app", None));
}

#[test]
fn the_mount_is_the_stores_where_all_keys_have_the_same() {
    check_mounts(2, &["secret/data/a", "secret/data/b"], Ok(Some("secret")));
    check_mounts(2, &["secret/data/a", "other/data/b"], Ok(None));
    check_mounts(1, &["kv/a", "kv/b/c"], Ok(Some("kv")));
    check_mounts(1, &["kv/a", "other/b"], Ok(None));
    check_mounts(2, &[], Ok(None));
}

#[test]
fn a_path_that_is_none_of_the_version_is_told() {
    let second = "spec.data[0].key is no path of version 2 of Vault's KV engine: write it as MOUNT/data/PATH; \
                  set kvVersion to 1 where that is the engine's version";
    for key in ["secret/app", "secret", "/data/app", "secret/data/", "secret/data"] {
        check_mounts(2, &[key], Err(second));
    }
    let first = "spec.data[0].key is no path of version 1 of Vault's KV engine: write it as MOUNT/PATH";
    check_mounts(1, &["secret"], Err(first));
}

#[test]
fn an_empty_key_is_refused() {
    for backend in [Served::SecretsManager, Served::ParameterStore, Served::Vault] {
        let error = key("", backend, &NONE, "spec.dataFrom[0]").unwrap_err().to_string();
        assert_eq!(error, "spec.dataFrom[0] is empty: name the value in the backend");
    }
}
