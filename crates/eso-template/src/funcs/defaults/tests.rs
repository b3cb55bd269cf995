//! What stands for what is empty, and failing on purpose.

use crate::fixtures::{check, check_silent, render};

#[test]
fn what_is_not_empty_stays() {
    check(r#"{{ default "d" .user }}|{{ "" | default "d" }}|{{ coalesce "" .user }}"#, "bob|d|bob");
}

#[test]
fn fail_does_not_say_with_what() {
    check_silent("{{ fail .password }}");
    check_silent(r#"{{ printf "no %s" .password | fail }}"#);
    let said = render("{{ fail .password }}").unwrap_err();
    assert!(said.to_string().ends_with("the template itself calls fail"), "{said}");
}

#[test]
fn choices_want_a_truth() {
    check_silent("{{ ternary 1 2 .password }}");
}
