//! What keys become, beside what Go says (`tests/golden/rules`), and where it means to differ.

use serde_json::Value as Json;

use super::*;

fn golden(list: &str) -> Vec<Json> {
    let golden: Json = serde_json::from_str(include_str!("../../tests/golden/rules/golden.json")).unwrap();
    golden[list].as_array().unwrap().clone()
}

fn entries(entries: &[(&str, &str)]) -> Entries {
    entries.iter().map(|(key, value)| ((*key).to_owned(), SecretBytes::from(*value))).collect()
}

/// The texts of an object.
fn texts(object: &Json) -> Vec<(&str, &str)> {
    object.as_object().unwrap().iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect()
}

fn shown(entries: &Entries) -> Vec<(&str, &str)> {
    entries.iter().map(|(key, value)| (key.as_str(), value.expose_str().unwrap())).collect()
}

fn rewriting(rewrites: impl IntoIterator<Item = Rewrite>) -> Naming {
    Naming { rewrites: rewrites.into_iter().collect(), conversion: Conversion::Default }
}

fn regexp(source: &str, target: &str) -> Rewrite {
    Rewrite::regexp(source, target).unwrap()
}

fn transform(template: &str) -> Rewrite {
    Rewrite::transform(template).unwrap()
}

#[track_caller]
fn check(naming: &Naming, keys: &[(&str, &str)], expected: &[(&str, &str)]) {
    let named = naming.apply(entries(keys)).unwrap();
    assert_eq!(shown(&named), expected);
}

#[track_caller]
fn check_error(naming: &Naming, keys: &[(&str, &str)], expected: &str) {
    assert_eq!(naming.apply(entries(keys)).unwrap_err().to_string(), expected);
}

/// One rewrite, before names are checked.
fn rewritten(rewrite: &Rewrite, keys: Entries) -> Result<Entries, String> {
    let mut allowance = Allowance::new(1, 0);
    rewrite.apply(keys, &mut allowance).map_err(|error| error.to_string())
}

mod conversions {
    use super::*;

    #[track_caller]
    fn check_convert(conversion: Conversion, keys: &[(&str, &str)], expected: &[(&str, &str)]) {
        check(&Naming { rewrites: Vec::new(), conversion }, keys, expected);
    }

    #[test]
    fn characters_are_those_of_go() {
        let cases = golden("conversions");
        assert!(cases.len() > 20);
        for case in cases {
            let key = case["key"].as_str().unwrap();
            for (conversion, name) in [(Conversion::Default, "default"), (Conversion::Unicode, "unicode")] {
                assert_eq!(names::convert_as(key, conversion), case[name].as_str().unwrap(), "{key:?}");
            }
        }
    }

    #[test]
    fn keys_are_converted_where_nothing_is_rewritten() {
        check_convert(Conversion::Default, &[("a/b", "1"), ("c", "2")], &[("a_b", "1"), ("c", "2")]);
        check_convert(Conversion::Unicode, &[("a/b", "1"), ("c", "2")], &[("a_U002f_b", "1"), ("c", "2")]);
        check_convert(Conversion::Unicode, &[("😀", "1")], &[("_U1f600_", "1")]);
        let error = "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has invalid \
                     character /, only alphanumeric, '-', '.' and '_' are allowed: a/b";
        check_error(&rewriting([regexp("x", "y")]), &[("a/b", "1")], error);
    }

    #[test]
    fn two_keys_of_one_name_fail() {
        let error = "secret name collision during conversion: a_b";
        check_error(&Naming::default(), &[("a/b", "1"), ("a_b", "2")], error);
        check_error(&Naming::default(), &[("a b", "1"), ("a/b", "2")], error);
        check_convert(
            Conversion::Unicode,
            &[("a/b", "1"), ("a_b", "2")],
            &[("a_U002f_b", "1"), ("a_b", "2")],
        );
    }

    #[test]
    fn an_empty_name_is_left_out() {
        check(&Naming::default(), &[("", "1"), ("a", "2")], &[("a", "2")]);
        check(&rewriting([regexp("^b$", "")]), &[("a", "1"), ("b", "2")], &[("a", "1")]);
        check(&Naming::default(), &[], &[]);
    }

