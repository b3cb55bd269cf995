//! Tests of `environment`.

use super::*;

#[track_caller]
fn check(variables: &[(&str, &str)], expected: Option<&str>) {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    assert_eq!(cache_folder(lookup), expected.map(PathBuf::from));
}

#[test]
fn the_variable_of_our_own_decides_where_the_cache_is() {
    let all = [("ESO_RIG_CACHE", "/mine"), ("XDG_CACHE_HOME", "/caches"), ("HOME", "/home/me")];
    check(&all, Some("/mine"));
    check(&[], None);
}

#[cfg(target_os = "linux")]
#[test]
fn the_platforms_cache_folder_is_used_otherwise() {
    check(&[("XDG_CACHE_HOME", "/caches"), ("HOME", "/home/me")], Some("/caches/eso-rig"));
    check(&[("HOME", "/home/me")], Some("/home/me/.cache/eso-rig"));
}

#[cfg(target_os = "macos")]
#[test]
fn the_platforms_cache_folder_is_used_otherwise() {
    check(&[("HOME", "/Users/me")], Some("/Users/me/Library/Caches/eso-rig"));
}
