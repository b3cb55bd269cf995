//! Which account is behind a store: what shares its quotas, named without any credential.

use std::num::NonZeroU32;

use aws_credential_types::Credentials;
use eso_core::provider::Backend;
use sha2::{Digest, Sha256};

use crate::{auth::Role, error::Service};

/// `GetSecretValue` calls a second that AWS grants to an account in a region, and `BatchGetSecretValue` calls.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>
const OF_SECRETS_MANAGER: [NonZeroU32; 2] = [per_second(10_000), per_second(100)];

/// Calls of `GetParameter` and of `GetParameters`, together: `quota` sees to the sum.
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
const OF_PARAMETER_STORE: [NonZeroU32; 2] = [per_second(40); 2];

const fn per_second(rate: u32) -> NonZeroU32 {
    NonZeroU32::new(rate).expect("it must not be zero")
}

/// What decides which account's quotas a store uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// An account.
    Account(String),
    /// A name for one that is not known.
    Unknown(String),
}

impl Identity {
    /// Whoever assumed the last of these roles; where there is none, `own`.
    pub(crate) fn of(roles: &[Role], own: Self) -> Self {
        roles.last().map_or(own, |role| Self::of_role(&role.arn))
    }

    /// A role. The caller's account is charged, and that is the role's.
    pub(crate) fn of_role(arn: &str) -> Self {
        Self::new(account_of_role(arn).map(str::to_owned), arn)
    }

    /// Static keys.
    pub(crate) fn of_keys(keys: &Credentials) -> Self {
        let id = keys.access_key_id();
        Self::new(account_of_key(id), id)
    }

    /// Whoever the operator itself is.
    pub(crate) fn of_default_chain() -> Self {
        Self::Unknown("default".to_owned())
    }

    fn new(account: Option<String>, text: &str) -> Self {
        account.map_or_else(|| Self::Unknown(digest(text)), Self::Account)
    }

    /// The account, where it is known.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Account(account) => Some(account),
            Self::Unknown(_) => None,
        }
    }

    /// The account in a region, with the quotas that it has there.
    pub(crate) fn backend(&self, service: Service, region: &str) -> Backend {
        let (name, rates) = match service {
            Service::SecretsManager => ("secretsmanager", Some(OF_SECRETS_MANAGER)),
            Service::ParameterStore => ("ssm", Some(OF_PARAMETER_STORE)),
            Service::Sts => ("sts", None),
        };
        let (Self::Account(owner) | Self::Unknown(owner)) = self;
        Backend {
            id: format!("aws/{name}/{region}/{owner}"),
            reads_per_second: rates.map(|[reads, _]| reads),
            batches_per_second: rates.map(|[_, batches]| batches),
        }
    }
}

/// `arn:aws:iam::111122223333:role/reader`.
fn account_of_role(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

/// The account that AWS wrote into an access key id: 40 bits of the base 32 text after the prefix of four letters.
///
/// Ids from before 2019 hold none; their first letter after the prefix is one before `Q`.
/// <https://hackingthe.cloud/aws/enumeration/get-account-id-from-keys/>
fn account_of_key(id: &str) -> Option<String> {
    let body = id.strip_prefix("AKIA").or_else(|| id.strip_prefix("ASIA"))?;
    if body.len() != 16 || body.as_bytes()[0] < b'Q' {
        return None;
    }
    let number = body.bytes().take(10).try_fold(0_u64, |number, byte| Some(number << 5 | base32(byte)?))?;
    let first_six_bytes = number >> 2;
    Some(format!("{:012}", (first_six_bytes & 0x7fff_ffff_ff80) >> 7))
}

fn base32(byte: u8) -> Option<u64> {
    match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    }
}

/// A name for an identity without an account: the same for the same one, and nothing of it.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
