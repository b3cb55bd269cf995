//! What an error says, and what it never does.

use std::{error::Error, time::Duration};

use super::{ErrorKind, ProviderError, Reason};

#[test]
fn not_found_speaks_the_originals_words() {
    let error = ProviderError::new(ErrorKind::NotFound, "GetSecretValue").with_reason(Reason::new("gone"));
    assert_eq!(error.to_string(), "Secret does not exist");
}

#[test]
fn other_kinds_name_the_operation_and_the_reason() {
    let denied = Reason::new("allow secretsmanager:GetSecretValue").with_code("AccessDeniedException");
    let error = ProviderError::new(ErrorKind::Denied, "GetSecretValue").with_reason(denied);
    assert_eq!(
        error.to_string(),
        "GetSecretValue: allow secretsmanager:GetSecretValue (AccessDeniedException)"
    );
    assert!(error.source().is_some());
    let bare = ProviderError::new(ErrorKind::Unavailable, "ReadSecretData");
    assert_eq!(bare.to_string(), "ReadSecretData: the store does not answer");
}

#[test]
fn a_code_keeps_only_plain_characters_and_not_many() {
    let reason = Reason::new("odd").with_code("<html>{\"password\":\"x\"}</html>");
    assert_eq!(reason.to_string(), "odd (htmlpasswordxhtml)");
    let long = Reason::new("odd").with_code(&"a".repeat(200));
    assert_eq!(long.to_string().len(), "odd ()".len() + 64);
}

#[test]
fn the_parts_can_be_read_back() {
    let error = ProviderError::new(ErrorKind::Throttled, "GetSecretValue")
        .with_key("app/db".into())
        .with_retry_after(Duration::from_secs(2));
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.operation(), "GetSecretValue");
    assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("app/db"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    assert!(!error.is_of_login() && !error.is_from_elsewhere());
    assert!(error.clone().in_login().is_of_login());
    assert!(error.from_elsewhere().is_from_elsewhere());
}
