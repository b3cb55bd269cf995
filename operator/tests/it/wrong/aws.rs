//! What goes wrong with AWS Secrets Manager.

use eso_rig::{Effect, FastAws, Fault, Moto};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use super::{
    UNREADABLE, WrongQuestion, data, extract,
    patient::{Cause, Patient, all_fail, all_in_step, all_recover, goes_on},
    wrong_questions,
};
use crate::harness::{Kind, Setup, World, aws, aws_spec, encoded};

/// A world with a double, the store `main`, the remote key `db`, and the object `well`.
async fn ward(name: &str) -> (World, FastAws) {
    let double = aws();
    let world = Setup::new(name).aws(&double.url()).start().await;
    world.aws_store().await;
    double.put("db", &password(&world.canary("password"))).unwrap();
    double.put("well", &password(&world.canary("well"))).unwrap();
    world.create(object("well").key("password", "well#password").every("1s")).await;
    world.synced("well").await;
    (world, double)
}

fn password(value: &str) -> String {
    json!({ "password": value }).to_string()
}

fn change_well(double: &FastAws, value: &str) {
    double.put("well", &password(value)).unwrap();
}

async fn goes_on_with(world: &World, double: &FastAws) {
    goes_on(world, async |value| change_well(double, value)).await;
}

/// Makes a store with keys of its own in a Secret of its own, both of that name; answers the id of its keys.
async fn own_store(world: &World, name: &str) -> String {
    let (id, key) = (world.canary(&format!("{name}-id")), world.canary(&format!("{name}-key")));
    world.create_secret(&format!("{name}-keys"), &[("access-key", &id), ("secret-access-key", &key)]).await;
    world.create(store(name).provider("aws", &aws_spec(&format!("{name}-keys")))).await;
    id
}

#[tokio::test]
async fn a_wrong_question_to_aws_fails_its_own_object_alone() {
    let (world, double) = ward("wrong-aws").await;
    double.put("text", &world.canary("text")).unwrap();
    let of_version =
        |version: &str| data(&json!({ "key": "db", "property": "password", "version": version }));
    let absent = "(key: db), err: Secret does not exist";
    let question = |name, spec, says| WrongQuestion { name, spec, says };
    let questions = [
        question("key", data(&json!({ "key": "nowhere" })), "(key: nowhere), err: Secret does not exist"),
        question(
            "property",
            data(&json!({ "key": "db", "property": "user" })),
            "key user does not exist in secret db",
        ),
        question("stage", of_version("AWSNOWHERE"), absent),
        question("version", of_version("uuid/00000000-0000-0000-0000-000000000000"), absent),
        question(
            "text-for-json",
            data(&json!({ "key": "text", "property": "password" })),
            "key password does not exist in secret text",
        ),
        question("text-for-members", extract(&json!({ "key": "text" })), "it is no JSON object"),
    ];
    wrong_questions(&world, &questions, async |value| change_well(&double, value)).await;
    world.end().await;
}

#[tokio::test]
async fn what_aws_refuses_fails_its_own_object_alone() {
    let (world, double) = ward("refused-aws").await;
    let cases = [
        (
            "denied",
            Fault::error(400, "AccessDeniedException", "no"),
            "access denied: allow secretsmanager:GetSecretValue on the secret",
        ),
        ("encrypted", Fault::error(400, "DecryptionFailure", "no"), "allow kms:Decrypt"),
        ("down", Fault::error(500, "InternalServiceError", "no"), "cannot answer now"),
        ("throttled", Fault::throttle(), "asks to be called less often"),
        ("left-out", Fault::new(Effect::Omit), "the answer to a batch does not mention this key"),
    ];
    for (name, ..) in &cases {
        double.put(name, &password(&world.canary(name))).unwrap();
        world.create(object(name).key("password", &format!("{name}#password")).every("1s")).await;
    }
    let patients = all_in_step(&world, cases.iter().map(|(name, ..)| *name)).await;
    cases.iter().for_each(|(name, fault, _)| double.fault(fault.clone().key(name)));
    all_fail(&patients, cases.iter().map(|(.., says)| *says)).await;
    goes_on_with(&world, &double).await;
    double.clear_faults();
    all_recover(&patients, Cause::InTheStore).await;
    world.end().await;
}

