//! The parameters of one account and region, with versions and their labels.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::refusal::Refusal;

/// Everything before a parameter's name in its ARN, but for the slash that every name has there.
const ARN_PREFIX: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/";

/// What a standard parameter holds at the most, and an advanced one.
const LONGEST_VALUES: [usize; 2] = [4_096, 8_192];

/// A version of a parameter.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) number: u64,
    kind: String,
    value: String,
    pub(super) labels: Vec<String>,
}

/// A parameter with all its versions, oldest first; there is always one.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    description: String,
    tier: String,
    key_id: Option<String>,
    pub(super) versions: Vec<Version>,
    /// Tags, by key.
    pub(super) tags: BTreeMap<String, String>,
}

/// A version that was asked for, and the words in which it was, such as `:3`.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    parameter: &'a Parameter,
    version: &'a Version,
    selector: Option<String>,
}

/// All parameters, by name.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    /// The parameter of that name or ARN, at the version or label that may stand behind it.
    pub(super) fn choose(&self, text: &str) -> Result<Chosen<'_>, Refusal> {
        let (name, selector) = split(text);
        let parameter = self.find(name)?;
        let version = match selector {
            None => parameter.versions.last(),
            Some(wanted) => parameter.versions.iter().find(|version| version.is(wanted)),
        };
        let missing = || Refusal::new("ParameterVersionNotFound", format!("could not find {text}"));
        let selector = selector.map(|selector| format!(":{selector}"));
        Ok(Chosen { parameter, version: version.ok_or_else(missing)?, selector })
    }

    /// The parameter of that name or ARN.
    pub(super) fn find(&self, name: &str) -> Result<&Parameter, Refusal> {
        let missing = || Refusal::new("ParameterNotFound", format!("Parameter {name} not found."));
        self.0.get(&self.name_of(name)).ok_or_else(missing)
    }

    /// As [`find`](Self::find).
    pub(super) fn find_mut(&mut self, name: &str) -> Result<&mut Parameter, Refusal> {
        let name = self.find(name)?.name.clone();
        Ok(self.0.get_mut(&name).expect("a parameter that was found must be there"))
    }

    /// Writes a version, the first or a further one.
    pub(super) fn put(&mut self, body: &Value) -> Result<&Parameter, Refusal> {
        let text = |field: &str| body[field].as_str();
        let name = text("Name").filter(|name| is_name(name)).ok_or_else(|| {
            Refusal::validation("Parameter name must be a fully qualified name, without a version")
        })?;
        let overwrite = body["Overwrite"] == json!(true);
        match self.0.get(name) {
            Some(_) if !overwrite => {
                return Err(Refusal::new("ParameterAlreadyExists", "The parameter already exists."));
            }
            Some(_) | None => {}
        }
        if overwrite && body["Tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
            return Err(Refusal::validation("tags and overwrite can't be used together."));
        }
        let there = self.0.remove(name);
        let parameter = Parameter::written(there.clone(), name, body);
        match (parameter, there) {
            (Ok(parameter), _) => Ok(self.0.entry(name.to_owned()).or_insert(parameter)),
            (Err(refusal), there) => {
                self.0.extend(there.map(|there| (name.to_owned(), there)));
                Err(refusal)
            }
        }
    }

    /// Removes one; nothing happens when it is not there.
    pub(super) fn remove(&mut self, name: &str) -> Option<Parameter> {
        self.0.remove(&self.name_of(name))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.values()
    }

    /// A name in an ARN has lost the slash that it may begin with.
    fn name_of(&self, name: &str) -> String {
        match name.strip_prefix(ARN_PREFIX) {
            Some(rest) if self.0.contains_key(rest) => rest.to_owned(),
            Some(rest) => format!("/{rest}"),
            None => name.to_owned(),
        }
    }
}

impl Parameter {
    fn written(there: Option<Self>, name: &str, body: &Value) -> Result<Self, Refusal> {
        let text = |field: &str| body[field].as_str().map(str::to_owned);
        let mut parameter = there.unwrap_or_else(|| Self {
            name: name.to_owned(),
            description: String::new(),
            tier: "Standard".to_owned(),
            key_id: None,
            versions: Vec::new(),
            tags: BTreeMap::new(),
        });
        let last = parameter.versions.last();
        let kind = text("Type").or_else(|| last.map(|version| version.kind.clone())).ok_or_else(|| {
            Refusal::validation("A parameter type is required when you create a parameter.")
        })?;
        parameter.tier = text("Tier").unwrap_or(parameter.tier);
        let longest = LONGEST_VALUES[usize::from(parameter.tier != "Standard")];
        let value = text("Value").filter(|value| !value.is_empty() && value.len() <= longest);
        let value = value.ok_or_else(|| Refusal::validation("the value is missing, empty or too long"))?;
        parameter.description = text("Description").unwrap_or(parameter.description);
        parameter.key_id = text("KeyId").or(parameter.key_id);
        let number = last.map_or(1, |version| version.number + 1);
        parameter.versions.push(Version { number, kind, value, labels: Vec::new() });
        Ok(parameter)
    }

    /// The newest version's number.
    pub(super) fn version(&self) -> u64 {
        self.versions.last().map_or(0, |version| version.number)
    }

    /// What is known beside the value: an entry of DescribeParameters.
    pub(super) fn describe(&self) -> Value {
        let mut entry = json!({
            "Name": self.name,
            "ARN": self.arn(),
            "Type": self.versions.last().map(|version| &version.kind),
            "Version": self.version(),
            "Tier": self.tier,
            "Description": self.description,
        });
        if let Some(key) = &self.key_id {
            entry["KeyId"] = json!(key);
        }
        entry
    }

    fn arn(&self) -> String {
        format!("{ARN_PREFIX}{}", self.name.trim_start_matches('/'))
    }
}

impl Chosen<'_> {
    /// What GetParameter answers.
    pub(super) fn answer(&self, decrypted: bool) -> Value {
        let Self { parameter, version, selector } = self;
        let is_hidden = version.kind == "SecureString" && !decrypted;
        let value = if is_hidden { "ciphertext" } else { &version.value };
        let mut answer = json!({
            "Name": parameter.name,
            "ARN": parameter.arn(),
            "Type": version.kind,
            "Value": value,
            "Version": version.number,
            "DataType": "text",
        });
        if let Some(selector) = selector {
            answer["Selector"] = json!(selector);
        }
        answer
    }
}

impl Version {
    fn is(&self, wanted: &str) -> bool {
        self.number.to_string() == wanted || self.labels.iter().any(|label| label == wanted)
    }
}

/// A name or an ARN, and the version or label behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    let start = if text.starts_with(ARN_PREFIX) { ARN_PREFIX.len() } else { 0 };
    match text[start..].find(':') {
        Some(place) => (&text[..start + place], Some(&text[start + place + 1..])),
        None => (text, None),
    }
}

/// AWS takes letters, digits and `.-_`, between slashes.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte))
}
