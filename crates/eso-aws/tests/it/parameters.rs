//! Parameters: single reads, batches, metadata, and what the Parameter Store says instead.

use eso_core::{
    error::ErrorKind::{
        self, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected,
    },
    key::Version,
    provider::{Fetch, Notice},
};
use eso_rig::{Effect, Fault, Moto, ParameterStore, Reply, Scripted};
use eso_testkit::connection::CallRecorder;
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, SECRET_KEY, apps, aws, connect, credentials, kind, text, texts};

const ARN: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/team/app";

#[tokio::test]
async fn a_parameter_is_read_by_name_and_arn_at_a_version_and_at_a_label() {
    let fixture = Fixture::new();
    for value in ["first", "second", "third"] {
        fixture.server.put_parameter("/team/app", value).unwrap();
    }
    let client = ParameterStore::new(&fixture.server.url()).unwrap();
    let label = json!({"Name": "/team/app", "ParameterVersion": 2, "Labels": ["stable"]});
    client.call("LabelParameterVersion", &label).await.unwrap().success().unwrap();
    let store = fixture.parameter_store().await;
    let table = [
        ("/team/app", "", "third"),
        ("/team/app", "1", "first"),
        ("/team/app", "stable", "second"),
        (ARN, "", "third"),
        (ARN, "2", "second"),
        ("/team/app:1", "", "first"),
    ];
    for (key, version, value) in table {
        let fetched = store.fetch(&Fetch::new(key).at_version(version)).await;
        assert_eq!(text(fetched), value, "{key} {version:?}");
    }
    let newest = store.fetch(&Fetch::new("/team/app")).await.unwrap();
    assert_eq!(newest.version, Some(Version::new("3")));
    for missing in [
        Fetch::new("/team/app").at_version("7"),
        Fetch::new("/team/app").at_version("none"),
        Fetch::new("app"),
    ] {
        assert_eq!(kind(store.fetch(&missing).await), NotFound, "{missing:?}");
    }
}

#[tokio::test]
async fn texts_lists_and_secure_strings_are_read_on_the_standard_double() {
    let server = Moto::start().await.expect("moto must start");
    for (name, kind, value) in [
        ("/a/text", "String", "plain"),
        ("/a/list", "StringList", "one,two"),
        ("/a/secure", "SecureString", "hidden"),
    ] {
        let body =
            json!({"Name": name, "Type": kind, "Value": value, "Tags": [{"Key": "kind", "Value": kind}]});
        server.parameters().call("PutParameter", &body).await.unwrap().success().unwrap();
    }
    let fields = json!({"service": "ParameterStore"});
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), fields).await;
    let names = ["/a/secure", "/a/text", "/a/none", "/a/list"].map(Fetch::new);
    let mut batch = store.fetch_all(&names).await;
    assert_eq!(kind(batch.remove(2)), NotFound);
    assert_eq!(texts(batch), ["hidden", "plain", "one,two"]);
    assert_eq!(text(store.fetch(&Fetch::new("/a/secure")).await), "hidden");
    assert_eq!(text(store.fetch(&Fetch::new("/a/list").of_metadata()).await), r#"{"kind":"StringList"}"#);
    assert_eq!(kind(store.fetch(&Fetch::new("/a/none").of_metadata()).await), NotFound);
}

#[tokio::test]
async fn ten_names_are_one_call_with_their_versions_and_one_name_is_a_single_read() {
    let fixture = Fixture::new();
    fixture.put_parameters(9);
    fixture.server.put_parameter("app-0", "newer").unwrap();
    let store = fixture.parameter_store().await;
    assert_eq!(store.batch_size(&Fetch::new("app-0").at_version("1")).get(), 10);
    for single in [Fetch::new("app-0").of_metadata(), Fetch::new(" app-0"), Fetch::new("")] {
        assert_eq!(store.batch_size(&single).get(), 1, "{single:?}");
    }
    let mut requests = apps(9);
    requests.push(Fetch::new("app-0").at_version("1"));
    let values = texts(store.fetch_all(&requests).await);
    assert_eq!((&values[0][..], &values[1][..], &values[9][..]), ("newer", "value 1", "value 0"));
    assert_eq!((fixture.count("GetParameters"), fixture.count("GetParameter")), (1, 0));
    assert_eq!(texts(store.fetch_all(&apps(1)).await), ["newer"]);
    assert_eq!((fixture.count("GetParameters"), fixture.count("GetParameter")), (1, 1));
}

