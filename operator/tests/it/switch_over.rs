//! Switching over from the original: what it left in the cluster is taken as it is, and nothing is read or written.
//!
//! The objects are the original's own, as `golden/` has them: each part is written through the real API under the
//! field manager that wrote it, and what the API server then has is compared with what it had of the original.

use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Kind, Mount, Setup, World, aws, in_words};

/// The namespace in which the original was recorded: labels and annotations hold digests of its name.
const NAMESPACE: &str = "demo";

const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// Whom the original's writes of ExternalSecrets and stores are by.
const ORIGINAL: &str = "external-secrets";

/// `syncedResourceVersion` of an object that was never edited, and has no labels and annotations.
const REVISION: &str = "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2";

/// The objects of a golden file.
fn golden(file: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(file).unwrap()
}

/// Writes under a field manager; `content` is a merge patch where the method is PATCH.
async fn write(world: &World, method: &str, path: &str, manager: &str, content: &Value) -> Value {
    let path = format!("{path}?fieldManager={manager}");
    world.call(method, &path, Some(content)).await.unwrap()
}

/// Puts a store or an ExternalSecret of the original there: the user's part first, then the original's finalizer and
/// status, whose times are of now.
async fn replay(world: &World, recorded: &Value) -> Value {
    let kind = Kind::named(recorded["kind"].as_str().unwrap());
    let metadata = &recorded["metadata"];
    let users = json!({
        "apiVersion": recorded["apiVersion"],
        "kind": recorded["kind"],
        "metadata": { "name": metadata["name"], "annotations": metadata["annotations"] },
        "spec": recorded["spec"],
    });
    let collection = kind.collection(&world.namespace);
    write(world, "POST", &collection, "kubectl-client-side-apply", &users).await;
    let path = world.path(kind, metadata["name"].as_str().unwrap());
    if metadata.get("finalizers").is_some() {
        let finalizers = json!({ "metadata": { "finalizers": metadata["finalizers"] } });
        write(world, "PATCH", &path, ORIGINAL, &finalizers).await;
    }
    let mut status = json!({ "status": recorded["status"] });
    if status["status"].get("refreshTime").is_some() {
        status["status"]["refreshTime"] = json!(this_second());
    }
    write(world, "PATCH", &format!("{path}/status"), ORIGINAL, &status).await
}

/// Puts a Secret of the original there, owned by the ExternalSecret that is there now.
async fn replay_secret(world: &World, recorded: &Value) -> Value {
    let mut secret = recorded.clone();
    let metadata = secret["metadata"].as_object_mut().unwrap();
    metadata.retain(|name, _| ["name", "annotations", "labels", "ownerReferences"].contains(&name.as_str()));
    let owner = metadata["ownerReferences"][0]["name"].as_str().unwrap().to_owned();
    let object = world.get(Kind::ExternalSecret, &owner).await.unwrap();
    metadata["ownerReferences"][0]["uid"] = object["metadata"]["uid"].clone();
    let manager = format!("externalsecrets.external-secrets.io/{owner}");
    let collection = Kind::Secret.collection(&world.namespace);
    let written = write(world, "POST", &collection, &manager, &secret).await;
    assert_eq!(
        fields(&written, &object),
        fields(recorded, &recorded_owner(recorded)),
        "it is as the original's"
    );
    written
}

/// Who wrote what, without times, and without the uid of the owner.
fn fields(object: &Value, owner: &Value) -> Vec<String> {
    let uid = owner["metadata"]["uid"].as_str().unwrap();
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let mut fields: Vec<String> = entries
        .iter()
        .map(|entry| {
            let (manager, operation) = (&entry["manager"], &entry["operation"]);
            format!("{manager} {operation} {}", entry["fieldsV1"]).replace(uid, "uid")
        })
        .collect();
    fields.sort();
    fields
}

fn recorded_owner(secret: &Value) -> Value {
    json!({ "metadata": { "uid": secret["metadata"]["ownerReferences"][0]["uid"] } })
}

fn this_second() -> String {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string()
}

/// Whether a recorded object is one that was in step: what had failed is tried again, by the original too.
fn is_good(recorded: &Value) -> bool {
    recorded["kind"] == "Secret" || recorded["status"]["conditions"][0]["status"] == "True"
}

