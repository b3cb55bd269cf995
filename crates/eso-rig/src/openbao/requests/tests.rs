//! Tests of `requests`, on lines as OpenBao 2.7 writes them.

use super::*;

const LOGIN: &str = r#"{"time":"2026-11-23T06:40:30Z","type":"request","auth":{"token_type":"default"},
    "request":{"id":"1","operation":"update","namespace":{"id":"root"},"path":"auth/kubernetes/login"}}"#;
const READ: &str = r#"{"type":"request","auth":{"display_name":"kubernetes-team-app","policies":["default","app"]},
    "request":{"operation":"read","namespace":{"id":"n1","path":"tenant/"},"path":"kv/data/app"}}"#;
const ANSWER: &str = r#"{"type":"response","auth":{"display_name":"kubernetes-team-app"},
    "request":{"operation":"read","path":"kv/data/app"},"response":{"data":{}}}"#;
const RIG: &str = r#"{"type":"request","auth":{"display_name":"token","policies":["root"]},
    "request":{"operation":"create","path":"kv/data/app"}}"#;

fn requests() -> VaultRequests {
    let entries = [LOGIN, READ, ANSWER, RIG].map(|line| serde_json::from_str::<Entry>(line).unwrap());
    entries.into_iter().filter_map(Entry::arrived).collect()
}

#[test]
fn a_line_becomes_a_request_with_all_its_parts() {
    let expected = VaultRequest {
        operation: "read".to_owned(),
        path: "kv/data/app".to_owned(),
        namespace: "tenant/".to_owned(),
        display_name: "kubernetes-team-app".to_owned(),
        policies: vec!["default".to_owned(), "app".to_owned()],
    };
    assert_eq!(requests().iter().nth(1), Some(&expected));
}

#[track_caller]
fn check(kept: &VaultRequests, expected: usize) {
    assert_eq!(kept.len(), expected, "{kept:?}");
    assert_eq!(kept.is_empty(), expected == 0);
}

#[test]
fn each_narrowing_keeps_what_it_names() {
    let all = requests();
    check(&all, 3);
    check(&all.operation("read"), 1);
    check(&all.path("kv/data/app"), 2);
    check(&all.path("kv/data"), 0);
    check(&all.below("kv/"), 2);
    check(&all.of_others(), 2);
    check(&all.of_others().path("auth/kubernetes/login"), 1);
}
