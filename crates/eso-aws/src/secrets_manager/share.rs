//! Which part of a batch's answer belongs to which question.
//!
//! AWS answers in an order of its own, and leaves out what it has no room for. A question is settled only where one
//! part of the answer is surely its own; the rest is read singly. What is not mentioned at all is no absence.

use aws_sdk_secretsmanager::{
    operation::batch_get_secret_value::BatchGetSecretValueOutput,
    types::{ApiErrorType, SecretValueEntry},
};

use crate::access::is_arn;

/// What a batch's answer says about one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Share<'a> {
    /// This value.
    Value(&'a SecretValueEntry),
    /// This failure.
    Error(&'a ApiErrorType),
    /// It may be one of several, or on a further page, or the answer says nothing at all: the key is to be read singly.
    Unclear,
    /// Nothing at all.
    Missing,
}

/// Finds the share of `key`, which is a name, an ARN, or an ARN without its six random characters.
///
/// `asked` is every key of the batch, this one among them.
pub(crate) fn share<'a>(key: &str, asked: &[&str], answer: &'a BatchGetSecretValueOutput) -> Share<'a> {
    if let Some(error) = answer.errors().iter().find(|error| error.secret_id() == Some(key)) {
        return Share::Error(error);
    }
    let value = match is_arn(key) {
        true => by_arn(key, answer.secret_values()),
        false => by_name(key, asked, answer.secret_values()),
    };
    match value {
        Share::Missing if answer.next_token().is_some() => Share::Unclear,
        Share::Missing if answer.secret_values().is_empty() && answer.errors().is_empty() => Share::Unclear,
        Share::Missing => error_by_arn(key, asked, answer.errors()),
        share => share,
    }
}

/// A whole ARN comes first: the name of another secret may end just like the random part of this one.
fn by_arn<'a>(key: &str, values: &'a [SecretValueEntry]) -> Share<'a> {
    let whole = values.iter().find(|value| value.arn() == Some(key));
    let partial = || values.iter().find(|value| value.arn().and_then(without_random_part) == Some(key));
    whole.or_else(partial).map_or(Share::Missing, Share::Value)
}

/// A value whose ARN was asked for besides may be another account's, of the same name.
fn by_name<'a>(key: &str, asked: &[&str], values: &'a [SecretValueEntry]) -> Share<'a> {
    let of_this_name = || values.iter().filter(|value| value.name() == Some(key));
    let by_name_alone = |value: &&SecretValueEntry| value.arn().is_none_or(|arn| !names(asked, arn));
    match (of_this_name().find(by_name_alone), of_this_name().next()) {
        (Some(value), _) => Share::Value(value),
        (None, Some(_)) => Share::Unclear,
        (None, None) => Share::Missing,
    }
}

/// AWS names a failure by what was asked; should it name a secret that was asked for by name by its ARN, it is read
/// singly, for that failure may be about another account's.
fn error_by_arn<'a>(key: &str, asked: &[&str], errors: &[ApiErrorType]) -> Share<'a> {
    let is_its_arn = |told: &str| {
        let partial = without_random_part(told);
        partial == Some(key) || (!names(asked, told) && partial.and_then(name_of) == Some(key))
    };
    let told = errors.iter().filter_map(ApiErrorType::secret_id).any(is_its_arn);
    if told { Share::Unclear } else { Share::Missing }
}

/// Whether one of these keys is this ARN, or this ARN without its random part.
fn names(asked: &[&str], arn: &str) -> bool {
    asked.contains(&arn) || without_random_part(arn).is_some_and(|partial| asked.contains(&partial))
}

/// `arn:…:secret:name-AbCdEf` without `-AbCdEf`, which AWS takes as well.
fn without_random_part(arn: &str) -> Option<&str> {
    let (partial, random) = arn.rsplit_once('-')?;
    (is_arn(arn) && random.len() == 6).then_some(partial)
}

/// The name in an ARN that has no random part.
fn name_of(partial: &str) -> Option<&str> {
    partial.splitn(7, ':').nth(6)
}

#[cfg(test)]
mod tests;
