//! Tests of `requests`, on lines as kube-apiserver 1.36 writes them.

use super::*;

const CREATED: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",
    "stage":"ResponseComplete","requestURI":"/api/v1/namespaces/team/secrets?fieldManager=eso","verb":"create",
    "user":{"username":"system:serviceaccount:eso:eso","groups":["system:authenticated"]},
    "sourceIPs":["127.0.0.1"],"userAgent":"eso/1","objectRef":{"resource":"secrets","namespace":"team",
    "name":"app","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201}}"#;
const STATUS: &str = r#"{"stage":"ResponseComplete","requestURI":"/apis/external-secrets.io/v1/x","verb":"update",
    "user":{"username":"system:serviceaccount:eso:eso"},"objectRef":{"resource":"externalsecrets",
    "namespace":"team","name":"app","apiGroup":"external-secrets.io","subresource":"status"},
    "responseStatus":{"code":200}}"#;
const VERSION: &str = r#"{"stage":"ResponseComplete","requestURI":"/version","verb":"get",
    "user":{"username":"admin"}}"#;
const STARTED: &str = r#"{"stage":"ResponseStarted","requestURI":"/api/v1/secrets?watch=true","verb":"watch",
    "user":{"username":"system:serviceaccount:eso:eso"},"objectRef":{"resource":"secrets"}}"#;

fn requests() -> ApiRequests {
    let events = [CREATED, STATUS, VERSION, STARTED].map(|line| serde_json::from_str::<Event>(line).unwrap());
    events.into_iter().filter_map(Event::finished).collect()
}

#[test]
fn a_line_becomes_a_request_with_all_its_parts() {
    let expected = ApiRequest {
        user: "system:serviceaccount:eso:eso".to_owned(),
        verb: "create".to_owned(),
        group: String::new(),
        resource: "secrets".to_owned(),
        subresource: String::new(),
        namespace: "team".to_owned(),
        name: "app".to_owned(),
        uri: "/api/v1/namespaces/team/secrets?fieldManager=eso".to_owned(),
        user_agent: "eso/1".to_owned(),
        status: 201,
    };
    assert_eq!(requests().iter().next(), Some(&expected));
}

#[test]
fn a_path_without_a_resource_has_none() {
    let requests = requests().by("admin");
    let request = requests.iter().next().unwrap();
    assert_eq!((request.resource.as_str(), request.name.as_str(), request.status), ("", "", 0));
}

#[track_caller]
fn check(kept: &ApiRequests, expected: usize) {
    assert_eq!(kept.len(), expected, "{kept:?}");
    assert_eq!(kept.is_empty(), expected == 0);
}

#[test]
fn each_narrowing_keeps_what_it_names() {
    let all = requests();
    check(&all, 3);
    check(&all.by("system:serviceaccount:eso:eso"), 2);
    check(&all.verb("create"), 1);
    check(&all.writes(), 2);
    check(&all.resource("externalsecrets"), 1);
    check(&all.resource("externalsecrets").subresource(""), 0);
    check(&all.resource("externalsecrets").subresource("status"), 1);
    check(&all.namespace("team").name("app"), 2);
    check(&all.namespace("other"), 0);
    check(&all.matching(|request| request.group == "external-secrets.io"), 1);
}
