//! Where a policy stands, what of it is taken, and when it is the one that is there.

use serde_json::json;

use super::*;

fn metadata(policy: Value) -> Value {
    let api_version = "kubernetes.external-secrets.io/v1alpha1";
    json!({"apiVersion": api_version, "kind": "PushSecretMetadata", "spec": {"resourcePolicy": policy}})
}

fn reference(kind: &str) -> Value {
    json!({"policySourceRef": {"kind": kind, "name": "policies", "key": "app.json"}})
}

fn named(kind: SourceKind) -> DocumentName {
    DocumentName { source: SourceName { kind, name: "policies".to_owned() }, key: "app.json".to_owned() }
}

/// What is read of metadata, where this text stands where it points to.
fn read(policy: Value, text: &[u8]) -> Result<Option<Policy>, ProviderError> {
    let mut spec = push_metadata::spec(Some(&metadata(policy)))?;
    let found = source(&mut spec)?;
    spec.end()?;
    let texts = [(named(SourceKind::ConfigMap), text.to_vec().into())].into();
    found.map(|source| Policy::read(source, &texts)).transpose()
}

#[track_caller]
fn refused(policy: Value, text: &[u8], why: &str) {
    let error = read(policy, text).expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("failed to parse metadata: {why}"));
}

#[test]
fn a_policy_stands_in_a_config_map_or_a_secret() {
    assert_eq!(documents(Some(&metadata(reference("ConfigMap")))), [named(SourceKind::ConfigMap)]);
    assert_eq!(documents(Some(&metadata(reference("Secret")))), [named(SourceKind::Secret)]);
    let folded = json!({"PolicySourceRef": {"KIND": "Secret", "Name": "policies", "key": "app.json"}});
    assert_eq!(documents(Some(&metadata(folded))), [named(SourceKind::Secret)]);
}

#[test]
fn where_none_is_wanted_or_it_is_not_said_where_none_is_named() {
    for metadata in [None, Some(metadata(Value::Null)), Some(metadata(json!({}))), Some(json!("text"))] {
        assert_eq!(documents(metadata.as_ref()), []);
    }
    assert_eq!(documents(Some(&metadata(reference("Pod")))), []);
}

#[test]
fn a_reference_that_is_incomplete_or_unknown_is_refused_by_its_field() {
    let place = "spec.resourcePolicy";
    let source = |source: Value| json!({"policySourceRef": source});
    let complete = |more: (&str, Value)| {
        let mut reference = reference("ConfigMap");
        reference["policySourceRef"][more.0] = more.1;
        reference
    };
    refused(json!({}), b"{}", &format!("{place}.policySourceRef is missing"));
    refused(json!([]), b"{}", &format!("{place} must be an object"));
    refused(source(json!("map")), b"{}", &format!("{place}.policySourceRef must be an object"));
    let kind = format!("{place}.policySourceRef.kind must be ConfigMap or Secret");
    refused(source(json!({"name": "policies", "key": "app.json"})), b"{}", &kind);
    refused(complete(("kind", json!("configmap"))), b"{}", &kind);
    refused(complete(("name", json!(""))), b"{}", &format!("{place}.policySourceRef.name is missing"));
    refused(complete(("key", Value::Null)), b"{}", &format!("{place}.policySourceRef.key is missing"));
    let namespace = format!(r#"unknown field "{place}.policySourceRef.namespace""#);
    refused(complete(("namespace", json!("other"))), b"{}", &namespace);
    let mut strange = reference("ConfigMap");
    strange["force"] = json!(true);
    refused(strange, b"{}", &format!(r#"unknown field "{place}.force""#));
    let mut text = reference("ConfigMap");
    text["blockPublicPolicy"] = json!("yes");
    refused(text, b"{}", &format!("{place}.blockPublicPolicy must be true or false"));
}

#[test]
fn what_is_no_policy_is_refused_and_not_quoted() {
    let holds = |what: &str| format!(r#"spec.resourcePolicy: key "app.json" of "policies" {what}"#);
    let no_policy = holds("holds no policy: it must be a JSON object");
    for text in ["canary", "{\"canary\": ", "[\"canary\"]", " ", "null"] {
        refused(reference("ConfigMap"), text.as_bytes(), &no_policy);
    }
    refused(reference("ConfigMap"), b"\xff\xfe", &holds("holds no text"));
    refused(reference("Secret"), b"{}", &holds("was not read"));
}

#[test]
fn a_policy_is_not_printed() {
    let policy = read(reference("ConfigMap"), br#"{"Sid": "canary"}"#);
    assert!(!format!("{policy:?}").contains("canary"), "{policy:?}");
}

#[test]
fn an_empty_text_is_no_policy_at_all() {
    assert_eq!(read(reference("ConfigMap"), b""), Ok(Some(Policy::Absent)));
    assert_eq!(read(Value::Null, b""), Ok(None), "whatever policy there is");
}

#[test]
fn a_policy_is_the_one_that_is_there_however_it_is_written() {
    let wanted = read(reference("ConfigMap"), br#"{"Version": "2012-10-17", "Statement": []}"#);
    let wanted = wanted.unwrap().unwrap();
    assert!(wanted.is(Some(r#"{"Statement":[],"Version":"2012-10-17"}"#)));
    assert!(!wanted.is(Some(r#"{"Statement":[]}"#)));
    assert!(!wanted.is(Some("no json")));
    assert!(!wanted.is(None));
    assert!(Policy::Absent.is(None));
    assert!(!Policy::Absent.is(Some("{}")));
}

#[test]
fn whether_public_ones_are_refused_is_left_to_aws_where_it_is_not_said() {
    for said in [None, Some(true), Some(false)] {
        let mut reference = reference("ConfigMap");
        reference["blockPublicPolicy"] = json!(said);
        let Ok(Some(Policy::This { blocks_public, .. })) = read(reference, b"{}") else {
            panic!("it must be taken")
        };
        assert_eq!(blocks_public, said);
    }
}
