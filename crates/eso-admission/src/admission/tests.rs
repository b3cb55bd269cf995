//! Whole answers, out of a cluster and stores in memory.

mod random;

use eso_core::error::ErrorKind;
use eso_plan::{desired::Desired, template::Sources};
use eso_testkit::memory::MemoryProvider;
use serde_json::{Value, json};

use crate::{
    decide::Registration,
    fixtures::{OURS, World, patched, place, record, reference, review, secret, value},
    ports::{Access, Target},
};

const STORE: (&str, &str) = ("store", "SecretStore/main");
const LOGIN: &str = "${eso:db#user}:${eso:db#password}";

/// A manifest with a login, a token and something of its own.
fn manifest() -> Value {
    secret(&[STORE], &[("login", LOGIN), ("token", "vault:token#t"), ("own", "1")])
}

/// What `kubectl apply` sends for a manifest over what is stored: what the manifest says, and what others wrote besides.
fn applied(manifest: &Value, stored: &Value) -> Value {
    let mut object = stored.clone();
    let data = object["data"].as_object_mut().unwrap();
    data.extend(manifest["data"].as_object().unwrap().clone());
    let annotations = object["metadata"]["annotations"].as_object_mut().unwrap();
    annotations.extend(manifest["metadata"]["annotations"].as_object().unwrap().clone());
    object
}

fn dry(mut review: Value) -> Value {
    review["request"]["dryRun"] = true.into();
    review
}

fn world() -> World {
    let world = World::new();
    world.provider.put_document("token", &json!({ "t": "CANARY-2" }));
    world
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_stored_with_what_it_refers_to() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    assert_eq!(value(&stored, "login"), "ada:CANARY-1");
    assert_eq!(value(&stored, "token"), "CANARY-2");
    assert_eq!(value(&stored, "own"), "1");
    let record = record(&stored).unwrap();
    assert!(record.contains("eso:db#user") && !record.contains("CANARY"), "{record}");
}

