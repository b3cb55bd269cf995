//! Credentials that are rotated while the operator runs, by each method by which a store logs in: a new one is taken up
//! without a restart, and then the one before serves nobody any more; a wrong one is said; each login is counted.
//!
//! Nothing is looked at for its time alone here: objects and stores are so every hour. What follows is followed because
//! somebody was told.

mod aws;
mod openbao;
mod scripted;
mod tenant;

use std::{collections::BTreeMap, time::Duration};

use eso_testkit::objects::{object, store};
use serde_json::{Map, Value, json};

use crate::harness::{Kind, Setup, World, encoded, eventually, measured, timed};

/// What a Secret holds.
type Entries = Vec<(&'static str, String)>;

/// A way to log in, with what its Secret holds at first, later, then wrongly, and in the end.
struct Way {
    /// That of its store, its object, its remote key, and of whatever the server has for it.
    name: &'static str,
    /// `auth` of its store.
    auth: Value,
    /// What its store says beside or in the place of what all say.
    beside: BTreeMap<&'static str, Value>,
    first: Entries,
    second: Entries,
    wrong: Entries,
    last: Entries,
    /// What its store says of the wrong one.
    refused: String,
    /// What is written to the server when the first one is worth nothing any more.
    ends_first: Option<(String, Value)>,
    gives: Gives,
}

/// What a credential is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// Shown for a token, which is ended when it is not needed any more.
    Token,
    /// A token, which somebody else gave and will end.
    Itself,
}

/// Logins, good and bad, and logins that were ended.
type Counts = (usize, usize);

/// What stores log in to.
trait Server {
    /// `provider.vault` of the store of a way.
    fn spec(&self, way: &Way) -> Value;

    /// From now on this is the value `db` of a way.
    async fn put(&self, way: &Way, value: &str);

    /// From now on the first credential of a way is worth nothing, where the server can tell.
    async fn ends_first(&self, way: &Way);

    /// From now on whoever logs in by a way is refused, where the server would not know that by itself.
    fn refuses(&self, _: &Way) {}

    /// From now on it is as before.
    fn takes(&self, _: &Way) {}

    fn counts(&self, way: &Way) -> Counts;
}

/// An operator that looks at nothing for its time alone.
async fn world(name: &str) -> World {
    Setup::new(name).argument("--store-requeue-interval=1h").start().await
}

/// Where a login that is refused is said.
const REFUSED: &str = "unable to create client: cannot initialize Vault client: ";

impl Way {
    /// One that is shown for a token, where the store says that it is refused, and why; what comes second is right again
    /// in the end.
    fn new(name: &'static str, auth: Value, [first, second, wrong]: [Entries; 3], refused: &str) -> Self {
        Self {
            name,
            auth,
            beside: BTreeMap::new(),
            first,
            last: second.clone(),
            second,
            wrong,
            refused: format!("{REFUSED}{refused}"),
            ends_first: None,
            gives: Gives::Token,
        }
    }
}

/// The Secret that holds the credential of a way.
fn secret(way: &str) -> String {
    format!("{way}-login")
}

fn selector(way: &str, key: &str) -> Value {
    json!({ "name": secret(way), "key": key })
}

fn kept(key: &'static str, values: [String; 3]) -> [Entries; 3] {
    values.map(|value| vec![(key, value)])
}

/// Puts these entries in the place of those that a way's Secret holds.
async fn rotate(world: &World, way: &Way, entries: &Entries) {
    let data: Map<String, Value> =
        entries.iter().map(|(key, value)| ((*key).to_owned(), json!(encoded(value)))).collect();
    world.patch(Kind::Secret, &secret(way.name), json!({ "data": data })).await;
}

/// How soon a credential that is rotated is taken up.
const PROMPT: Duration = Duration::from_secs(5);

/// Shows that rotations were taken up as soon as is promised, by the half of them: one may have waited for the machine.
#[track_caller]
fn are_prompt(ways: impl IntoIterator<Item = [Duration; 2]>) {
    let mut took: Vec<Duration> = ways.into_iter().flatten().collect();
    took.sort_unstable();
    assert!(took[took.len() / 2] < PROMPT, "{took:?}");
}

/// Waits until the object of a way holds a new value, which the server has from now on and gives after `turn`; answers
/// how long that took.
async fn follows(world: &World, server: &impl Server, way: &Way, turn: impl AsyncFnOnce()) -> Duration {
    let value = world.canary(way.name);
    server.put(way, &value).await;
    turn().await;
    timed(way.name, world.holds(way.name, &[("password", &value)])).await.1
}

async fn costs(server: &impl Server, way: &Way, counts: Counts) {
    eventually(&format!("logins and ends of {} are {counts:?}", way.name), async || {
        match server.counts(way) {
            now if now == counts => Ok(()),
            now => Err(format!("{now:?}")),
        }
    })
    .await;
}

async fn costs_in_the_end(server: &impl Server, way: &Way, ends: usize) {
    eventually(&format!("{ends} logins of {} ended", way.name), async || match server.counts(way).1 {
        now if now == ends => Ok(()),
        now => Err(now.to_string()),
    })
    .await;
}

/// Shows that a way works, that its rotations are followed, and what that costs; answers how long each took.
async fn is_rotated(world: &World, server: &impl Server, way: &Way) -> [Duration; 2] {
    let Way { name, first, second, wrong, last, refused, gives, .. } = way;
    let ends = |ends| if *gives == Gives::Token { ends } else { 0 };
    watch_for(world, way);
    let entries: Vec<_> = first.iter().map(|(key, value)| (*key, value.as_str())).collect();
    world.create_secret(&secret(name), &entries).await;
    follows(world, server, way, async || {
        world.create(store(name).provider("vault", &server.spec(way))).await;
        world.create(object(name).store(name).key("password", &format!("{name}#password")).every("1h")).await;
    })
    .await;
    world.store_says(Kind::SecretStore, name, "Valid", "store validated").await;
    costs(server, way, (1, 0)).await;

    let soon = follows(world, server, way, async || {
        server.ends_first(way).await;
        rotate(world, way, second).await;
    })
    .await;
    costs(server, way, (2, ends(1))).await;

    server.refuses(way);
    rotate(world, way, wrong).await;
    measured(
        &format!("{name} is wrong"),
        world.store_says(Kind::SecretStore, name, "InvalidProviderConfig", refused),
    )
    .await;
    server.takes(way);
    let again = follows(world, server, way, async || rotate(world, way, last).await).await;
    world.store_says(Kind::SecretStore, name, "Valid", "store validated").await;
    // The logins that were refused are counted too, but all that were not have ended by now but for the last.
    costs_in_the_end(server, way, ends(2)).await;
    [soon, again]
}

/// What is in no case to be found where no value belongs: keys and certificates are text of which each begins alike.
fn watch_for(world: &World, Way { first, second, wrong, last, .. }: &Way) {
    let values = [first, second, wrong, last].into_iter().flatten().map(|(_, value)| value);
    values.filter(|value| !value.starts_with("-----")).for_each(|value| world.watch_for(value));
}