#[tokio::test]
async fn what_a_batch_does_not_give_is_told_apart_by_a_single_read() {
    let fixture = Fixture::new();
    fixture.put_parameters(3);
    fixture.server.fault(Fault::new(Effect::Omit).key("app-2"));
    let store = fixture.parameter_store().await;
    let requests =
        [Fetch::new("app-0"), Fetch::new("gone"), Fetch::new("app-1").at_version("9"), Fetch::new("app-2")];
    let [value, gone, version, omitted] = store.fetch_all(&requests).await.try_into().expect("four answers");
    assert_eq!((text(value), kind(gone), kind(version)), ("value 0".to_owned(), NotFound, NotFound));
    assert_eq!(kind(omitted), Unexpected, "what is not mentioned is no absence");
    assert_eq!((fixture.count("GetParameters"), fixture.count("GetParameter")), (1, 2));
    fixture.refuse("GetParameter", 400, "ValidationException");
    let invalid = store.fetch_all(&requests).await.remove(1);
    assert_eq!(kind(invalid), Invalid, "what AWS does not take for a name is no absence");
}

#[tokio::test]
async fn a_policy_without_the_batch_call_is_noticed_once_and_the_names_are_read_singly() {
    let fixture = Fixture::new();
    fixture.put_parameters(3);
    fixture.refuse("GetParameters", 400, "AccessDeniedException");
    let store = fixture.parameter_store().await;
    for _ in 0..2 {
        assert_eq!(texts(store.fetch_all(&apps(3)).await), ["value 0", "value 1", "value 2"]);
    }
    assert_eq!((fixture.count("GetParameters"), fixture.count("GetParameter")), (1, 6));
    let Notice(said) = store.notice().expect("it must be said");
    assert!(said.contains("ssm:GetParameters"), "{said}");
}

/// The Parameter Store denies a batch for one name in it.
#[tokio::test]
async fn a_name_that_a_batch_is_denied_for_is_read_by_itself_from_then_on_and_the_others_in_company() {
    let fixture = Fixture::new();
    fixture.put_parameters(3);
    let denied = Fault::error(400, "AccessDeniedException", "Credential=canary-body-77aa").key("app-1");
    fixture.server.fault(denied.clone());
    let store = fixture.parameter_store().await;
    let [first, second, third] = store.fetch_all(&apps(3)).await.try_into().expect("three answers");
    assert_eq!(
        (text(first), kind(second), text(third)),
        ("value 0".to_owned(), Denied, "value 2".to_owned())
    );
    assert_eq!((store.batch_size(&Fetch::new("app-1")).get(), store.notice()), (1, None));
    assert_eq!(store.batch_size(&Fetch::new("app-0")).get(), 10);
    fixture.server.clear_faults();
    assert_eq!(text(store.fetch(&Fetch::new("app-1")).await), "value 1");
    assert_eq!(store.batch_size(&Fetch::new("app-1")).get(), 10, "it succeeded");
}

#[tokio::test]
async fn a_batch_that_is_throttled_or_broken_is_not_made_ten_reads() {
    let fixture = Fixture::new();
    fixture.put_parameters(2);
    let store = fixture.parameter_store().await;
    for (code, status, expected) in [
        ("ThrottlingException", 400, Throttled),
        ("InternalServerError", 500, Unavailable),
        ("New", 400, Unexpected),
    ] {
        fixture.refuse("GetParameters", status, code);
        for result in store.fetch_all(&apps(2)).await {
            assert_eq!(kind(result), expected, "{code}");
        }
        fixture.server.clear_faults();
    }
    assert_eq!((fixture.count("GetParameters"), fixture.count("GetParameter")), (3, 0));
}

