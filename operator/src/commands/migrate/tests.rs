//! What is printed for files, and that the newer objects give the values that the older ones gave.

use std::{collections::BTreeMap, fs, path::Path};

use clap::Parser as _;
use eso_core::{
    provider::{Dialect, Fetched, Value as Provided},
    value::SecretBytes,
};
use eso_plan::{
    convert::{
        external_secret,
        legacy::{self, Environment},
        migrate::ObjectName,
    },
    desired::{Ask, Content, Desired, Entry},
    render::{self, Answer, Given, Rendered},
    template::{self, Delimiters, Surroundings},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::args::Command;

fn environment() -> Environment {
    Environment { vault_address: "https://vault.example:8200".to_owned(), ..Environment::default() }
}

fn migrated(input: &Input, without_permits: bool) -> Vec<Migrated> {
    input.migrated(Told { environment: &environment(), class: None, without_permits })
}

fn report_on(input: &Input, without_permits: bool) -> Report {
    Report::of(migrated(input, without_permits)).unwrap()
}

/// What is printed for these files of a folder, in a namespace.
fn printed(files: &[(&str, &str)], namespace: &str) -> Report {
    report_on(&input(files, namespace), false)
}

fn input(files: &[(&str, &str)], namespace: &str) -> Input {
    let folder = TempDir::with_prefix("eso-migrate-").unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    Input::of_files(&[folder.path().to_owned()], namespace).unwrap()
}

fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

fn names(report: &Report) -> Vec<String> {
    documents(&report.text).iter().map(|document| ObjectName::of(document).to_string()).collect()
}

fn remarks(report: &Report) -> Vec<String> {
    report.remarks.iter().map(ToString::to_string).collect()
}

const OLDER: &str = r#"
apiVersion: kubernetes-client.io/v1
kind: ExternalSecret
metadata: { name: one }
spec: { backendType: secretsManager, region: us-east-1, data: [{ key: db, name: a, property: p }] }
---
apiVersion: kubernetes-client.io/v1
kind: ExternalSecret
metadata: { name: two }
spec: { backendType: secretsManager, region: us-east-1, dataFrom: [db] }
"#;

const STORE: &str = r#"
apiVersion: v1
kind: List
items:
  - apiVersion: external-secrets.io/v1beta1
    kind: ExternalSecret
    metadata: { name: three }
    spec: { secretStoreRef: { name: main }, data: [{ secretKey: a, remoteRef: { key: b } }] }
  - apiVersion: external-secrets.io/v1beta1
    kind: SecretStore
    metadata: { name: main }
    spec: { provider: { fake: { data: [] } } }
"#;

#[test]
fn stores_come_first_and_each_once() {
    let report = printed(&[("b.yaml", OLDER), ("a.yml", STORE), ("c.txt", "no: manifest")], "demo");
    let names = names(&report);
    assert_eq!(names[0], "SecretStore demo/main");
    assert!(names[1].starts_with("ClusterSecretStore secrets-manager-us-east-1-"), "{names:?}");
    assert_eq!(
        names[2..],
        ["ExternalSecret demo/three", "ExternalSecret demo/one", "ExternalSecret demo/two"]
    );
    assert_eq!(report.summary(), "4 written, 0 not written, 0 of other kinds left out");
}

#[test]
fn an_object_whose_name_is_taken_is_not_written() {
    let taken = STORE.replace("name: three", "name: one");
    let report = printed(&[("a.yaml", &taken), ("b.yaml", OLDER)], "demo");
    assert_eq!(report.summary(), "3 written, 1 not written, 0 of other kinds left out");
    let expected =
        "ExternalSecret demo/one: it is not written: another object of external-secrets.io has its name";
    assert!(remarks(&report).contains(&expected.to_owned()), "{:?}", remarks(&report));
    assert_eq!(names(&report).iter().filter(|name| *name == "ExternalSecret demo/one").count(), 1);
}

#[test]
fn what_the_files_say_of_namespaces_and_empty_secrets_is_known() {
    let beside = r#"
apiVersion: v1
kind: Namespace
metadata: { name: demo, annotations: { iam.amazonaws.com/permitted: "" } }
---
apiVersion: v1
kind: Secret
metadata: { name: filled }
---
apiVersion: v1
kind: Secret
metadata: { name: full }
stringData: { a: b }
"#;
    let older = OLDER.replace("name: a, property: p }", "name: filled }, { key: c, name: full }");
    let report = printed(&[("a.yaml", beside), ("b.yaml", &older)], "demo");
    let names = names(&report);
    assert!(names.contains(&"ExternalSecret demo/filled".to_owned()), "{names:?}");
    assert!(!names.contains(&"ExternalSecret demo/full".to_owned()), "{names:?}");
    assert_eq!(report.summary(), "2 written, 0 not written, 3 of other kinds left out");
    let beside = beside.replace(r#"permitted: "" }"#, r#"permitted: "^arn:aws:iam::1" }"#);
    let input = input(&[("a.yaml", &beside), ("b.yaml", &older)], "demo");
    assert_eq!(report_on(&input, false).summary(), "0 written, 2 not written, 3 of other kinds left out");
    let report = report_on(&input, true);
    assert_eq!(report.summary(), "2 written, 0 not written, 3 of other kinds left out");
    let remarks = remarks(&report);
    let of_namespace = remarks
        .iter()
        .filter(|remark| remark.starts_with("Namespace demo: metadata.annotations.iam.amazonaws.com"));
    assert_eq!(of_namespace.count(), 1, "it is said once: {remarks:?}");
}

/// Runs the command; whether its code is 0.
fn run_on(text: &str, flags: &[&str]) -> bool {
    let folder = TempDir::with_prefix("eso-migrate-").unwrap();
    let file = folder.path().join("a.yaml");
    fs::write(&file, text).unwrap();
    let line = ["eso", "migrate", file.to_str().unwrap()].into_iter().chain(flags.iter().copied());
    let args = Args::try_parse_from(line).unwrap();
    let Some(Command::Migrate(asked)) = &args.command else { panic!("it is another command") };
    done(&args, asked).unwrap()
}

#[test]
fn the_code_says_whether_all_was_written() {
    let unwritten = OLDER.replace("secretsManager", "akeyless");
    let remarked = OLDER.replace("region: us-east-1,", "region: us-east-1, roleArn: r,");
    assert!(run_on(STORE, &[]) && run_on(STORE, &["--strict"]));
    assert!(
        run_on(&remarked, &["--namespace=demo"]) && !run_on(&remarked, &["--strict", "--namespace=demo"])
    );
    assert!(!run_on(&unwritten, &[]));
    assert!(
        run_on("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }", &["--strict"]),
        "it is of another kind"
    );
}

/// What the stores of the examples hold, by the keys of the older objects and of the newer ones.
fn values() -> BTreeMap<&'static str, Value> {
    let password = json!({ "password": "p<&>", "other": 1 });
    [
        ("hello-service/credentials", json!({ "login": "me", "port": 5432 })),
        ("hello-service/migrate", json!({ "step": "2" })),
        ("hello-service/password", password),
        ("hello-service/json", json!({ "user": { "name": "joe" } })),
        ("hello-service/blob", json!("aGVsbG8=")),
        ("hello-service/all", json!({ "one": "1", "deep": { "b": [1, 2] } })),
        ("/hello-service/password", json!("secret")),
        ("/hello-service/flat/one", json!("1")),
        ("/hello-service/flat/below/not-this", json!("none of it")),
        ("/hello-service/deep/two", json!("2")),
        ("/hello-service/deep/below/three", json!("3")),
        ("my-secret", json!({ "username": "me", "password": "p" })),
    ]
    .into()
}

fn fetched(value: &Value) -> Fetched {
    let bytes = match value {
        Value::String(text) => SecretBytes::from(text.as_str()),
        other => SecretBytes::from(other.to_string()),
    };
    Fetched::new(Provided::Bytes(bytes))
}

/// What an object's Secret holds.
fn content(desired: &Desired) -> Content {
    let values = values();
    let answer = |entry: &Entry| {
        let given = match &entry.ask {
            Ask::Read(fetch) => Ok(Given::Value(fetched(&values[fetch.key.as_str()]))),
            Ask::Find(query) => {
                let is_meant = |key: &str| {
                    query.path.as_deref().is_none_or(|path| key.starts_with(path))
                        && query.name.as_ref().is_none_or(|name| name.accepts(key))
                };
                let met = values.iter().filter(|(key, _)| is_meant(key));
                Ok(Given::Found(met.map(|(key, value)| ((*key).into(), fetched(value))).collect()))
            }
        };
        Answer { dialect: Dialect::default(), given }
    };
    let answers: Vec<Answer> = desired.entries.iter().map(answer).collect();
    let mut surroundings = Surroundings {
        sources: &BTreeMap::new(),
        delimiters: &Delimiters::default(),
        limits: template::limits(),
        now: Timestamp::UNIX_EPOCH,
        random: &mut |_| panic!("nothing here is random"),
    };
    match render::render(desired, &answers, &mut surroundings).unwrap() {
        Rendered::Content { content, .. } => content,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_examples_give_the_same_values_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples/kubernetes-client-io");
    let input = Input::of_files(&[folder], "demo").unwrap();
    let migrated = migrated(&input, false);
    let mut compared = Vec::new();
    for (document, migrated) in input.documents.iter().zip(&migrated) {
        let Some(parts) = parts(migrated) else { continue };
        let mut before = document.clone();
        // The store of the older object says where the key begins; both are asked by the same names here.
        before["metadata"]["uid"] = json!("u");
        let before = legacy::desired(&legacy::parse(before).unwrap(), &environment()).unwrap();
        let after = external_secret::desired(&parts.object).unwrap();
        let (before, after) = (content(&before), content(&after));
        assert_eq!(after.entries, before.entries, "{}", migrated.object);
        assert_eq!(after.dress, before.dress, "{}", migrated.object);
        assert!(!after.entries.is_empty());
        compared.push(migrated.object.name.as_str());
    }
    assert_eq!(compared, ["hello-parameters", "hello-service", "hello-vault", "my-external-secret"]);
    let names = names(&report_on(&input, false));
    assert!(
        names.contains(&"ExternalSecret demo/my-external-secret-data".to_owned()),
        "the Secret that is filled"
    );
    assert_eq!(migrated.iter().filter(|migrated| matches!(migrated.newer, Newer::Unwritten)).count(), 0);
}
