//! The operations of Secrets Manager, from JSON to JSON.

use serde_json::{Value, json};

use super::{
    fault::Outcome,
    refusal::Refusal,
    secrets::{CURRENT, Secret, SecretValue, Secrets, Wanted, now},
    tags::{self, texts},
};

/// AWS takes no more keys in one batch.
const LARGEST_BATCH: usize = 20;
/// AWS lists no more at once.
const LARGEST_PAGE: usize = 100;
/// What this double can be asked to list by.
const FILTERS: [&str; 3] = ["name", "tag-key", "tag-value"];

/// Does what is asked.
pub(super) fn perform(
    secrets: &mut Secrets,
    operation: &str,
    body: &Value,
    outcome: &Outcome,
) -> Result<Value, Refusal> {
    match operation {
        "GetSecretValue" => get(secrets, body),
        "BatchGetSecretValue" => batch_get(secrets, body, outcome),
        "CreateSecret" => create(secrets, body),
        "PutSecretValue" => put(secrets, body),
        "UpdateSecret" => update(secrets, body),
        "DeleteSecret" => delete(secrets, body),
        "DescribeSecret" => Ok(secrets.find(id(body)?)?.describe("VersionIdsToStages")),
        "ListSecrets" => list(secrets, body),
        "RestoreSecret" => restore(secrets, body),
        "TagResource" => tag(secrets, body),
        "UntagResource" => untag(secrets, body),
        "GetResourcePolicy" => policy(secrets, body),
        "PutResourcePolicy" => put_policy(secrets, body),
        "DeleteResourcePolicy" => delete_policy(secrets, body),
        "ReplicateSecretToRegions" => replicate(secrets, body),
        "RemoveRegionsFromReplication" => remove_regions(secrets, body),
        _ => Err(Refusal { status: 501, ..Refusal::new("UnknownOperationException", operation) }),
    }
}

/// The secrets or parameters that a request names.
pub(super) fn keys(body: &Value) -> Vec<String> {
    let one = ["SecretId", "Name", "ResourceId"].iter().find_map(|name| body[name].as_str());
    let many = texts(&body["SecretIdList"]).chain(texts(&body["Names"]));
    one.into_iter().chain(many).map(str::to_owned).collect()
}

fn get(secrets: &Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living(id(body)?)?;
    let wanted = Wanted { id: body["VersionId"].as_str(), stage: body["VersionStage"].as_str() };
    Ok(secret.answer(secret.version(wanted)?))
}

/// Its lists are in reverse order: AWS promises none.
fn batch_get(secrets: &Secrets, body: &Value, outcome: &Outcome) -> Result<Value, Refusal> {
    let keys = keys(body);
    if keys.is_empty() {
        return Err(Refusal::parameter("You must include either SecretIdList or Filters."));
    }
    if keys.len() > LARGEST_BATCH {
        return Err(Refusal::validation(
            "1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: \
             Member must have length less than or equal to 20",
        ));
    }
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for key in keys.iter().rev().filter(|key| !outcome.omitted_keys.contains(key)) {
        match batch_entry(secrets, key, outcome) {
            Ok(value) => values.push(value),
            Err(refusal) => errors.push(json!({
                "SecretId": key, "ErrorCode": refusal.code, "Message": refusal.message,
            })),
        }
    }
    Ok(json!({"SecretValues": values, "Errors": errors}))
}

fn batch_entry(secrets: &Secrets, key: &str, outcome: &Outcome) -> Result<Value, Refusal> {
    if let Some((_, refusal)) = outcome.refused_keys.iter().find(|(refused, _)| refused == key) {
        return Err(refusal.clone());
    }
    let secret = secrets.living(key)?;
    Ok(secret.answer(secret.version(Wanted::default())?))
}

