//! What is known about a value, and which tags it has.

use super::*;

fn metadata(text: &str) -> Metadata {
    serde_json::from_str(text).unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn all_of_it_is_texts_and_what_the_user_wrote_wins() {
    let known = metadata(
        r#"{"created_time":"2026-01-01T00:00:00Z","current_version":3,"delete_version_after":"0s","versions":{},
            "custom_metadata":{"owner":"team","current_version":"mine"}}"#,
    );
    let texts: Vec<(&str, String)> = known.texts().into_iter().collect();
    let expected = [
        ("created_time", "2026-01-01T00:00:00Z"),
        ("current_version", "mine"),
        ("delete_version_after", "0s"),
        ("owner", "team"),
    ];
    assert_eq!(texts, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn a_value_without_tags_has_none() {
    for text in ["{}", r#"{"custom_metadata":null}"#, r#"{"custom_metadata":{}}"#] {
        assert!(metadata(text).has(&tags(&[])), "{text}");
        assert!(!metadata(text).has(&tags(&[("a", "1")])), "{text}");
    }
}

#[test]
fn all_tags_must_be_there_with_their_values() {
    let known = metadata(r#"{"custom_metadata":{"a":"1","b":"2"}}"#);
    assert!(known.has(&tags(&[("a", "1"), ("b", "2")])));
    assert!(!known.has(&tags(&[("a", "2")])) && !known.has(&tags(&[("a", "1"), ("c", "3")])));
}

#[tokio::test]
async fn a_search_that_met_anything_in_its_time_is_too_large_and_one_without_an_answer_is_late() {
    for (count, kind, words) in
        [(0, ErrorKind::Unavailable, "in time"), (1, ErrorKind::Invalid, "with find.path")]
    {
        let endless = std::future::pending::<Result<(), ProviderError>>();
        let error = within(Duration::from_millis(20), &AtomicUsize::new(count), endless).await.unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains(words), "{error}");
    }
    let done = within(Duration::from_secs(60), &AtomicUsize::new(1), async { Ok(7) }).await;
    assert_eq!(done, Ok(7));
}
