//! Go's words for what is no expression are golden probes; here is what an expression may cost.

use super::{Regexp, RegexpError};

#[track_caller]
fn check_replaced(pattern: &str, text: &str, replacement: &str, expected: &str) {
    let regexp = Regexp::new(pattern).unwrap();
    assert_eq!(regexp.replace_all(text, replacement).as_deref(), Ok(expected), "{pattern}");
}

#[test]
fn a_match_is_not_anchored() {
    let regexp = Regexp::new("b").unwrap();
    assert_eq!(regexp.is_match("abc"), Ok(true));
    assert_eq!(regexp.is_match(b"a\xffb"), Ok(true));
    assert_eq!(regexp.is_match("xyz"), Ok(false));
}

#[test]
fn classes_and_boundaries_are_ascii() {
    for pattern in [r"^\w$", r"^\d$", r"\b"] {
        assert_eq!(Regexp::new(pattern).unwrap().is_match("é٣"), Ok(false), "{pattern}");
    }
    assert_eq!(Regexp::new(r"^\Qa.b\E$").unwrap().is_match("a.b"), Ok(true));
    assert_eq!(Regexp::new(r"^\Qa.b\E$").unwrap().is_match("axb"), Ok(false));
}

#[test]
fn groups_stand_in_a_replacement_by_number_and_name() {
    check_replaced("a(?P<n>x*)b", "-ab-axxb-", "[${n}|$1|$0|$$|$2]", "-[||ab|$|]-[xx|xx|axxb|$|]-");
    check_replaced("(a)", "a", "$1x", "");
    check_replaced("(a)", "a", "${1}x", "ax");
    check_replaced("", "é", "-", "-é-");
    check_replaced("^/app/", "/app/é/db", "", "é/db");
}

#[test]
fn many_texts_are_searched_together() {
    let names = ["app/a", "web/b", "app/c"];
    assert_eq!(Regexp::new("^app/").unwrap().matching(names), Ok(vec!["app/a", "app/c"]));
    let names: Vec<String> =
        (0..10_000).map(|number| format!("team-{}/service/{number}", number % 7)).collect();
    let regexp = Regexp::new(r"^team-[0-3]/.*(?P<last>\d+)$").unwrap();
    assert_eq!(regexp.matching(&names).unwrap().len(), 5716);
}

#[test]
fn what_takes_too_long_is_cut() {
    let greedy = Regexp::new("(x|y|[a-z]|(x+)*){900}!").unwrap();
    let long = "x".repeat(2000);
    assert_eq!(greedy.is_match(&long), Err(RegexpError::Limit("steps")));
    assert_eq!(greedy.replace_all(&long, ""), Err(RegexpError::Limit("steps")));
    assert_eq!(greedy.matching(vec![&long; 100]), Err(RegexpError::Limit("steps")));
    let deep = "(".repeat(200);
    assert!(matches!(Regexp::new(&deep), Err(RegexpError::Limit(_))));
}

#[test]
fn an_expression_is_shared_between_threads() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Regexp>();
}
