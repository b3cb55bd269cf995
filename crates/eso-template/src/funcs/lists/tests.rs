//! Lists: unchanged by what is made of them, and paid for.

use crate::fixtures::{check, check_limit, check_silent};

#[test]
fn lists_are_not_changed() {
    check(
        r#"{{ $a := list 1 2 }}{{ $_ := append $a 3 }}{{ $_ := reverse $a }}{{ $_ := rest $a }}{{ $a }}"#,
        "[1 2]",
    );
}

#[test]
fn scalars_are_looked_up_among_those_that_were_seen() {
    check("{{ uniq (until 5000) | len }} {{ uniq (toStrings (until 5000)) | len }}", "5000 5000");
    check(
        r#"{{ uniq (list 1 "1" 1.0 (int64 1) nil nil true -0.0 0.0 (list 1) (list 1)) }}"#,
        "[1 1 1 1 <nil> true -0 [1]]",
    );
    check(r#"{{ uniq (concat (list "a" "b") (list "b" "a" "c")) }}"#, "[a b c]");
    check_limit(r#"{{ uniq (splitList "y" (printf "%sy" .long | repeat 60)) | len }}"#, "memory");
    check_limit(
        r#"{{ $l := list }}{{ range until 30 }}{{ $l = append $l (print $.long .) }}{{ end }}{{ range until 90 }}{{ $_ := uniq $l }}{{ end }}"#,
        "steps",
    );
}

#[test]
fn each_comparison_is_a_step() {
    check_limit("{{ uniq (chunk 1 (until 3000)) | len }}", "steps");
    check_limit("{{ $l := until 20000 }}{{ range $l }}{{ $_ := has -1 $l }}{{ end }}", "steps");
}

#[test]
fn a_list_can_grow_to_a_thousand_items() {
    check("{{ $l := list }}{{ range until 1000 }}{{ $l = append $l . }}{{ end }}{{ len $l }}", "1000");
}

#[test]
fn a_list_that_grows_is_paid_for_each_time() {
    check_limit(
        "{{ $l := list }}{{ range until 100000 }}{{ $l = append $l 1 }}{{ end }}{{ len $l }}",
        "steps",
    );
    check_limit(
        "{{ $l := list 1 }}{{ range until 64 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}",
        "memory",
    );
    check_limit("{{ $l := until 100000 }}{{ range until 100 }}{{ $_ := rest $l }}{{ end }}", "memory");
}

#[test]
fn lists_in_lists_end_at_a_depth() {
    check_limit(
        "{{ $l := list }}{{ range until 1000 }}{{ $l = list $l }}{{ end }}{{ $l }}",
        "nesting of lists",
    );
    check_limit(
        "{{ $l := list 1 }}{{ range until 1000 }}{{ $l = chunk 1 (list $l) }}{{ end }}",
        "nesting of lists",
    );
}

#[test]
fn what_is_no_list_is_named_by_its_kind() {
    check_silent("{{ first .password }}");
    check_silent("{{ append .password 1 }}");
    check_silent("{{ has 1 .password }}");
    check_silent("{{ concat (list) .password }}");
    check_silent("{{ slice (list 1) .password 9 }}");
}
