//! Logins to AWS that need the cluster: service accounts with a role, and sessions that say who asks.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use eso_rig::{Assumed, ControlPlaneOptions, FastAws, Fault, Reply, Scripted};
use eso_testkit::objects::{object, store};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Cluster, Kind, Setup, World, aws, aws_spec, entries, eventually, measured};

const ROLE: &str = "arn:aws:iam::111122223333:role/reader";
const WRONG_ROLE: &str = "arn:aws:iam::111122223333:role/of-somebody-else";

/// `provider.aws` of a store that logs in as the service account `reader`.
fn account_spec() -> Value {
    let account = json!({ "name": "reader", "audiences": ["mine"] });
    json!({
        "service": "SecretsManager", "region": "us-east-1",
        "auth": { "jwt": { "serviceAccountRef": account } },
    })
}

async fn annotate(world: &World, role: &str) {
    let annotations = json!({ "metadata": { "annotations": { "eks.amazonaws.com/role-arn": role } } });
    world.patch(Kind::ServiceAccount, "reader", annotations).await;
}

/// Looks for what was given out and shown, so that the end of the test looks for it everywhere.
fn watch_for_sessions(world: &World, double: &FastAws) {
    for (number, Assumed { token, .. }) in double.assumed().into_iter().enumerate() {
        token.iter().for_each(|token| world.watch_for(token));
        world.watch_for(&format!("rig-session-{}", number + 1));
    }
}

#[tokio::test]
async fn a_service_account_takes_the_role_of_its_annotation_and_one_that_is_put_right_within_seconds() {
    let double = aws();
    let world = Setup::new("irsa").aws(&double.url()).start().await;
    let subject = format!("system:serviceaccount:{}:reader", world.namespace);
    double.want_web_identity(WRONG_ROLE, "system:serviceaccount:elsewhere:reader", "sts.amazonaws.com");
    // One that the store asks for beside the usual one.
    double.want_web_identity(ROLE, &subject, "mine");
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(store("main").provider("aws", &account_spec())).await;
    world.create(object("app").key("password", "db").every("1s")).await;
    let says = async |beginning: &str| {
        world.store_says(Kind::SecretStore, "main", "InvalidProviderConfig", beginning).await;
    };
    says(
        "unable to create client: unable to create session: cannot get Kubernetes service account \"reader\"",
    )
    .await;
    world.create(json!({ "kind": "ServiceAccount", "metadata": { "name": "reader" } })).await;
    let unnamed = format!(
        "unable to create client: unable to create session: an IAM role must be associated with service account reader \
         (namespace: {})",
        world.namespace
    );
    measured("a service account that comes", says(&unnamed)).await;
    annotate(&world, WRONG_ROLE).await;
    let denied = "unable to validate store: AssumeRoleWithWebIdentity: access denied: ";
    measured("an annotation that comes", says(denied)).await;
    annotate(&world, ROLE).await;
    let valid = world.store_says(Kind::SecretStore, "main", "Valid", "store validated");
    measured("an annotation that is put right", valid).await;
    world.holds("app", &[("password", &value)]).await;
    costs_one_login(&world, &double).await;
    watch_for_sessions(&world, &double);
    world.end().await;
}

/// However often it is read from then on, also through stores that were edited meanwhile.
async fn costs_one_login(world: &World, double: &FastAws) {
    let (mark, logins, reads) = (world.mark().await, double.assumed().len(), double.count("GetSecretValue"));
    eventually("it is read a few times more", async || match double.count("GetSecretValue") - reads {
        more if more >= 5 => Ok(()),
        more => Err(more.to_string()),
    })
    .await;
    assert_eq!(logins, 1);
    assert_eq!(double.assumed().len(), 1);
    assert!(world.asked(mark).await.resource("serviceaccounts").is_empty());
}

#[tokio::test]
async fn a_session_of_a_service_account_that_is_refused_is_replaced_at_once() {
    let double = aws();
    let world = Setup::new("irsa-expired").aws(&double.url()).start().await;
    let subject = format!("system:serviceaccount:{}:reader", world.namespace);
    double.want_web_identity(ROLE, &subject, "of-the-account");
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world
        .create(json!({ "kind": "ServiceAccount", "metadata": {
        "name": "reader", "annotations": {
            "eks.amazonaws.com/role-arn": ROLE, "eks.amazonaws.com/audience": "of-the-account",
        },
    } }))
        .await;
    world.create(store("main").provider("aws", &account_spec())).await;
    world.create(object("app").key("password", "db").every("1s")).await;
    world.holds("app", &[("password", &value)]).await;
    let expired = Fault::error(400, "ExpiredTokenException", "no");
    double.fault(expired.access_key_id(&double.assumed()[0].given));
    let changed = world.canary("changed");
    double.put("db", &changed).unwrap();
    measured("a session that expired", world.holds("app", &[("password", &changed)])).await;
    assert_eq!(double.assumed().len(), 2);
    world.synced("app").await;
    watch_for_sessions(&world, &double);
    world.end().await;
}

const FORMER: &str = "ASIAFORMER0000000000";
const LATTER: &str = "ASIALATTER0000000000";
const LAST: &str = "ASIALAST000000000000";

/// What a container's agent gives.
#[derive(Clone)]
struct Keys {
    secret: String,
    session: String,
}

impl Keys {
    /// Those of this id, for so many seconds from now.
    fn given(&self, id: &str, seconds: i64) -> Reply {
        let end = Timestamp::now() + SignedDuration::from_secs(seconds);
        let keys = json!({
            "AccessKeyId": id, "SecretAccessKey": self.secret, "Token": self.session, "Expiration": end.to_string(),
        });
        Reply::json(200, &keys)
    }

