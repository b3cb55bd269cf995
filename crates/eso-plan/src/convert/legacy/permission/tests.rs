//! Who may ask for what, in the older controller's words.

use serde_json::{Value, json};

use super::{
    super::tests::{object, secrets_manager},
    *,
};

const KEYS: &str = "externalsecrets.kubernetes-client.io/permitted-key-name";
const ROLES: &str = "iam.amazonaws.com/permitted";

fn held(annotations: &[(&str, &str)]) -> BTreeMap<String, String> {
    annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn refusal(spec: Value, annotations: &[(&str, &str)], environment: &Environment) -> Option<String> {
    let held = held(annotations);
    permitted(&object(spec), Some(&held), environment).err().map(|refusal| refusal.to_string())
}

#[track_caller]
fn check(spec: Value, annotations: &[(&str, &str)], expected: Option<&str>) {
    let expected = expected.map(|reason| format!("not allowed to fetch secret: demo/app: {reason}"));
    assert_eq!(refusal(spec, annotations, &Environment::default()), expected, "{annotations:?}");
}

#[test]
fn each_key_and_path_must_match() {
    let spec = || {
        json!({
            "backendType": "systemManager", "dataFrom": ["b"], "dataFromWithOptions": [{ "key": "c" }],
            "data": [{ "key": "a", "name": "x" }, { "path": "/d" }],
        })
    };
    check(spec(), &[(KEYS, "^(a|b|c|/d)$")], None);
    for (pattern, reason) in [
        ("^(b|c|/d)$", "key name a does not match naming convention ^(b|c|/d)$"),
        ("^(a|c|/d)$", "key name b does not match naming convention ^(a|c|/d)$"),
        ("^(a|b|/d)$", "key name c does not match naming convention ^(a|b|/d)$"),
        ("^[abc]$", "path /d does not match naming convention ^[abc]$"),
    ] {
        check(spec(), &[(KEYS, pattern)], Some(reason));
    }
}

#[test]
fn expressions_are_not_anchored_and_an_empty_one_allows_all() {
    check(secrets_manager(json!({})), &[(KEYS, "d")], None);
    check(secrets_manager(json!({})), &[(KEYS, "")], None);
    check(secrets_manager(json!({})), &[("other", "x")], None);
    check(secrets_manager(json!({})), &[], None);
    let object = object(secrets_manager(json!({})));
    assert_eq!(permitted(&object, None, &Environment::default()), Ok(()));
}

#[test]
fn the_role_that_is_taken_must_match() {
    let role = |role: &str| secrets_manager(json!({ "roleArn": role }));
    check(role("team-a"), &[(ROLES, "^team-")], None);
    let reason = "namespace does not allow to assume role admin";
    check(role("admin"), &[(ROLES, "^team-")], Some(reason));
    check(secrets_manager(json!({})), &[(ROLES, "^team-")], None);
    let vault = |fields: Value| {
        let vault = json!({ "backendType": "vault", "dataFrom": ["secret/data/a"] });
        super::super::tests::with(vault, fields)
    };
    check(vault(json!({ "vaultRole": "admin" })), &[(ROLES, "^team-")], Some(reason));
    // Another backend's role says nothing of this one's.
    check(vault(json!({ "vaultRole": "admin", "roleArn": "team-a" })), &[(ROLES, "^team-")], Some(reason));
    let environment = Environment { default_vault_role: Some("admin".to_owned()), ..Environment::default() };
    let refused = refusal(vault(json!({})), &[(ROLES, "^team-")], &environment);
    assert_eq!(refused, Some(format!("not allowed to fetch secret: demo/app: {reason}")));
}

#[test]
fn annotations_may_be_required_and_may_have_other_names() {
    let enforcing = Environment { enforce: true, ..Environment::default() };
    let said = |annotations: &[(&str, &str)]| refusal(secrets_manager(json!({})), annotations, &enforcing);
    let refused = |reason: &str| Some(format!("not allowed to fetch secret: demo/app: {reason}"));
    assert_eq!(said(&[]), refused("Namespace annotation is required"));
    assert_eq!(
        said(&[(ROLES, "x")]),
        refused(&format!("Missing required annotation {KEYS} on namespace demo"))
    );
    assert_eq!(
        said(&[(KEYS, "d")]),
        refused(&format!("Missing required annotation {ROLES} on namespace demo"))
    );
    assert_eq!(said(&[(KEYS, "d"), (ROLES, "")]), None);
    let annotations = super::super::Annotations {
        permitted_key_name: "keys".to_owned(),
        permitted_role: "roles".to_owned(),
    };
    let renamed = Environment { annotations, ..Environment::default() };
    assert!(refusal(secrets_manager(json!({})), &[("keys", "x")], &renamed).is_some());
    assert_eq!(refusal(secrets_manager(json!({})), &[(KEYS, "x")], &renamed), None);
}

#[test]
fn an_expression_that_javascript_reads_otherwise_lets_nobody_in() {
    for pattern in [
        "(?=d)",
        "(?!x)",
        "(?<=d)b",
        "(?<name>d)",
        "(?i)DB",
        r"(d)\1",
        r"\Qdb\E",
        r"\Adb",
        r"db\z",
        r"\x{64}b",
        r"\pLb",
        "[[:alpha:]]b",
        "[]d]b",
        "[^]b",
        "(",
        r"db\",
        r"\u0064b",
    ] {
        let reason = format!(
            "the expression {pattern} of the namespace's annotation is not served: use classes, groups (?:…), \
             repetitions and anchors alone"
        );
        check(secrets_manager(json!({})), &[(KEYS, pattern)], Some(&reason));
    }
    for pattern in
        ["(?:db|x)", r"^\w+$", r"[\w-]", "d.?b", r"^[a-z]{2}$", "(d)(b)", r"\bdb\b", "^db$", "[^x]"]
    {
        check(secrets_manager(json!({})), &[(KEYS, pattern)], None);
    }
    let slash = json!({ "data": [{ "key": "a/b.c_d", "name": "x" }] });
    check(secrets_manager(slash), &[(KEYS, r"^a\/b\.c\_d$")], None);
}

#[test]
fn an_expression_that_takes_too_long_lets_nobody_in() {
    let pattern = "^(a?){200}(a?){200}(a?){200}x$";
    let spec = secrets_manager(json!({ "data": [{ "key": "a".repeat(512), "name": "x" }] }));
    assert!(refusal(spec, &[(KEYS, pattern)], &Environment::default()).is_some());
}
