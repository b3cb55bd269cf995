//! Which store a name means.

use std::sync::Arc;

use eso_core::key::{StoreKind, StoreReference};
use eso_testkit::memory::MemoryProvider;

use super::{StoreMap, Stores as _};
use crate::store::{Backends, Store, StoreSettings};

fn named(namespace: &str) -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: namespace.to_owned(), name: "main".to_owned() }
}

fn connected() -> Arc<Store> {
    Store::new(MemoryProvider::new(), StoreSettings::default(), &Backends::default())
}

#[tokio::test]
async fn a_store_is_given_by_its_whole_name_and_with_all_its_keys() {
    let stores = StoreMap::default();
    let (here, there) = (connected(), connected());
    assert!(stores.put(named("here"), Arc::clone(&here)).is_none());
    assert!(stores.put(named("there"), there).is_none());
    let granted = stores.store(&named("here")).await.unwrap();
    assert!(Arc::ptr_eq(&granted.store, &here) && granted.keys.is_none());
}

#[tokio::test]
async fn a_store_that_takes_the_place_of_another_gives_that_back() {
    let stores = StoreMap::default();
    let (first, second) = (connected(), connected());
    stores.put(named("here"), Arc::clone(&first));
    let replaced = stores.put(named("here"), Arc::clone(&second)).unwrap();
    assert!(Arc::ptr_eq(&replaced, &first));
    assert!(Arc::ptr_eq(&stores.store(&named("here")).await.unwrap().store, &second));
}

#[tokio::test]
async fn a_store_that_is_not_connected_is_named() {
    let refused = StoreMap::default().store(&named("here")).await.map(drop);
    let expected = "could not get SecretStore \"main\", no store of that name is connected";
    assert_eq!(refused, Err(expected.to_owned()));
}