    #[test]
    fn a_name_that_kubernetes_does_not_take_fails() {
        let error = "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has invalid \
                     character é, only alphanumeric, '-', '.' and '_' are allowed: é";
        check_error(&Naming::default(), &[("é", "1")], error);
        let long = "x".repeat(300);
        let error = format!(
            "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has length 300 but max \
             is 253: (following is truncated): {}",
            "x".repeat(253)
        );
        check_error(&Naming::default(), &[(&long, "1")], &error);
        let error = format!("secret name collision during conversion: {}", "_".repeat(253));
        check_error(&Naming::default(), &[(&"/".repeat(300), "1"), (&"_".repeat(300), "2")], &error);
    }
}

mod regexps {
    use super::*;

    #[test]
    fn keys_are_rewritten_as_by_go() {
        let cases = golden("rewrites");
        assert!(cases.len() > 70);
        for case in cases {
            let (source, target) = (case["source"].as_str().unwrap(), case["target"].as_str().unwrap());
            let rewrite = Rewrite::regexp(source, target);
            if let Some(error) = case["error"].as_str() {
                let error = format!("regexp failed with failed to compile: {error}");
                assert_eq!(rewrite, Err(error), "{source}");
                continue;
            }
            let names = texts(&case["names"]);
            let keys = golden_keys();
            let rewritten = rewritten(&rewrite.unwrap(), keys).unwrap();
            let mut expected = names.clone();
            expected.sort_unstable();
            assert_eq!(shown(&rewritten), expected, "{source:?} {target:?}");
        }
    }

    /// The keys of the golden file, each its own value.
    fn golden_keys() -> Entries {
        let first = &golden("rewrites")[0];
        assert_eq!((&first["source"], &first["target"]), (&Json::from(""), &Json::from("")));
        entries(&texts(&first["names"]))
    }

    #[test]
    fn of_two_keys_with_one_name_the_later_wins() {
        let naming = rewriting([regexp("[0-9]+$", "n")]);
        check(&naming, &[("a1", "1"), ("a10", "10"), ("a2", "2"), ("b1", "3")], &[("an", "2"), ("bn", "3")]);
        let naming = rewriting([regexp(".*", "one")]);
        check(&naming, &[("a", "1"), ("b", "2"), ("z", "3")], &[("one", "3")]);
    }

    #[test]
    fn rewrites_follow_each_other() {
        let naming = rewriting([regexp("^app/", ""), regexp("/", "_"), regexp("(.*)_(.*)", "$2.$1")]);
        check(&naming, &[("app/db/user", "1"), ("x", "2")], &[("user.db", "1"), ("x", "2")]);
    }

    #[test]
    fn a_key_that_does_not_match_stays() {
        check(&rewriting([regexp("x", "y")]), &[("a", "1")], &[("a", "1")]);
    }

    #[test]
    fn two_of_the_same_text_are_equal() {
        assert_eq!(regexp("a", "b"), regexp("a", "b"));
        assert_ne!(regexp("a", "b"), regexp("a", "c"));
        assert_ne!(regexp("a", "b"), regexp("A", "b"));
    }
}

mod transforms {
    use super::*;

    #[track_caller]
    fn check_transform(template: &str, key: &str, expected: &str) {
        check(&rewriting([transform(template)]), &[(key, "1")], &[(expected, "1")]);
    }