fn create(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let name = body["Name"].as_str().ok_or_else(|| Refusal::validation("Name must not be null"))?;
    let version_id = version_id(secrets, body)?;
    let value = value(body)?;
    // The same request again, by its token, is answered as the first one.
    if let (Ok(secret), Some(value)) = (secrets.living_mut(name), &value)
        && secret.repeats(&version_id, value)
    {
        return Ok(named(secret));
    }
    let secret = secrets.create(name)?;
    secret.describe_as(body);
    secret.tags.extend(tags::asked(&body["Tags"]));
    secret.replicas.extend(regions(&body["AddReplicaRegions"]));
    match value {
        None => Ok(named(secret)),
        Some(value) => add(secret, version_id, value, &[CURRENT.to_owned()]),
    }
}

fn restore(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.find_mut(id(body)?)?;
    secret.deleted = None;
    Ok(named(secret))
}

fn tag(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    secrets.living_mut(id(body)?)?.tags.extend(tags::asked(&body["Tags"]));
    Ok(json!({}))
}

fn untag(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living_mut(id(body)?)?;
    secret.tags.retain(|key, _| !texts(&body["TagKeys"]).any(|taken| taken == key));
    Ok(json!({}))
}

fn policy(secrets: &Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living(id(body)?)?;
    let mut answer = named(secret);
    if let Some(policy) = &secret.policy {
        answer["ResourcePolicy"] = json!(policy);
    }
    Ok(answer)
}

/// Of a policy it knows no more than that it is JSON, and whom it lets in by a lone star.
fn put_policy(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living_mut(id(body)?)?;
    let text = body["ResourcePolicy"].as_str().unwrap_or_default();
    let policy: Value = serde_json::from_str(text).map_err(|_| {
        Refusal::new("MalformedPolicyDocumentException", "This resource policy contains invalid Json")
    })?;
    let is_public = |statement: &Value| {
        let principal = &statement["Principal"];
        statement["Effect"] == "Allow" && (*principal == "*" || principal["AWS"] == "*")
    };
    let is_public = policy["Statement"].as_array().into_iter().flatten().any(is_public);
    if body["BlockPublicPolicy"] == json!(true) && is_public {
        let message = "The resource policy grants public access to the secret.";
        return Err(Refusal::new("PublicPolicyException", message));
    }
    secret.policy = Some(text.to_owned());
    Ok(named(secret))
}

fn delete_policy(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living_mut(id(body)?)?;
    secret.policy = None;
    Ok(named(secret))
}

fn replicate(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living_mut(id(body)?)?;
    secret.replicas.extend(regions(&body["AddReplicaRegions"]));
    Ok(json!({"ARN": secret.arn, "ReplicationStatus": secret.replication()}))
}

fn remove_regions(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let secret = secrets.living_mut(id(body)?)?;
    secret.replicas.retain(|region| !texts(&body["RemoveReplicaRegions"]).any(|taken| taken == region));
    Ok(json!({"ARN": secret.arn, "ReplicationStatus": secret.replication()}))
}

fn regions(list: &Value) -> impl Iterator<Item = String> {
    let regions = list.as_array().into_iter().flatten().filter_map(|replica| replica["Region"].as_str());
    regions.map(str::to_owned)
}

/// What many operations answer.
fn named(secret: &Secret) -> Value {
    json!({"ARN": secret.arn, "Name": secret.name})
}

fn put(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let version_id = version_id(secrets, body)?;
    let secret = secrets.living_mut(id(body)?)?;
    let Some(value) = value(body)? else {
        return Err(Refusal::new(
            "InvalidRequestException",
            "You must provide either SecretString or SecretBinary.",
        ));
    };
    let stages: Vec<String> = match body["VersionStages"].as_array() {
        Some(stages) => stages.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => vec![CURRENT.to_owned()],
    };
    add(secret, version_id, value, &stages)
}

fn update(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let version_id = version_id(secrets, body)?;
    let secret = secrets.living_mut(id(body)?)?;
    secret.describe_as(body);
    match value(body)? {
        None => Ok(named(secret)),
        Some(value) => add(secret, version_id, value, &[CURRENT.to_owned()]),
    }
}

