//! Accounts of roles and keys.

use aws_credential_types::Credentials;

use super::Identity;
use crate::{auth::Role, error::Service};

fn keys(id: &str) -> Identity {
    Identity::of_keys(&Credentials::new(id, "secret", None, None, "test"))
}

#[track_caller]
fn check(identity: &Identity, account: &str) {
    assert_eq!(
        identity.backend(Service::SecretsManager, "eu-west-1").id,
        format!("aws/secretsmanager/eu-west-1/{account}")
    );
}

#[test]
fn a_roles_account_is_in_its_arn() {
    check(&Identity::of_role("arn:aws:iam::111122223333:role/reader"), "111122223333");
    check(&Identity::of_role("arn:aws-cn:iam::000000000001:role/a/b"), "000000000001");
}

#[test]
fn of_several_roles_the_last_one_counts() {
    let role = |account: &str| Role { arn: format!("arn:aws:iam::{account}:role/reader"), ..Role::default() };
    let roles = ["111122223333", "444455556666"].map(role);
    check(&Identity::of(&roles, Identity::of_default_chain()), "444455556666");
    check(&Identity::of(&roles[..1], Identity::of_default_chain()), "111122223333");
    check(&Identity::of(&[], Identity::of_default_chain()), "default");
}

#[test]
fn an_access_key_id_holds_its_account() {
    // The example of the page that explains it.
    check(&keys("ASIAQNZGKIQY56JQ7WML"), "029608264753");
    check(&keys("AKIAQNZGKIQY7AAAAAAA"), "029608264753");
}

#[test]
fn an_account_is_known_by_its_number_alone() {
    assert_eq!(Identity::of_role("arn:aws:iam::111122223333:role/reader").account(), Some("111122223333"));
    assert_eq!(keys("AKIAQNZGKIQY7AAAAAAA").account(), Some("029608264753"));
    for unknown in [Identity::of_default_chain(), keys("testing"), Identity::of_role("reader")] {
        assert_eq!(unknown.account(), None, "{unknown:?}");
    }
}

#[test]
fn an_identity_without_an_account_is_named_by_a_digest_and_never_by_itself() {
    for text in ["testing", "", "AKIAIOSFODNN7EXAMPLE", "AKIA", "AKIAQNZGKIQY56JQ7WM1", "AKIAüüüüüüüü"]
    {
        let id = keys(text).backend(Service::SecretsManager, "r").id;
        let digest = id.strip_prefix("aws/secretsmanager/r/").expect("it must begin with the region");
        assert_eq!(digest.len(), 12, "{id}");
        assert!(text.is_empty() || !id.contains(text), "{id}");
    }
    let [one, other] = ["testing", "other"].map(keys);
    assert_ne!(one, other);
    assert_eq!(one, keys("testing"));
}

#[test]
fn a_role_that_is_no_arn_is_named_by_a_digest() {
    let id = Identity::of_role("reader").backend(Service::SecretsManager, "r").id;
    assert!(!id.contains("reader"), "{id}");
}

#[test]
fn regions_of_one_account_have_quotas_of_their_own() {
    let [one, other] = ["us-east-1", "us-east-2"]
        .map(|region| Identity::of_default_chain().backend(Service::SecretsManager, region));
    assert_ne!(one.id, other.id);
    assert_eq!(one.reads_per_second.map(u32::from), Some(10_000));
    assert_eq!(one.batches_per_second.map(u32::from), Some(100));
}
