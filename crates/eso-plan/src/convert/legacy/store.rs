//! The store of an object: what it names itself, and what the environment says.

use std::collections::BTreeMap;

use eso_core::api::{
    aws::{AwsProvider, AwsService},
    legacy::ExternalSecretSpec,
    secret_store::{Provider, SecretStoreSpec},
    vault::{KvVersion, VaultAuth, VaultKubernetesAuth, VaultProvider},
};

use super::{
    Environment, Malformed, Note, Served, entries,
    keys::{self, Mounts},
};
use crate::digest;

/// Where Vault's Kubernetes method is mounted where nobody says it.
const KUBERNETES: &str = "kubernetes";

/// The store of an object. Two objects that name the same have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegacyStore {
    /// Which one.
    pub backend: Backend,
}

/// Which store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backend {
    /// A service of AWS, with whatever credentials the process has.
    Aws {
        /// Which service.
        service: Service,
        /// In which region.
        region: String,
        /// The role that is assumed before `role` is.
        intermediate_role: Option<String>,
        /// The role that is assumed.
        role: Option<String>,
    },
    /// The KV engine of Vault, with the process's own service account.
    Vault {
        /// The address of the server.
        address: String,
        /// The Vault namespace.
        namespace: Option<String>,
        /// Where the engine is mounted; `None`: keys begin with it.
        mount: Option<String>,
        /// The version of the engine, 1 or 2.
        version: u8,
        /// Where the Kubernetes method is mounted.
        auth_mount: String,
        /// The role to log in as.
        role: String,
    },
}

/// The services of AWS that were served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Secrets Manager.
    SecretsManager,
    /// The Parameter Store.
    ParameterStore,
}

impl LegacyStore {
    /// The same as a specification of a store of the cluster.
    pub fn spec(&self) -> SecretStoreSpec {
        let provider = match &self.backend {
            Backend::Aws { service, region, intermediate_role, role } => {
                let additional = intermediate_role.iter().cloned().collect();
                let aws = aws(*service, region, additional, role.clone());
                Provider { aws: Some(aws), ..Provider::default() }
            }
            Backend::Vault { address, namespace, mount, version, auth_mount, role } => {
                let auth = VaultKubernetesAuth {
                    mount_path: auth_mount.clone(),
                    role: role.clone(),
                    service_account_ref: None,
                    secret_ref: None,
                };
                let vault = vault(address, namespace.clone(), mount.clone(), *version, auth);
                Provider { vault: Some(vault), ..Provider::default() }
            }
        };
        SecretStoreSpec {
            controller: None,
            provider,
            retry_settings: None,
            refresh_interval: None,
            conditions: Vec::new(),
        }
    }

    /// A name that an object may have: the same for the same store, and another for another.
    pub fn name(&self) -> String {
        let kind = match &self.backend {
            Backend::Aws { service: Service::SecretsManager, .. } => "secrets-manager",
            Backend::Aws { service: Service::ParameterStore, .. } => "parameter-store",
            Backend::Vault { .. } => "vault",
        };
        let spec = serde_json::to_string(&self.spec()).expect("a specification must be JSON");
        format!("legacy-{kind}-{}", &digest::of_text(&spec)[..10])
    }
}

fn aws(service: Service, region: &str, additional_roles: Vec<String>, role: Option<String>) -> AwsProvider {
    AwsProvider {
        service: match service {
            Service::SecretsManager => AwsService::SecretsManager,
            Service::ParameterStore => AwsService::ParameterStore,
        },
        region: region.to_owned(),
        auth: None,
        role,
        additional_roles,
        external_id: None,
        session_tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        session_tags_policy: None,
        custom_session_tags: BTreeMap::new(),
        secrets_manager: None,
        prefix: None,
    }
}

fn vault(
    address: &str,
    namespace: Option<String>,
    path: Option<String>,
    version: u8,
    auth: VaultKubernetesAuth,
) -> VaultProvider {
    VaultProvider {
        server: address.to_owned(),
        path,
        version: Some(if version == 1 { KvVersion::V1 } else { KvVersion::V2 }),
        namespace,
        ca_bundle: None,
        ca_provider: None,
        tls: None,
        read_your_writes: None,
        forward_inconsistent: None,
        headers: BTreeMap::new(),
        check_and_set: None,
        auth: Some(VaultAuth { kubernetes: Some(auth), ..VaultAuth::default() }),
    }
}

