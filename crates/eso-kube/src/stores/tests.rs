//! The names of stores.

use eso_core::key::{StoreKind, StoreReference};

use super::{Connect, Dependents, StoreKey};

fn reference(kind: StoreKind) -> StoreReference {
    StoreReference { kind, namespace: "demo".to_owned(), name: "store".to_owned() }
}

#[test]
fn a_secret_store_is_of_the_namespace_that_asks_and_a_cluster_store_of_none() {
    let own = StoreKey::of(&reference(StoreKind::SecretStore));
    assert_eq!(
        (own.to_string(), own.subject().unwrap().namespace),
        ("SecretStore demo/store".to_owned(), "demo")
    );
    let cluster = StoreKey::of(&reference(StoreKind::ClusterSecretStore));
    assert_eq!(
        (cluster.to_string(), cluster.subject().unwrap().namespace),
        ("ClusterSecretStore store".to_owned(), "")
    );
}

#[test]
fn the_ports_are_dyn_compatible() {
    fn takes(_: Option<(Box<dyn Connect>, Box<dyn Dependents>)>) {}
    takes(None);
}
