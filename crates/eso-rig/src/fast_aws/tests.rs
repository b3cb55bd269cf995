//! Tests of `fast_aws`: compared with moto where both can, by itself where it is more than moto.

use super::*;
use crate::{http, moto::Moto, secrets_manager::SecretsManager};

/// Our double with a client.
struct Double {
    aws: FastAws,
    client: SecretsManager,
}

impl Double {
    fn start() -> Self {
        let aws = FastAws::start(FastAwsOptions::default()).unwrap();
        let client = SecretsManager::new(&aws.url()).unwrap();
        Self { aws, client }
    }

    /// Status, and the refusal's name or the value of a single read.
    #[track_caller]
    fn check_read(&self, key: &str, expected: (u16, &str)) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let client = self.client.clone();
        let (key, expected) = (key.to_owned(), (expected.0, expected.1.to_owned()));
        async move {
            let answer = client.call("GetSecretValue", &json!({"SecretId": key})).await.unwrap();
            let text = answer.body["__type"].as_str().or(answer.body["SecretString"].as_str());
            let found = (answer.status.as_u16(), text.unwrap_or_default().to_owned());
            assert_eq!(found, expected, "{caller}: {answer:?}");
        }
    }

    /// The names in a batch's values, and the names and codes in its errors, sorted.
    async fn batch(&self, keys: &[&str]) -> (Vec<String>, Vec<String>) {
        let answer = self.client.call("BatchGetSecretValue", &json!({"SecretIdList": keys})).await.unwrap();
        let body = answer.success().unwrap();
        let names = |list: &Value, fields: &[&str]| {
            let entries = list.as_array().unwrap().iter();
            let mut names: Vec<String> = entries
                .map(|entry| {
                    let texts: Vec<&str> =
                        fields.iter().map(|field| entry[*field].as_str().unwrap()).collect();
                    texts.join(" ")
                })
                .collect();
            names.sort();
            names
        };
        (names(&body["SecretValues"], &["Name"]), names(&body["Errors"], &["SecretId", "ErrorCode"]))
    }
}

/// Lets in one account.
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;

/// What both doubles are asked, in order; each answer is compared.
fn script() -> Vec<(&'static str, Value)> {
    vec![
        ("GetSecretValue", json!({"SecretId": "app"})),
        ("DescribeSecret", json!({"SecretId": "app"})),
        ("PutSecretValue", json!({"SecretId": "app", "SecretString": "x"})),
        ("UpdateSecret", json!({"SecretId": "app", "SecretString": "x"})),
        ("DeleteSecret", json!({"SecretId": "app"})),
        ("CreateSecret", json!({"Name": "app", "SecretString": "one"})),
        ("CreateSecret", json!({"Name": "app", "SecretString": "one"})),
        ("GetSecretValue", json!({"SecretId": "app"})),
        ("PutSecretValue", json!({"SecretId": "app", "SecretString": "two"})),
        ("GetSecretValue", json!({"SecretId": "app"})),
        ("GetSecretValue", json!({"SecretId": "app", "VersionStage": "AWSPREVIOUS"})),
        ("GetSecretValue", json!({"SecretId": "app", "VersionStage": "NOSUCHSTAGE"})),
        ("GetSecretValue", json!({"SecretId": "app", "VersionId": "00000000-0000-0000-0000-000000000000"})),
        ("PutSecretValue", json!({"SecretId": "app", "SecretBinary": "AAEC/w=="})),
        ("GetSecretValue", json!({"SecretId": "app"})),
        ("DeleteSecret", json!({"SecretId": "app", "RecoveryWindowInDays": 5})),
        ("DeleteSecret", json!({"SecretId": "app", "RecoveryWindowInDays": 7})),
        ("GetSecretValue", json!({"SecretId": "app"})),
        ("RestoreSecret", json!({"SecretId": "app"})),
        ("GetSecretValue", json!({"SecretId": "app"})),
        (
            "TagResource",
            json!({"SecretId": "app", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}),
        ),
        ("UntagResource", json!({"SecretId": "app", "TagKeys": ["b"]})),
        ("DescribeSecret", json!({"SecretId": "app"})),
        (
            "ReplicateSecretToRegions",
            json!({"SecretId": "app", "AddReplicaRegions": [{"Region": "eu-west-1"}]}),
        ),
        ("DescribeSecret", json!({"SecretId": "app"})),
        ("GetResourcePolicy", json!({"SecretId": "app"})),
        (
            "PutResourcePolicy",
            json!({"SecretId": "app", "ResourcePolicy": POLICY, "BlockPublicPolicy": true}),
        ),
        ("GetResourcePolicy", json!({"SecretId": "app"})),
        ("DeleteResourcePolicy", json!({"SecretId": "app"})),
        ("GetResourcePolicy", json!({"SecretId": "app"})),
        ("DeleteSecret", json!({"SecretId": "app", "ForceDeleteWithoutRecovery": true})),
        ("RemoveRegionsFromReplication", json!({"SecretId": "app", "RemoveReplicaRegions": ["eu-west-1"]})),
        ("RestoreSecret", json!({"SecretId": "never"})),
        ("TagResource", json!({"SecretId": "never", "Tags": []})),
        ("DeleteSecret", json!({"SecretId": "app", "ForceDeleteWithoutRecovery": true})),
        ("CreateSecret", json!({"Name": "app", "SecretString": "again"})),
        ("GetSecretValue", json!({"SecretId": "app"})),
        ("CreateSecret", json!({"Name": "token", "SecretString": "x", "ClientRequestToken": "0".repeat(36)})),
        ("CreateSecret", json!({"Name": "token", "SecretString": "x", "ClientRequestToken": "0".repeat(36)})),
        ("CreateSecret", json!({"Name": "token", "SecretString": "y", "ClientRequestToken": "0".repeat(36)})),
        (
            "PutSecretValue",
            json!({"SecretId": "token", "SecretString": "y", "ClientRequestToken": "0".repeat(36)}),
        ),
        ("PutSecretValue", json!({"SecretId": "token", "SecretString": "y", "ClientRequestToken": "short"})),
    ]
}

