//! Nothing of what is pushed gets out, nor of what a store says to it: each call of a push is refused once, in words that
//! say what was sent.

use eso_rig::{Effect, FastAws, Fault, Reply, Scripted, ScriptedRequest};
use eso_testkit::objects::store;
use serde_json::{Value, json};

use super::{Refusal, by_token, said, vault, with_keys};
use crate::harness::{Condition, Kind, Setup, World, aws_spec};

/// What a push asks of a Vault, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Look,
    /// What is beside the value.
    Mark,
    Write,
    Deletion,
}

impl Step {
    fn of(request: &ScriptedRequest) -> Self {
        match (request.method.as_str(), request.path.contains("/metadata/")) {
            ("GET", _) => Self::Look,
            ("DELETE", _) => Self::Deletion,
            (_, true) => Self::Mark,
            (_, false) => Self::Write,
        }
    }
}

/// How a request is refused, in words that have all of it.
const REFUSALS: [(&str, Refusal); 4] = [
    ("denied", |said| Reply::json(403, &json!({ "errors": [said], "warnings": [said] }))),
    ("invalid", |said| Reply::json(400, &json!({ "errors": [said], "data": { "password": said } }))),
    ("broken", |said| Reply::status(500).body(said.to_owned())),
    ("no-json", |said| Reply::status(200).body(said.to_owned())),
];

/// What a Vault answers that refuses one step of a push. Before a deletion it holds what is ours, else nothing.
fn refuses(
    step: Step,
    refusal: fn(&str) -> Reply,
    secret: &str,
) -> impl FnMut(&ScriptedRequest) -> Option<Reply> + use<> {
    let secret = secret.to_owned();
    move |request| {
        let mark = json!({ "managed-by": "external-secrets", "held": secret });
        let beside = json!({ "current_version": 1, "custom_metadata": mark });
        let value =
            json!({ "data": { "password": secret }, "metadata": { "version": 1, "custom_metadata": mark } });
        Some(match Step::of(request) {
            now if now == step => refusal(&format!("{} {secret}", said(request))),
            Step::Look if step != Step::Deletion => Reply::json(404, &json!({ "errors": [] })),
            Step::Look if request.path.contains("/metadata/") => Reply::json(200, &json!({ "data": beside })),
            Step::Look => Reply::json(200, &json!({ "data": value })),
            Step::Mark | Step::Deletion => Reply::status(204),
            Step::Write => Reply::json(200, &json!({ "data": { "version": 2 } })),
        })
    }
}

/// A PushSecret of the Secret of its own name.
fn push(name: &str, store: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1alpha1", "kind": "PushSecret", "metadata": { "name": name },
        "spec": {
            "deletionPolicy": "Delete",
            "secretStoreRefs": [{ "name": store }],
            "selector": { "secret": { "name": name } },
            "data": [{ "match": {
                "secretKey": "password", "remoteRef": { "remoteKey": name, "property": "password" },
            } }],
        },
    })
}

/// Makes a Secret and a PushSecret of it.
async fn pushes(world: &World, name: &str, store: &str) {
    world.create_secret(name, &[("password", &world.canary(name))]).await;
    world.create(push(name, store)).await;
}

/// Waits until a PushSecret says this, and has said it in an event.
async fn says(world: &World, name: &str, reason: &str) {
    let is_said = |object: &Value| Condition::of(object).is_some_and(|condition| condition.reason == reason);
    world.until(Kind::PushSecret, name, &format!("says {reason}"), is_said).await;
    let kind = if reason == "Synced" { "Normal" } else { "Warning" };
    world.told(name, &format!("{kind} {reason}")).await;
}

async fn edit_secret(world: &World, name: &str) {
    let edit = json!({ "stringData": { "password": world.canary("edited") } });
    world.patch(Kind::Secret, name, edit).await;
}

#[tokio::test]
async fn nothing_of_a_push_to_vault_gets_out() {
    let world = Setup::new("leaks-push-vault").start().await;
    let secret = world.canary("secret");
    world.create_secret("token", &[("token", &world.canary("token"))]).await;
    let mut refused: Vec<(String, Step, Scripted)> = Vec::new();
    for step in [Step::Look, Step::Mark, Step::Write, Step::Deletion] {
        for (refusal, reply) in REFUSALS {
            // What is said to a mark, or to a deletion, is not read where it is no refusal.
            if refusal == "no-json" && matches!(step, Step::Mark | Step::Deletion) {
                continue;
            }
            let name = format!("{step:?}-{refusal}").to_lowercase();
            let server = vault(&world, &name, by_token(), refuses(step, reply, &secret)).await;
            pushes(&world, &name, &name).await;
            refused.push((name, step, server));
        }
    }
    for (name, step, _) in &refused {
        if *step == Step::Deletion {
            says(&world, name, "Synced").await;
            world.delete(Kind::PushSecret, name).await;
        }
        says(&world, name, "Errored").await;
    }
    for (name, step, server) in &refused {
        assert!(server.requests().iter().any(|request| Step::of(request) == *step), "{name} came so far");
    }
    world.end().await;
}

