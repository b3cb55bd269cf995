//! Batches: what is sent at once, whose answer is whose, and what happens where the batch call does not serve.

use eso_core::{
    error::ErrorKind,
    provider::{Fetch, Notice},
};
use eso_rig::{Effect, Fault, Reply, Scripted};
use eso_testkit::connection::CallRecorder;
use serde_json::json;

use crate::fixture::{Fixture, apps, aws, connect, credentials, kind, text, texts};

#[tokio::test]
async fn twenty_keys_are_one_call_and_one_key_is_a_single_read() {
    let fixture = Fixture::new();
    fixture.put_apps(20);
    let store = fixture.store().await;
    assert_eq!(store.batch_size(&Fetch::new("app-0")).get(), 20);
    assert_eq!(store.batch_size(&Fetch::new("app-0").at_version("")).get(), 20);
    assert_eq!(store.batch_size(&Fetch::new("app-0").at_version("AWSPREVIOUS")).get(), 1);
    let expected: Vec<_> = (0..20).map(|number| format!("value {number}")).collect();
    assert_eq!(texts(store.fetch_all(&apps(20)).await), expected);
    assert_eq!((fixture.count("BatchGetSecretValue"), fixture.count("GetSecretValue")), (1, 0));
    assert_eq!(texts(store.fetch_all(&apps(1)).await), ["value 0"]);
    assert_eq!((fixture.count("BatchGetSecretValue"), fixture.count("GetSecretValue")), (1, 1));
}

#[tokio::test]
async fn each_key_has_its_own_failure() {
    let fixture = Fixture::new();
    fixture.put_apps(8);
    fixture.server.delete("app-1").expect("it is there");
    fixture.server.purge("app-2");
    let refuse = |key: &str, code: &str| {
        fixture.server.fault(Fault::error(400, code, "Credential=canary-body-77aa").key(key))
    };
    refuse("app-3", "AccessDeniedException");
    refuse("app-4", "DecryptionFailure");
    refuse("app-5", "InternalServiceError");
    refuse("app-6", "SomethingNew");
    fixture.server.fault(Fault::new(Effect::Omit).key("app-7"));
    let mut results = fixture.store().await.fetch_all(&apps(8)).await;
    assert_eq!(text(results.remove(0)), "value 0");
    let mut kinds = Vec::new();
    for (number, result) in results.into_iter().enumerate() {
        let key = result.as_ref().err().and_then(|error| error.key()).map(|key| key.as_str().to_owned());
        assert_eq!(key, Some(format!("app-{}", number + 1)));
        kinds.push(kind(result));
    }
    use ErrorKind::{Denied, NotFound, Unavailable, Unexpected};
    assert_eq!(kinds, [NotFound, NotFound, Denied, Denied, Unavailable, Unexpected, Unexpected]);
    assert_eq!((fixture.count("BatchGetSecretValue"), fixture.count("GetSecretValue")), (1, 0));
}

#[tokio::test]
async fn a_failure_reads_the_same_in_a_batch_and_alone() {
    let fixture = Fixture::new();
    fixture.put_apps(2);
    let store = fixture.store().await;
    for code in ["AccessDeniedException", "ThrottlingException", "ValidationException"] {
        fixture.server.fault(Fault::error(400, code, "").key("app-1"));
        let alone = store.fetch(&Fetch::new("app-1")).await;
        assert_eq!(store.fetch_all(&apps(2)).await.pop(), Some(alone), "{code}");
        fixture.server.clear_faults();
    }
}

#[tokio::test]
async fn a_secret_asked_for_twice_and_by_its_arn_is_given_each_time() {
    let fixture = Fixture::new();
    let arn = fixture.put("app", "value");
    fixture.put("other", "another");
    let partial = arn.rsplit_once('-').expect("an ARN has a random part").0;
    let keys = ["app", &arn, "other", partial, "app", &arn];
    let requests: Vec<_> = keys.into_iter().map(Fetch::new).collect();
    let results = texts(fixture.store().await.fetch_all(&requests).await);
    assert_eq!(results, ["value", "value", "another", "value", "value", "value"]);
    let sent = fixture.server.calls().into_iter().find(|call| call.operation == "BatchGetSecretValue");
    assert_eq!(sent.map(|call| call.keys.len()), Some(4), "each key is sent once");
}

#[tokio::test]
async fn a_policy_without_the_batch_call_is_noticed_once_and_the_keys_are_read_singly() {
    let fixture = Fixture::new();
    fixture.put_apps(3);
    fixture.server.fault(Fault::deny_batch());
    let store = fixture.store().await;
    assert_eq!(store.notice(), None);
    for _ in 0..2 {
        assert_eq!(texts(store.fetch_all(&apps(3)).await), ["value 0", "value 1", "value 2"]);
    }
    assert_eq!((fixture.count("BatchGetSecretValue"), fixture.count("GetSecretValue")), (1, 6));
    assert_eq!(store.batch_size(&Fetch::new("app-0")).get(), 1);
    let Notice(text) = store.notice().expect("it must be said");
    assert!(text.contains("secretsmanager:BatchGetSecretValue"), "{text}");
}

#[tokio::test]
async fn a_batch_that_one_key_spoils_is_read_singly_this_time_only() {
    let fixture = Fixture::new();
    fixture.put_apps(2);
    let store = fixture.store().await;
    let codes = [
        "ValidationException",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
        "DecryptionFailure",
        "UnknownOperationException",
    ];
    for code in codes {
        fixture.server.fault(Fault::error(400, code, "").operation("BatchGetSecretValue").times(1));
        assert_eq!(texts(store.fetch_all(&apps(2)).await), ["value 0", "value 1"], "{code}");
    }
    assert_eq!((store.batch_size(&Fetch::new("app-0")).get(), store.notice()), (20, None));
}

#[tokio::test]
async fn a_batch_that_is_throttled_or_broken_is_not_made_twenty_reads() {
    let fixture = Fixture::new();
    fixture.put_apps(2);
    let store = fixture.store().await;
    use ErrorKind::{Throttled, Unauthenticated, Unavailable, Unexpected};
    let faults = [
        ("ThrottlingException", 400, Throttled),
        ("InternalServiceError", 500, Unavailable),
        ("UnrecognizedClientException", 400, Unauthenticated),
        ("SomethingNew", 400, Unexpected),
    ];
    for (code, status, expected) in faults {
        fixture.refuse("BatchGetSecretValue", status, code);
        for result in store.fetch_all(&apps(2)).await {
            assert_eq!(kind(result), expected, "{code}");
        }
        fixture.server.clear_faults();
    }
    assert_eq!((fixture.count("BatchGetSecretValue"), fixture.count("GetSecretValue")), (4, 0));
}

#[tokio::test]
async fn what_is_on_a_further_page_is_read_singly() {
    let server = Scripted::start().await.expect("the server must start");
    server.otherwise(|request| {
        let first = json!({"Name": "app-0", "ARN": "arn:a", "SecretString": "value 0"});
        let answer = match request.header("x-amz-target") {
            "secretsmanager.BatchGetSecretValue" => json!({"SecretValues": [first], "NextToken": "more"}),
            _ => json!({"Name": "app-1", "SecretString": "value 1"}),
        };
        Some(Reply::json(200, &answer))
    });
    let store = connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), json!({})).await;
    assert_eq!(texts(store.fetch_all(&apps(2)).await), ["value 0", "value 1"]);
    assert_eq!(server.requests().len(), 2);
}
