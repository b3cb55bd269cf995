//! Logins to AWS by keys in a Secret: as they are, for a while, and to assume a role with them.

use std::{collections::BTreeMap, time::Duration};

use eso_rig::{FastAws, Fault};
use eso_testkit::objects::{object, store};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{are_prompt, secret};
use crate::harness::{Kind, Setup, World, aws, aws_spec, encoded, timed};

/// A way to log in with keys, whose store, object and remote key have its name.
struct Way {
    name: &'static str,
    /// What its store says beside the keys.
    more: fn(&mut Value),
    /// The operation that AWS refuses where the keys are wrong, its code, and what is said then.
    wrong: (&'static str, &'static str),
    says: Says,
    /// How many roles are assumed for a key.
    logins: usize,
}

/// Who says what is wrong: keys alone cost no call before they are used.
enum Says {
    Store(&'static str),
    Object(&'static str),
}

const NOT_ACCEPTED: &str = "AWS does not accept the credentials";

const WAYS: [Way; 3] = [
    Way {
        name: "keys",
        more: |_| (),
        wrong: ("GetSecretValue", "UnrecognizedClientException"),
        says: Says::Object(NOT_ACCEPTED),
        logins: 0,
    },
    Way {
        name: "session",
        more: |spec| {
            spec["auth"]["secretRef"]["sessionTokenSecretRef"] =
                json!({ "name": "session-login", "key": "session-token" });
        },
        wrong: ("GetSecretValue", "ExpiredTokenException"),
        says: Says::Object(NOT_ACCEPTED),
        logins: 0,
    },
    Way {
        name: "role",
        more: |spec| spec["role"] = json!("arn:aws:iam::111122223333:role/reader"),
        wrong: ("AssumeRole", "InvalidClientTokenId"),
        says: Says::Store("unable to validate store: AssumeRole: "),
        logins: 1,
    },
];

/// Puts new keys into the Secret of a way, and answers their id.
async fn rotate(world: &World, name: &str) -> String {
    let id = world.canary(name);
    let entries = [
        ("access-key", id.clone()),
        ("secret-access-key", world.canary("key")),
        ("session-token", world.canary("token")),
    ];
    let data: BTreeMap<&str, String> = entries.iter().map(|(key, value)| (*key, encoded(value))).collect();
    let keys = json!({ "kind": "Secret", "metadata": { "name": secret(name) }, "data": data });
    match world.try_create(keys.clone()).await {
        Ok(_) => (),
        Err(_) => drop(world.patch(Kind::Secret, &secret(name), json!({ "data": keys["data"] })).await),
    }
    id
}

/// Waits until the object of a way holds a new value, which is read after `turn`; answers who read it, and how long that took.
async fn follows<T>(
    world: &World,
    double: &FastAws,
    name: &str,
    turn: impl AsyncFnOnce() -> T,
) -> (T, String, Duration) {
    let value = world.canary(name);
    double.put(name, &value).unwrap();
    let turned = turn().await;
    let (_, took) = timed(name, world.holds(name, &[("password", &value)])).await;
    let mut calls = double.calls().into_iter().rev();
    let last = calls.find(|call| call.operation == "GetSecretValue" && call.keys == [name]);
    (turned, last.unwrap().access_key_id, took)
}

/// Whom the keys of this id are to AWS when it reads: themselves, or a session of the role.
fn reader(double: &FastAws, way: &Way, id: &str) -> String {
    let assumed = double.assumed().into_iter().rfind(|assumed| assumed.signer == id);
    if way.logins == 0 { id.to_owned() } else { assumed.unwrap().given }
}

/// How many roles were assumed by the keys of this id.
fn logins(double: &FastAws, id: &str) -> usize {
    double.assumed().iter().filter(|assumed| assumed.signer == id).count()
}

async fn is_rotated(world: &World, double: &FastAws, way: &Way) -> [Duration; 2] {
    let Way { name, more, wrong: (operation, code), says, logins: expected } = way;
    let (first, read_by, _) = follows(world, double, name, async || {
        let id = rotate(world, name).await;
        let mut spec = aws_spec(&secret(name));
        more(&mut spec);
        world.create(store(name).provider("aws", &spec)).await;
        world.create(object(name).store(name).key("password", name).every("1h")).await;
        id
    })
    .await;
    assert_eq!((read_by, logins(double, &first)), (reader(double, way, &first), *expected), "{name}");

    // The former keys are worth nothing, and what they got was theirs.
    let (second, read_by, soon) = follows(world, double, name, async || {
        for former in [first.clone(), reader(double, way, &first)] {
            double.fault(Fault::error(400, "UnrecognizedClientException", "no").access_key_id(&former));
        }
        rotate(world, name).await
    })
    .await;
    assert_eq!((read_by, logins(double, &second)), (reader(double, way, &second), *expected), "{name}");

    let refusal = Fault::error(400, code, "no").operation(operation);
    let wrong = {
        // The fault is there before the keys are, of whom nobody knows the id before.
        let id = world.canary(&format!("{name}-wrong"));
        double.fault(refusal.access_key_id(&id));
        world.patch(Kind::Secret, &secret(name), json!({ "data": { "access-key": encoded(&id) } })).await;
        id
    };
    match says {
        Says::Store(words) => {
            drop(world.store_says(Kind::SecretStore, name, "InvalidProviderConfig", words).await)
        }
        Says::Object(words) => {
            let message = world.fails(name, "could not get secret data from provider").await;
            assert!(message.contains(words), "{message}");
        }
    }
    assert_eq!(logins(double, &wrong), 0);

    let (last, read_by, again) = follows(world, double, name, async || rotate(world, name).await).await;
    assert_eq!((read_by, logins(double, &last)), (reader(double, way, &last), *expected), "{name}");
    world.store_says(Kind::SecretStore, name, "Valid", "store validated").await;
    [soon, again]
}

#[tokio::test]
async fn keys_for_aws_that_are_rotated_are_taken_up_and_wrong_ones_are_said_also_under_a_session_of_a_role() {
    let double = aws();
    let world =
        Setup::new("rotated-aws").argument("--store-requeue-interval=1h").aws(&double.url()).start().await;
    are_prompt(join_all(WAYS.iter().map(|way| is_rotated(&world, &double, way))).await);
    let roles: Vec<_> = double.assumed().into_iter().map(|assumed| assumed.given).collect();
    for given in &roles {
        world.watch_for(given);
    }
    assert_eq!(roles.len(), 3, "one for each key that was good");
    world.end().await;
}
