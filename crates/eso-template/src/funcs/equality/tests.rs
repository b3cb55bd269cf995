//! What is deeply equal.

use crate::fixtures::{check, check_limit};

/// Maps so deep, one in the other, by two names.
fn deep(depth: usize) -> String {
    let grow = |name: &str| {
        format!(
            "{{{{ ${name} := dict }}}}{{{{ range until {depth} }}}}{{{{ ${name} = dict \"d\" ${name} }}}}{{{{ end }}}}"
        )
    };
    grow("a") + &grow("b")
}

#[test]
fn maps_that_lie_in_themselves_can_be_compared() {
    let cycles = r#"{{ $a := dict }}{{ $_ := set $a "s" $a }}{{ $b := dict }}{{ $_ := set $b "s" $b }}"#;
    check(&format!("{cycles}{{{{ deepEqual $a $b }}}}"), "true");
    check(&format!(r#"{cycles}{{{{ $_ := set $b "t" 1 }}}}{{{{ deepEqual $a $b }}}}"#), "false");
    check(&format!("{cycles}{{{{ uniq (list $a $b $a) | len }}}}"), "1");
}

#[test]
fn maps_are_compared_to_a_depth() {
    check(&format!("{}{{{{ deepEqual $a $b }}}}", deep(50)), "true");
    check_limit(&format!("{}{{{{ deepEqual $a $b }}}}", deep(1000)), "nesting of maps");
}

#[test]
fn what_is_shared_many_times_is_walked_as_often() {
    let doubled = "{{ $a := list 1 }}{{ $b := list 1 }}{{ range until 40 }}{{ $a = list $a $a }}{{ $b = list $b $b }}{{ end }}";
    check_limit(&format!("{doubled}{{{{ deepEqual $a $b }}}}"), "steps");
}

#[test]
fn one_and_the_same_map_is_equal_whatever_it_holds() {
    check(r#"{{ $n := dict "x" (float64 "nan") }}{{ deepEqual $n $n }}"#, "true");
    check(r#"{{ deepEqual (dict "x" (float64 "nan")) (dict "x" (float64 "nan")) }}"#, "false");
}