fn add(secret: &mut Secret, id: String, value: SecretValue, stages: &[String]) -> Result<Value, Refusal> {
    let (arn, name) = (secret.arn.clone(), secret.name.clone());
    let version = secret.add(id, value, stages)?;
    Ok(json!({"ARN": arn, "Name": name, "VersionId": version.id, "VersionStages": version.stages}))
}

fn delete(secrets: &mut Secrets, body: &Value) -> Result<Value, Refusal> {
    let id = id(body)?;
    if body["ForceDeleteWithoutRecovery"] == json!(true) {
        secrets.find(id).map_or(Ok(()), check_replicas)?;
        let arn = secrets.find(id).map(|secret| secret.arn.clone()).ok();
        secrets.purge(id);
        return Ok(json!({"ARN": arn, "Name": id, "DeletionDate": now()}));
    }
    let days = body["RecoveryWindowInDays"].as_f64().unwrap_or(30.0);
    if !(7.0..=30.0).contains(&days) {
        return Err(Refusal::parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    let secret = secrets.living_mut(id)?;
    check_replicas(secret)?;
    secret.deleted = Some(now());
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": now() + days * 86_400.0}))
}

fn check_replicas(secret: &Secret) -> Result<(), Refusal> {
    match secret.replicas.is_empty() {
        true => Ok(()),
        false => Err(Refusal::parameter("You can't delete a secret that still has replica regions.")),
    }
}

fn list(secrets: &Secrets, body: &Value) -> Result<Value, Refusal> {
    let filters = body["Filters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(other) = filters.iter().find(|filter| !FILTERS.iter().any(|known| filter["Key"] == *known)) {
        return Err(Refusal::parameter(format!("this double has no filter {}", other["Key"])));
    }
    let met = |secret: &Secret| filters.iter().all(|filter| meets(secret, filter));
    let with_deleted = body["IncludePlannedDeletion"] == json!(true);
    let size = body["MaxResults"].as_u64().map_or(LARGEST_PAGE, |size| (size as usize).min(LARGEST_PAGE));
    let after = body["NextToken"].as_str().unwrap_or_default();
    let mut rest = secrets
        .iter()
        .filter(|secret| secret.name.as_str() > after || after.is_empty())
        .filter(|secret| (with_deleted || secret.deleted.is_none()) && met(secret));
    let page: Vec<&Secret> = rest.by_ref().take(size).collect();
    let described: Vec<Value> = page.iter().map(|secret| secret.describe("SecretVersionsToStages")).collect();
    let mut answer = json!({"SecretList": described});
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        answer["NextToken"] = json!(last.name);
    }
    Ok(answer)
}

/// AWS matches beginnings, and pairs no tag's key with its value.
fn meets(secret: &Secret, filter: &Value) -> bool {
    let begins = |text: &String| texts(&filter["Values"]).any(|beginning| text.starts_with(beginning));
    match filter["Key"].as_str() {
        Some("tag-key") => secret.tags.keys().any(begins),
        Some("tag-value") => secret.tags.values().any(begins),
        Some(_) | None => begins(&secret.name),
    }
}

fn id(body: &Value) -> Result<&str, Refusal> {
    body["SecretId"].as_str().ok_or_else(|| Refusal::validation("SecretId must not be null"))
}

fn version_id(secrets: &mut Secrets, body: &Value) -> Result<String, Refusal> {
    match body["ClientRequestToken"].as_str() {
        Some(token) if (32..=64).contains(&token.len()) => Ok(token.to_owned()),
        Some(_) => Err(Refusal::parameter("ClientRequestToken must be 32-64 characters long.")),
        None => Ok(secrets.fresh_version_id()),
    }
}

fn value(body: &Value) -> Result<Option<SecretValue>, Refusal> {
    match (body["SecretString"].as_str(), body["SecretBinary"].as_str()) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(SecretValue::Text(text.to_owned()))),
        (None, Some(base64)) => Ok(Some(SecretValue::Binary(base64.to_owned()))),
        (Some(_), Some(_)) => {
            Err(Refusal::parameter("You can't specify both a binary secret value and a string secret value."))
        }
    }
}
