//! Keeps two files below a folder equal to values of a store, until Ctrl-C.

use std::{env, io, path::PathBuf, sync::Arc, time::Duration};

use embedded::{CONTENT, Files};
use eso_core::{
    api::fake::{FakeData, FakeProvider},
    key::{StoreKind, StoreReference},
};
use eso_plan::desired::{Desired, Refresh};
use eso_sync::{
    engine::{Cause, Engine, Settings},
    ports::{GroupId, ObjectId, StoreMap},
    store::{Backends, Store, StoreSettings},
};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().init();
    let store = Store::new(eso_fake::connect(&values()), StoreSettings::default(), &Backends::default());
    let stores = StoreMap::default();
    stores.put(name(), Arc::clone(&store));

    let folder = env::args_os().nth(1).map_or_else(|| "files".into(), PathBuf::from);
    let files = Arc::new(Files::new(folder, Timestamp::now()));
    let (engine, handle) =
        Engine::new(Arc::clone(&files) as _, Arc::new(stores), Arc::new(()), Settings::default());
    for (number, key) in [(1, "app/user"), (2, "app/password")] {
        let wanted = Desired::owned(key).with_value(CONTENT, &name(), key);
        let refresh = Refresh::Every(Duration::from_secs(10));
        files.keep(ObjectId(number), Desired { revision: "1".to_owned(), refresh, ..wanted });
        handle.wake(ObjectId(number), GroupId(1), Cause::Listed);
    }

    let stop = CancellationToken::new();
    let running = tokio::spawn(engine.run(stop.clone()));
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    running.await?;
    store.close().await;
    Ok(())
}

/// What the one store is called.
fn name() -> StoreReference {
    StoreReference { kind: StoreKind::ClusterSecretStore, namespace: String::new(), name: "main".to_owned() }
}

/// What it holds.
fn values() -> FakeProvider {
    let value =
        |key: &str, value: &str| FakeData { key: key.to_owned(), value: value.to_owned(), version: None };
    FakeProvider {
        data: vec![value("app/user", "app"), value("app/password", "example")],
        validation_result: None,
    }
}
