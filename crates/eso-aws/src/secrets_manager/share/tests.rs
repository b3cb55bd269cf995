//! Answers to batches, and whose each part is.

use aws_sdk_secretsmanager::{
    operation::batch_get_secret_value::BatchGetSecretValueOutput,
    types::{ApiErrorType, SecretValueEntry},
};

use super::{Share, share};

const OURS: &str = "arn:aws:secretsmanager:us-east-1:111111111111:secret:app-AbCdEf";
const OURS_PARTIAL: &str = "arn:aws:secretsmanager:us-east-1:111111111111:secret:app";
const THEIRS: &str = "arn:aws:secretsmanager:us-east-1:222222222222:secret:app-GhIjKl";
const THEIRS_PARTIAL: &str = "arn:aws:secretsmanager:us-east-1:222222222222:secret:app";

/// An answer with these values (name, ARN) and these failures (id).
fn answer(values: &[(&str, &str)], errors: &[&str]) -> BatchGetSecretValueOutput {
    let value = |(name, arn): &(&str, &str)| SecretValueEntry::builder().name(*name).arn(*arn).build();
    let error = |id: &&str| ApiErrorType::builder().secret_id(*id).build();
    BatchGetSecretValueOutput::builder()
        .set_secret_values(Some(values.iter().map(value).collect()))
        .set_errors(Some(errors.iter().map(error).collect()))
        .build()
}

/// What the share of `key` is, in a word: the ARN of a value, the id of a failure, `unclear` or `missing`.
#[track_caller]
fn check(asked: &[&str], answer: &BatchGetSecretValueOutput, expected: &[&str]) {
    let shares = asked.iter().map(|key| match share(key, asked, answer) {
        Share::Value(value) => value.arn().unwrap_or("value"),
        Share::Error(error) => error.secret_id().unwrap_or("error"),
        Share::Unclear => "unclear",
        Share::Missing => "missing",
    });
    assert_eq!(shares.collect::<Vec<_>>(), expected);
}

#[test]
fn a_value_is_found_by_name_and_by_arn_wherever_it_stands() {
    let other = "arn:aws:secretsmanager:us-east-1:111111111111:secret:other-AbCdEf";
    let both = answer(&[("other", other), ("app", OURS)], &[]);
    check(&["app", "other"], &both, &[OURS, other]);
    check(&[OURS, other], &both, &[OURS, other]);
    check(&[OURS_PARTIAL, "other"], &both, &[OURS, other]);
}

#[test]
fn a_failure_is_found_by_what_was_asked() {
    check(&["app", "other"], &answer(&[("app", OURS)], &["other"]), &[OURS, "other"]);
    check(&[OURS, THEIRS], &answer(&[], &[THEIRS, OURS]), &[OURS, THEIRS]);
}

#[test]
fn what_is_not_mentioned_is_missing_and_nothing_else() {
    check(&["ap", "app-"], &answer(&[("app", OURS)], &["apple"]), &["missing"; 2]);
}

#[test]
fn an_answer_that_says_nothing_at_all_is_read_singly() {
    check(&["app", OURS, OURS_PARTIAL], &answer(&[], &[]), &["unclear"; 3]);
}

#[test]
fn on_a_further_page_it_may_still_be() {
    let mut more = answer(&[("app", OURS)], &["gone"]);
    more.next_token = Some("page 2".to_owned());
    check(&["app", "gone", "late"], &more, &[OURS, "gone", "unclear"]);
}

#[test]
fn the_name_and_the_arn_of_one_secret_are_told_apart_from_another_accounts() {
    // The ARN is surely its own. Whether the name is the same secret the answer does not say.
    check(&["app", OURS], &answer(&[("app", OURS)], &[]), &["unclear", OURS]);
    check(&["app", OURS_PARTIAL], &answer(&[("app", OURS)], &[]), &["unclear", OURS]);
    // Another account's secret of the same name is never given for ours.
    check(&["app", THEIRS], &answer(&[("app", THEIRS)], &[]), &["unclear", THEIRS]);
    check(&["app", THEIRS], &answer(&[("app", THEIRS), ("app", OURS)], &[]), &[OURS, THEIRS]);
    check(&["app", THEIRS_PARTIAL], &answer(&[("app", THEIRS)], &["app"]), &["app", THEIRS]);
}

#[test]
fn another_accounts_failure_is_never_taken_for_ours() {
    check(&["app", THEIRS], &answer(&[], &[THEIRS]), &["missing", THEIRS]);
    check(&["app", THEIRS_PARTIAL], &answer(&[], &[THEIRS]), &["missing", "unclear"]);
    check(&["app"], &answer(&[], &[OURS]), &["unclear"]);
    check(&[OURS_PARTIAL], &answer(&[], &[OURS]), &["unclear"]);
}

#[test]
fn a_whole_arn_comes_before_one_without_its_random_part() {
    // A secret may be named `app-AbCdEf`, and its ARN without the random part is the whole ARN of `app`.
    let long = "arn:aws:secretsmanager:us-east-1:111111111111:secret:app-AbCdEf-MnOpQr";
    check(&[OURS], &answer(&[("app-AbCdEf", long), ("app", OURS)], &[]), &[OURS]);
    check(&[OURS], &answer(&[("app-AbCdEf", long)], &[]), &[long]);
}

#[test]
fn an_answer_without_arns_is_matched_by_name() {
    let value = SecretValueEntry::builder().name("app").build();
    let nameless = SecretValueEntry::builder().build();
    let answer = BatchGetSecretValueOutput::builder().secret_values(nameless).secret_values(value).build();
    check(&["app", OURS], &answer, &["value", "missing"]);
}
