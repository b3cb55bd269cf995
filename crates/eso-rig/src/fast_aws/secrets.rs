//! The secrets of one account and region, with versions and their stages.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::SystemTime,
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{refusal::Refusal, tags};

/// Everything before a secret's name in its ARN.
pub(super) const ARN_PREFIX: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";

pub(super) const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// AWS refuses longer values.
const LONGEST_VALUE: usize = 65_536;

/// What a version holds, as it stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SecretValue {
    Text(String),
    /// Base64.
    Binary(String),
}

/// A version of a secret.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: SecretValue,
    pub(super) stages: Vec<String>,
    created: f64,
}

/// A secret with all its versions, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) arn: String,
    description: String,
    kms_key: Option<String>,
    versions: Vec<Version>,
    /// Tags, by key.
    pub(super) tags: BTreeMap<String, String>,
    /// The regions that it is replicated to.
    pub(super) replicas: BTreeSet<String>,
    /// Who else may do what with it.
    pub(super) policy: Option<String>,
    /// Seconds since the epoch, when it is marked for deletion.
    pub(super) deleted: Option<f64>,
}

/// Which version is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) stage: Option<&'a str>,
}

/// All secrets, by name.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    by_name: BTreeMap<String, Secret>,
    made: u64,
}

impl Secrets {
    /// The secret of that name, ARN, or ARN without its six last characters.
    pub(super) fn find(&self, id: &str) -> Result<&Secret, Refusal> {
        self.name_of(id).and_then(|name| self.by_name.get(name)).ok_or_else(Refusal::not_found)
    }

    /// As [`find`](Self::find), for one that is not marked for deletion.
    pub(super) fn living(&self, id: &str) -> Result<&Secret, Refusal> {
        let secret = self.find(id)?;
        if secret.deleted.is_some() { Err(Refusal::deleted()) } else { Ok(secret) }
    }

    pub(super) fn living_mut(&mut self, id: &str) -> Result<&mut Secret, Refusal> {
        self.living(id)?;
        self.find_mut(id)
    }

    /// As [`find`](Self::find), marked for deletion or not.
    pub(super) fn find_mut(&mut self, id: &str) -> Result<&mut Secret, Refusal> {
        let name = self.find(id)?.name.clone();
        self.by_name.get_mut(&name).ok_or_else(Refusal::not_found)
    }

    /// A new secret without a version.
    pub(super) fn create(&mut self, name: &str) -> Result<&mut Secret, Refusal> {
        match self.by_name.get(name).map(|secret| secret.deleted.is_some()) {
            None => {}
            Some(true) => {
                let message = "You can't create this secret because a secret with this name is already \
                    scheduled for deletion.";
                return Err(Refusal::new("InvalidRequestException", message));
            }
            Some(false) => {
                let message = format!("The operation failed because the secret {name} already exists.");
                return Err(Refusal::new("ResourceExistsException", message));
            }
        }
        self.made += 1;
        let arn = format!("{ARN_PREFIX}{name}-{}", suffix(self.made));
        Ok(self.by_name.entry(name.to_owned()).or_insert(Secret {
            name: name.to_owned(),
            arn,
            description: String::new(),
            kms_key: None,
            versions: Vec::new(),
            tags: BTreeMap::new(),
            replicas: BTreeSet::new(),
            policy: None,
            deleted: None,
        }))
    }

    /// A version id that was not given out before, as long as AWS's are.
    pub(super) fn fresh_version_id(&mut self) -> String {
        self.made += 1;
        let hash = hex(&Sha256::digest(self.made.to_be_bytes()));
        format!("{}-{}-{}-{}-{}", &hash[..8], &hash[8..12], &hash[12..16], &hash[16..20], &hash[20..32])
    }

    /// Removes it as if it had never been; nothing happens when it is not there.
    pub(super) fn purge(&mut self, id: &str) {
        if let Some(name) = self.name_of(id).map(str::to_owned) {
            self.by_name.remove(&name);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.by_name.values()
    }

    fn name_of<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let Some(rest) = id.strip_prefix(ARN_PREFIX) else { return Some(id) };
        let whole = rest.rsplit_once('-').map(|(name, _)| name);
        whole.filter(|name| self.by_name.get(*name).is_some_and(|secret| secret.arn == id)).or(Some(rest))
    }
}

