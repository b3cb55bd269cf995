//! Tests of `turns`: nobody is forgotten, nobody runs twice at once, and who failed waits longer and longer.

use std::time::Duration;

use tokio::time::Instant;

use super::Turns;

/// Turns, and a clock that stands.
struct World {
    turns: Turns,
    now: Instant,
}

impl World {
    fn new() -> Self {
        Self { turns: Turns::default(), now: Instant::now() }
    }

    fn wake(&mut self, name: &str) {
        self.turns.wake(name, self.now);
    }

    fn end(&mut self, name: &str, succeeded: bool) {
        self.turns.end(name, succeeded, self.now);
    }

    fn passes(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    /// Whose turn begins now.
    #[track_caller]
    fn begins(&mut self, expected: Option<&str>) {
        assert_eq!(self.turns.begin(self.now).as_deref(), expected);
    }
}

#[test]
fn who_is_woken_first_is_first() {
    let mut world = World::new();
    world.wake("b");
    world.passes(1);
    world.wake("a");
    world.begins(Some("b"));
    world.begins(Some("a"));
    world.begins(None);
}

#[test]
fn who_is_woken_often_has_one_turn() {
    let mut world = World::new();
    world.wake("a");
    world.wake("a");
    world.begins(Some("a"));
    world.begins(None);
    world.end("a", true);
    world.passes(60_000);
    world.begins(None);
}

#[test]
fn who_is_woken_during_its_turn_has_another_after_it() {
    let mut world = World::new();
    world.wake("a");
    world.begins(Some("a"));
    world.wake("a");
    world.begins(None);
    world.end("a", true);
    world.begins(None);
    world.passes(100);
    world.begins(Some("a"));
}

#[test]
fn who_is_woken_right_after_its_turn_rests_first() {
    let mut world = World::new();
    world.wake("a");
    world.begins(Some("a"));
    world.end("a", true);
    world.passes(40);
    world.wake("a");
    world.begins(None);
    world.passes(60);
    world.begins(Some("a"));
}

#[test]
fn who_fails_waits_longer_and_longer_up_to_half_a_minute() {
    let mut world = World::new();
    world.wake("a");
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        world.begins(Some("a"));
        world.end("a", false);
        world.passes(seconds * 1000 - 1);
        world.begins(None);
        assert_eq!(world.turns.next(), Some(world.now + Duration::from_millis(1)));
        world.passes(1);
    }
    world.begins(Some("a"));
    world.end("a", true);
    assert_eq!(world.turns.next(), None);
    world.passes(100);
    world.wake("a");
    world.begins(Some("a"));
    world.end("a", false);
    world.passes(1000);
    world.begins(Some("a"));
}

#[test]
fn news_end_the_pause_of_who_failed() {
    let mut world = World::new();
    world.wake("a");
    for _ in 0..5 {
        world.begins(Some("a"));
        world.end("a", false);
        world.passes(100);
        world.wake("a");
    }
    world.begins(Some("a"));
    world.wake("a");
    world.end("a", false);
    world.passes(100);
    world.begins(Some("a"));
}

#[test]
fn nothing_is_kept_of_who_has_nothing_to_do() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        world.wake(name);
        world.begins(Some(name));
        world.end(name, true);
    }
    world.passes(101);
    world.begins(None);
    assert!(world.turns.0.is_empty());
}
