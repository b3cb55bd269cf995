//! Who fights over a Secret with others does not wear the API server out.

use std::time::{Duration, Instant};

use eso_testkit::objects::{object, store};
use serde_json::json;

use crate::harness::{Kind, Setup, encoded, eventually, in_words};

#[tokio::test]
async fn two_objects_that_fight_over_one_key_write_less_and_less_often() {
    let world = Setup::new("fight").start().await;
    let (one, other) = (world.canary("one"), world.canary("other"));
    world.create(store("main").value("one", &one).value("other", &other)).await;
    world.create_secret("shared", &[("theirs", &world.canary("theirs"))]).await;
    let (mark, began) = (world.mark().await, Instant::now());
    for name in ["one", "other"] {
        let fighter = object(name).target("shared").creation("Merge").key("password", name).every("1h");
        world.create(fighter).await;
    }
    // The first write of each, and eight repairs: one of them made four at least. After the first it waited for 1, 2 and
    // 4 s, less a tenth. Nothing but that wait is asserted, which a slow machine only makes longer.
    eventually("the Secret was written ten times", async || {
        let asked = in_words(&world.asked(mark).await.name("shared"));
        match asked.iter().filter(|asked| *asked == "patch secrets").count() {
            10.. => Ok(()),
            writes => Err(format!("it was written {writes} times: {asked:?}")),
        }
    })
    .await;
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(6), "ten writes within {took:?}");
    world.end().await;
}

#[tokio::test]
async fn a_stranger_that_puts_its_value_back_is_answered_less_and_less_often() {
    let world = Setup::new("stranger").start().await;
    let value = world.canary("value");
    world.create(store("main").value("db", &value)).await;
    world.create(object("app").key("password", "db").every("1h")).await;
    let began = Instant::now();
    let theirs = encoded(&world.canary("theirs"));
    for _ in 0..4 {
        world.holds("app", &[("password", &value)]).await;
        world.patch(Kind::Secret, "app", json!({ "data": { "password": theirs } })).await;
    }
    world.holds("app", &[("password", &value)]).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(6), "four repairs within {took:?}");
    world.end().await;
}