    /// An agent gives the first ones for a moment, when the pod's token is rotated too, and then others.
    fn first_for_a_moment(&self, agent: &Scripted, token: PathBuf) {
        let (keys, mut asked) = (self.clone(), false);
        agent.otherwise(move |_| match std::mem::replace(&mut asked, true) {
            false => {
                std::fs::write(&token, "second").unwrap();
                Some(keys.given(FORMER, 5))
            }
            true => Some(keys.given(LATTER, 7200)),
        });
    }
}

/// The operator's own credentials, as EKS Pod Identity gives them to its pod.
#[tokio::test]
async fn the_operators_own_credentials_are_renewed_and_ones_that_aws_refuses_are_said_and_replaced() {
    let (double, agent) = (aws(), Scripted::start().await.unwrap());
    let tokens = tempfile::tempdir().unwrap();
    let token = tokens.path().join("token");
    std::fs::write(&token, "first").unwrap();
    let world = Setup::new("pod-identity")
        .aws(&double.url())
        .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/credentials", agent.url()))
        .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token.display().to_string())
        .argument("--store-requeue-interval=1h")
        .start()
        .await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    let keys = Keys { secret: world.canary("key"), session: world.canary("session") };
    keys.first_for_a_moment(&agent, token);
    world
        .create(store("main").provider("aws", &json!({ "service": "SecretsManager", "region": "us-east-1" })))
        .await;
    world.create(object("app").key("password", "db").every("1s")).await;
    world.holds("app", &[("password", &value)]).await;
    signed_by(&double, LATTER).await;
    assert_eq!(shown(&agent), ["first", "second"], "asked for once, and once before they ended");
    let failures =
        format!("externalsecret_sync_calls_error{{name=\"app\",namespace=\"{}\"}}", world.namespace);
    assert_eq!(world.operator.metric(&failures).await.unwrap_or_default(), 0.0);

    double.fault(Fault::error(400, "UnrecognizedClientException", "no").access_key_id(LATTER));
    let message = world.fails("app", "could not get secret data from provider").await;
    assert!(message.contains("AWS does not accept the credentials"), "{message}");
    agent.always("GET", "/credentials", keys.given(LAST, 7200));
    signed_by(&double, LAST).await;
    world.synced("app").await;
    world.end().await;
}

async fn signed_by(double: &FastAws, id: &str) {
    eventually(&format!("{id} signs"), async || match double.calls().last() {
        Some(call) if call.access_key_id == id => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

/// The tokens that the agent was shown.
fn shown(agent: &Scripted) -> Vec<String> {
    agent.requests().iter().map(|request| request.header("authorization").to_owned()).collect()
}

/// Makes an ExternalSecret of the ClusterSecretStore `tagged` in a namespace, and waits for its Secret.
async fn ask(world: &World, namespace: &str, key: &str, value: &str) {
    let asking = object("app").namespace(namespace).cluster_store("tagged").key("value", key).every("1s");
    let collection = Kind::ExternalSecret.collection(namespace);
    world.call("POST", &collection, Some(&asking.json())).await.unwrap();
    let path = format!("{}/app", Kind::Secret.collection(namespace));
    let expected = [("value".to_owned(), value.to_owned())].into();
    eventually(&format!("{namespace} has its Secret"), async || match world.call("GET", &path, None).await {
        Ok(secret) if entries(&secret) == expected => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

#[tokio::test]
async fn two_namespaces_of_a_cluster_store_have_two_sessions_each_with_its_own_tags() {
    let double = aws();
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("tagged").on(cluster).everywhere().aws(&double.url()).start().await;
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
    let mut spec = aws_spec("aws-keys");
    for selector in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        spec["auth"]["secretRef"][selector]["namespace"] = json!(world.namespace);
    }
    spec["role"] = json!(ROLE);
    spec["sessionTagsPolicy"] = json!("Custom");
    spec["customSessionTags"] = json!({ "cluster": "test" });
    world.create(store("tagged").for_cluster().provider("aws", &spec)).await;
    world.store_says(Kind::ClusterSecretStore, "tagged", "Valid", "store validated").await;
    assert!(double.assumed().is_empty(), "nobody asked yet");
    for team in ["team-a", "team-b"] {
        let value = world.canary(team);
        double.put(team, &value).unwrap();
        world.create(json!({ "kind": "Namespace", "metadata": { "name": team } })).await;
        ask(&world, team, team, &value).await;
    }
    let sessions: BTreeMap<String, Assumed> =
        double.assumed().into_iter().map(|assumed| (assumed.tags["esoNamespace"].clone(), assumed)).collect();
    assert_eq!(double.assumed().len(), 2);
    for team in ["team-a", "team-b"] {
        let Assumed { tags, given, signer, .. } = &sessions[team];
        let expected = [
            ("cluster", "test"),
            ("esoNamespace", team),
            ("esoStoreKind", "ClusterSecretStore"),
            ("esoStoreName", "tagged"),
        ];
        assert_eq!(*tags, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert_eq!(*signer, id);
        let reads = double.calls().into_iter().filter(|call| call.keys == [team]);
        let readers: BTreeSet<String> = reads.map(|call| call.access_key_id).collect();
        assert_eq!(readers, [given.clone()].into(), "the value of {team} is read in its own session");
    }
    watch_for_sessions(&world, &double);
    world.end().await;
}
