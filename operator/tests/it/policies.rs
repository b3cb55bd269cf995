//! Who makes a Secret, who keeps it, and when its store is read: the policies, from the API server to the store.

use eso_core::api::refusals;
use eso_rig::FastAws;
use eso_testkit::objects::{object, store};
use futures::future::join_all;
use serde_json::json;

use crate::harness::{Condition, Kind, Mount, Setup, World, aws, entries, eventually};

/// What is left of a Secret that held `password` of the store and `theirs` of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// All that was there.
    Everything,
    /// What was somebody else's.
    Theirs,
    /// A Secret without entries.
    Empty,
    /// No Secret.
    Nothing,
}

/// A creation policy with a deletion policy.
struct Policies {
    creation: &'static str,
    deletion: &'static str,
    /// What the object says once its value is gone from the store: reason, and the beginning of the message.
    says: (&'static str, &'static str),
    /// What is left of the Secret then.
    without_value: Left,
    /// What is left of it once the object is gone too.
    without_object: Left,
}

const SYNCED: (&str, &str) = ("SecretSynced", "secret synced");
const ABSENT: (&str, &str) =
    ("SecretSyncedError", "could not get secret data from provider: error processing spec.data[0] (key: ");
const DELETED: (&str, &str) = ("SecretDeleted", "secret deleted due to DeletionPolicy=Delete");
/// All of them, but for those that are refused.
const POLICIES: [Policies; 10] = {
    use Left::{Empty, Everything, Nothing, Theirs};
    const fn row(
        (creation, deletion): (&'static str, &'static str),
        says: (&'static str, &'static str),
        without_value: Left,
        without_object: Left,
    ) -> Policies {
        Policies { creation, deletion, says, without_value, without_object }
    }
    [
        row(("Owner", "Retain"), ABSENT, Everything, Nothing),
        row(("Owner", "Delete"), DELETED, Nothing, Nothing),
        row(("Owner", "Merge"), SYNCED, Empty, Nothing),
        row(("Orphan", "Retain"), ABSENT, Everything, Everything),
        row(("Orphan", "Merge"), SYNCED, Empty, Empty),
        row(("Merge", "Retain"), ABSENT, Everything, Everything),
        row(("Merge", "Merge"), SYNCED, Theirs, Theirs),
        row(("CreateOrMerge", "Retain"), ABSENT, Everything, Everything),
        row(("CreateOrMerge", "Merge"), SYNCED, Theirs, Theirs),
        row(("None", "Retain"), ABSENT, Theirs, Theirs),
    ]
};

/// Those that the API server refuses, each with what it says.
const REFUSED_POLICIES: [(&str, &str, &str); 4] = [
    ("Merge", "Delete", refusals::DELETE_UNOWNED),
    ("CreateOrMerge", "Delete", refusals::DELETE_UNOWNED),
    ("None", "Delete", refusals::DELETE_UNOWNED),
    ("None", "Merge", refusals::MERGE_INTO_NOTHING),
];

/// What the original takes, and then fails.
const FAILS: &str = "could not get secret data from provider: \
                     deletionPolicy=Delete must not be used with creationPolicy=Orphan";

impl Policies {
    fn name(&self) -> String {
        format!("{}-{}", self.creation, self.deletion).to_lowercase()
    }

    /// Whether somebody else's entry is beside ours: not in a Secret that is kept whole.
    fn is_shared(&self) -> bool {
        !matches!(self.creation, "Owner" | "Orphan")
    }

    /// The names of the entries of the Secret.
    fn entries(&self, left: Left) -> Option<Vec<&'static str>> {
        let ours = (self.creation != "None").then_some("password");
        let theirs = self.is_shared().then_some("theirs");
        match left {
            Left::Everything => Some(ours.into_iter().chain(theirs).collect()),
            Left::Theirs => Some(vec!["theirs"]),
            Left::Empty => Some(Vec::new()),
            Left::Nothing => None,
        }
    }

    /// Waits until so much is left of the Secret.
    async fn leaves(&self, world: &World, left: Left) {
        let (name, expected) = (self.name(), self.entries(left));
        eventually(&format!("of the Secret {name} is left {left:?}"), async || {
            let secret = world.get(Kind::Secret, &name).await;
            let found = secret.as_ref().map(entries);
            let names = found.as_ref().map(|found| found.keys().map(String::as_str).collect::<Vec<_>>());
            if names == expected { Ok(()) } else { Err(format!("{secret:?}")) }
        })
        .await;
    }

    /// An object of these policies is made, loses its value, and goes.
    async fn live(&self, world: &World, double: &FastAws) {
        let name = self.name();
        double.put(&name, &world.canary(&name)).unwrap();
        if self.is_shared() {
            world.create_secret(&name, &[("theirs", "kept")]).await;
        }
        let made = object(&name).creation(self.creation).deletion(self.deletion);
        world.create(made.key("password", &name).every("1s")).await;
        world.synced(&name).await;
        self.leaves(world, if self.creation == "None" { Left::Theirs } else { Left::Everything }).await;

        double.delete(&name).unwrap();
        let (reason, beginning) = self.says;
        let what = format!("says {reason}: {beginning}");
        let before = world.get(Kind::ExternalSecret, &name).await.unwrap();
        let said = world.until(Kind::ExternalSecret, &name, &what, |object| {
            Condition::of(object).is_some_and(|condition| {
                condition.reason == reason && condition.message.starts_with(beginning)
            }) && (reason != "SecretSynced" || object != &before)
        });
        if self.says != SYNCED {
            said.await;
        }
        self.leaves(world, self.without_value).await;

        world.delete(Kind::ExternalSecret, &name).await;
        world.gone(Kind::ExternalSecret, &name).await;
        self.leaves(world, self.without_object).await;
    }
}

