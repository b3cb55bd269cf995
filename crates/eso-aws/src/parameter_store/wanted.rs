//! What is wanted of a parameter beside its value, what a look at it showed, and what a write must do about the difference.

use aws_sdk_ssm::types::{Parameter, ParameterTier, ParameterType};
use eso_core::{
    error::ProviderError,
    key::Version,
    provider::{Expected, WholeSecret},
    value::SecretBytes,
};
use serde_json::Value;

use crate::{
    push_metadata::{self, invalid},
    tags::{Change, DESCRIPTION, NOT_OURS, Tags, is_ours},
};

/// The key of the account that encrypts where no other one is wanted.
const DEFAULT_KEY: &str = "alias/aws/ssm";

/// What is wanted of a parameter beside its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `None`: that of the parameter that is there, and `String` of a new one.
    pub(super) kind: Option<Kind>,
    /// Of a secure string.
    pub(super) kms_key: String,
    pub(super) tier: Tier,
    /// JSON.
    pub(super) policies: Option<String>,
    /// `None`: whatever tags there are.
    pub(super) tags: Option<Tags>,
    pub(super) description: String,
    /// How a whole Secret is written.
    pub(super) whole: WholeSecret,
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    List,
    Secure,
}

/// The tiers of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    Standard,
    Advanced,
    Intelligent,
}

impl Wanted {
    /// Fails with `Invalid`, naming the field that is not known or cannot be served.
    pub(super) fn of(metadata: Option<&Value>) -> Result<Self, ProviderError> {
        let kinds = [("String", Kind::Text), ("StringList", Kind::List), ("SecureString", Kind::Secure)];
        let mut spec = push_metadata::spec(metadata)?;
        let (tier, policies) = tier(&mut spec)?;
        let wanted = Self {
            kind: spec.one_of("secretType", &kinds)?,
            kms_key: spec.text("kmsKeyID")?.unwrap_or_else(|| DEFAULT_KEY.to_owned()),
            tier,
            policies,
            tags: spec.tags()?,
            description: spec.text("description")?.unwrap_or_else(|| DESCRIPTION.to_owned()),
            whole: match spec.flag("encodeAsDecoded")? {
                Some(true) => WholeSecret::Texts,
                Some(false) | None => WholeSecret::Base64,
            },
        };
        spec.end()?;
        Ok(wanted)
    }
}

fn tier(spec: &mut push_metadata::Fields) -> Result<(Tier, Option<String>), ProviderError> {
    let tiers = [
        ("Standard", Tier::Standard),
        ("Advanced", Tier::Advanced),
        ("Intelligent-Tiering", Tier::Intelligent),
    ];
    let Some(mut fields) = spec.object("tier")? else { return Ok((Tier::Standard, None)) };
    let tier = fields.one_of("type", &tiers)?.unwrap_or(Tier::Standard);
    let policies = fields.json("policies");
    fields.end()?;
    match (tier, policies) {
        (Tier::Standard, Some(_)) => {
            Err(invalid("spec.tier.policies needs the tier Advanced: set spec.tier.type".to_owned()))
        }
        (tier, policies) => Ok((tier, policies)),
    }
}

/// What a look at a parameter showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) value: SecretBytes,
    pub(super) version: i64,
    /// `None`: one that is not known here.
    pub(super) kind: Option<Kind>,
    pub(super) tags: Tags,
}

/// What a put must do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The value to write, and its type.
    pub(super) written: Option<(SecretBytes, Kind)>,
    pub(super) tags: Change,
}

impl Look {
    /// `None` where AWS gave no value.
    pub(super) fn of(parameter: &Parameter, tags: Tags) -> Option<Self> {
        let value = SecretBytes::from(parameter.value()?);
        let kind = parameter.r#type().and_then(Kind::of);
        Some(Self { value, version: parameter.version(), kind, tags })
    }

    pub(super) fn is_ours(&self) -> bool {
        is_ours(&self.tags)
    }

    pub(super) fn version(&self) -> Version {
        Version::new(self.version.to_string())
    }

    /// Whether all is so already that is wanted beside the value, as far as reading it tells.
    pub(super) fn is_dressed_as(&self, wanted: &Wanted) -> bool {
        self.has_kind_of(wanted) && Change::between(&self.tags, wanted.tags.as_ref()).is_none()
    }

    /// What a put must do, or why it must do nothing.
    ///
    /// AWS cannot tell whether a put is made again because the answer to the first was lost. Where another version than
    /// the expected one holds just what is to be written, it is taken for that.
    pub(super) fn plan(
        &self,
        expected: &Expected,
        value: Option<&SecretBytes>,
        wanted: &Wanted,
    ) -> Result<Plan, &'static str> {
        if !self.is_ours() {
            return Err(NOT_OURS);
        }
        let is_expected = match expected {
            Expected::Nothing => false,
            Expected::Ours(seen) => seen.as_ref().is_none_or(|seen| *seen == self.version()),
        };
        let is_written = value.is_some_and(|value| *value == self.value);
        if !is_expected && !is_written {
            return Err(CHANGED);
        }
        let is_so = value.is_none_or(|value| *value == self.value) && self.has_kind_of(wanted);
        let kind = wanted.kind.or(self.kind).unwrap_or(Kind::Text);
        let written = (!is_so).then(|| (value.unwrap_or(&self.value).clone(), kind));
        Ok(Plan { written, tags: Change::between(&self.tags, wanted.tags.as_ref()) })
    }

    /// Why it must not be deleted.
    pub(super) fn obstacle(&self, seen: Option<&Version>) -> Option<&'static str> {
        if !self.is_ours() {
            return Some(NOT_OURS);
        }
        seen.is_some_and(|seen| *seen != self.version()).then_some(CHANGED)
    }

    fn has_kind_of(&self, wanted: &Wanted) -> bool {
        wanted.kind.is_none_or(|kind| self.kind == Some(kind))
    }
}

/// Why nothing is written over a version that nobody looked at.
const CHANGED: &str = "somebody else wrote a version in between";

impl Kind {
    fn of(kind: &ParameterType) -> Option<Self> {
        match kind {
            ParameterType::String => Some(Self::Text),
            ParameterType::StringList => Some(Self::List),
            ParameterType::SecureString => Some(Self::Secure),
            // What the SDK may add.
            _ => None,
        }
    }

    pub(super) fn to_aws(self) -> ParameterType {
        match self {
            Self::Text => ParameterType::String,
            Self::List => ParameterType::StringList,
            Self::Secure => ParameterType::SecureString,
        }
    }
}

impl Tier {
    /// `None` leaves it to AWS, as the original does: it is the standard one unless the account says otherwise.
    pub(super) fn to_aws(self) -> Option<ParameterTier> {
        match self {
            Self::Standard => None,
            Self::Advanced => Some(ParameterTier::Advanced),
            Self::Intelligent => Some(ParameterTier::IntelligentTiering),
        }
    }
}

#[cfg(test)]
mod tests;
