//! Files in step with a store in memory, under a real engine.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::PathBuf, sync::Arc, time::Duration};

use eso_core::{
    error::ErrorKind,
    key::{StoreKind, StoreReference},
};
use eso_plan::{
    desired::{Absence, Desired, Refresh},
    plan::{Outcome, WriteError},
};
use eso_sync::{
    engine::{Cause, Engine, Handle, Settings},
    ports::{GroupId, ObjectId, Observer, StoreMap},
    store::{Backends, Store, StoreSettings},
};
use eso_testkit::memory::MemoryProvider;
use jiff::Timestamp;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{CONTENT, Files, disk};

/// The object of every test, and the line that it waits in.
const OBJECT: ObjectId = ObjectId(1);
const GROUP: GroupId = GroupId(1);

/// Longer than any test takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One file, `app/password`, out of the key `db` of a store in memory. The clock can be put ahead.
struct World {
    folder: TempDir,
    provider: Arc<MemoryProvider>,
    stores: Arc<StoreMap>,
    files: Arc<Files>,
    handle: Handle,
    ran: watch::Receiver<Option<Outcome>>,
    ahead: Arc<Mutex<Duration>>,
    stop: CancellationToken,
}

/// Hears what each run came to.
#[derive(Debug)]
struct Ear(watch::Sender<Option<Outcome>>);

impl Observer for Ear {
    fn ran(&self, _object: ObjectId, outcome: Option<&Outcome>, _took: Duration) {
        self.0.send_replace(outcome.cloned());
    }
}

impl World {
    fn start(absence: Absence, refresh: Refresh) -> Self {
        Self::over(TempDir::new().unwrap(), absence, refresh)
    }

    fn over(folder: TempDir, absence: Absence, refresh: Refresh) -> Self {
        let stores = Arc::<StoreMap>::default();
        let (provider, store) = connected("first");
        stores.put(name(), store);
        let files = Arc::new(Files::new(folder.path().to_owned(), Timestamp::now()));
        let (sender, ran) = watch::channel(None);
        let ahead = Arc::<Mutex<Duration>>::default();
        let clock = Arc::clone(&ahead);
        let (engine, handle) = Engine::new(
            Arc::clone(&files) as _,
            Arc::clone(&stores) as _,
            Arc::new(Ear(sender)),
            Settings { clock: Arc::new(move || Timestamp::now() + *clock.lock()), ..Settings::default() },
        );
        let stop = CancellationToken::new();
        tokio::spawn(engine.run(stop.clone()));
        let world = Self { folder, provider, stores, files, handle, ran, ahead, stop };
        world.keep("1", "db", absence, refresh);
        world
    }

    /// Says what the object wants, and wakes the engine for it.
    fn keep(&self, revision: &str, key: &str, absence: Absence, refresh: Refresh) {
        let wanted = Desired::owned("app/password").with_value(CONTENT, &name(), key);
        let wanted = Desired { revision: revision.to_owned(), absence, refresh, ..wanted };
        self.files.keep(OBJECT, wanted);
        self.handle.wake(OBJECT, GROUP, Cause::Changed);
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app/password")
    }

    fn content(&self) -> Option<String> {
        fs::read_to_string(self.path()).ok()
    }

    /// Waits until a run came to this, and the file holds that.
    async fn until(&mut self, expected: &Outcome, content: Option<&str>) {
        let path = self.path();
        let is_so = |outcome: &Option<Outcome>| {
            outcome.as_ref() == Some(expected) && fs::read_to_string(&path).ok().as_deref() == content
        };
        let waited = tokio::time::timeout(PATIENCE, self.ran.wait_for(is_so)).await;
        drop(waited.expect("it must come to be so").expect("the engine must run"));
    }