#[tokio::test(start_paused = true)]
async fn several_references_to_one_key_are_one_read() {
    let world = world();
    let data = [("a", "eso:db#user"), ("b", "eso:db#password"), ("c", "vault:db#user"), ("d", LOGIN)];
    world.stored(secret(&[STORE], &data), None).await;
    assert_eq!(world.provider.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_applied_again_changes_no_byte_and_reads_nothing() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    world.provider.clear_calls();
    world.provider.put("token", "CANARY-3");
    let again = world.stored(applied(&manifest(), &stored), Some(stored.clone())).await;
    assert_eq!(again, stored);
    let replaced = world.stored(manifest(), Some(stored.clone())).await;
    assert_eq!(replaced, stored, "as kubectl replace does it");
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_shows_what_is_there_and_reads_nothing() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    world.provider.clear_calls();
    let review = dry(review(applied(&manifest(), &stored), Some(stored.clone())));
    let response = world.answer(Registration::References, &review).await;
    assert_eq!(patched(&response, review["request"]["object"].clone()), stored);
    assert!(response.warnings.is_empty(), "{response:?}");
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_read() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    world.provider.clear_calls();
    let other = secret(&[STORE], &[("login", "x ${eso:hr} ${eso:db#a}"), ("token", "vault:token#t")]);
    for (object, old) in [(applied(&other, &stored), Some(stored.clone())), (other, None)] {
        let has_old = old.is_some();
        let review = dry(review(object.clone(), old));
        let response = world.answer(Registration::References, &review).await;
        let would = if has_old { "db, hr" } else { "db, hr, token" };
        let expected = format!("a dry run reads no store: would read {would} of SecretStore \"main\"");
        assert_eq!((response.denial.as_deref(), response.warnings.as_slice()), (None, &[expected][..]));
        let shown = patched(&response, object.clone());
        assert_eq!(shown["data"]["login"], object["data"]["login"], "it stays as it is written");
        if has_old {
            assert_eq!(value(&shown, "token"), "CANARY-2", "what is known is shown");
        }
    }
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_new_is_read() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    world.provider.clear_calls();
    let mut object = applied(&manifest(), &stored);
    object["data"]["more"] = secret(&[], &[("x", "eso:db#user")])["data"]["x"].clone();
    let next = world.stored(object, Some(stored.clone())).await;
    assert_eq!((value(&next, "more").as_str(), value(&next, "login")), ("ada", value(&stored, "login")));
    assert_eq!(world.provider.asked(), ["db".into()]);
    assert_ne!(record(&next), record(&stored));
}

#[tokio::test(start_paused = true)]
async fn who_gets_values_is_asked_for_both_rights_and_told_which_is_missing() {
    for (verb, resource, said) in [
        ("get", "secrets", "user \"ada\" may not get secrets \"app\" in namespace \"demo\": "),
        (
            "create",
            "externalsecrets",
            "user \"ada\" may not create externalsecrets.external-secrets.io in namespace \"demo\": ",
        ),
    ] {
        let world = world();
        let stored = world.stored(manifest(), None).await;
        {
            let asked = world.cluster.asked.lock();
            let access: Vec<Access> = asked.iter().map(|(_, access)| access.clone()).collect();
            assert_eq!(access, [Access::get_secret(&place()), Access::create_external_secret(&place())]);
            assert!(asked.iter().all(|(user, _)| user.name == "ada" && user.extra["k"] == ["v"]));
        }
        world.provider.clear_calls();
        world.cluster.forbidden.lock().push((verb, resource));
        for review in [
            review(manifest(), None),
            dry(review(manifest(), None)),
            review(manifest(), Some(stored.clone())),
            dry(review(manifest(), Some(stored.clone()))),
            review(stored.clone(), None),
        ] {
            let denial = world.store(&review).await.unwrap_err();
            assert!(denial.starts_with(said), "{denial}");
        }
        assert_eq!(world.provider.reads(), 0, "nothing is read for who may not see it");
        let mut labelled = stored.clone();
        labelled["metadata"]["labels"] = json!({ "a": "b" });
        assert_eq!(world.stored(labelled.clone(), Some(stored)).await, labelled, "labels need no such right");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_may_not_be_used_or_gives_nothing_denies() {
    let world = world();
    let denial = async |object: &Value| world.store(&review(object.clone(), None)).await.unwrap_err();
    assert!(
        denial(&secret(&[STORE], &[("a", "eso:none")])).await.starts_with("none of SecretStore \"main\": ")
    );
    let no_property = denial(&secret(&[STORE], &[("a", "eso:db#none")])).await;
    assert!(no_property.starts_with("db#none of SecretStore \"main\": "), "{no_property}");
    let missing = denial(&secret(&[("store", "SecretStore/other")], &[("a", "eso:db")])).await;
    assert_eq!(missing, "db of SecretStore \"other\": could not get SecretStore \"other\"");
    for kind in [ErrorKind::Denied, ErrorKind::Unavailable, ErrorKind::Throttled] {
        world.provider.fail(kind);
        assert!(denial(&manifest()).await.contains(kind.in_words()), "{kind:?}");
    }
    world.deny("main", "using cluster store \"main\" is not allowed from namespace \"demo\"");
    assert!(denial(&manifest()).await.contains("is not allowed from namespace"));
    *world.cluster.failure.lock() = Some("the API server does not answer".into());
    assert_eq!(denial(&manifest()).await, "the API server does not answer");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_in_time_denies() {
    let world = world();
    world.provider.hold();
    let denial = world.store(&review(manifest(), None)).await.unwrap_err();
    assert!(denial.contains("did not answer in time"), "{denial}");
}

#[tokio::test(start_paused = true)]
async fn the_namespace_names_the_store_where_the_secret_does_not() {
    let world = world();
    let object = secret(&[("store", "")], &[("a", "eso:db#user")]);
    let denial = world.store(&review(object.clone(), None)).await.unwrap_err();
    assert!(
        denial.starts_with("no store is named: set the annotation admission.external-secrets.io/store"),
        "{denial}"
    );
    *world.cluster.default_store.lock() = Some("https://vault:8200".into());
    assert!(world.store(&review(object.clone(), None)).await.unwrap_err().contains("KIND/NAME"));
    *world.cluster.default_store.lock() = Some("SecretStore/main".into());
    let stored = world.stored(object.clone(), None).await;
    assert_eq!(value(&stored, "a"), "ada");
    // Another store of that name of the Namespace is asked once somebody asks again.
    let other = MemoryProvider::new();
    other.put_document("db", &json!({ "user": "eve" }));
    world.connect("other", &other);
    *world.cluster.default_store.lock() = Some("SecretStore/other".into());
    let mut labelled = stored.clone();
    labelled["metadata"]["labels"] = json!({ "a": "b" });
    assert_eq!(world.stored(labelled.clone(), Some(stored.clone())).await, labelled);
    assert_eq!(value(&world.stored(applied(&object, &stored), Some(stored)).await, "a"), "eve");
}

#[tokio::test(start_paused = true)]
async fn a_copied_or_edited_record_is_refused() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    let mut copied = review(stored.clone(), None);
    copied["request"]["name"] = "other".into();
    let denial = world.store(&copied).await.unwrap_err();
    assert!(
        denial.starts_with("the annotation admission.external-secrets.io/record is not of this Secret"),
        "{denial}"
    );
    let mut edited = stored.clone();
    let annotation = &mut edited["metadata"]["annotations"]["admission.external-secrets.io/record"];
    *annotation = annotation.as_str().unwrap().replace("eso:db#user", "eso:hr#user").into();
    assert!(world.store(&review(edited.clone(), Some(stored.clone()))).await.is_err());
    assert!(world.store(&review(edited, None)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_asks_no_more_keeps_its_values_and_loses_the_record() {
    let world = world();
    let stored = world.stored(manifest(), None).await;
    let mut plain = stored.clone();
    plain["metadata"]["annotations"].as_object_mut().unwrap().remove("admission.external-secrets.io/store");
    let next = world.stored(plain, Some(stored.clone())).await;
    assert_eq!((record(&next), &next["data"]), (None, &stored["data"]));
    let by_hand = secret(&[STORE, ("record", record(&stored).unwrap())], &[("login", "by hand")]);
    let review = review(by_hand.clone(), Some(stored));
    let response = world.answer(Registration::References, &review).await;
    assert_eq!(record(&patched(&response, by_hand)), None);
    assert!(response.warnings[0].starts_with("no value of this Secret refers to a store"), "{response:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_hostile_is_refused_with_a_reason() {
    let world = world();
    let many = "${eso:db#user}".repeat(10_000);
    for (object, said) in [
        (secret(&[STORE], &[("a", many.as_str())]), "more than 500 references"),
        (secret(&[STORE], &[("a", "${>>vault:pki/issue#c}")]), "(>>"),
        (secret(&[("store", "http://169.254.169.254/main")], &[("a", "eso:db")]), "KIND/NAME"),
        (secret(&[("store", "SecretStore/other/main")], &[("a", "eso:db")]), "KIND/NAME"),
        (secret(&[STORE], &[(".dockerconfigjson", "{\"auth\":\"eso:db")]), "no JSON"),
        (secret(&[STORE, ("refresh-interval", "x")], &[("a", "eso:db")]), "the interval is"),
        (secret(&[STORE, ("record", "x")], &[("a", "b")]), "is not of this Secret"),
    ] {
        let denial = world.store(&review(object.clone(), None)).await.unwrap_err();
        assert!(denial.contains(said), "{denial}");
    }
    let mut wrong = manifest();
    wrong["data"]["a"] = "not base64".into();
    assert_eq!(
        world.store(&review(wrong, None)).await.unwrap_err(),
        "the object in the review cannot be read"
    );
    let large = "x".repeat(1 << 20);
    let stored = world.stored(secret(&[STORE], &[("a", large.as_str()), ("b", "eso:db#user")]), None).await;
    assert_eq!((value(&stored, "a").len(), value(&stored, "b").as_str()), (1 << 20, "ada"));
    assert_eq!(world.provider.reads(), 1, "nothing was read for the others");
}

#[tokio::test(start_paused = true)]
async fn credentials_of_registries_are_filled_beside_ordinary_ones() {
    let world = world();
    let text = r#"{"auths":{"a":{"auth":"YWRhOmh1bnRlcjI="},"b":{"auth":"dmF1bHQ6ZGIjdXNlcjp2YXVsdDpkYiNwYXNzd29yZA=="}}}"#;
    let mut object = secret(&[STORE], &[(".dockerconfigjson", text)]);
    object["type"] = "kubernetes.io/dockerconfigjson".into();
    let stored = world.stored(object, None).await;
    let expected = text.replace("dmF1bHQ6ZGIjdXNlcjp2YXVsdDpkYiNwYXNzd29yZA==", "YWRhOkNBTkFSWS0x");
    assert_eq!(value(&stored, ".dockerconfigjson"), expected);
}

#[tokio::test(start_paused = true)]
async fn our_own_writes_are_let_through() {
    let world = world();
    let mut review = review(manifest(), None);
    review["request"]["userInfo"]["username"] = OURS.into();
    assert_eq!(world.store(&review).await.unwrap(), manifest());
}

/// A world with an ExternalSecret that writes `app`.
fn with_target() -> World {
    let world = World::new();
    let desired = Desired::owned("app").with_value("token", &reference("main"), "token");
    let target = Target {
        object: "ExternalSecret \"app\"".into(),
        uid: "ours".into(),
        desired,
        annotations: Default::default(),
        sources: Sources::new(),
    };
    *world.cluster.target.lock() = Some(target);
    world
}

/// What an empty Secret is stored as, and what its user is told.
async fn targets(world: &World, review: &Value) -> (Value, Vec<String>) {
    let response = world.answer(Registration::Targets, review).await;
    assert_eq!(response.denial, None, "nothing is refused");
    (patched(&response, review["request"]["object"].clone()), response.warnings)
}

#[tokio::test(start_paused = true)]
async fn an_empty_secret_is_filled_with_what_its_object_would_write() {
    let world = with_target();
    let (stored, warnings) = targets(&world, &review(secret(&[], &[]), None)).await;
    assert_eq!((value(&stored, "token").as_str(), warnings.len()), ("CANARY-2", 0));
    assert_eq!(stored["metadata"], secret(&[], &[])["metadata"], "the rest is the reconciler's");
    let asked: Vec<Access> = world.cluster.asked.lock().iter().map(|(_, access)| access.clone()).collect();
    assert_eq!(asked, [Access::get_secret(&place())]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_filled_besides_carries_who_filled_it() {
    let world = with_target();
    world.cluster.target.lock().as_mut().unwrap().annotations = [("by", "uid".to_owned())].into();
    let mut bare = secret(&[], &[]);
    bare["metadata"].as_object_mut().unwrap().remove("annotations");
    let (stored, _) = targets(&world, &review(bare, None)).await;
    assert_eq!(stored["metadata"]["annotations"], json!({ "by": "uid" }));
    assert_eq!(value(&stored, "token"), "CANARY-2");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_somebody_else_owns_is_not_filled_besides() {
    let world = with_target();
    world.cluster.target.lock().as_mut().unwrap().annotations = [("by", "uid".to_owned())].into();
    let mut owned = secret(&[], &[]);
    owned["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "theirs" }]);
    assert_eq!(targets(&world, &review(owned.clone(), None)).await, (owned, Vec::new()));
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_left_alone_vouches_for_nothing() {
    let world = world();
    let sealed = world.stored(manifest(), None).await;
    world.cluster.forbidden.lock().push(("create", "externalsecrets"));
    for object in [manifest(), sealed] {
        let mut labelled = object.clone();
        labelled["metadata"]["labels"] = json!({ "owner": "helm" });
        let refused = world.store(&review(labelled.clone(), None)).await.unwrap_err();
        assert!(refused.contains("is never filled"), "{refused}");
        let refused = world.store(&review(object, Some(labelled))).await.unwrap_err();
        assert!(refused.contains("externalsecrets"), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_nobody_is_left_alone() {
    let world = World::new();
    assert_eq!(targets(&world, &review(secret(&[], &[]), None)).await, (secret(&[], &[]), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_filled_is_stored_empty_and_its_user_told() {
    let empty = || review(secret(&[], &[]), None);
    let check = async |world: &World, review: Value, said: &str| {
        world.provider.clear_calls();
        let (stored, warnings) = targets(world, &review).await;
        assert_eq!(stored, secret(&[], &[]));
        assert!(warnings.len() == 1 && warnings[0].contains(said), "{warnings:?}");
    };
    let world = with_target();
    check(&world, dry(empty()), "a dry run reads no store").await;
    world.cluster.forbidden.lock().push(("get", "secrets"));
    check(&world, empty(), "left to ExternalSecret \"app\": you may not get secrets \"app\"").await;
    assert_eq!(world.provider.reads(), 0);
    world.cluster.forbidden.lock().clear();
    world.provider.hold();
    check(&world, empty(), "did not answer in time").await;
    world.provider.release();
    world.provider.fail(ErrorKind::Denied);
    check(&world, empty(), "access denied").await;
    *world.cluster.failure.lock() = Some("the API server does not answer".into());
    check(&world, empty(), "the API server does not answer").await;
}

#[test]
fn it_is_shown_without_its_key() {
    let world = World::new();
    assert!(!format!("{:?}", world.admission).contains("7, 7"));
}
