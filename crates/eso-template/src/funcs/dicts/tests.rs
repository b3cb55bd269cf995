//! Dicts: shared, deep, and in themselves.

use crate::fixtures::{check, check_limit, check_silent};

/// Maps in maps, by the name `$d`.
const DEEP: &str = r#"{{ $d := dict "n" 1 }}{{ range until 1000 }}{{ $d = dict "d" $d }}{{ end }}"#;
/// A map that lies in itself, by the name `$d`.
const CYCLE: &str = r#"{{ $d := dict "n" 1 }}{{ $_ := set $d "d" $d }}"#;

#[test]
fn maps_are_shared_by_all_who_hold_them() {
    check(r#"{{ $a := dict }}{{ $b := list $a }}{{ $_ := set $a "n" 1 }}{{ $b }}"#, "[map[n:1]]");
    check(r#"{{ $a := dict "n" 1 }}{{ $b := $a }}{{ $_ := unset $b "n" }}{{ $a }}"#, "map[]");
    check(r#"{{ $a := dict }}{{ $b := merge $a (dict "n" 1) }}{{ $a }}"#, "map[n:1]");
}

#[test]
fn picked_and_omitted_maps_are_others() {
    check(
        r#"{{ $a := dict "n" 1 }}{{ $_ := set (pick $a "n") "m" 2 }}{{ $_ := set (omit $a) "m" 2 }}{{ $a }}"#,
        "map[n:1]",
    );
}

#[test]
fn maps_are_walked_to_a_depth() {
    check_limit(&format!("{DEEP}{{{{ deepCopy $d }}}}"), "nesting of maps");
    check_limit(
        &format!(
            "{DEEP}{{{{ $c := $d }}}}{{{{ merge (pick $d \"d\") $c }}}}{{{{ merge (deepCopy 1 | dict) $d }}}}"
        ),
        "nesting of maps",
    );
    check(&format!("{DEEP}{{{{ kindOf (get $d \"d\") }}}}"), "map");
}

#[test]
fn maps_that_lie_in_themselves_are_cut() {
    check_limit(&format!("{CYCLE}{{{{ deepCopy $d }}}}"), "nesting of maps");
    check_limit(&format!("{CYCLE}{{{{ merge $d $d }}}}"), "nesting of maps");
    check(&format!("{CYCLE}{{{{ get $d.d.d.d \"n\" }}}}"), "1");
    check(&format!("{CYCLE}{{{{ dig \"d\" \"d\" \"n\" 2 $d }}}}"), "1");
}

#[test]
fn maps_that_grow_are_paid_for() {
    check_limit(
        r#"{{ $d := dict }}{{ range $i := until 300000 }}{{ $_ := set $d (toString $i) 1 }}{{ end }}"#,
        "memory",
    );
    check_limit(
        r#"{{ $d := dict }}{{ range $i := until 1000 }}{{ $_ := set $d (toString $i) 1 }}{{ end }}{{ range until 1000 }}{{ $_ := keys $d }}{{ end }}"#,
        "memory",
    );
}

#[test]
fn errors_hold_no_names_and_no_values() {
    check_silent("{{ set nil .password .password }}");
    check_silent(r#"{{ dig .password "b" "c" (dict .password .password) }}"#);
    check_silent("{{ dig .password 1 .password }}");
    check_silent(r#"{{ get .password "a" }}"#);
    check_silent(r#"{{ merge (dict "a" (split "," .password)) (dict "a" (dict "b" .password)) }}"#);
    check_silent("{{ deepCopy nil }}");
}