/// The store of an object, and what of its keys the store says already.
pub(super) fn store(
    spec: &ExternalSecretSpec,
    backend: Served,
    environment: &Environment,
    notes: &mut Vec<Note>,
) -> Result<(LegacyStore, Mounts), Malformed> {
    note_others(spec, backend, notes);
    match backend {
        Served::SecretsManager => Ok(of_aws(spec, Service::SecretsManager, environment, notes)),
        Served::ParameterStore => Ok(of_aws(spec, Service::ParameterStore, environment, notes)),
        Served::Vault => of_vault(spec, environment, notes),
    }
}

fn of_aws(
    spec: &ExternalSecretSpec,
    service: Service,
    environment: &Environment,
    notes: &mut Vec<Note>,
) -> (LegacyStore, Mounts) {
    let role = given(&spec.role_arn);
    if role.is_some() {
        let says = "the role is assumed under another session name than k8s-external-secrets: look for that name in \
                    its trust policy";
        notes.push(Note::newer("spec.roleArn", says));
    }
    let intermediate_role = given(&environment.intermediate_role).filter(|_| role.is_some());
    let region = given(&spec.region).unwrap_or_else(|| environment.aws_region.clone());
    (LegacyStore { backend: Backend::Aws { service, region, intermediate_role, role } }, Mounts::default())
}

fn of_vault(
    spec: &ExternalSecretSpec,
    environment: &Environment,
    notes: &mut Vec<Note>,
) -> Result<(LegacyStore, Mounts), Malformed> {
    let version = match spec.kv_version {
        None => 2,
        Some(version @ (1 | 2)) => version,
        Some(_) => return Err(Malformed("spec.kvVersion is neither 1 nor 2".to_owned())),
    };
    let mounts = keys::mounts(entries::keys(spec).into_iter(), version)?;
    let role = given(&spec.vault_role).or_else(|| given(&environment.default_vault_role));
    let role = role.ok_or_else(|| {
        Malformed(
            "spec.vaultRole is missing, and there is no DEFAULT_VAULT_ROLE: name the role of Vault"
                .to_owned(),
        )
    })?;
    let says = "the role of Vault must be bound to the operator's own service account";
    notes.push(Note::newer("spec.vaultRole", says));
    let auth_mount = given(&spec.vault_mount_point).or_else(|| given(&environment.default_vault_mount));
    let backend = Backend::Vault {
        address: environment.vault_address.clone(),
        namespace: given(&environment.vault_namespace),
        mount: mounts.one.clone(),
        version,
        auth_mount: auth_mount.unwrap_or_else(|| KUBERNETES.to_owned()),
        role,
    };
    Ok((LegacyStore { backend }, mounts))
}

/// What an object says of another backend than its own.
fn note_others(spec: &ExternalSecretSpec, backend: Served, notes: &mut Vec<Note>) {
    let (aws, vault) = (backend != Served::Vault, backend == Served::Vault);
    let fields = [
        ("spec.roleArn", spec.role_arn.is_some(), aws),
        ("spec.region", spec.region.is_some(), aws),
        ("spec.vaultRole", spec.vault_role.is_some(), vault),
        ("spec.vaultMountPoint", spec.vault_mount_point.is_some(), vault),
        ("spec.kvVersion", spec.kv_version.is_some(), vault),
        ("spec.keyVaultName", spec.key_vault_name.is_some(), false),
        ("spec.projectId", spec.project_id.is_some(), false),
        ("spec.keyByName", spec.key_by_name.is_some(), false),
    ];
    let foreign = fields.iter().filter(|(_, is_said, is_used)| *is_said && !is_used);
    notes.extend(
        foreign.map(|(field, ..)| Note::no_effect(*field, format!("it is not of {}", backend.as_str()))),
    );
    if spec.controller_id.is_some() {
        let says =
            "it has no equivalent: a store names the class of the operator that serves it (spec.controller)";
        notes.push(Note::newer("spec.controllerId", says));
    }
}

fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
