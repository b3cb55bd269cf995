//! Tests of `demo`: what is needed, and what is said in the end. `tests/demo.rs` runs all of it.

use anyhow::anyhow;

use super::*;

#[test]
fn a_cluster_that_is_there_needs_no_control_plane() {
    assert_eq!(programs(false), [Program::Kubectl, Program::OpenBao, Program::Moto]);
    let mut all = programs(true);
    all.sort_by_key(|program| Program::ALL.iter().position(|known| known == program));
    assert_eq!(all, Program::ALL);
}

#[track_caller]
fn ends(walked: Result<()>, cleaned: Result<()>, expected: Option<&str>) {
    let error = both(walked, cleaned).err().map(|error| format!("{error:#}"));
    assert_eq!(error.as_deref(), expected);
}

#[test]
fn neither_error_hides_the_other() {
    ends(Ok(()), Ok(()), None);
    ends(Err(anyhow!("late")), Ok(()), Some("late"));
    ends(Ok(()), Err(anyhow!("left")), Some("left"));
    ends(Err(anyhow!("late")), Err(anyhow!("left")), Some("left: late"));
}