/// Puts the good objects of a golden file there, the stores at this mount of Vault where they are Vault's; answers the
/// ExternalSecrets and the Secrets.
async fn replay_all(world: &World, file: &str, mount: &Mount) -> Vec<Value> {
    let mut objects = Vec::new();
    let (secrets, others): (Vec<Value>, Vec<Value>) =
        golden(file).into_iter().filter(is_good).partition(|recorded| recorded["kind"] == "Secret");
    for mut recorded in others {
        let places = [
            ("server", mount.server.url()),
            ("path", &mount.name),
            ("auth/kubernetes/mountPath", &mount.name),
        ];
        for (place, value) in places {
            if let Some(place) = recorded.pointer_mut(&format!("/spec/provider/vault/{place}")) {
                *place = json!(value);
            }
        }
        let written = replay(world, &recorded).await;
        let nobody = json!({ "metadata": { "uid": "nobody" } });
        assert_eq!(fields(&written, &nobody), fields(&recorded, &nobody), "it is as the original's");
        if recorded["kind"] == "ExternalSecret" {
            objects.push(written);
        }
    }
    for secret in &secrets {
        objects.push(replay_secret(world, secret).await);
    }
    objects
}

/// An ExternalSecret that shares its Secret or leaves it to itself, with what the original wrote; answers both.
async fn replay_unowned(
    world: &World,
    Unowned { name, policy, theirs, ours, digest, manager, template }: Unowned,
) -> [Value; 2] {
    let spec = object(name).key(ours.0, "plain").creation(policy).every("1h");
    let spec = spec.with("/spec/target/template", template.clone()).json();
    let collection = Kind::ExternalSecret.collection(&world.namespace);
    write(world, "POST", &collection, "kubectl-client-side-apply", &spec).await;
    let path = format!("{}/status", world.path(Kind::ExternalSecret, name));
    let now = this_second();
    let status = json!({ "status": {
        "binding": { "name": name },
        "conditions": [{
            "lastTransitionTime": now, "message": "secret synced", "reason": "SecretSynced", "status": "True",
            "type": "Ready",
        }],
        "refreshTime": now,
        "syncedResourceVersion": REVISION,
    } });
    let object = write(world, "PATCH", &path, ORIGINAL, &status).await;
    let made = json!({ "metadata": { "name": name }, "stringData": theirs, "type": "Opaque" });
    write(world, "POST", &Kind::Secret.collection(&world.namespace), "kubectl-create", &made).await;
    let content = json!({
        "metadata": {
            "annotations": { "reconcile.external-secrets.io/data-hash": digest },
            "labels": { "reconcile.external-secrets.io/managed": "true", "made": made_of(&template, ours.1) },
        },
        "stringData": { ours.0: ours.1 },
    });
    let path = world.path(Kind::Secret, name);
    let manager = format!("externalsecrets.external-secrets.io/{manager}");
    [object, write(world, "PATCH", &path, &manager, &content).await]
}

/// The label that the template makes of a value; null where there is none.
fn made_of(template: &Value, value: &str) -> Value {
    if template.is_null() { Value::Null } else { format!("of-{value}").into() }
}

/// What the original wrote for an ExternalSecret that does not own its Secret.
struct Unowned {
    /// Of both objects.
    name: &'static str,
    policy: &'static str,
    /// Entries that somebody else wrote before.
    theirs: Value,
    /// The entry that the original wrote.
    ours: (&'static str, &'static str),
    /// Of all entries.
    digest: &'static str,
    /// The original's field manager for this object, without its domain.
    manager: &'static str,
    /// What the Secret is made of, if not of the values themselves.
    template: Value,
}

/// Digests of the original for which its own tests have these values.
fn unowned() -> [Unowned; 4] {
    let (alone, beside) = (("foo", "bar"), ("bar", "value2"));
    let of_one = "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36";
    let of_two = "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64";
    let (long, of_long) =
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "sha3/52a6f48b37cd3535ef771a530c08d9cc4b78350ccdd33f2405e22ebb");
    let of = |name, ours, digest| Unowned {
        name,
        policy: "Orphan",
        theirs: json!({}),
        ours,
        digest,
        manager: name,
        template: Value::Null,
    };
    let template = json!({
        "data": { "foo": "{{ .foo }}" },
        "metadata": { "labels": { "made": "of-{{ .foo }}" } },
    });
    [
        of("orphan", alone, of_one),
        Unowned { policy: "Merge", theirs: json!({ "foo": "value1" }), ..of("merged", beside, of_two) },
        Unowned { manager: of_long, ..of(long, alone, of_one) },
        Unowned { template, ..of("templated", alone, of_one) },
    ]
}

/// Every object's version, in words.
async fn versions(world: &World, objects: &[Value]) -> Vec<String> {
    let mut versions = Vec::new();
    for object in objects {
        let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        let found = world.get(Kind::named(kind), name).await.unwrap();
        versions.push(format!("{kind}/{name} {}", found["metadata"]["resourceVersion"]));
    }
    versions
}