impl Secret {
    /// Adds a version and moves the stages to it; what was current becomes the previous one.
    pub(super) fn add(
        &mut self,
        id: String,
        value: SecretValue,
        stages: &[String],
    ) -> Result<&Version, Refusal> {
        if value.length() > LONGEST_VALUE {
            return Err(Refusal::validation("1 validation error detected: the value is too long"));
        }
        if let Some(place) = self.versions.iter().position(|version| version.id == id) {
            return self.repeat(place, &value);
        }
        let moved: HashSet<&str> = stages.iter().map(String::as_str).collect();
        let replaces_current = moved.contains(CURRENT);
        for version in &mut self.versions {
            let was_current = version.stages.iter().any(|stage| stage == CURRENT);
            let taken = |stage: &str| moved.contains(stage) || (replaces_current && stage == PREVIOUS);
            version.stages.retain(|stage| !taken(stage));
            if was_current && replaces_current {
                version.stages.push(PREVIOUS.to_owned());
            }
        }
        self.versions.push(Version { id, value, stages: stages.to_vec(), created: now() });
        self.versions.last().ok_or_else(Refusal::not_found)
    }

    /// The same token again: AWS answers as the first time, and refuses another value.
    fn repeat(&self, place: usize, value: &SecretValue) -> Result<&Version, Refusal> {
        let there = &self.versions[place];
        if there.value == *value {
            return Ok(there);
        }
        let message = "You can't use the same ClientRequestToken with another value.";
        Err(Refusal::new("ResourceExistsException", message))
    }

    /// The version that is meant, `AWSCURRENT` when nothing is said.
    pub(super) fn version(&self, wanted: Wanted<'_>) -> Result<&Version, Refusal> {
        let Wanted { id, stage } = wanted;
        let stage = if id.is_some() { stage } else { stage.or(Some(CURRENT)) };
        let found = self.versions.iter().find(|version| {
            id.is_none_or(|id| version.id == id)
                && stage.is_none_or(|stage| version.stages.iter().any(|there| there == stage))
        });
        found.ok_or_else(|| {
            let what = match (id, stage) {
                (Some(id), _) => format!("VersionId: {id}"),
                (None, stage) => format!("staging label: {}", stage.unwrap_or(CURRENT)),
            };
            let message = format!("Secrets Manager can't find the specified secret value for {what}");
            Refusal::new("ResourceNotFoundException", message)
        })
    }

    /// Takes over what an operation says beside the value.
    pub(super) fn describe_as(&mut self, body: &Value) {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        self.description = text("Description").unwrap_or_else(|| std::mem::take(&mut self.description));
        self.kms_key = text("KmsKeyId").or_else(|| self.kms_key.take());
    }

    /// Whether this is the value of the version of that id.
    pub(super) fn repeats(&self, id: &str, value: &SecretValue) -> bool {
        self.versions.iter().any(|version| version.id == id && version.value == *value)
    }

    /// The answer of GetSecretValue, and an entry of BatchGetSecretValue's.
    pub(super) fn answer(&self, version: &Version) -> Value {
        let mut answer = json!({
            "ARN": self.arn,
            "Name": self.name,
            "VersionId": version.id,
            "VersionStages": version.stages,
            "CreatedDate": version.created,
        });
        match &version.value {
            SecretValue::Text(text) => answer["SecretString"] = json!(text),
            SecretValue::Binary(base64) => answer["SecretBinary"] = json!(base64),
        }
        answer
    }

    /// Where its replicas are.
    pub(super) fn replication(&self) -> Value {
        self.replicas.iter().map(|region| json!({"Region": region, "Status": "InSync"})).collect()
    }

    /// The answer of DescribeSecret; `stages` is what the operation calls its map of versions.
    pub(super) fn describe(&self, stages: &str) -> Value {
        let versions: BTreeMap<&str, &[String]> = self
            .versions
            .iter()
            .filter(|version| !version.stages.is_empty())
            .map(|version| (version.id.as_str(), version.stages.as_slice()))
            .collect();
        let mut answer = json!({"ARN": self.arn, "Name": self.name, "Description": self.description});
        answer[stages] = json!(versions);
        answer["CreatedDate"] = json!(self.versions.first().map(|version| version.created));
        answer["Tags"] = tags::answer(&self.tags);
        if let Some(key) = &self.kms_key {
            answer["KmsKeyId"] = json!(key);
        }
        answer["ReplicationStatus"] = self.replication();
        if let Some(deleted) = self.deleted {
            answer["DeletedDate"] = json!(deleted);
        }
        answer
    }
}

impl SecretValue {
    fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(base64) => base64.len() / 4 * 3,
        }
    }
}

/// Seconds since the epoch.
pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The six characters that AWS puts after a name.
fn suffix(number: u64) -> String {
    hex(&Sha256::digest(number.to_le_bytes()))[..6].to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
