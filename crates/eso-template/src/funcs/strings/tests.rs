//! Functions of texts: their limits, and bytes that are no UTF-8.

use crate::fixtures::{check, check_limit, check_silent};

#[test]
fn what_is_much_is_asked_for_before_it_is_made() {
    for template in [
        r#"{{ repeat 1000000000000 "a" }}"#,
        r#"{{ repeat 9223372036854775807 "abc" }}"#,
        r#"{{ indent 1000000000000 "a" }}"#,
        r#"{{ nindent 9223372036854775807 "a\nb" }}"#,
        r#"{{ repeat 9223372036854775807 "\n" }}"#,
        r#"{{ repeat 100000 "\n" | indent 1000 }}"#,
        r#"{{ replace "x" .long .long }}"#,
        r#"{{ replace "" .long .long }}"#,
        r#"{{ wrapWith 1 .long .long }}"#,
        r#"{{ join .long (until 1000) }}"#,
        r#"{{ repeat 100 .long | upper }}"#,
        r#"{{ repeat 5000000 "\xff" | title }}"#,
        r#"{{ $m := repeat 40 .long }}{{ cat $m $m $m $m }}"#,
        r#"{{ $m := repeat 40 .long }}{{ quote $m }}"#,
    ] {
        check_limit(template, "memory");
    }
}

#[test]
fn parts_are_counted_with_what_each_takes() {
    check_limit(r#"{{ repeat 10 .long | splitList "" | len }}"#, "memory");
    check_limit(r#"{{ repeat 10 .long | split "" | len }}"#, "memory");
    check(r#"{{ splitList "" .long | len }}"#, "100000");
}

#[test]
fn a_set_of_many_runes_takes_steps() {
    check_limit(r#"{{ range until 20 }}{{ trimAll $.long $.long }}{{ end }}"#, "steps");
}

#[test]
fn text_without_a_place_to_cut_is_whole() {
    check(r#"{{ trimPrefix .user .user }}|{{ trimSuffix "bobb" .user }}|{{ trunc 3 .user }}"#, "|bob|bob");
    check(r#"{{ wrap 3 "abcdef" }}"#, "abcdef");
}

#[test]
fn errors_hold_nothing_of_what_they_were_given() {
    check_silent("{{ substr 9 9999 .password }}");
    check_silent("{{ repeat -1 .password }}");
    check_silent("{{ indent -1 .password }}");
    check_silent("{{ trunc .password .password }}");
    check_silent("{{ repeat .password 2 }}");
    check_silent("{{ sortAlpha .password .password }}");
}
