//! The hashes that the original wrote.

use eso_core::value::SecretBytes;

use super::*;
use crate::desired::Entries;

#[track_caller]
fn check(entries: &[(&str, &str)], expected: &str) {
    let entries: Entries =
        entries.iter().map(|(name, value)| ((*name).to_owned(), SecretBytes::from(*value))).collect();
    assert_eq!(Digest::of(&entries).as_str(), expected);
}

#[test]
fn entries_hash_as_the_original_hashes_them() {
    check(&[], "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b");
    check(&[("foo", "bar")], "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36");
    check(
        &[("foo", "value1"), ("bar", "value2")],
        "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64",
    );
    check(
        &[("first", "hello"), ("second", "world")],
        "172be50c5b738f1580f29fde29514bc1793510d86f9b8acb7cb46ada",
    );
}

#[test]
fn bytes_are_written_as_go_prints_them() {
    for length in [0, 1, 9, 10, 11, 255, 256, 257, 512, 1000] {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        let printed: Vec<String> = bytes.iter().map(u8::to_string).collect();
        let entries = Entries::from([("all".to_owned(), SecretBytes::from(bytes))]);
        assert_eq!(Digest::of(&entries).as_str(), of_text(&format!("map[all:[{}]]", printed.join(" "))));
    }
}

#[test]
fn texts_hash_as_the_original_hashes_them() {
    assert_eq!(of_text("hello there"), "f78681ec611ebaeea0689bff6c7812a83ff98a7faba986d9af76c999");
    assert_eq!(of_text("default/my-es"), "b8464376b5fe3535e690594280bfe59b60be2603cb6cbb6d6c8bcbb4");
    assert_eq!(of_text("demo/example"), "e1ab4b674bfafcd115b6c4167b39d06f3d3cde37b2886abecc96759e");
}

#[test]
fn json_is_hashed_as_go_prints_it() {
    let value = serde_json::json!({ "b": [1, true, null, "x y"], "a": { "z": 1.5, "y": "" } });
    assert_eq!(go(&value), "map[a:map[y: z:1.5] b:[1 true <nil> x y]]");
    assert_eq!(of_json(&value), of_text("map[a:map[y: z:1.5] b:[1 true <nil> x y]]"));
}