/// The call of a push to AWS that is refused, and what is done so that it is made.
struct Refused {
    name: &'static str,
    operation: &'static str,
    /// Whether the fault is known by the key, or by the operation alone, which nobody else asks for then.
    by_key: bool,
    cause: Cause,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The value is new.
    Made,
    /// The Secret is edited.
    Edited,
    /// What is wanted beside the value is edited.
    Dressed,
    /// The PushSecret is deleted.
    Deleted,
}

const fn refused(name: &'static str, operation: &'static str, cause: Cause) -> Refused {
    Refused { name, operation, by_key: matches!(cause, Cause::Made), cause }
}

const OF_SECRETS: [Refused; 6] = [
    refused("looked-at", "DescribeSecret", Cause::Made),
    refused("made", "CreateSecret", Cause::Made),
    Refused { by_key: true, ..refused("read", "GetSecretValue", Cause::Edited) },
    refused("edited", "PutSecretValue", Cause::Edited),
    refused("dressed", "TagResource", Cause::Dressed),
    refused("deleted", "DeleteSecret", Cause::Deleted),
];

const OF_PARAMETERS: [Refused; 5] = [
    refused("read-parameter", "GetParameter", Cause::Made),
    refused("made-parameter", "PutParameter", Cause::Made),
    Refused { by_key: true, ..refused("looked-at-parameter", "ListTagsForResource", Cause::Edited) },
    refused("dressed-parameter", "AddTagsToResource", Cause::Dressed),
    refused("deleted-parameter", "DeleteParameter", Cause::Deleted),
];

impl Refused {
    fn fault(&self, fault: Fault) -> Fault {
        let fault = fault.operation(self.operation);
        if self.by_key { fault.key(self.name) } else { fault }
    }
}

/// Pushes what is refused later, then has it refused, and does what is refused.
async fn is_refused(world: &World, aws: &FastAws, store: &str, calls: &[Refused], fault: impl Fn() -> Fault) {
    for Refused { name, .. } in calls.iter().filter(|call| call.cause != Cause::Made) {
        pushes(world, name, store).await;
        says(world, name, "Synced").await;
    }
    for call in calls {
        aws.fault(call.fault(fault()));
    }
    for Refused { name, cause, .. } in calls {
        match cause {
            Cause::Made => pushes(world, name, store).await,
            Cause::Edited => edit_secret(world, name).await,
            Cause::Dressed => {
                let mut dressed = push(name, store);
                dressed["spec"]["data"][0]["metadata"] = json!({
                    "apiVersion": "kubernetes.external-secrets.io/v1alpha1", "kind": "PushSecretMetadata",
                    "spec": { "tags": { "team": "blue" } },
                });
                world.patch(Kind::PushSecret, name, json!({ "spec": dressed["spec"] })).await;
            }
            Cause::Deleted => world.delete(Kind::PushSecret, name).await,
        }
    }
    for Refused { name, .. } in calls {
        says(world, name, "Errored").await;
    }
    for Refused { name, operation, .. } in calls {
        assert!(aws.count(operation) > 0, "{name} came to {operation}");
    }
    aws.clear_faults();
}

#[tokio::test]
async fn nothing_of_a_push_to_aws_gets_out() {
    let (world, aws, id) = with_keys("leaks-push-aws").await;
    let secret = world.canary("secret");
    let quoting = format!("Credential={id}/20260101/us-east-1 SecretString={secret}");
    let mut spec = aws_spec("keys");
    world.create(store("secrets").provider("aws", &spec)).await;
    spec["service"] = json!("ParameterStore");
    world.create(store("parameters").provider("aws", &spec)).await;
    let denied = || Fault::error(400, "AccessDeniedException", &quoting);
    is_refused(&world, &aws, "secrets", &OF_SECRETS, denied).await;
    is_refused(&world, &aws, "parameters", &OF_PARAMETERS, denied).await;

    let faults = [
        ("coded", Fault::error(400, &secret, &quoting)),
        ("broken", Fault::error(500, "InternalServiceError", &quoting)),
        ("no-json", Fault::new(Effect::Body(quoting.clone()))),
        ("gone", Fault::new(Effect::Disconnect)),
    ];
    for (name, fault) in faults {
        for (store, operation) in [("secrets", "CreateSecret"), ("parameters", "PutParameter")] {
            let name = format!("{name}-in-{store}");
            aws.fault(fault.clone().operation(operation).key(&name));
            pushes(&world, &name, store).await;
            says(&world, &name, "Errored").await;
        }
    }
    world.end().await;
}
