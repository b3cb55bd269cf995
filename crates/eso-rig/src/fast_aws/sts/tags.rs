//! Tags of a session, held against what STS takes.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>

use std::collections::BTreeMap;

use super::{Form, field};
use crate::fast_aws::refusal::Refusal;

/// STS takes no more tags in one session.
const MOST_TAGS: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// The tags of a form. Keys that differ in case alone are the same key.
pub(super) fn of(form: &Form) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for number in 1.. {
        let Some(key) = form.get(&format!("Tags.member.{number}.Key")) else { break };
        let value = field(form, &format!("Tags.member.{number}.Value"));
        if !is_text(key, 1..=LONGEST_KEY) || !is_text(value, 0..=LONGEST_VALUE) {
            return Err(Refusal::new("ValidationError", "a tag failed to satisfy constraint"));
        }
        if tags.keys().any(|other: &String| other.eq_ignore_ascii_case(key)) {
            return Err(wrong("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    if tags.len() > MOST_TAGS {
        return Err(Refusal::new("ValidationError", "Member must have length less than or equal to 50"));
    }
    Ok(tags)
}

/// Which of the tags are to be kept by the sessions of further roles.
pub(super) fn transitive_keys(form: &Form, tags: &BTreeMap<String, String>) -> Result<Vec<String>, Refusal> {
    let keys: Vec<String> =
        (1..).map_while(|number| form.get(&format!("TransitiveTagKeys.member.{number}")).cloned()).collect();
    match keys.iter().all(|key| tags.contains_key(key)) {
        true => Ok(keys),
        false => Err(wrong("The specified transitive tag key must be included in the requested tags.")),
    }
}

fn wrong(message: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", message)
}

fn is_text(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    let may_be =
        |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter);
    length.contains(&text.chars().count()) && text.chars().all(may_be)
}
