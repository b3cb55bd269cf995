//! Tests of `screen`: the lines, without a terminal.

use super::*;

fn step(name: &str, work: &str, seconds: u64) -> Step {
    Step { name: name.to_owned(), work: work.to_owned(), about: Duration::from_secs(seconds) }
}

#[test]
fn what_will_be_done_is_announced_with_the_time_of_each_and_of_all() {
    let steps = [step("etcd 3.6.8", "fetch Go modules and build", 80), step("moto 5.2.5", "fetch 40 MB", 60)];
    assert_eq!(
        announcement(&steps),
        "This is fetched and built once, and kept for the next time. It takes about 3 minutes on two cores:
  etcd 3.6.8: fetch Go modules and build, about 80 s
  moto 5.2.5: fetch 40 MB, about 60 s"
    );
    assert!(announcement(&steps[1..]).contains("about a minute on"));
}

#[track_caller]
fn goes_on(seconds: u64, said: &str, expected: &str) {
    assert_eq!(going_on("etcd", Duration::from_secs(seconds), said), expected);
}

#[test]
fn a_step_that_goes_on_says_its_name_its_time_and_what_it_is_at() {
    goes_on(1, "", "  etcd: 1 s");
    goes_on(59, "go: downloading bbolt", "  etcd: 59 s; go: downloading bbolt");
    goes_on(60, "bbolt", "  etcd: 1 min 00 s; bbolt");
    goes_on(305, "", "  etcd: 5 min 05 s");
    goes_on(2, &"é".repeat(200), &format!("  etcd: 2 s; {}", "é".repeat(79 - 13)));
}

#[test]
fn a_log_gets_a_line_every_fifteen_seconds() {
    let due: Vec<u64> = (1..=46).filter(|second| is_due(Duration::from_secs(*second))).collect();
    assert_eq!(due, [15, 30, 45]);
}

#[test]
fn durations_are_for_people() {
    assert_eq!(seconds(Duration::from_millis(1_234)), "1.2 s");
    assert_eq!(seconds(Duration::from_secs(59)), "59.0 s");
    assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
}

#[tokio::test]
async fn a_step_that_fails_is_named() {
    let failed = Screen.step::<()>("OpenBao", async { anyhow::bail!("no port") }).await.unwrap_err();
    let text = format!("{failed:#}");
    assert!(text.starts_with("OpenBao: it failed after ") && text.ends_with(" s: no port"), "{text}");
}