#[tokio::test]
async fn what_the_original_left_is_neither_read_nor_written_and_then_goes_on() {
    let aws = aws();
    let world = Setup::exactly(NAMESPACE).aws(&aws.url()).start().await;
    world.operator.terminate().await;
    let mount = Mount::of(&world).await;
    let values = json!({ "first": "hello", "second": "world" });
    aws.put("my-external-secret", &values.to_string()).unwrap();
    mount.put("my-external-secret", &values).await;
    mount.trust_service_accounts(&world, "vault-user").await;
    world.create(json!({ "kind": "ServiceAccount", "metadata": { "name": "vault-user" } })).await;
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("awssm-secret", &[("access-key", &id), ("secret-access-key", &key)]).await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    world.create(store("main").value("plain", "bar")).await;

    let mut objects = Vec::new();
    for file in [
        include_str!("../golden/aws-walkthrough.yaml"),
        include_str!("../golden/aws-errors.yaml"),
        include_str!("../golden/vault-walkthrough.yaml"),
    ] {
        objects.extend(replay_all(&world, file, &mount).await);
    }
    for left in unowned() {
        objects.extend(replay_unowned(&world, left).await);
    }
    let external_secrets = objects.iter().filter(|object| object["kind"] == "ExternalSecret").count();
    assert_eq!(
        (external_secrets, objects.len()),
        (8, 16),
        "four that own their Secrets, and four that do not"
    );
    let before = versions(&world, &objects).await;
    let (mark, of_vault) = (world.mark().await, mount.server.mark().unwrap());
    world.operator.restart().await;
    world.looked_at(external_secrets, 1).await;

    let asked = world.asked(mark).await;
    let credentials = ["awssm-secret", "vault-token"];
    // It is asked as well whether the older group is defined, which is a question about no object.
    let reads = asked
        .verb("get")
        .matching(|read| !read.resource.is_empty() && !credentials.contains(&read.name.as_str()));
    assert!(reads.is_empty(), "{reads:?}");
    // The original's stores can be written to, ours not yet: that is all that is said anew.
    let writes = asked.writes().matching(|write| write.subresource != "token");
    assert!(in_words(&writes).iter().all(|write| write == "patch secretstores/status"), "{writes:?}");
    assert_eq!(aws.calls(), []);
    assert!(mount.server.since(of_vault).unwrap().below(&mount.name).is_empty());
    assert_eq!(versions(&world, &objects).await, before);

    stays_as_rendered(&world, "templated").await;
    for (name, secret) in
        [("example", "secret-to-be-created"), ("example-vault-token", "vault-token-created")]
    {
        goes_on(&world, name, secret, async |values: &Value| {
            aws.put("my-external-secret", &values.to_string()).unwrap();
            mount.put("my-external-secret", values).await;
        })
        .await;
    }
    world.end().await;
}

/// A Secret that a template made is not written when it is rendered once more, and comes out the same.
async fn stays_as_rendered(world: &World, name: &str) {
    let before = world.get(Kind::Secret, name).await.unwrap();
    let edit = json!({ "metadata": { "annotations": { "force-sync": "1" } } });
    world.patch(Kind::ExternalSecret, name, edit).await;
    world
        .until(Kind::ExternalSecret, name, "was read again", |object| {
            object["status"]["syncedResourceVersion"] != REVISION
        })
        .await;
    let after = world.get(Kind::Secret, name).await.unwrap();
    assert_eq!(after["metadata"], before["metadata"]);
}

/// A changed value is written under the original's field manager, and an object that has the original's finalizer can
/// be deleted.
async fn goes_on(world: &World, name: &str, secret: &str, put: impl AsyncFn(&Value)) {
    let nobody = json!({ "metadata": { "uid": "nobody" } });
    let before = world.get(Kind::Secret, secret).await.unwrap();
    let (first, second) = (world.canary("first"), world.canary("second"));
    put(&json!({ "first": first, "second": second })).await;
    world.patch(Kind::ExternalSecret, name, json!({ "spec": { "refreshInterval": "1s" } })).await;
    let after = world.holds(secret, &[("first", &first), ("second", &second)]).await;
    assert_eq!(fields(&after, &nobody), fields(&before, &nobody), "nobody else has written");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    let object = world.get(Kind::ExternalSecret, name).await.unwrap();
    assert_eq!(object["metadata"]["finalizers"], json!([FINALIZER]));
    world.delete(Kind::ExternalSecret, name).await;
    world.gone(Kind::ExternalSecret, name).await;
    world.gone(Kind::Secret, secret).await;
}
