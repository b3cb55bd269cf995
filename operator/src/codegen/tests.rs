//! What is generated is what is written.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    NOTICE, files, rbac,
    webhooks::{EXAMPLE, Installation, configurations},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate must lie in the repository")
}

#[test]
fn no_generated_file_is_stale() {
    for (path, content) in files() {
        let written = fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(written == content, "{path} is stale: run `cargo xtask codegen`");
    }
}

#[test]
fn nothing_is_left_in_the_folder_of_definitions() {
    let generated: BTreeSet<_> = files().into_keys().collect();
    for folder in ["deploy/crds", "deploy/chart/files/crds"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder must be there") {
            let path = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(generated.contains(&path), "{path} is not generated any more: delete it");
        }
    }
}

#[test]
fn the_first_line_says_that_a_file_is_generated() {
    for (path, content) in files() {
        assert!(content.lines().next().is_some_and(|line| line.contains(NOTICE)), "{path}");
    }
}

#[test]
fn a_definition_is_the_same_as_yaml_and_as_a_type() {
    for definition in eso_core::api::definitions::all() {
        let path = format!("deploy/crds/{}_{}.yaml", definition.spec.group, definition.spec.names.plural);
        let read: serde_json::Value = serde_saphyr::from_str(&files()[&path]).unwrap();
        assert_eq!(read, serde_json::to_value(&definition).unwrap(), "{path}");
    }
}

#[test]
fn the_role_is_valid_yaml_and_reads_no_more_than_it_names() {
    let text = &files()["deploy/examples/operator/rbac.yaml"];
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).unwrap();
    let role = documents.iter().find(|document| document["kind"] == "ClusterRole").unwrap();
    let rules = role["rules"].as_array().unwrap();
    assert_eq!(rules.len(), rbac::RULES.len());
    assert!(!text.contains('*'), "no rule may be for everything");
}

#[test]
fn pages_have_a_line_for_each_field_and_flag() {
    let files = files();
    let crds = &files["docs/reference/crds.md"];
    for field in [
        "`spec.data[].remoteRef.key` | string, required",
        "`spec.provider.vault.auth.appRole.secretRef.name`",
    ] {
        assert!(crds.contains(field), "{field} is missing in {crds}");
    }
    let flags = &files["docs/reference/flags.md"];
    for flag in [
        "| `--concurrent` | `512` |",
        "Also `AWS_SSM_ENDPOINT`.",
        "Also `AWS_STS_ENDPOINT`.",
        "One of `text`, `json`.",
        "## `eso plan`\n",
        "| `NAMESPACE/NAME` |",
        "| `-f`, `--filename` |",
    ] {
        assert!(flags.contains(flag), "{flag} is missing in {flags}");
    }
}

#[test]
fn what_nobody_answers_is_refused_but_for_a_secret_that_is_filled_later() {
    let [mutating, validating] = configurations(&EXAMPLE);
    let policies = |configuration: &serde_json::Value| {
        let webhooks = configuration["webhooks"].as_array().unwrap().clone();
        let policy = |webhook: &serde_json::Value| {
            let text = |field: &str| webhook[field].as_str().unwrap().to_owned();
            (text("name"), text("failurePolicy"))
        };
        webhooks.iter().map(policy).collect::<Vec<_>>()
    };
    let ignored = |(name, policy): (String, String)| (policy != "Fail").then_some(name);
    let ignored: Vec<_> =
        policies(&mutating).into_iter().chain(policies(&validating)).filter_map(ignored).collect();
    assert_eq!(ignored, ["targets.admission.external-secrets.io"]);
}

#[test]
fn no_webhook_is_sent_what_the_operator_itself_writes() {
    let installation = Installation { namespace: "ns", service_account: "sa", ..EXAMPLE };
    for configuration in configurations(&installation) {
        for webhook in configuration["webhooks"].as_array().unwrap() {
            let condition = &webhook["matchConditions"][0]["expression"];
            assert_eq!(condition, r#"request.userInfo.username != "system:serviceaccount:ns:sa""#);
        }
    }
}

#[test]
fn the_webhooks_are_valid_yaml() {
    let text = &files()["deploy/examples/operator/webhooks.yaml"];
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).unwrap();
    let [_, mutating, validating] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!([mutating.clone(), validating.clone()], configurations(&EXAMPLE));
}