    /// Wakes the engine for the object, and waits until it was looked at.
    async fn look(&mut self, cause: Cause) {
        self.ran.mark_unchanged();
        self.handle.wake(OBJECT, GROUP, cause);
        self.ran.changed().await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A store that holds this as `db`, and its provider.
fn connected(value: &str) -> (Arc<MemoryProvider>, Arc<Store>) {
    let provider = MemoryProvider::new();
    provider.put("db", value);
    let store = Store::new(Arc::clone(&provider) as _, StoreSettings::default(), &Backends::default());
    (provider, store)
}

fn name() -> StoreReference {
    StoreReference { kind: StoreKind::ClusterSecretStore, namespace: String::new(), name: "main".to_owned() }
}

const OFTEN: Refresh = Refresh::Every(Duration::from_millis(20));

#[tokio::test]
async fn a_file_is_made_and_follows_the_store() {
    let mut world = World::start(Absence::Retain, OFTEN);
    world.until(&Outcome::Synced, Some("first")).await;
    assert_eq!(fs::metadata(world.path()).unwrap().mode() & 0o777, 0o600, "nobody else may read it");
    world.provider.put("db", "second");
    world.until(&Outcome::Synced, Some("second")).await;
    let left: Vec<_> = fs::read_dir(world.path().parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn a_file_that_somebody_changed_or_deleted_is_put_right() {
    let mut world = World::start(Absence::Retain, Refresh::OnChange);
    world.until(&Outcome::Synced, Some("first")).await;
    world.look(Cause::Changed).await;
    assert_eq!((world.provider.reads(), world.content()), (1, Some("first".to_owned())), "nothing was due");
    fs::write(world.path(), "changed").unwrap();
    world.handle.wake(OBJECT, GROUP, Cause::Changed);
    world.until(&Outcome::Synced, Some("first")).await;
    fs::remove_file(world.path()).unwrap();
    world.handle.wake(OBJECT, GROUP, Cause::Changed);
    world.until(&Outcome::Synced, Some("first")).await;
}

#[tokio::test]
async fn an_object_that_wants_something_else_gets_it() {
    let mut world = World::start(Absence::Retain, Refresh::OnChange);
    world.until(&Outcome::Synced, Some("first")).await;
    world.provider.put("other", "of another key");
    world.keep("2", "other", Absence::Retain, Refresh::OnChange);
    world.until(&Outcome::Synced, Some("of another key")).await;
}

#[tokio::test]
async fn a_look_between_two_refreshes_reads_nothing() {
    let mut world = World::start(Absence::Retain, Refresh::Every(2 * PATIENCE));
    world.until(&Outcome::Synced, Some("first")).await;
    *world.ahead.lock() += PATIENCE;
    world.look(Cause::SourceChanged).await;
    assert_eq!(world.provider.reads(), 2);
    *world.ahead.lock() += PATIENCE;
    world.look(Cause::Changed).await;
    assert_eq!(world.provider.reads(), 2, "the last read counts, though nothing was reported of it");
}

#[tokio::test]
async fn a_store_that_is_replaced_is_read_at_once() {
    let mut world = World::start(Absence::Retain, Refresh::Every(PATIENCE));
    world.until(&Outcome::Synced, Some("first")).await;
    let (_, store) = connected("of another store");
    let replaced = world.stores.put(name(), store).unwrap();
    world.handle.wake(OBJECT, GROUP, Cause::SourceChanged);
    world.until(&Outcome::Synced, Some("of another store")).await;
    replaced.close().await;
}

#[tokio::test]
async fn a_file_goes_with_its_value_where_the_object_wants_that() {
    let mut world = World::start(Absence::Delete, OFTEN);
    world.until(&Outcome::Synced, Some("first")).await;
    world.provider.delete("db");
    world.until(&Outcome::Deleted, None).await;
    world.provider.put("db", "again");
    world.until(&Outcome::Synced, Some("again")).await;
}

#[tokio::test]
async fn no_failure_takes_a_file_away() {
    let mut world = World::start(Absence::Delete, OFTEN);
    world.until(&Outcome::Synced, Some("first")).await;
    world.provider.fail(ErrorKind::Denied);
    let failed = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Unreadable(_)));
    drop(tokio::time::timeout(PATIENCE, world.ran.wait_for(failed)).await.unwrap().unwrap());
    assert_eq!(world.content().as_deref(), Some("first"));
}

#[tokio::test]
async fn an_unchanged_value_is_not_written_again() {
    let mut world = World::start(Absence::Retain, OFTEN);
    world.until(&Outcome::Synced, Some("first")).await;
    let written = fs::metadata(world.path()).unwrap().ino();
    let reads = world.provider.reads();
    while world.provider.reads() < reads + 3 {
        world.ran.changed().await.unwrap();
    }
    assert_eq!(fs::metadata(world.path()).unwrap().ino(), written, "it is another file");
}

#[tokio::test]
async fn after_a_restart_the_store_is_read_once_and_the_file_is_left() {
    let mut world = World::start(Absence::Retain, Refresh::OnChange);
    world.until(&Outcome::Synced, Some("first")).await;
    let written = fs::metadata(world.path()).unwrap().ino();
    world.stop.cancel();
    let folder = std::mem::replace(&mut world.folder, TempDir::new().unwrap());
    let mut restarted = World::over(folder, Absence::Retain, Refresh::OnChange);
    restarted.until(&Outcome::Synced, Some("first")).await;
    restarted.look(Cause::Changed).await;
    assert_eq!(restarted.provider.reads(), 1);
    assert_eq!(fs::metadata(restarted.path()).unwrap().ino(), written, "it is another file");
}

#[test]
fn a_file_that_may_not_be_written_is_told_so() {
    let forbidden = disk::failed(&io::ErrorKind::PermissionDenied.into());
    assert!(matches!(forbidden, WriteError::Forbidden(_)), "{forbidden}");
    let unavailable = disk::failed(&io::ErrorKind::StorageFull.into());
    assert!(matches!(unavailable, WriteError::Unavailable(_)), "{unavailable}");
}
