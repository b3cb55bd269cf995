//! What `eso render` prints, out of files as people write them.

use std::fs;

use clap::Parser as _;
use tempfile::TempDir;

use super::*;
use crate::args::Command;

const OBJECT: &str = r#"
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: app, namespace: demo, labels: { team: blue } }
spec:
  secretStoreRef: { name: vault }
  data:
    - { secretKey: password, remoteRef: { key: app/db, property: password } }
    - { secretKey: token, remoteRef: { key: app/token } }
"#;

const TEMPLATED: &str = r#"
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: app, namespace: demo, labels: { team: blue } }
spec:
  secretStoreRef: { name: vault }
  target:
    name: out
    immutable: true
    template:
      type: example.com/kind
      metadata: { labels: { for: "{{ .user }}" } }
      templateFrom:
        - configMap: { name: tpl, items: [{ key: dsn }] }
  dataFrom:
    - extract: { key: app/db }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: tpl, namespace: demo }
data: { dsn: "db://{{ .user }}:{{ .password }}@host" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: tpl, namespace: other }
data: { dsn: "of another namespace" }
---
apiVersion: apps/v1
kind: Deployment
"#;

const VALUES: &str = "app/db: { user: joe, password: s3cr3t }\napp/token: t0k3n\n";

/// What the command prints for a file and values.
fn render_text(object: &str, values: Option<&str>) -> Result<String, String> {
    let folder = TempDir::with_prefix("eso-render-").unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut line = vec!["eso".to_owned(), "render".to_owned(), "-f".to_owned(), write("object.yaml", object)];
    if let Some(values) = values {
        line.extend(["--values".to_owned(), write("values.yaml", values)]);
    }
    let args = Args::try_parse_from(line).unwrap();
    let Some(Command::Render(asked)) = &args.command else { panic!("it is another command") };
    rendered(&args, asked).map_err(|error| format!("{error:#}"))
}

fn parsed(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn a_target_is_printed_as_the_operator_writes_it() {
    let target = parsed(&render_text(OBJECT, Some(VALUES)).unwrap());
    assert_eq!(target["stringData"], serde_json::json!({ "password": "s3cr3t", "token": "t0k3n" }));
    assert_eq!((&target["kind"], &target["type"]), (&"Secret".into(), &"Opaque".into()));
    let metadata = &target["metadata"];
    assert_eq!((&metadata["name"], &metadata["namespace"]), (&"app".into(), &"demo".into()));
    assert_eq!(metadata["labels"]["team"], "blue");
    assert_eq!(metadata["labels"]["reconcile.external-secrets.io/managed"], "true");
    assert!(metadata["annotations"]["reconcile.external-secrets.io/data-hash"].is_string());
}

#[test]
fn templates_are_rendered_with_what_stands_beside_them() {
    let target = parsed(&render_text(TEMPLATED, Some(VALUES)).unwrap());
    assert_eq!(target["stringData"], serde_json::json!({ "dsn": "db://joe:s3cr3t@host" }));
    assert_eq!((&target["type"], &target["immutable"]), (&"example.com/kind".into(), &true.into()));
    assert_eq!(target["metadata"]["name"], "out");
    assert_eq!(target["metadata"]["labels"]["for"], "joe");
    assert_eq!(target["metadata"]["labels"]["team"], serde_json::Value::Null);
}

#[test]
fn all_keys_that_are_missing_are_told_at_once() {
    let expected =
        "ExternalSecret \"app\": give values for these keys in the file of --values: app/db, app/token";
    assert_eq!(render_text(OBJECT, None).unwrap_err(), expected);
}

#[test]
fn what_cannot_be_rendered_is_told_without_a_value() {
    let failing = TEMPLATED.replace("{{ .user }}:{{ .password }}", "{{ fail .password }}");
    let error = render_text(&failing, Some(VALUES)).unwrap_err();
    assert!(error.contains("unable to execute template at key dsn: "), "{error}");
    let error = render_text("nothing: here", None).unwrap_err();
    assert!(error.ends_with("object.yaml holds no ExternalSecret"), "{error}");
    let error = render_text(OBJECT, Some("- s3cr3t")).unwrap_err();
    assert!(
        error.contains("is no YAML map of remote keys and values") && !error.contains("s3cr3t"),
        "{error}"
    );
    let error = render_text("a: [s3cr3t", None).unwrap_err();
    assert!(error.contains("is no YAML") && !error.contains("s3cr3t"), "{error}");
}

#[test]
fn many_objects_are_many_documents() {
    let both = format!("{OBJECT}---{}", OBJECT.replace("name: app,", "name: other,"));
    let printed = render_text(&both, Some(VALUES)).unwrap();
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(&printed).unwrap();
    let names: Vec<_> = documents.iter().map(|document| document["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["app", "other"]);
}

#[test]
fn a_target_of_another_kind_is_printed_as_it_is_written() {
    let object = r#"
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: app, namespace: demo }
spec:
  secretStoreRef: { name: vault }
  target:
    manifest: { apiVersion: example.com/v1, kind: Widget }
    template: { templateFrom: [{ target: spec.slack, literal: "user: {{ .user }}" }] }
  dataFrom:
    - extract: { key: app/db }
"#;
    let printed = render_text(object, Some(VALUES)).unwrap();
    for expected in
        ["apiVersion: example.com/v1\n", "kind: Widget\n", "  slack:\n    user: joe\n", "  name: app\n"]
    {
        assert!(printed.contains(expected), "{printed}");
    }
    assert!(!printed.contains("ownerReferences") && !printed.contains("s3cr3t"), "{printed}");
}