    #[test]
    fn the_value_of_a_template_is_the_key() {
        check_transform("{{ .value }}", "a", "a");
        check_transform("{{ .value | upper }}_KEY", "a", "A_KEY");
        check_transform(r#"{{ .value | replace "/" "-" | trimPrefix "app-" }}"#, "app/db", "db");
        check_transform("{{ if contains \"x\" .value }}y{{ else }}z{{ end }}", "ax", "y");
    }

    #[test]
    fn a_name_that_is_not_there_is_no_value() {
        let error = "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has invalid \
                     character <, only alphanumeric, '-', '.' and '_' are allowed: <no value>";
        check_error(&rewriting([transform("{{ .nope }}")]), &[("a", "1")], error);
    }

    #[test]
    fn of_two_keys_with_one_name_the_later_wins() {
        check(&rewriting([transform("one")]), &[("a", "1"), ("b", "2")], &[("one", "2")]);
        check(&rewriting([transform("{{ .value | lower }}")]), &[("A", "1"), ("a", "2")], &[("a", "2")]);
    }

    #[test]
    fn time_and_chance_follow_from_the_key_alone() {
        check_transform("{{ now | date \"2006\" }}", "a", "1970");
        let naming = rewriting([transform("{{ .value }}-{{ randAlphaNum 20 }}")]);
        let named = |keys| naming.apply(entries(keys)).unwrap().into_keys().collect::<Vec<_>>();
        let both = named(&[("a", "1"), ("b", "2")]);
        assert_eq!(named(&[("b", "3")]), both[1..]);
        assert_ne!(both[0].trim_start_matches('a'), both[1].trim_start_matches('b'));
    }

    #[test]
    fn bytes_that_are_no_text_are_no_name() {
        let error = "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has invalid \
                     character \u{fffd}, only alphanumeric, '-', '.' and '_' are allowed: a\u{fffd}";
        check_error(&rewriting([transform(r#"{{ .value }}{{ "/w==" | b64dec }}"#)]), &[("a", "1")], error);
    }

    #[test]
    fn a_template_that_fails_names_the_step_and_the_key() {
        let error = "failed rewrite operation[1]: transform failed with failed to execute template for key \"a\": \
                     template \"transform\", line 2, column 6: ";
        let naming = rewriting([regexp("x", "y"), transform("\n{{ 1 | atoi | fail }}")]);
        let failed = naming.apply(entries(&[("a", "s3cr3t")])).unwrap_err().to_string();
        assert!(failed.starts_with(&error[..error.len() - 3]), "{failed}");
        assert!(!failed.contains("s3cr3t"));
    }

    #[test]
    fn what_is_no_template_says_so() {
        let error = Rewrite::transform("{{ .value").unwrap_err();
        let start = "transform failed with failed to parse template: template \"transform\", line 1, column ";
        assert!(error.starts_with(start), "{error}");
    }

    #[test]
    fn two_of_the_same_text_are_equal() {
        assert_eq!(transform("{{ .value }}"), transform("{{ .value }}"));
        assert_ne!(transform("{{ .value }}"), transform("{{.value}}"));
    }
}

mod merges {
    use super::*;

    fn merge() -> Merge {
        Merge { conflict_policy: ConflictPolicy::Ignore, ..Merge::default() }
    }

    fn into(key: &str) -> Merge {
        Merge { into: key.to_owned(), strategy: Strategy::Json, ..merge() }
    }

    fn with(priority: &[&str], merge: Merge) -> Merge {
        Merge { priority: priority.iter().map(ToString::to_string).collect(), ..merge }
    }

    #[track_caller]
    fn check_merge(merge: Merge, values: &[(&str, &str)], expected: &[(&str, &str)]) {
        check(&rewriting([Rewrite::Merge(merge)]), values, expected);
    }

    #[track_caller]
    fn check_merge_error(merge: Merge, values: &[(&str, &str)], expected: &str) {
        let expected = format!("failed rewrite operation[0]: {expected}");
        check_error(&rewriting([Rewrite::Merge(merge)]), values, &expected);
    }

    #[test]
    fn objects_are_merged_as_by_go() {
        let cases = golden("merges");
        assert!(cases.len() > 30);
        for case in cases {
            let values = entries(&texts(&case["values"]));
            let priority = case["priority"].as_array().into_iter().flatten();
            let priority = priority.map(|key| key.as_str().unwrap().to_owned()).collect();
            let into = case["into"].as_str().unwrap().to_owned();
            let strategy = if into.is_empty() { Strategy::Extract } else { Strategy::Json };
            let merge = Merge { into, priority, strategy, ..merge() };
            let merged = rewritten(&Rewrite::Merge(merge.clone()), values.clone()).unwrap();
            let mut expected = texts(&case["entries"]);
            expected.sort_unstable();
            assert_eq!(shown(&merged), expected);
            let conflicts: Vec<_> = case["conflicts"].as_array().unwrap().iter().collect();
            let strict = Merge { conflict_policy: ConflictPolicy::Error, ..merge };
            let error = rewritten(&Rewrite::Merge(strict), values).err();
            assert_eq!(error.is_some(), !conflicts.is_empty(), "{error:?}");
            for conflict in conflicts {
                assert!(error.as_ref().unwrap().contains(conflict.as_str().unwrap()), "{error:?}");
            }
        }
    }

    #[test]
    fn keys_are_merged_in_their_order_and_those_with_priority_in_theirs() {
        let values = [("a", r#"{"x":1}"#), ("b", r#"{"x":2}"#), ("c", r#"{"x":3}"#)];
        check_merge(merge(), &values, &[("x", "3")]);
        check_merge(with(&["a"], merge()), &values, &[("x", "1")]);
        check_merge(with(&["c", "b"], merge()), &values, &[("x", "2")]);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let values = [("a", r#"{"big":9007199254740993,"long":0.12345678901234567890123,"huge":1e400}"#)];
        let members = [("big", "9007199254740993"), ("huge", "1e400"), ("long", "0.12345678901234567890123")];
        check_merge(merge(), &values, &members);
        let object = r#"{"big":9007199254740993,"huge":1e400,"long":0.12345678901234567890123}"#;
        check_merge(into("a"), &values, &[("a", object)]);
    }

    #[test]
    fn a_merged_object_stands_beside_the_others_or_in_place_of_one() {
        let values = [("a", r#"{ "x":"<" }"#), ("b", r#"{"y":2}"#)];
        let object = r#"{"x":"<","y":2}"#;
        check_merge(into("all"), &values, &[("a", values[0].1), ("all", object), ("b", values[1].1)]);
        check_merge(into("b"), &values, &[("a", values[0].1), ("b", object)]);
        check_merge(into("all"), &[], &[("all", "{}")]);
    }

    #[test]
    fn members_become_entries_and_are_named_like_any_other() {
        check_merge(merge(), &[("a", r#"{"":1,"x":"text","y":null}"#)], &[("x", "text"), ("y", "")]);
        check_merge(merge(), &[], &[]);
        let error = "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key has invalid \
                     character /, only alphanumeric, '-', '.' and '_' are allowed: x/y";
        check_error(&rewriting([Rewrite::Merge(merge())]), &[("a", r#"{"x/y":1}"#)], error);
        let naming = rewriting([Rewrite::Merge(merge()), regexp("/", "_")]);
        check(&naming, &[("a", r#"{"x/y":1}"#)], &[("x_y", "1")]);
    }

    #[test]
    fn a_member_of_several_objects_fails_and_is_named_with_their_keys() {
        let strict = Merge::default();
        let values = [("a", r#"{"x":1,"y":1}"#), ("b", r#"{"x":1}"#), ("c", r#"{"x":"s3cr3t","y":1}"#)];
        check_merge_error(
            strict.clone(),
            &values,
            "merge failed with conflicts: x (in a, b, c), y (in a, c)",
        );
        check_merge_error(
            with(&["a"], strict.clone()),
            &values,
            "merge failed with conflicts: x (in b, c, a), y (in c, a)",
        );
        check_merge(strict, &values[..1], &[("x", "1"), ("y", "1")]);
    }

    #[test]
    fn many_conflicts_are_counted() {
        let members: Vec<_> = (10..32).map(|number| format!("\"m{number}\":1")).collect();
        let object = format!("{{{}}}", members.join(","));
        let error = "merge failed with conflicts: m10 (in a, b), m11 (in a, b), m12 (in a, b), m13 (in a, b), m14 (in \
                     a, b), m15 (in a, b), m16 (in a, b), m17 (in a, b), m18 (in a, b), m19 (in a, b) and 12 more";
        check_merge_error(Merge::default(), &[("a", &object), ("b", &object)], error);
    }

    #[test]
    fn a_missing_key_with_priority_fails_unless_that_is_ignored() {
        let values = [("a", r#"{"x":1}"#), ("b", r#"{"x":2}"#)];
        let error = "merge failed with key \"nope\" not found in input map";
        check_merge_error(with(&["nope", "a"], merge()), &values, error);
        let lenient = Merge { priority_policy: PriorityPolicy::IgnoreNotFound, ..merge() };
        check_merge(with(&["nope", "a"], lenient), &values, &[("x", "1")]);
    }

    #[test]
    fn a_value_that_is_no_object_fails_and_is_not_shown() {
        let failed = |reason| format!("merge failed with failed to unmarshal JSON: key \"b\": {reason}");
        for (value, reason) in [
            ("s3cr3t", "it is no JSON object (line 1, column 1)"),
            ("\"s3cr3t\"", "it is no JSON object"),
            ("[1]", "it is no JSON object"),
            ("{\"a\":\n s3cr3t}", "it is no JSON object (line 2, column 2)"),
        ] {
            check_merge_error(merge(), &[("a", "{}"), ("b", value)], &failed(reason));
        }
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(300), "]".repeat(300));
        let error = "merge failed with failed to unmarshal JSON: key \"x\": it is nested too deep";
        check_merge_error(merge(), &[("a", &deep)], error);
    }

    #[test]
    fn a_merged_object_needs_a_key() {
        check_merge_error(into(""), &[("a", "{}")], "merge failed with missing 'into' field");
    }
}

/// What strangers write ends soon.
mod limits {
    use super::*;

    fn many(count: usize) -> Entries {
        (0..count).map(|number| (format!("key-{number:06}"), SecretBytes::from(""))).collect()
    }

    #[track_caller]
    fn check_limit(naming: &Naming, keys: Entries, step: usize, limit: &str) {
        let error = naming.apply(keys).unwrap_err().to_string();
        let start = format!("failed rewrite operation[{step}]: ");
        assert!(error.starts_with(&start) && error.ends_with(limit), "{error}");
    }

    #[test]
    fn many_keys_are_rewritten() {
        let naming = rewriting([
            regexp("^key-(0*)([0-9]+)$", "k$2"),
            transform("{{ .value | upper | trimPrefix \"K\" | printf \"n-%s\" | quote | trimAll \"\\\"\" }}"),
        ]);
        let named = naming.apply(many(20_000)).unwrap();
        assert_eq!(named.len(), 20_000);
        assert!(named.contains_key("n-19999") && named.contains_key("n-1"));
    }

    #[test]
    fn many_rewrites_of_few_keys_are_done() {
        let rewrites = (0..1000).map(|step| regexp(&format!("^{step}$"), &format!("{}", step + 1)));
        check(&rewriting(rewrites), &[("0", "1")], &[("1000", "1")]);
    }

    #[test]
    fn slow_expressions_and_templates_are_cut() {
        let slow = regexp("(.{0,30}){30}z", "");
        check_limit(&rewriting([slow]), many(20_000), 0, "steps");
        let slow = transform("{{ range until 100000 }}{{ end }}");
        check_limit(&rewriting([slow]), many(10), 0, "steps");
        let slow = transform("{{ .value }}{{ range until 1000 }}{{ end }}");
        check_limit(&rewriting([slow]), many(10_000), 0, "steps");
        let slow = transform("{{ bcrypt .value }}");
        check_limit(&rewriting([slow]), many(1000), 0, "effort");
    }

    #[test]
    fn too_many_rewrites_of_too_many_keys_are_cut() {
        let rewrites = std::iter::repeat_n(regexp("^$", ""), 1000);
        check_limit(&rewriting(rewrites), many(1000), 400, "keys times rewrites");
    }

    #[test]
    fn keys_and_values_do_not_grow_without_end() {
        let doubling = std::iter::repeat_n(regexp("^.*$", "$0$0"), 100);
        let error = rewriting(doubling).apply(many(1)).unwrap_err().to_string();
        assert!(
            error.contains("it needs more than is allowed: ") || error.contains("needs more than is allowed")
        );
        let merges = (0..100).map(|step| {
            Rewrite::Merge(Merge {
                into: format!("into-{step}"),
                conflict_policy: ConflictPolicy::Ignore,
                strategy: Strategy::Json,
                ..Merge::default()
            })
        });
        let object = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        check_limit(&rewriting(merges), entries(&[("a", &object)]), 2, "bytes");
    }

    #[test]
    fn merges_do_not_read_without_end() {
        let merge = Merge {
            priority: vec!["a".to_owned(); 300],
            conflict_policy: ConflictPolicy::Ignore,
            ..Merge::default()
        };
        let object = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        check_limit(&rewriting([Rewrite::Merge(merge)]), entries(&[("a", &object)]), 0, "bytes to merge");
    }

    #[test]
    fn values_that_are_large_from_the_start_may_be_renamed() {
        let value = "x".repeat(5 << 20);
        check(&rewriting([regexp("a", "b")]), &[("a", &value)], &[("b", &value)]);
    }
}

#[test]
fn a_naming_can_be_sent_to_another_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Naming>();
}
