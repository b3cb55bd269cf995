//! Which part of a batch's answer belongs to which question.
//!
//! AWS names in one list what it does not find and what it does not understand: which of both it is, a single read tells.

use aws_sdk_ssm::{operation::get_parameters::GetParametersOutput, types::Parameter};

use crate::access::is_arn;

/// What a batch's answer says about one name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Share<'a> {
    /// This value.
    Value(&'a Parameter),
    /// It may be one of several, or one that AWS does not give in company: the name is to be read singly.
    Unclear,
    /// Nothing at all.
    Missing,
}

/// Finds the share of `name`, which is a name or an ARN, with a version or label behind it or without.
pub(super) fn share<'a>(name: &str, answer: &'a GetParametersOutput) -> Share<'a> {
    let is_silent = answer.parameters().is_empty() && answer.invalid_parameters().is_empty();
    if is_silent || answer.invalid_parameters().iter().any(|invalid| invalid == name) {
        return Share::Unclear;
    }
    let (parameter, selector) = split(name);
    let of_this_name = |there: &&Parameter| there.name() == Some(parameter) || there.arn() == Some(parameter);
    let candidates = || answer.parameters().iter().filter(of_this_name);
    let mut exact = candidates().filter(|there| selector_of(there) == selector);
    match (exact.next(), exact.next()) {
        (Some(value), None) => Share::Value(value),
        (Some(_), Some(_)) => Share::Unclear,
        (None, _) if candidates().next().is_some() => Share::Unclear,
        (None, _) => Share::Missing,
    }
}

/// A name or an ARN, and the version or label behind it.
fn split(name: &str) -> (&str, Option<&str>) {
    let start = match is_arn(name) {
        true => name.find(":parameter/").map_or(name.len(), |place| place + 1),
        false => 0,
    };
    match name[start..].find(':') {
        Some(place) => (&name[..start + place], Some(&name[start + place + 1..])),
        None => (name, None),
    }
}

/// AWS repeats with the colon what was asked for.
fn selector_of(parameter: &Parameter) -> Option<&str> {
    let selector = parameter.selector().map(|selector| selector.strip_prefix(':').unwrap_or(selector));
    selector.filter(|selector| !selector.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ssm:us-east-1:111111111111:parameter/team/app";

    /// An answer with these parameters (name, selector, value) and these names that were none.
    fn answer(values: &[(&str, &str, &str)], invalid: &[&str]) -> GetParametersOutput {
        let parameter = |(name, selector, value): &(&str, &str, &str)| {
            let arn =
                format!("arn:aws:ssm:us-east-1:111111111111:parameter/{}", name.trim_start_matches('/'));
            Parameter::builder().name(*name).arn(arn).selector(*selector).value(*value).build()
        };
        GetParametersOutput::builder()
            .set_parameters(Some(values.iter().map(parameter).collect()))
            .set_invalid_parameters(Some(invalid.iter().map(|name| (*name).to_owned()).collect()))
            .build()
    }

    /// The value that is the share of a name, or a word.
    #[track_caller]
    fn check(name: &str, answer: &GetParametersOutput, expected: &str) {
        let found = match share(name, answer) {
            Share::Value(parameter) => parameter.value().unwrap_or_default(),
            Share::Unclear => "unclear",
            Share::Missing => "missing",
        };
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn a_value_is_found_by_its_name_or_arn_and_its_version_or_label() {
        let given = answer(
            &[
                ("/team/app", "", "newest"),
                ("/team/app", ":1", "first"),
                ("/team/app", ":old", "labelled"),
                ("b", "", "b"),
            ],
            &[],
        );
        check("/team/app", &given, "newest");
        check("/team/app:1", &given, "first");
        check("/team/app:old", &given, "labelled");
        check(ARN, &given, "newest");
        check(&format!("{ARN}:1"), &given, "first");
        check("b", &given, "b");
    }

    #[test]
    fn what_is_called_invalid_is_read_singly_and_what_is_not_mentioned_is_missing() {
        let given = answer(&[("a", "", "a")], &["b", "a:7"]);
        check("b", &given, "unclear");
        check("a:7", &given, "unclear");
        check("c", &given, "missing");
        check("/a", &given, "missing");
        check("a", &answer(&[], &[]), "unclear");
    }

    #[test]
    fn what_may_be_one_of_several_is_read_singly() {
        // A server that does not repeat the version.
        let silent = answer(&[("a", "", "newest"), ("a", "", "first")], &[]);
        check("a", &silent, "unclear");
        check("a:1", &silent, "unclear");
        // Both names have one ARN.
        let twins = answer(&[("/app", "", "1"), ("app", "", "2")], &[]);
        check("arn:aws:ssm:us-east-1:111111111111:parameter/app", &twins, "unclear");
        check("app", &twins, "2");
    }
}