/// What an answer says, without what differs between any two accounts, and without the exact status: moto
/// answers a missing secret with 404, AWS and our double with 400.
fn essence(answer: &http::Answer) -> (bool, Value) {
    let fields = ["__type", "Name", "SecretString", "SecretBinary", "ResourcePolicy"];
    let regions = answer.body["ReplicationStatus"].as_array().into_iter().flatten();
    let mut kept: Vec<Value> = fields.iter().map(|field| answer.body[*field].clone()).collect();
    kept.extend(regions.map(|replica| replica["Region"].clone()));
    kept.extend(answer.body["Tags"].as_array().into_iter().flatten().cloned());
    let kept = kept.into_iter().collect();
    (answer.status.is_success(), kept)
}

#[tokio::test]
async fn it_answers_as_the_standard_double_does() {
    let double = Double::start();
    let moto = Moto::start().await.unwrap();
    let mut differences = Vec::new();
    for (place, (operation, body)) in script().into_iter().enumerate() {
        let ours = double.client.call(operation, &body).await.unwrap();
        let theirs = moto.secrets().call(operation, &body).await.unwrap();
        if essence(&ours) != essence(&theirs) {
            differences.push(format!("{place} {operation}: {ours:?}, moto: {theirs:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Each of these moto answers otherwise than AWS documents it.
#[tokio::test]
async fn it_answers_as_aws_does_where_the_standard_double_does_not() {
    let double = Double::start();
    double.aws.put("app", "one").unwrap();
    let long = "x".repeat(70_000);
    let refused = [
        ("PutSecretValue", json!({"SecretId": "app", "SecretString": long}), "ValidationException"),
        ("PutSecretValue", json!({"SecretId": "gone", "SecretString": "x"}), "InvalidRequestException"),
        (
            "PutResourcePolicy",
            json!({"SecretId": "app", "ResourcePolicy": "{"}),
            "MalformedPolicyDocumentException",
        ),
        (
            "PutResourcePolicy",
            json!({
                "SecretId": "app",
                "ResourcePolicy": POLICY.replace("111122223333", "*"),
                "BlockPublicPolicy": true,
            }),
            "PublicPolicyException",
        ),
        ("CreateSecret", json!({"Name": "gone", "SecretString": "x"}), "InvalidRequestException"),
    ];
    double.aws.put("gone", "one").unwrap();
    double.aws.delete("gone").unwrap();
    for (operation, body, code) in refused {
        let answer = double.client.call(operation, &body).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body["__type"]), (400, &json!(code)), "{operation}");
    }
    let update = json!({"SecretId": "app", "SecretString": "two"});
    double.client.call("UpdateSecret", &update).await.unwrap().success().unwrap();
    double.check_read("app", (200, "two")).await;
}

#[tokio::test]
async fn a_secret_is_found_by_name_by_arn_and_by_arn_without_its_suffix() {
    let double = Double::start();
    let arn = double.aws.put("team/app-1", "one").unwrap();
    double.check_read("team/app-1", (200, "one")).await;
    double.check_read(&arn, (200, "one")).await;
    double.check_read(&arn[..arn.len() - 7], (200, "one")).await;
    double.check_read(&format!("{}wrong1", &arn[..arn.len() - 6]), (400, "ResourceNotFoundException")).await;
}

#[tokio::test]
async fn bytes_come_back_as_they_were() {
    let double = Double::start();
    double.aws.put_binary("app", &[0, 255, 10]).unwrap();
    let answer = double.client.call("GetSecretValue", &json!({"SecretId": "app"})).await.unwrap();
    assert_eq!(answer.body["SecretBinary"], BASE64_STANDARD.encode([0, 255, 10]));
    assert!(answer.body.get("SecretString").is_none());
}

#[tokio::test]
async fn a_batch_answers_each_key_by_itself() {
    let double = Double::start();
    double.aws.put("a", "1").unwrap();
    double.aws.put("b", "2").unwrap();
    double.aws.put("gone", "3").unwrap();
    double.aws.delete("gone").unwrap();
    let (values, errors) = double.batch(&["a", "b", "gone", "never"]).await;
    assert_eq!(values, ["a", "b"]);
    assert_eq!(errors, ["gone InvalidRequestException", "never ResourceNotFoundException"]);
}

#[tokio::test]
async fn a_batch_takes_twenty_keys_and_refuses_more_or_none() {
    let double = Double::start();
    let keys: Vec<String> = (0..21).map(|number| format!("key-{number}")).collect();
    for (count, status) in [(20, 200), (21, 400), (0, 400)] {
        let body = json!({"SecretIdList": keys[..count]});
        let answer = double.client.call("BatchGetSecretValue", &body).await.unwrap();
        assert_eq!(answer.status.as_u16(), status, "{count}: {answer:?}");
    }
}

#[tokio::test]
async fn a_keys_fault_in_a_batch_leaves_the_others() {
    let double = Double::start();
    for name in ["a", "b", "c"] {
        double.aws.put(name, "1").unwrap();
    }
    double.aws.fault(Fault::error(400, "AccessDeniedException", "no").key("b").times(1));
    double.aws.fault(Fault::new(Effect::Omit).key("c").times(1));
    let (values, errors) = double.batch(&["a", "b", "c"]).await;
    assert_eq!((values, errors), (vec!["a".to_owned()], vec!["b AccessDeniedException".to_owned()]));
    let (values, _) = double.batch(&["a", "b", "c"]).await;
    assert_eq!(values, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_policy_can_deny_the_batch_and_allow_single_reads() {
    let double = Double::start();
    double.aws.put("a", "1").unwrap();
    double.aws.fault(Fault::deny_batch());
    let body = json!({"SecretIdList": ["a"]});
    let answer = double.client.call("BatchGetSecretValue", &body).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["__type"]), (400, &json!("AccessDeniedException")));
    double.check_read("a", (200, "1")).await;
}

#[tokio::test]
async fn above_its_quota_an_operation_is_throttled_as_by_aws() {
    let double = Double::start();
    double.aws.put("a", "1").unwrap();
    double.aws.set_quota("GetSecretValue", 0);
    double.check_read("a", (400, "ThrottlingException")).await;
    assert_eq!(double.batch(&["a"]).await.0, ["a"]);
}

#[tokio::test]
async fn every_request_is_counted_by_operation_and_by_key() {
    let double = Double::start();
    double.aws.put("a", "1").unwrap();
    double.check_read("a", (200, "1")).await;
    double.check_read("b", (400, "ResourceNotFoundException")).await;
    double.batch(&["a", "c"]).await;
    let aws = &double.aws;
    assert_eq!(
        (aws.count("GetSecretValue"), aws.count("BatchGetSecretValue"), aws.count("ListSecrets")),
        (2, 1, 0)
    );
    assert_eq!(aws.count_key("GetSecretValue", "a"), 1);
    assert_eq!(aws.count_key("BatchGetSecretValue", "a"), 1);
    let calls: Vec<(String, Vec<String>)> =
        aws.calls().into_iter().map(|call| (call.operation, call.keys)).collect();
    assert_eq!(calls[1], ("GetSecretValue".to_owned(), vec!["b".to_owned()]));
    assert_eq!(calls[2], ("BatchGetSecretValue".to_owned(), vec!["a".to_owned(), "c".to_owned()]));
    assert_eq!(aws.calls()[0].access_key_id, "AKIARIG");
    aws.reset_counts();
    assert!(aws.counts().is_empty() && aws.calls().is_empty());
}

#[tokio::test]
async fn a_request_can_hang_break_off_or_be_answered_with_anything() {
    let double = Double::start();
    double.aws.put("a", "1").unwrap();
    let body = json!({"SecretId": "a"});
    let read = || double.client.call("GetSecretValue", &body);
    double.aws.fault(Fault::new(Effect::Body("<html>".to_owned())).times(1));
    assert_eq!(read().await.unwrap().body, "<html>");
    double.aws.fault(Fault::new(Effect::Disconnect).times(1));
    read().await.unwrap_err();
    double.aws.fault(Fault::new(Effect::Hang).times(1));
    assert!(tokio::time::timeout(Duration::from_millis(300), read()).await.is_err());
    double.check_read("a", (200, "1")).await;
}

#[tokio::test]
async fn answers_take_the_service_time_and_what_a_fault_adds() {
    let double = Double::start();
    double.aws.set_service_time(Duration::from_millis(100));
    double.aws.fault(Fault::new(Effect::Slow(Duration::from_millis(100))));
    let began = Instant::now();
    double.check_read("a", (400, "ResourceNotFoundException")).await;
    // A lower bound holds on the slowest machine.
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn secrets_are_listed_by_prefix_page_by_page() {
    let double = Double::start();
    for name in ["app/a", "app/b", "app/c", "other"] {
        double.aws.put(name, "1").unwrap();
    }
    double.aws.delete("app/b").unwrap();
    let filters = json!([{"Key": "name", "Values": ["app/"]}]);
    let mut names = Vec::new();
    let mut body = json!({"Filters": filters, "MaxResults": 1});
    loop {
        let page = double.client.call("ListSecrets", &body).await.unwrap().success().unwrap();
        names.extend(page["SecretList"].as_array().unwrap().iter().map(|secret| secret["Name"].clone()));
        match page["NextToken"].as_str() {
            Some(token) => body["NextToken"] = json!(token),
            None => break,
        }
    }
    assert_eq!(names, ["app/a", "app/c"]);
}

#[tokio::test]
async fn stages_say_which_version_is_which() {
    let double = Double::start();
    let token = |last: char| format!("{}{last}", "0".repeat(35));
    for last in ['1', '2', '3'] {
        double.aws.put("app", "0").unwrap();
        let body =
            json!({"SecretId": "app", "SecretString": last.to_string(), "ClientRequestToken": token(last)});
        double.client.call("PutSecretValue", &body).await.unwrap().success().unwrap();
    }
    let described = double.client.call("DescribeSecret", &json!({"SecretId": "app"})).await.unwrap().body;
    assert_eq!(described["VersionIdsToStages"][token('3')], json!(["AWSCURRENT"]));
    assert_eq!(described["VersionIdsToStages"].as_object().unwrap().len(), 2, "{described}");
    let old = json!({"SecretId": "app", "VersionId": token('1')});
    assert_eq!(double.client.call("GetSecretValue", &old).await.unwrap().body["SecretString"], "1");
}

#[tokio::test]
async fn the_token_service_is_at_the_same_address() {
    let double = Double::start();
    let role = "arn:aws:iam::123456789012:role/reader";
    double.aws.want_external_id(role, "right");
    let ask = |external_id: &str| {
        let form = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=eso&ExternalId={external_id}");
        let signed = "AWS4-HMAC-SHA256 Credential=AKIARIG/20260101/us-east-1/sts/aws4_request";
        let request = http::client().build().unwrap().post(double.aws.url());
        request.header("authorization", signed).body(form).send()
    };
    let refused = ask("wrong").await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("<Code>AccessDenied</Code>"));
    assert!(ask("right").await.unwrap().text().await.unwrap().contains("<AccessKeyId>ASIARIG"));
    assert_eq!(double.aws.count_key("AssumeRole", role), 2);
    let [assumed] = &double.aws.assumed()[..] else { panic!("one was refused") };
    assert_eq!((assumed.role.as_str(), assumed.signer.as_str()), (role, "AKIARIG"));
}

#[tokio::test]
async fn a_dropped_double_refuses_connections() {
    let Double { aws, client } = Double::start();
    drop(aws);
    client.call("ListSecrets", &json!({})).await.unwrap_err();
}