#[tokio::test]
async fn what_is_left_of_a_secret_is_what_its_policies_say() {
    let double = aws();
    let world = Setup::new("policies").aws(&double.url()).start().await;
    world.aws_store().await;
    join_all(POLICIES.iter().map(|policies| policies.live(&world, &double))).await;
    for (creation, deletion, says) in REFUSED_POLICIES {
        let refused = object("refused").creation(creation).deletion(deletion).key("password", "db");
        let refusal = world.try_create(refused).await.unwrap_err();
        assert!(refusal.code == 422 && refusal.message.contains(says), "{creation}, {deletion}: {refusal:?}");
    }
    let failing = object("failing").creation("Orphan").deletion("Delete").key("password", "db");
    world.create(failing.every("1h")).await;
    world.fails("failing", FAILS).await;
    assert_eq!(world.get(Kind::Secret, "failing").await, None);
    world.end().await;
}

#[tokio::test]
async fn a_value_that_vault_deleted_is_gone_and_may_come_back() {
    let world = Setup::new("soft-delete").start().await;
    let mount = Mount::of(&world).await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    world.create(store("main").provider("vault", &mount.spec("vault-token"))).await;
    let value = world.canary("value");
    mount.put("db", &json!({ "password": value })).await;
    for deletion in ["Retain", "Delete", "Merge"] {
        let name = deletion.to_lowercase();
        world.create(object(&name).deletion(deletion).key("password", "db#password").every("1s")).await;
        world.holds(&name, &[("password", &value)]).await;
    }
    mount.server.delete(&format!("{}/data/db", mount.name)).await.unwrap();
    world.fails("retain", ABSENT.1).await;
    world.says("delete", DELETED.0, DELETED.1).await;
    world.gone(Kind::Secret, "delete").await;
    world.holds("merge", &[]).await;
    world.holds("retain", &[("password", &value)]).await;

    let undeleted = json!({ "versions": [1] });
    mount.server.write(&format!("{}/undelete/db", mount.name), &undeleted).await.unwrap();
    for name in ["retain", "delete", "merge"] {
        world.holds(name, &[("password", &value)]).await;
        world.synced(name).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_store_is_read_when_the_refresh_policy_says() {
    let double = aws();
    let world = Setup::new("refresh").aws(&double.url()).start().await;
    world.aws_store().await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    let policies = [("once", "CreatedOnce", "1s"), ("change", "OnChange", "1s"), ("zero", "Periodic", "0")];
    for (name, policy, interval) in policies {
        double.put(name, &first).unwrap();
        world.create(object(name).refreshed(policy).key("password", name).every(interval)).await;
        world.holds(name, &[("password", &first)]).await;
        double.put(name, &second).unwrap();
    }
    // One that is read every second has been read again three times: so long the others were not.
    double.put("periodic", &first).unwrap();
    world.create(object("periodic").key("password", "periodic").every("1s")).await;
    eventually("the periodic one is read again", async || {
        match double.count_key("BatchGetSecretValue", "periodic")
            + double.count_key("GetSecretValue", "periodic")
        {
            reads @ ..4 => Err(format!("{reads} reads")),
            _ => Ok(()),
        }
    })
    .await;
    for (name, ..) in policies {
        world.holds(name, &[("password", &first)]).await;
        world
            .patch(
                Kind::ExternalSecret,
                name,
                json!({ "metadata": { "annotations": { "force-sync": "1" } } }),
            )
            .await;
    }
    world.holds("change", &[("password", &second)]).await;
    world.holds("zero", &[("password", &second)]).await;
    world.holds("once", &[("password", &first)]).await;
    world.end().await;
}

#[tokio::test]
async fn an_absurd_interval_neither_floods_the_store_nor_stops_an_object() {
    let double = aws();
    let world = Setup::new("absurd").aws(&double.url()).start().await;
    world.aws_store().await;
    let intervals = [("tiny", "1ns"), ("negative", "-1h"), ("endless", "2000000h"), ("plain-zero", "0s")];
    for (name, interval) in intervals {
        let value = world.canary(name);
        double.put(name, &value).unwrap();
        world.create(object(name).key("password", name).every(interval)).await;
        world.holds(name, &[("password", &value)]).await;
        world.synced(name).await;
    }
    let reads =
        |name: &str| double.count_key("BatchGetSecretValue", name) + double.count_key("GetSecretValue", name);
    let (began, before) = (std::time::Instant::now(), reads("tiny"));
    eventually("the tiny interval is read again", async || {
        let again = reads("tiny") - before;
        if again >= 3 { Ok(()) } else { Err(format!("{again} reads")) }
    })
    .await;
    // An interval is a second at the least, and its first read may have begun just before.
    let seconds = began.elapsed().as_secs();
    assert!(reads("tiny") - before <= seconds + 2, "more than a read a second in {seconds} s");
    for name in ["negative", "endless", "plain-zero"] {
        assert_eq!(reads(name), 1, "{name}");
    }
    world.create(object("none").key("password", "tiny").every("often")).await;
    world.fails("none", "could not get secret data from provider: spec.refreshInterval is ").await;
    world.end().await;
}
