//! That stores are read without a target as they are with one. What the engine's own tests show of reading is not shown
//! again.

use std::{sync::Arc, time::Duration};

use eso_core::{
    error::ErrorKind,
    key::{StoreKind, StoreReference},
};
use eso_plan::{
    desired::Desired,
    render::Rendered,
    template::{Sources, Template},
};
use eso_testkit::memory::MemoryProvider;
use tokio::time::timeout;

use super::Contents;
use crate::{
    engine::Settings,
    ports::StoreMap,
    store::{Backends, Store, StoreSettings},
};

fn reference(name: &str) -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: "demo".into(), name: name.into() }
}

/// Contents out of one store, `main`, which holds `value` under `key`.
fn world() -> (Contents, Arc<MemoryProvider>) {
    let provider = MemoryProvider::new();
    provider.put("key", "value");
    let stores = StoreMap::default();
    let settings = StoreSettings::default();
    stores.put(reference("main"), Store::new(Arc::clone(&provider) as _, settings, &Backends::default()));
    (Contents::new(Arc::new(stores), &Settings::default()), provider)
}

/// `a` and `b`, both out of `key` of a store.
fn desired(store: &str) -> Desired {
    Desired::owned("app").with_value("a", &reference(store), "key").with_value("b", &reference(store), "key")
}

#[tokio::test(start_paused = true)]
async fn what_the_stores_give_is_rendered_and_each_value_read_once() {
    let (contents, provider) = world();
    let data = [("c".to_owned(), "<{{ .a }}{{ .b }}>".to_owned())].into();
    let template = Template { data, ..Template::default() };
    let desired = Desired { template: Some(template), ..desired("main") };
    let rendered = contents.content(&desired, Sources::new()).await.unwrap();
    let Rendered::Content { content, gone } = rendered else { panic!("{rendered:?}") };
    assert_eq!(content.entries, [("c".to_owned(), "<valuevalue>".into())].into());
    assert_eq!((gone.len(), provider.reads()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said() {
    let (contents, provider) = world();
    let said = async |store| contents.content(&desired(store), Sources::new()).await.unwrap_err().to_string();
    assert!(said("other").await.contains("could not get SecretStore \"other\""));
    provider.fail(ErrorKind::Denied);
    assert!(said("main").await.contains("access denied"));
}

#[tokio::test(start_paused = true)]
async fn who_has_no_time_drops_the_call() {
    let (contents, provider) = world();
    provider.hold();
    let desired = desired("main");
    assert!(timeout(Duration::from_secs(1), contents.content(&desired, Sources::new())).await.is_err());
    provider.release();
    assert!(contents.content(&desired, Sources::new()).await.is_ok());
}
