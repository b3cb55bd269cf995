//! The Parameter Store of our double, compared with moto's where both can.

use super::*;
use crate::{
    fast_aws::{FastAws, FastAwsOptions},
    http::Answer,
    moto::Moto,
    parameter_store::ParameterStore,
};

fn start() -> (FastAws, ParameterStore) {
    let aws = FastAws::start(FastAwsOptions::default()).unwrap();
    let client = ParameterStore::new(&aws.url()).unwrap();
    (aws, client)
}

/// What both doubles are asked, in order; each answer is compared.
fn script() -> Vec<(&'static str, Value)> {
    let tag = json!([{"Key": "managed-by", "Value": "me"}]);
    let put = |name: &str, value: &str, overwrite: bool| json!({"Name": name, "Value": value, "Type": "String", "Overwrite": overwrite});
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/app";
    let of_app = json!({"ResourceType": "Parameter", "ResourceId": "app"});
    let untag = json!({"ResourceType": "Parameter", "ResourceId": "app", "TagKeys": ["managed-by"]});
    vec![
        ("GetParameter", json!({"Name": "app"})),
        ("ListTagsForResource", of_app.clone()),
        ("DeleteParameter", json!({"Name": "app"})),
        ("PutParameter", json!({"Name": "app", "Value": "one"})),
        ("PutParameter", json!({"Name": "app", "Value": "one", "Type": "String", "Tags": tag})),
        ("PutParameter", put("app", "two", false)),
        ("PutParameter", json!({"Name": "app", "Value": "two", "Overwrite": true, "Tags": tag})),
        ("PutParameter", put("app", "", true)),
        ("PutParameter", put("app", "two", true)),
        ("LabelParameterVersion", json!({"Name": "app", "ParameterVersion": 1, "Labels": ["old"]})),
        ("GetParameter", json!({"Name": "app"})),
        ("GetParameter", json!({"Name": "app:1"})),
        ("GetParameter", json!({"Name": "app:old"})),
        ("GetParameter", json!({"Name": "app:7"})),
        ("GetParameter", json!({"Name": arn})),
        ("ListTagsForResource", of_app.clone()),
        ("RemoveTagsFromResource", untag),
        ("AddTagsToResource", json!({"ResourceType": "Parameter", "ResourceId": "app", "Tags": tag})),
        ("ListTagsForResource", of_app),
        ("PutParameter", json!({"Name": "/a/secure", "Value": "hidden", "Type": "SecureString"})),
        ("GetParameter", json!({"Name": "/a/secure", "WithDecryption": true})),
        ("PutParameter", put("/a/b/deep", "deep", false)),
        ("GetParameters", json!({"Names": ["app", "missing", "app:7"]})),
        ("GetParametersByPath", json!({"Path": "/a", "Recursive": true, "WithDecryption": true})),
        ("GetParametersByPath", json!({"Path": "/a/b/", "Recursive": true})),
        ("GetParametersByPath", json!({"Path": "/none", "Recursive": true})),
        ("GetParametersByPath", json!({"Path": "/a", "Recursive": true, "MaxResults": 11})),
        ("DescribeParameters", json!({"ParameterFilters": [{"Key": "tag:managed-by", "Values": ["me"]}]})),
        ("DescribeParameters", json!({"ParameterFilters": [{"Key": "tag:managed-by", "Values": ["you"]}]})),
        (
            "DescribeParameters",
            json!({"ParameterFilters": [{"Key": "Path", "Option": "Recursive", "Values": ["/a"]}]}),
        ),
        ("DeleteParameter", json!({"Name": "app"})),
        ("GetParameter", json!({"Name": "app"})),
    ]
}

/// What an answer says, without what differs between any two accounts.
fn essence(answer: &Answer) -> (bool, Value) {
    let body = &answer.body;
    let parameter = |parameter: &Value| {
        json!([parameter["Name"], parameter["Value"], parameter["Version"], parameter["ARN"]])
    };
    let names = |list: &Value| {
        let mut names: Vec<_> =
            list.as_array().into_iter().flatten().map(|entry| entry["Name"].to_string()).collect();
        names.sort();
        names
    };
    let kept = json!([
        body["__type"],
        body["Version"],
        body["TagList"],
        body["InvalidParameters"].as_array().map(Vec::len),
        parameter(&body["Parameter"]),
        names(&body["Parameters"]),
    ]);
    (answer.status.is_success(), kept)
}

#[tokio::test]
async fn it_answers_as_the_standard_double_does() {
    let (_aws, client) = start();
    let moto = Moto::start().await.unwrap();
    let mut differences = Vec::new();
    for (place, (operation, body)) in script().into_iter().enumerate() {
        let ours = client.call(operation, &body).await.unwrap();
        let theirs = moto.parameters().call(operation, &body).await.unwrap();
        if essence(&ours) != essence(&theirs) {
            differences.push(format!("{place} {operation} {body}: {ours:?}, moto: {theirs:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn a_version_that_was_asked_for_is_named_and_what_is_secure_is_hidden_until_it_is_decrypted() {
    let (aws, client) = start();
    aws.put_parameter("app", "one").unwrap();
    aws.put_parameter("app", "two").unwrap();
    let body = json!({"Names": ["app:1", "app"]});
    let answer = client.call("GetParameters", &body).await.unwrap().success().unwrap();
    let shown: Vec<_> = answer["Parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["Selector"], &one["Value"]))
        .collect();
    assert_eq!(shown, [(&Value::Null, &json!("two")), (&json!(":1"), &json!("one"))]);
    let secure = json!({"Name": "/secure", "Value": "hidden", "Type": "SecureString"});
    client.call("PutParameter", &secure).await.unwrap().success().unwrap();
    let hidden = client.call("GetParameter", &json!({"Name": "/secure"})).await.unwrap();
    assert_eq!(hidden.body["Parameter"]["Value"], "ciphertext");
}

#[tokio::test]
async fn a_key_can_be_left_out_of_a_batch_and_every_page_is_reached() {
    let (aws, client) = start();
    for number in 0..25 {
        aws.put_parameter(&format!("/app/{number}"), "x").unwrap();
    }
    aws.fault(crate::Fault::new(crate::Effect::Omit).key("/app/1").times(1));
    let batch = client.call("GetParameters", &json!({"Names": ["/app/1", "/app/2"]})).await.unwrap();
    assert_eq!(
        (&batch.body["Parameters"][0]["Name"], &batch.body["InvalidParameters"]),
        (&json!("/app/2"), &json!([]))
    );
    let (mut found, mut body) = (0, json!({"Path": "/app", "Recursive": true}));
    loop {
        let page = client.call("GetParametersByPath", &body).await.unwrap().success().unwrap();
        found += page["Parameters"].as_array().unwrap().len();
        if page["NextToken"].is_null() {
            break;
        }
        body["NextToken"] = page["NextToken"].clone();
    }
    assert_eq!((found, aws.count("GetParametersByPath")), (25, 3));
}

#[tokio::test]
async fn several_operations_share_a_quota_and_a_refusal_says_when_to_come_back() {
    let (aws, client) = start();
    aws.put_parameter("app", "one").unwrap();
    aws.set_shared_quota(&["GetParameter", "GetParameters"], 1);
    client.call("GetParameter", &json!({"Name": "app"})).await.unwrap().success().unwrap();
    let refused = client.call("GetParameters", &json!({"Names": ["app"]})).await.unwrap();
    assert_eq!((refused.status.as_u16(), &refused.body["__type"]), (400, &json!("ThrottlingException")));
    assert_eq!(aws.throttled(), 1);
}