#[tokio::test]
async fn an_aws_that_hangs_cuts_or_lies_to_one_store_leaves_the_others_alone() {
    let (world, double) = ward("silent-aws").await;
    let lie = format!("<html>{}</html>", world.canary("lie"));
    let cases = [
        ("hangs", Effect::Hang, "did not answer in time"),
        ("cuts", Effect::Disconnect, "cannot be reached: check the region, the endpoint and the network"),
        ("lies", Effect::Body(lie), "an answer that is not understood"),
    ];
    let mut faults = Vec::new();
    for (name, effect, _) in &cases {
        faults.push(Fault::new(effect.clone()).access_key_id(&own_store(&world, name).await));
        world.create(object(name).store(name).key("password", "db#password").every("1s")).await;
    }
    let patients = all_in_step(&world, cases.iter().map(|(name, ..)| *name)).await;
    faults.into_iter().for_each(|fault| double.fault(fault));
    all_fail(&patients, cases.iter().map(|(.., says)| *says)).await;
    goes_on_with(&world, &double).await;
    double.clear_faults();
    all_recover(&patients, Cause::InTheStore).await;
    world.end().await;
}

#[tokio::test]
async fn wrong_aws_credentials_fail_the_objects_of_their_store_alone() {
    let (world, double) = ward("keys-aws").await;
    let wrong_id = world.canary("wrong-id");
    double.fault(Fault::error(400, "UnrecognizedClientException", "no").access_key_id(&wrong_id));
    let cases: [(&str, Value, &str); 3] = [
        ("foreign", json!({ "access-key": wrong_id }), "AWS does not accept the credentials"),
        ("keyless", json!({ "access-key": null }), "SecretStore \"keyless\" is not ready"),
        ("empty", json!({ "secret-access-key": "" }), "SecretStore \"empty\" is not ready"),
    ];
    for (name, ..) in &cases {
        own_store(&world, name).await;
        world.create(object(name).store(name).key("password", "db#password").every("1s")).await;
    }
    let patients = all_in_step(&world, cases.iter().map(|(name, ..)| *name)).await;
    let mut good = Vec::new();
    for (name, wrong, _) in &cases {
        let keys = format!("{name}-keys");
        good.push(world.get(Kind::Secret, &keys).await.unwrap()["data"].clone());
        // A patch of the data, where what is null goes away.
        let wrong = wrong.as_object().unwrap().iter().map(|(key, value)| match value.as_str() {
            Some(text) => (key.clone(), json!(encoded(text))),
            None => (key.clone(), Value::Null),
        });
        let wrong: serde_json::Map<String, Value> = wrong.collect();
        world.patch(Kind::Secret, &keys, json!({ "data": wrong })).await;
    }
    all_fail(&patients, cases.iter().map(|(.., says)| *says)).await;
    world
        .store_says(Kind::SecretStore, "keyless", "InvalidProviderConfig", "unable to create client: ")
        .await;
    goes_on_with(&world, &double).await;
    for ((name, ..), good) in cases.iter().zip(good) {
        world.patch(Kind::Secret, &format!("{name}-keys"), json!({ "data": good })).await;
    }
    all_recover(&patients, Cause::InTheCluster).await;
    world.end().await;
}

#[tokio::test]
async fn a_wrong_region_fails_the_objects_of_its_store_alone() {
    let moto = Moto::start().await.unwrap();
    let world = Setup::new("region-aws").aws(moto.url()).start().await;
    world.aws_store().await;
    own_store(&world, "abroad").await;
    for name in ["db", "well"] {
        moto.secrets().create(name, &password(&world.canary(name))).await.unwrap();
    }
    world.create(object("well").key("password", "well#password").every("1s")).await;
    world.create(object("abroad").store("abroad").key("password", "db#password").every("1h")).await;
    let patient = Patient::in_step(&world, "abroad").await;
    let region = |region: &str| json!({ "spec": { "provider": { "aws": { "region": region } } } });
    world.patch(Kind::SecretStore, "abroad", region("eu-west-1")).await;
    patient.fails(UNREADABLE, "(key: db), err: Secret does not exist").await;
    goes_on(&world, async |value| drop(moto.secrets().put("well", &password(value)).await.unwrap())).await;
    world.patch(Kind::SecretStore, "abroad", region("us-east-1")).await;
    patient.recovers(Cause::InTheCluster).await;
    world.end().await;
}
