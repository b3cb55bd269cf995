//! What annotations say, and what is asked of the cluster for a token.

use std::{collections::BTreeMap, sync::Arc};

use eso_core::{
    api::selectors::ServiceAccountSelector, credentials::CredentialSource, error::ErrorKind,
    value::SecretBytes,
};
use eso_testkit::connection::{Asked, Credentials};

use super::{
    AUDIENCE_ANNOTATION, Annotations, DEFAULT_AUDIENCE, ROLE_ANNOTATION, ServiceAccount, TOKEN_LIFE,
};

#[track_caller]
fn check(annotations: &[(&str, &str)], role_and_audience: Option<(&str, &str)>) {
    let annotations: BTreeMap<_, _> =
        annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let expected = role_and_audience
        .map(|(role, audience)| Annotations { role: role.to_owned(), audience: audience.to_owned() });
    assert_eq!(Annotations::of(&annotations), expected);
}

#[test]
fn a_role_must_be_named_and_an_audience_may_be() {
    check(&[], None);
    check(&[(AUDIENCE_ANNOTATION, "mine")], None);
    check(&[(ROLE_ANNOTATION, "")], None);
    check(&[(ROLE_ANNOTATION, "arn")], Some(("arn", DEFAULT_AUDIENCE)));
    check(&[(ROLE_ANNOTATION, "arn"), (AUDIENCE_ANNOTATION, "")], Some(("arn", DEFAULT_AUDIENCE)));
    check(&[(ROLE_ANNOTATION, "arn"), (AUDIENCE_ANNOTATION, "mine")], Some(("arn", "mine")));
}

fn account(source: &Arc<Credentials>) -> ServiceAccount {
    ServiceAccount {
        selector: ServiceAccountSelector { name: "reader".to_owned(), ..ServiceAccountSelector::default() },
        namespace: "team".to_owned(),
        source: Arc::clone(source) as Arc<dyn CredentialSource>,
    }
}

#[tokio::test]
async fn an_account_without_a_role_is_told_in_the_originals_words() {
    let source = Credentials::new();
    source.annotate("reader", &[("team", "a")]);
    let error = account(&source).annotations().await.expect_err("there is no role");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        error.to_string(),
        "unable to create session: an IAM role must be associated with service account reader (namespace: team): name it \
         in the annotation eks.amazonaws.com/role-arn"
    );
}

#[tokio::test]
async fn an_account_that_is_not_there_is_a_credential_that_is_missing_and_a_silent_cluster_is_none() {
    let source = Credentials::new();
    let error = account(&source).annotations().await.expect_err("there is no account");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let error = account(&source).token(String::new()).await.expect_err("there is no account");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    source.set_down(true);
    for error in
        [account(&source).annotations().await.err(), account(&source).token(String::new()).await.err()]
    {
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Unavailable));
    }
}

#[tokio::test]
async fn a_token_is_made_for_its_audience_and_for_ten_minutes() {
    let source = Credentials::new();
    source.put_token("reader", "token");
    assert_eq!(account(&source).token("mine".to_owned()).await.as_deref(), Ok("token"));
    let asked = Asked::Token {
        service_account: "reader".to_owned(),
        audiences: vec!["mine".to_owned()],
        lifetime: TOKEN_LIFE,
    };
    assert_eq!(source.asked(), [asked]);
    source.put_token("reader", SecretBytes::new([0xff]));
    let error = account(&source).token("mine".to_owned()).await.expect_err("it is no text");
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}
