//! The life of a token, instant by instant.

use std::time::Duration;

use eso_core::value::SecretBytes;
use tokio::time::Instant;

use super::{
    Lease, Origin, Stage,
    Stage::{Due, Fresh, Over, Unseen},
    Token,
};

const HOUR: u64 = 3600;

/// An instant by which tokens of any age can have been got.
async fn a_while_ago(seconds: u64) -> Instant {
    let start = Instant::now();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    start
}

#[track_caller]
fn check(origin: Origin, lease: Lease, stages: &[(u64, Stage)]) {
    let start = Instant::now();
    let token = Token::new(origin, SecretBytes::from("token"), lease);
    for (seconds, stage) in stages {
        assert_eq!(token.stage(start + Duration::from_secs(*seconds)), *stage, "after {seconds} s");
    }
}

fn lease(seconds: u64, renewable: bool) -> Lease {
    Lease { seconds, renewable }
}

#[tokio::test(start_paused = true)]
async fn two_thirds_of_a_life_are_used_before_anything_is_done() {
    let stages = [(0, Fresh), (2399, Fresh), (2400, Due), (3599, Due), (3600, Over), (36000, Over)];
    for origin in [Origin::Login, Origin::Batch] {
        for renewable in [true, false] {
            check(origin, lease(HOUR, renewable), &stages);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_of_a_life_is_kept_for_trying_again_where_no_login_can_replace_the_token() {
    let stages = [(0, Fresh), (1799, Fresh), (1800, Due), (3599, Due), (3600, Over)];
    check(Origin::Given, lease(HOUR, true), &stages);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_twice_in_a_second_however_short_a_life_is() {
    check(Origin::Given, lease(1, true), &[(0, Fresh), (1, Over)]);
    let token = Token::new(Origin::Given, SecretBytes::from("token"), lease(10, true));
    a_while_ago(9).await;
    let now = Instant::now();
    let postponed = token.postponed(now);
    assert_eq!(postponed.stage(now + Duration::from_millis(999)), Fresh);
    assert_eq!(postponed.stage(now + Duration::from_secs(1)), Over);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_vault_was_not_asked_about_is_unseen_until_it_is() {
    let unseen = Token::unseen(SecretBytes::from("token"));
    let now = Instant::now();
    assert_eq!(unseen.stage(now + Duration::from_secs(HOUR)), Unseen);
    assert_eq!(unseen.postponed(now).stage(now), Unseen);
    assert_eq!((unseen.is_renewable(), unseen.renewal(now)), (false, None));
    let seen = unseen.renewed(lease(HOUR, true), now);
    assert_eq!((seen.stage(now), seen.is_renewable(), seen.origin()), (Fresh, true, Origin::Given));
}

#[track_caller]
fn renews_after(origin: Origin, lease: Lease, expected: Option<u64>) {
    let now = Instant::now();
    let token = Token::new(origin, SecretBytes::from("token"), lease);
    let expected = expected.map(|seconds| now + Duration::from_secs(seconds));
    assert_eq!(token.renewal(now), expected, "{origin:?} {lease:?}");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_has_a_time_where_there_is_one_to_make() {
    renews_after(Origin::Given, lease(HOUR, true), Some(HOUR / 2));
    renews_after(Origin::Login, lease(HOUR, true), Some(HOUR / 3 * 2));
    renews_after(Origin::Given, lease(HOUR, false), None);
    renews_after(Origin::Batch, lease(HOUR, true), None);
    renews_after(Origin::Given, lease(0, true), None);
    let token = Token::new(Origin::Given, SecretBytes::from("token"), lease(HOUR, true));
    assert_eq!(token.renewal(Instant::now() + Duration::from_secs(HOUR)), None, "it is over by then");
}

#[tokio::test(start_paused = true)]
async fn a_token_outlives_a_lease_that_ends_clearly_earlier() {
    let token = Token::new(Origin::Given, SecretBytes::from("token"), lease(HOUR, true));
    let now = Instant::now();
    for (left, outlives) in [(HOUR, false), (HOUR - 10, false), (HOUR - 11, true), (1, true), (0, false)] {
        assert_eq!(token.outlives(lease(left, true), now), outlives, "{left} s");
    }
    assert!(!Token::anonymous().outlives(lease(1, true), now));
    assert!(!Token::unseen(SecretBytes::from("token")).outlives(lease(1, true), now));
}

#[tokio::test(start_paused = true)]
async fn a_given_token_that_cannot_be_renewed_is_left_alone_until_it_is_over() {
    check(Origin::Given, lease(HOUR, false), &[(0, Fresh), (3599, Fresh), (3600, Over)]);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_an_end_is_always_fresh() {
    for seconds in [0, u64::MAX] {
        check(Origin::Given, lease(seconds, true), &[(0, Fresh), (1_000_000_000, Fresh)]);
    }
    assert_eq!(Token::anonymous().stage(Instant::now()), Fresh);
}

#[tokio::test(start_paused = true)]
async fn only_a_batch_token_is_never_renewed_though_its_lease_says_so() {
    for (origin, renewable) in [(Origin::Login, true), (Origin::Given, true), (Origin::Batch, false)] {
        let token = Token::new(origin, SecretBytes::from("token"), lease(HOUR, true));
        assert_eq!(token.is_renewable(), renewable, "{origin:?}");
    }
    assert!(!Token::new(Origin::Login, SecretBytes::from("token"), lease(HOUR, false)).is_renewable());
}

#[tokio::test(start_paused = true)]
async fn a_renewed_token_lives_from_its_renewal_on() {
    let token = Token::new(Origin::Login, SecretBytes::from("token"), lease(HOUR, true));
    a_while_ago(2500).await;
    let renewed = token.renewed(lease(HOUR, true), Instant::now());
    assert_eq!(renewed.stage(Instant::now() + Duration::from_secs(2399)), Fresh);
    assert_eq!(renewed.secret(), token.secret());
}

#[tokio::test(start_paused = true)]
async fn a_postponed_token_rests_for_half_of_what_remains() {
    let token = Token::new(Origin::Login, SecretBytes::from("token"), lease(HOUR, true));
    a_while_ago(2600).await;
    let now = Instant::now();
    let postponed = token.postponed(now);
    for (seconds, stage) in [(0, Fresh), (499, Fresh), (500, Due), (999, Due), (1000, Over)] {
        assert_eq!(postponed.stage(now + Duration::from_secs(seconds)), stage, "after {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubted_token_should_be_replaced_and_is_used_on_where_that_fails() {
    for (origin, seconds) in
        [(Origin::Login, HOUR), (Origin::Login, 0), (Origin::Batch, HOUR), (Origin::Given, HOUR)]
    {
        let token = Token::new(origin, SecretBytes::from("token"), lease(seconds, true));
        let now = Instant::now();
        let doubted = token.doubted();
        assert_eq!((doubted.stage(now), doubted.is_renewable()), (Due, false), "{origin:?}, {seconds} s");
        assert_eq!(doubted.renewal(now), None, "{origin:?}, {seconds} s");
        let kept = doubted.postponed(now);
        assert_eq!(
            (kept.stage(now), kept.is_renewable()),
            (Fresh, token.is_renewable()),
            "{origin:?}, {seconds} s"
        );
        assert_eq!(kept.secret(), token.secret());
    }
    let over = Token::new(Origin::Login, SecretBytes::from("token"), lease(1, true)).doubted();
    assert_eq!(over.stage(Instant::now() + Duration::from_secs(1)), Over);
    assert_eq!(Token::unseen(SecretBytes::from("token")).doubted().stage(Instant::now()), Unseen);
    assert_eq!(Token::anonymous().doubted().stage(Instant::now()), Fresh);
}

#[tokio::test(start_paused = true)]
async fn a_token_near_its_longest_life_is_worn_out_where_a_login_gives_more() {
    for (origin, left, worn_out) in [
        (Origin::Login, HOUR, false),
        (Origin::Login, HOUR / 2, false),
        (Origin::Login, HOUR / 2 - 1, true),
        (Origin::Given, 60, false),
    ] {
        let token = Token::new(origin, SecretBytes::from("token"), lease(HOUR, true));
        let now = Instant::now();
        assert_eq!(token.renewed(lease(left, true), now).is_worn_out(now), worn_out, "{origin:?}, {left} s");
    }
}

#[test]
fn a_token_shows_nothing_of_itself() {
    let token = Token::new(Origin::Login, SecretBytes::from("canary-77aa"), lease(HOUR, true));
    assert!(!format!("{token:?}").contains("canary-77aa"));
}