#[tokio::test]
async fn after_a_throttled_call_nobody_is_asked_who_shares_its_quota_until_its_time_is_over() {
    let fixture = Fixture::new();
    fixture.put_parameters(2);
    fixture.server.fault(Fault::throttle().operation("GetParameters").retry_after(15).times(1));
    let (store, neighbour) = (fixture.parameter_store().await, fixture.parameter_store().await);
    for result in store.fetch_all(&apps(2)).await {
        assert_eq!(kind(result), Throttled);
    }
    for store in [&store, &neighbour] {
        let error = store.fetch(&Fetch::new("app-0")).await.expect_err("it must wait for long");
        assert_eq!(error.kind(), Throttled);
        let wait = error.retry_after().expect("it must say for how long").as_secs();
        assert!((10..15).contains(&wait), "{wait} s");
    }
    assert_eq!(fixture.count("GetParameter"), 0);
    assert_eq!(text(store.fetch(&Fetch::new("app-0").of_metadata()).await), "{}", "it has another quota");
}

/// The codes that the calls' pages document, and those common to all services, as real answers.
#[tokio::test]
async fn each_code_is_its_kind_over_the_wire() {
    let fixture = Fixture::new();
    fixture.put_parameters(1);
    let store = fixture.parameter_store().await;
    let table: [(u16, &str, ErrorKind); 19] = [
        (400, "ParameterNotFound", NotFound),
        (400, "ParameterVersionNotFound", NotFound),
        (400, "InvalidKeyId", Denied),
        (400, "AccessDeniedException", Denied),
        (400, "ExpiredTokenException", Unauthenticated),
        (400, "UnrecognizedClientException", Unauthenticated),
        (400, "InvalidSignatureException", Unauthenticated),
        (400, "IncompleteSignatureException", Unauthenticated),
        (403, "MissingAuthenticationTokenException", Unauthenticated),
        (400, "ThrottlingException", Throttled),
        (400, "LimitExceededException", Throttled),
        (500, "InternalServerError", Unavailable),
        (503, "ServiceUnavailableException", Unavailable),
        (400, "ValidationException", Invalid),
        (501, "UnknownOperationException", Invalid),
        (400, "com.amazonaws.ssm#ThrottlingException", Throttled),
        (400, "ResourceNotFoundException", Unexpected),
        (400, "SomethingNew", Unexpected),
        (500, "ParameterNotFound", Unavailable),
    ];
    for (status, code, expected) in table {
        fixture.refuse("GetParameter", status, code);
        assert_eq!(kind(store.fetch(&Fetch::new("app-0")).await), expected, "{status} {code}");
        fixture.server.clear_faults();
    }
    assert_eq!(text(store.fetch(&Fetch::new("app-0")).await), "value 0");
    assert_eq!(fixture.count("GetParameter"), 20, "nothing is tried twice");
}

#[tokio::test]
async fn an_answer_that_is_none_is_unexpected() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    for body in [
        "<html>canary-body-77aa</html>",
        "",
        "{}",
        "{\"Parameter\": {\"Value\": \"canary-body-77aa",
        "[]",
        "null",
    ] {
        fixture.server.fault(Fault::new(Effect::Body(body.to_owned())));
        assert_eq!(kind(store.fetch(&Fetch::new("app")).await), Unexpected, "{body:?}");
        assert_eq!(kind(store.fetch(&Fetch::new("app").of_metadata()).await), Unexpected, "{body:?}");
        fixture.server.clear_faults();
    }
    fixture.server.fault(Fault::new(Effect::Body(json!({"Parameter": {"Name": "app"}}).to_string())));
    let error = store.fetch(&Fetch::new("app")).await.expect_err("there is no value");
    assert_eq!(
        error.to_string(),
        "GetParameter: invalid secret received. parameter value is nil for key: app"
    );
}

