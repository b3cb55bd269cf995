//! What was rendered is of the chart as it is, and says what the code says.

mod values;

use std::fs;

use serde_json::{Value, json};

use super::{CASES, golden, head, is_same, without_schemas};
use crate::project;

/// Everything that a case renders.
fn rendered(case: &str) -> Vec<Value> {
    let text = fs::read_to_string(golden(case)).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

fn generated(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&fs::read_to_string(project::root().join(path)).unwrap()).unwrap()
}

fn find<'a>(documents: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    documents.iter().find(|document| document["kind"] == kind && document["metadata"]["name"] == name)
}

fn operator(documents: &[Value]) -> &Value {
    let deployment = documents.iter().find(|document| document["kind"] == "Deployment");
    let deployment = deployment.expect("a Deployment must be there");
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

fn arguments(documents: &[Value]) -> Vec<&str> {
    operator(documents)["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| argument.as_str().unwrap())
        .collect()
}

#[test]
fn what_was_rendered_is_of_the_chart_as_it_is() {
    for case in CASES {
        let written = fs::read_to_string(golden(case)).unwrap_or_default();
        assert!(written.starts_with(&head(case).unwrap()), "{case} is stale: run `cargo xtask chart`");
    }
}

#[test]
fn the_roles_are_those_of_the_example_which_tests_go_by() {
    let chart = rendered("default");
    for example in generated("deploy/examples/operator/rbac.yaml") {
        let (kind, name) = (example["kind"].as_str().unwrap(), example["metadata"]["name"].as_str().unwrap());
        if kind == "Namespace" {
            continue;
        }
        let ours = find(&chart, kind, name).unwrap_or_else(|| panic!("{kind} {name} is missing"));
        for part in ["rules", "roleRef", "subjects"] {
            assert_eq!(ours[part], example[part], "{part} of {kind} {name}");
        }
        assert_eq!(ours["metadata"]["namespace"], example["metadata"]["namespace"], "{kind} {name}");
    }
}

#[test]
fn the_webhooks_are_those_of_the_example_which_tests_go_by() {
    let chart = rendered("default");
    for example in generated("deploy/examples/operator/webhooks.yaml") {
        let (kind, name) = (example["kind"].as_str().unwrap(), example["metadata"]["name"].as_str().unwrap());
        let ours = find(&chart, kind, name).unwrap_or_else(|| panic!("{kind} {name} is missing"));
        assert_eq!(ours["webhooks"], example["webhooks"], "{kind} {name}");
        assert_eq!(ours["spec"]["ports"], example["spec"]["ports"], "{kind} {name}");
        assert_eq!(ours["metadata"]["namespace"], example["metadata"]["namespace"], "{kind} {name}");
    }
    let none = rendered("without-webhook");
    assert!(
        none.iter().all(|document| !document["kind"].as_str().unwrap().ends_with("WebhookConfiguration"))
    );
    assert!(arguments(&none).iter().all(|argument| !argument.starts_with("--webhook")));
    let lenient = rendered("everything");
    let validating = find(&lenient, "ValidatingWebhookConfiguration", "external-secrets-webhook").unwrap();
    for webhook in validating["webhooks"].as_array().unwrap() {
        assert_eq!(webhook["failurePolicy"], "Ignore");
        assert_eq!(webhook["clientConfig"]["service"]["namespace"], "elsewhere");
    }
}

#[test]
fn the_definitions_come_with_the_chart_and_stay_when_it_goes() {
    let chart = rendered("default");
    for entry in fs::read_dir(project::root().join("deploy/crds")).unwrap() {
        let path = format!("deploy/crds/{}", entry.unwrap().file_name().to_string_lossy());
        let name = generated(&path)[0]["metadata"]["name"].as_str().unwrap().to_owned();
        let ours =
            find(&chart, "CustomResourceDefinition", &name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(ours["metadata"]["annotations"]["helm.sh/resource-policy"], "keep", "{name}");
    }
    assert!(rendered("one-namespace").iter().all(|document| document["kind"] != "CustomResourceDefinition"));
}

#[test]
fn one_deployment_does_all() {
    for case in CASES {
        let deployments =
            rendered(case).into_iter().filter(|document| document["kind"] == "Deployment").count();
        assert_eq!(deployments, 1, "{case}");
    }
}

#[test]
fn its_pods_run_without_privileges() {
    let chart = rendered("default");
    let expected = json!({
        "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "readOnlyRootFilesystem": true,
        "runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": { "type": "RuntimeDefault" },
    });
    assert_eq!(operator(&chart)["securityContext"], expected);
}

#[test]
fn where_one_namespace_is_served_no_right_reaches_beyond_it() {
    let chart = rendered("one-namespace");
    let role = find(&chart, "Role", "external-secrets-controller").unwrap();
    assert_eq!(role["metadata"]["namespace"], "apps");
    let text = role["rules"].to_string();
    for resource in ["\"namespaces\"", "clusterexternalsecrets", "clustersecretstores", "clusterpushsecrets"]
    {
        assert!(!text.contains(resource), "{resource} in {text}");
    }
    let bindings: Vec<&Value> =
        chart.iter().filter(|document| document["kind"] == "ClusterRoleBinding").collect();
    let [binding] = bindings.as_slice() else { panic!("{bindings:?}") };
    let role = find(&chart, "ClusterRole", binding["roleRef"]["name"].as_str().unwrap()).unwrap();
    for rule in role["rules"].as_array().unwrap() {
        let names = match rule["resources"][0].as_str().unwrap() {
            "subjectaccessreviews" => Value::Null,
            "namespaces" => json!(["apps"]),
            "mutatingwebhookconfigurations" => json!(["external-secrets-webhook"]),
            other => panic!("{other} in {role}"),
        };
        assert_eq!(rule.get("resourceNames").unwrap_or(&Value::Null), &names, "{rule}");
    }
    let role = find(&chart, "Role", "external-secrets-webhook").unwrap();
    assert_eq!(role["metadata"]["namespace"], "external-secrets");
    assert_eq!(
        role["rules"][1]["resourceNames"],
        json!(["external-secrets-webhook", "external-secrets-seal"])
    );
    for flag in [
        "--namespace=apps",
        "--enable-cluster-store-reconciler=false",
        "--enable-cluster-external-secret-reconciler=false",
        "--enable-cluster-push-secret-reconciler=false",
    ] {
        assert!(arguments(&chart).contains(&flag), "{flag}");
    }
}

#[test]
fn everything_has_the_common_labels() {
    for document in rendered("everything").iter().filter(|document| document["kind"] != "ConfigMap") {
        let labels = &document["metadata"]["labels"];
        assert_eq!(labels["everywhere"], "yes", "{}", document["metadata"]["name"]);
    }
}

#[test]
fn a_release_of_another_name_shares_no_object_and_no_right_with_the_first() {
    let (first, other) = (rendered("default"), rendered("named"));
    let name = |document: &Value| (document["kind"].to_string(), document["metadata"]["name"].to_string());
    let of_the_first: Vec<_> = first.iter().map(name).collect();
    for document in &other {
        assert!(!of_the_first.contains(&name(document)), "both make {:?}", name(document));
    }
    let role = find(&other, "ClusterRole", "team-a-controller").unwrap();
    let rules = role["rules"].as_array().unwrap().iter();
    let named: Vec<_> = rules.filter_map(|rule| rule.get("resourceNames")).collect();
    assert_eq!(named, [&json!(["team-a-webhook"])]);
    for flag in ["service-name", "configuration-name"] {
        assert!(arguments(&other).contains(&format!("--webhook-{flag}=team-a-webhook").as_str()), "{flag}");
    }
    assert!(arguments(&other).contains(&"--seal-secret-name=team-a-seal"));
    assert!(arguments(&first).contains(&"--seal-secret-name=external-secrets-seal"));
}

#[test]
fn where_one_namespace_is_served_secrets_of_others_are_not_sent() {
    for (case, is_alone) in [("default", false), ("named", true), ("one-namespace", true)] {
        for document in rendered(case) {
            for webhook in document["webhooks"].as_array().into_iter().flatten() {
                let expected = match is_alone && webhook["rules"][0]["scope"] == "Namespaced" {
                    true => json!({ "matchLabels": { "kubernetes.io/metadata.name": "apps" } }),
                    false => Value::Null,
                };
                assert_eq!(webhook["namespaceSelector"], expected, "{case}: {}", webhook["name"]);
            }
        }
    }
    let scopes = |case: &str| rendered(case).iter().map(Value::to_string).collect::<String>();
    assert!(scopes("named").contains("validate.clustersecretstore"));
    assert!(!scopes("one-namespace").contains("validate.clustersecretstore"));
}

#[test]
fn the_older_group_is_nowhere_where_it_is_not_served() {
    let text = |case: &str| {
        let documents = rendered(case);
        documents.iter().map(|document| document.to_string() + "\n").collect::<String>()
    };
    let said = |case: &str| text(case).lines().filter(|line| line.contains("kubernetes-client.io")).count();
    // Its definition, the operator's role, and those for people and for service bindings.
    assert_eq!(said("default"), 5);
    assert_eq!(said("named"), 0);
    assert!(arguments(&rendered("named")).contains(&"--serve-kubernetes-client-io=false"));
}

#[test]
fn cert_manager_is_asked_to_have_its_certificates_trusted_and_the_operator_puts_the_paths_in() {
    let chart = rendered("everything");
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        let annotations = &find(&chart, kind, "external-secrets-webhook").unwrap()["metadata"]["annotations"];
        assert_eq!(annotations["cert-manager.io/inject-ca-from"], "elsewhere/external-secrets-webhook");
    }
    let webhooks = find(&chart, "MutatingWebhookConfiguration", "external-secrets-webhook").unwrap();
    for webhook in webhooks["webhooks"].as_array().unwrap() {
        assert_eq!(webhook["clientConfig"]["service"].get("path"), None, "an upgrade would reset it");
    }
    let role = find(&chart, "ClusterRole", "external-secrets-controller").unwrap();
    let rules = role["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["resources"][0] == "mutatingwebhookconfigurations").unwrap();
    assert_eq!(rule["resourceNames"], json!(["external-secrets-webhook"]));
    assert_eq!(rule["verbs"], json!(["list", "watch", "patch"]));
}

#[test]
fn a_definition_that_is_not_ours_is_not_taken_for_it() {
    let theirs = "# Source: x\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  \
                  name: secretstores.external-secrets.io\nspec:\n  group: other\n";
    let error = without_schemas(theirs).unwrap_err().to_string();
    assert!(error.contains("deploy/crds/external-secrets.io_secretstores.yaml"), "{error}");
}

#[test]
fn a_number_is_the_same_with_a_decimal_point_and_nothing_else_is() {
    let check = |ours: Value, theirs: Value, expected: bool| assert_eq!(is_same(&ours, &theirs), expected);
    check(json!({ "a": [1.0, "1"] }), json!({ "a": [1, "1"] }), true);
    check(json!(1), json!("1"), false);
    check(json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), false);
    check(json!({ "a": 1 }), json!({ "b": 1 }), false);
    check(json!([1]), json!([1, 2]), false);
}
