//! What the provider promises, and what is its own.

use std::{fs, io, os::unix::fs::symlink, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::RemoteKey,
    provider::{CallObserver, Connection, Fetch, NameFilter, Query, SecretProvider, Value},
};
use eso_testkit::{
    conformance::{self, Subject},
    connection::{CallRecorder, Credentials, connection},
};
use tempfile::TempDir;

use super::{Directory, LARGEST_VALUE, connect, error};

/// A root with one folder, `team`, for one test.
struct Root(TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(TempDir::new().unwrap());
        fs::create_dir(root.file("")).unwrap();
        root
    }

    fn file(&self, key: &str) -> PathBuf {
        self.0.path().join("team").join(key)
    }

    fn write(&self, key: &str, bytes: &[u8]) {
        let file = self.file(key);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    async fn connect(
        &self,
        path: &str,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        connect(self.0.path().to_owned(), Directory { path: path.to_owned() }, connection).await
    }

    async fn provider(&self) -> Arc<dyn SecretProvider> {
        let connection = connection(&Credentials::new(), &CallRecorder::new());
        self.connect("team", connection).await.unwrap()
    }
}

#[async_trait]
impl Subject for Root {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        let connection = connection(&Credentials::new(), &CallRecorder::new());
        self.connect("team", Connection { calls, ..connection }).await.unwrap()
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        let (Value::Bytes(bytes) | Value::Document(bytes)) = value;
        self.write(key.as_str(), bytes.expose());
    }

    async fn delete(&self, key: &RemoteKey) {
        drop(fs::remove_file(self.file(key.as_str())));
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(text.into())
    }

    fn samples(&self) -> Vec<Value> {
        vec![self.value("a text\n"), self.value(""), Value::Bytes(vec![0, 0xff, 0x80].into())]
    }

    fn read_calls(&self) -> &[&str] {
        &["ReadFile"]
    }

    fn finds(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn it_keeps_what_a_provider_promises() {
    conformance::run(&Root::new()).await;
}

/// Asks a provider whose folder holds the value `app/db`.
#[track_caller]
fn check(request: &Fetch, expected: Result<(), ErrorKind>) {
    let root = Root::new();
    root.write("app/db", b"value");
    symlink("app/db", root.file("link")).unwrap();
    symlink("/dev/null", root.file("device")).unwrap();
    root.write("largest", &vec![b'x'; LARGEST_VALUE]);
    root.write("too-large", &vec![b'x'; LARGEST_VALUE + 1]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let answer = runtime.block_on(async { root.provider().await.fetch(request).await });
    assert_eq!(answer.map(drop).map_err(|error| error.kind()), expected, "{request:?}");
}

#[test]
fn a_key_is_the_path_of_a_file() {
    check(&Fetch::new("app/db"), Ok(()));
    check(&Fetch::new("link"), Ok(()));
    check(&Fetch::new("largest"), Ok(()));
    check(&Fetch::new("app/other"), Err(ErrorKind::NotFound));
    for key in ["app", "app/db/below", "device", "too-large", "no\0name", &"x".repeat(300)] {
        check(&Fetch::new(key), Err(ErrorKind::Invalid));
    }
}

#[test]
fn no_key_leads_out_of_the_folder_and_none_has_two_texts() {
    for key in
        ["", "/etc/passwd", "../team/app/db", "app/../app/db", "./app/db", "app//db", "app/db/", ".hidden"]
    {
        check(&Fetch::new(key), Err(ErrorKind::Invalid));
    }
}

#[test]
fn what_a_directory_does_not_keep_is_refused_and_not_absent() {
    check(&Fetch::new("app/db").at_version("1"), Err(ErrorKind::Invalid));
    check(&Fetch::new("app/db").of_metadata(), Err(ErrorKind::Invalid));
}

#[tokio::test]
async fn no_store_leads_out_of_the_root() {
    let root = Root::new();
    for path in ["", "/etc", "..", "team/../..", ".team"] {
        let refused = root.connect(path, connection(&Credentials::new(), &CallRecorder::new())).await;
        assert_eq!(refused.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Invalid), "{path}");
    }
}

#[tokio::test]
async fn of_a_volume_that_is_not_mounted_no_value_is_gone() {
    let root = Root::new();
    let provider = root.provider().await;
    let answers = async || {
        let fetched = provider.fetch(&Fetch::new("app/db")).await.map(drop);
        let found = provider.finder().unwrap().find(&Query::default()).await.map(drop);
        [fetched, found, provider.check().await].map(|answer| answer.map_err(|error| error.kind()))
    };
    assert_eq!(answers().await, [Err(ErrorKind::Unavailable); 3], "it is empty");
    fs::remove_dir(root.file("")).unwrap();
    assert_eq!(answers().await, [Err(ErrorKind::Unavailable); 3], "it is not there");
    root.write("app/db", b"value");
    assert_eq!(answers().await, [Ok(()); 3]);
}

#[tokio::test]
async fn files_are_found_by_name_and_path() {
    let root = Root::new();
    for key in ["app/db", "app/web", "db", ".hidden/db", "app/.hidden-db"] {
        root.write(key, b"value");
    }
    symlink("db", root.file("linked-db")).unwrap();
    symlink("app", root.file("linked-folder")).unwrap();
    let provider = root.provider().await;
    let find = async |path: Option<&str>, tags: &[(&str, &str)]| {
        let query = Query {
            path: path.map(str::to_owned),
            name: Some(NameFilter::new("db$", |name| name.ends_with("db"))),
            tags: tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let found = provider.finder().unwrap().find(&query).await.map_err(|error| error.kind())?;
        let mut keys: Vec<String> = found.into_iter().map(|found| found.key.to_string()).collect();
        keys.sort();
        Ok(keys)
    };
    assert_eq!(find(None, &[]).await, Ok(["app/db", "db", "linked-db"].map(str::to_owned).into()));
    assert_eq!(find(Some("app/"), &[]).await, Ok(vec!["app/db".to_owned()]));
    assert_eq!(find(None, &[("team", "a")]).await, Err(ErrorKind::Invalid));
}

#[test]
fn only_a_file_that_is_not_there_is_not_found() {
    for (kind, of_file, of_folder) in [
        (io::ErrorKind::NotFound, ErrorKind::NotFound, ErrorKind::Unavailable),
        (io::ErrorKind::PermissionDenied, ErrorKind::Denied, ErrorKind::Denied),
        (io::ErrorKind::IsADirectory, ErrorKind::Invalid, ErrorKind::Unavailable),
        (io::ErrorKind::NotADirectory, ErrorKind::Invalid, ErrorKind::Invalid),
        (io::ErrorKind::TimedOut, ErrorKind::Unavailable, ErrorKind::Unavailable),
        (io::ErrorKind::StaleNetworkFileHandle, ErrorKind::Unavailable, ErrorKind::Unavailable),
        (io::ErrorKind::Other, ErrorKind::Unavailable, ErrorKind::Unavailable),
    ] {
        assert_eq!(error::of_file(&kind.into()).kind(), of_file, "{kind}");
        assert_eq!(error::of_folder(&kind.into()).kind(), of_folder, "{kind}");
    }
}