#[tokio::test]
async fn a_proxys_page_is_judged_by_its_status() {
    for (status, expected) in [(403, Denied), (404, Unexpected), (429, Throttled), (503, Unavailable)] {
        let server = Scripted::start().await.expect("the server must start");
        let page = Reply::status(status).header("retry-after", "7").body("<html>canary-body-77aa</html>");
        server.always("POST", "/", page);
        let fields = json!({"service": "ParameterStore"});
        let store = connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), fields).await;
        for result in [store.fetch(&Fetch::new("app")).await, store.fetch_all(&apps(2)).await.remove(0)] {
            assert_eq!(kind(result), expected, "{status}");
        }
    }
}

#[tokio::test]
async fn tags_of_what_aws_takes_for_no_name_are_no_absence() {
    let fixture = Fixture::new();
    fixture.put_parameters(1);
    let store = fixture.parameter_store().await;
    assert_eq!(text(store.fetch(&Fetch::new("app-0").at_version("1").of_metadata()).await), "{}");
    assert_eq!(kind(store.fetch(&Fetch::new("gone").of_metadata()).await), NotFound);
    fixture.refuse("ListTagsForResource", 400, "InvalidResourceId");
    assert_eq!(kind(store.fetch(&Fetch::new("app-0").of_metadata()).await), Invalid, "it is there");
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_not_sent() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    let abroad = "arn:aws:ssm:eu-west-1:123456789012:parameter/app";
    for request in [Fetch::new(""), Fetch::new(abroad), Fetch::new(abroad).of_metadata()] {
        let error = store.fetch(&request).await.expect_err("it cannot be answered");
        assert_eq!((error.kind(), error.key()), (Invalid, Some(&request.key)));
    }
    assert!(fixture.server.counts().is_empty());
}

/// What one fetch sends.
async fn sent(request: Fetch, answer: Json) -> (String, Json) {
    let server = Scripted::start().await.expect("the server must start");
    server.always("POST", "/", Reply::json(200, &answer));
    let fields = json!({"service": "ParameterStore"});
    let store = connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), fields).await;
    text(store.fetch(&request).await);
    let [request] = &server.requests()[..] else { panic!("one request must be sent") };
    assert!(request.header("authorization").contains("/us-east-1/ssm/aws4_request"));
    (request.header("x-amz-target").to_owned(), request.json())
}

#[tokio::test]
async fn the_question_is_put_as_the_original_puts_it() {
    let parameter = json!({"Parameter": {"Name": "app", "Value": "value", "Version": 1}});
    let (target, body) = sent(Fetch::new("app").at_version("7"), parameter).await;
    assert_eq!(target, "AmazonSSM.GetParameter");
    assert_eq!(body, json!({"Name": "app:7", "WithDecryption": true}));
    let (target, body) = sent(Fetch::new("app").of_metadata(), json!({"TagList": []})).await;
    assert_eq!(target, "AmazonSSM.ListTagsForResource");
    assert_eq!(body, json!({"ResourceType": "Parameter", "ResourceId": "app"}));
}

#[tokio::test]
async fn a_store_shows_its_name_and_its_backend_and_no_credential() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    assert_eq!(store.to_string(), "AWS/ParameterStore");
    let backend = store.backend().expect("AWS has quotas");
    assert_eq!(backend.id, "aws/ssm/us-east-1/029608264753");
    assert_eq!(backend.reads_per_second.map(|rate| rate.get()), Some(40));
    eso_testkit::canary::assert_absent("Debug of a store", &format!("{store:?} {store:#?}"), SECRET_KEY);
}

#[tokio::test]
async fn the_certificate_manager_is_said_not_to_be_served() {
    let fixture = Fixture::new();
    let connection = eso_testkit::connection::connection(&fixture.credentials, &fixture.calls);
    let spec = crate::fixture::spec(json!({"service": "CertificateManager"}));
    let error = fixture.aws.connect(&spec, connection).await.expect_err("it is not served");
    assert_eq!(error.kind(), Invalid);
    assert_eq!(
        error.to_string(),
        "unable to create session: provider.aws.service: CertificateManager is not served by this version"
    );
}
