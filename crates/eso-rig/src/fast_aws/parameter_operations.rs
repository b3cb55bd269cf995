//! The operations of the Parameter Store, from JSON to JSON.

use serde_json::{Value, json};

use super::{
    fault::Outcome,
    parameters::{Parameter, Parameters},
    refusal::Refusal,
    tags::{self, texts},
};

/// AWS takes no more names in one call, and finds no more values at once.
const LARGEST_BATCH: usize = 10;
/// AWS describes no more at once.
const LARGEST_PAGE: usize = 50;

/// Does what is asked.
pub(super) fn perform(
    parameters: &mut Parameters,
    operation: &str,
    body: &Value,
    outcome: &Outcome,
) -> Result<Value, Refusal> {
    match operation {
        "GetParameter" => get(parameters, body),
        "GetParameters" => get_many(parameters, body, outcome),
        "GetParametersByPath" => by_path(parameters, body),
        "DescribeParameters" => describe(parameters, body),
        "PutParameter" => put(parameters, body),
        "DeleteParameter" => delete(parameters, body),
        "LabelParameterVersion" => label(parameters, body),
        "ListTagsForResource" => Ok(json!({"TagList": tags::answer(&tagged(parameters, body)?.tags)})),
        "AddTagsToResource" => {
            tagged(parameters, body)?.tags.extend(tags::asked(&body["Tags"]));
            Ok(json!({}))
        }
        "RemoveTagsFromResource" => {
            let taken = |key: &String| texts(&body["TagKeys"]).any(|taken| taken == key);
            tagged(parameters, body)?.tags.retain(|key, _| !taken(key));
            Ok(json!({}))
        }
        _ => Err(Refusal { status: 501, ..Refusal::new("UnknownOperationException", operation) }),
    }
}

fn get(parameters: &Parameters, body: &Value) -> Result<Value, Refusal> {
    let chosen = parameters.choose(name(body)?)?;
    Ok(json!({"Parameter": chosen.answer(decrypted(body))}))
}

/// Sorted by name, as AWS has it.
fn get_many(parameters: &Parameters, body: &Value, outcome: &Outcome) -> Result<Value, Refusal> {
    let mut names: Vec<&str> = texts(&body["Names"]).collect();
    names.sort_unstable();
    if names.is_empty() || names.len() > LARGEST_BATCH {
        return Err(Refusal::validation("Value at 'names' must have length between 1 and 10"));
    }
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::validation("Duplicate parameter names are not allowed"));
    }
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names.into_iter().filter(|name| !outcome.omitted_keys.iter().any(|omitted| omitted == name)) {
        match parameters.choose(name) {
            Ok(chosen) => found.push(chosen.answer(decrypted(body))),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({"Parameters": found, "InvalidParameters": invalid}))
}

fn by_path(parameters: &Parameters, body: &Value) -> Result<Value, Refusal> {
    let path = body["Path"].as_str().filter(|path| path.starts_with('/'));
    let path = path.ok_or_else(|| Refusal::validation("The path must begin with a forward slash"))?;
    let below = parameters.iter().filter(|parameter| is_below(parameter, path));
    let answers = below.filter_map(|parameter| parameters.choose(&parameter.name).ok());
    page(answers.map(|chosen| chosen.answer(decrypted(body))), body, LARGEST_BATCH)
}

fn describe(parameters: &Parameters, body: &Value) -> Result<Value, Refusal> {
    let filters = body["ParameterFilters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let known =
        |filter: &Value| filter["Key"].as_str().is_some_and(|key| key == "Path" || key.starts_with("tag:"));
    if let Some(other) = filters.iter().find(|filter| !known(filter)) {
        return Err(Refusal::new("InvalidFilterKey", format!("this double has no filter {}", other["Key"])));
    }
    let met = parameters.iter().filter(|parameter| filters.iter().all(|filter| meets(parameter, filter)));
    page(met.map(Parameter::describe), body, LARGEST_PAGE)
}

fn meets(parameter: &Parameter, filter: &Value) -> bool {
    let key = filter["Key"].as_str().unwrap_or_default();
    let mut values = texts(&filter["Values"]);
    match key.strip_prefix("tag:") {
        Some(tag) => values.any(|value| parameter.tags.get(tag).is_some_and(|there| there == value)),
        None => values.any(|path| is_below(parameter, path)),
    }
}

/// What has no slash in front stands right below the root.
fn is_below(parameter: &Parameter, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.is_empty() || parameter.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// A page of answers. Its token is how many came before.
fn page(answers: impl Iterator<Item = Value>, body: &Value, largest: usize) -> Result<Value, Refusal> {
    let size = body["MaxResults"].as_u64().map_or(10, |size| size as usize);
    if size > largest {
        return Err(Refusal::validation("Value at 'maxResults' is too large"));
    }
    let before = match body["NextToken"].as_str().map(str::parse) {
        None => 0,
        Some(Ok(before)) => before,
        Some(Err(_)) => return Err(Refusal::new("InvalidNextToken", "The specified token isn't valid.")),
    };
    let mut rest = answers.skip(before);
    let mut answer = json!({"Parameters": rest.by_ref().take(size).collect::<Vec<_>>()});
    if rest.next().is_some() {
        answer["NextToken"] = json!((before + size).to_string());
    }
    Ok(answer)
}

fn put(parameters: &mut Parameters, body: &Value) -> Result<Value, Refusal> {
    let parameter = parameters.put(body)?;
    let answer = json!({"Version": parameter.version(), "Tier": parameter.describe()["Tier"]});
    parameters.find_mut(name(body)?)?.tags.extend(tags::asked(&body["Tags"]));
    Ok(answer)
}

fn delete(parameters: &mut Parameters, body: &Value) -> Result<Value, Refusal> {
    let name = name(body)?;
    parameters.find(name)?;
    parameters.remove(name);
    Ok(json!({}))
}

fn label(parameters: &mut Parameters, body: &Value) -> Result<Value, Refusal> {
    let parameter = parameters.find_mut(name(body)?)?;
    let number = body["ParameterVersion"].as_u64().unwrap_or_else(|| parameter.version());
    for version in &mut parameter.versions {
        version.labels.retain(|there| !texts(&body["Labels"]).any(|label| label == there));
        if version.number == number {
            version.labels.extend(texts(&body["Labels"]).map(str::to_owned));
        }
    }
    Ok(json!({"ParameterVersion": number, "InvalidLabels": []}))
}

/// AWS says of a parameter that is not there that its id is not valid.
fn tagged<'a>(parameters: &'a mut Parameters, body: &Value) -> Result<&'a mut Parameter, Refusal> {
    let id = body["ResourceId"].as_str().unwrap_or_default();
    parameters.find_mut(id).map_err(|_| Refusal::new("InvalidResourceId", "The resource ID isn't valid."))
}

fn decrypted(body: &Value) -> bool {
    body["WithDecryption"] == json!(true)
}

fn name(body: &Value) -> Result<&str, Refusal> {
    body["Name"].as_str().ok_or_else(|| Refusal::validation("Name must not be null"))
}

#[cfg(test)]
mod tests;
