//! What was rendered is of the chart as it is, and says what the code says.

use std::fs;

use serde_json::{Value, json};

use super::{CASES, golden, head, without_schemas};
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
    let deployment = find(documents, "Deployment", "external-secrets").expect("a Deployment must be there");
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
    let strict = rendered("everything");
    let validating = find(&strict, "ValidatingWebhookConfiguration", "external-secrets-webhook").unwrap();
    for webhook in validating["webhooks"].as_array().unwrap() {
        assert_eq!(webhook["failurePolicy"], "Fail");
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
    for binding in chart.iter().filter(|document| document["kind"] == "ClusterRoleBinding") {
        let role = find(&chart, "ClusterRole", binding["roleRef"]["name"].as_str().unwrap()).unwrap();
        assert!(!role["rules"].to_string().contains("secrets\""), "{role}");
    }
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
fn values_with_the_originals_names_mean_what_they_do_there() {
    let chart = rendered("everything");
    let arguments = arguments(&chart);
    for flag in [
        "--enable-leader-election=true",
        "--leader-election-id=external-secrets-controller",
        "--controller-class=team-a",
        "--concurrent=1000",
        "--loglevel=debug",
        "--store-requeue-interval=5m0s",
        "--webhook-port=9443",
        "--client-qps=200",
        "--enable-flood-gate",
    ] {
        assert!(arguments.contains(&flag), "{flag} in {arguments:?}");
    }
    let deployment =
        find(&chart, "Deployment", "eso").or_else(|| chart.iter().find(|d| d["kind"] == "Deployment"));
    let deployment = deployment.unwrap();
    assert_eq!(deployment["metadata"]["name"], "external-secrets");
    assert_eq!(deployment["metadata"]["namespace"], "elsewhere");
    assert_eq!(deployment["spec"]["replicas"], 2);
    let pod = &deployment["spec"]["template"];
    assert_eq!(pod["metadata"]["labels"]["team"], "a");
    assert_eq!(pod["metadata"]["labels"]["everywhere"], "yes");
    assert_eq!(pod["metadata"]["annotations"]["example.com/note"], "here");
    assert_eq!(pod["spec"]["serviceAccountName"], "operator");
    assert_eq!(pod["spec"]["imagePullSecrets"][0]["name"], "registry");
    assert_eq!(pod["spec"]["nodeSelector"]["kubernetes.io/os"], "linux");
    assert_eq!(pod["spec"]["tolerations"][0]["key"], "dedicated");
    assert_eq!(pod["spec"]["containers"][0]["image"], "registry.example/eso:1.2-ubi");
    assert_eq!(pod["spec"]["containers"][0]["env"][0]["name"], "AWS_REGION");
    assert_eq!(pod["spec"]["containers"][0]["resources"]["requests"]["memory"], "32Mi");
    let account = find(&chart, "ServiceAccount", "operator").unwrap();
    assert_eq!(account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"], "arn:aws:iam::1:role/eso");
    for document in &chart {
        if document["kind"] != "ConfigMap" {
            assert_eq!(
                document["metadata"]["labels"]["everywhere"], "yes",
                "{}",
                document["metadata"]["name"]
            );
        }
    }
    assert!(find(&chart, "PodDisruptionBudget", "external-secrets-pdb").is_some());
    assert_eq!(find(&chart, "ConfigMap", "extra").unwrap()["data"]["release"], "external-secrets");
}

#[test]
fn a_definition_that_is_not_ours_is_not_taken_for_it() {
    let theirs = "# Source: x\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  \
                  name: secretstores.external-secrets.io\nspec:\n  group: other\n";
    let error = without_schemas(theirs).unwrap_err().to_string();
    assert!(error.contains("deploy/crds/external-secrets.io_secretstores.yaml"), "{error}");
}
