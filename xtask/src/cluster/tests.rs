//! Tests of `cluster`: the refusal in words. What is done on clusters: `removal/tests.rs` and `tests/demo.rs`.

use super::*;

fn made(kind: Kind, name: &str) -> Made {
    Made { kind, name: name.to_owned(), uid: String::new() }
}

#[test]
fn a_cluster_that_is_in_use_is_refused_with_the_list_of_what_is_there() {
    let there = [made(Kind::Namespace, "external-secrets"), made(Kind::ClusterRole, "controller")];
    let refused = refuse(&there).unwrap_err().to_string();
    assert!(refused.contains(":\n  Namespace external-secrets\n  ClusterRole controller\n"), "{refused}");
    assert!(refused.contains("Nothing was changed."), "{refused}");
}

#[test]
fn a_cluster_without_any_of_it_is_not_refused() {
    refuse(&[]).unwrap();
}
