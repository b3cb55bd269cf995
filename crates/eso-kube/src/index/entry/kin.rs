//! Which objects there are beside the ExternalSecrets of `external-secrets.io`, and what differs between them. What all ask
//! for is said in the words of that group.

use std::sync::Arc;

use eso_core::{
    api::{external_secret::ExternalSecret, legacy::ExternalSecret as Older},
    key::{StoreKind, StoreReference},
};
use eso_plan::{
    convert::{
        external_secret,
        legacy::{self, Environment},
        references,
    },
    desired::{Desired, Ownership},
    observed::Record,
};
use eso_sync::ports::ObjectId;
use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::Resource;
use serde_json::{Deserializer, Value};

use super::{Entry, Snapshot};
use crate::{marks::Marks, telemetry::Kind, watch::UNREADABLE_SPEC};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// An ExternalSecret of `external-secrets.io`.
    Newer,
    /// One of `kubernetes-client.io`.
    Older,
    /// A Secret that one of `kubernetes-client.io` fills besides its own.
    Fill,
}

/// What an object is, and what it takes to understand it.
#[derive(Clone, Debug)]
pub enum Lineage {
    /// An ExternalSecret of `external-secrets.io`.
    Newer,
    /// One of `kubernetes-client.io`, which is read in this environment.
    Older(Arc<Environment>),
    /// A Secret that the one of this number, which is of `kubernetes-client.io`, fills besides its own.
    Fill(ObjectId),
}

/// What an object is, and what newer words do not say of it.
#[derive(Clone, Debug)]
pub enum Kin {
    /// An ExternalSecret of `external-secrets.io`.
    Newer,
    /// One of `kubernetes-client.io`.
    Older {
        /// The object, with its status; its spec is empty where it cannot be read.
        object: Box<Older>,
        /// What it is read in.
        environment: Arc<Environment>,
    },
    /// A Secret that the one of this number fills besides its own. Its metadata are those of that one, and its status is
    /// nowhere but here.
    Fill(ObjectId),
}

impl Family {
    /// As what it is counted; nothing that is filled besides is.
    pub fn counted(self) -> Option<Kind> {
        match self {
            Self::Newer => Some(Kind::ExternalSecret),
            Self::Older => Some(Kind::LegacyExternalSecret),
            Self::Fill => None,
        }
    }
}

impl Lineage {
    pub(in crate::index) fn family(&self) -> Family {
        match self {
            Self::Newer => Family::Newer,
            Self::Older(_) => Family::Older,
            Self::Fill(_) => Family::Fill,
        }
    }

    /// The store that is meant by what an object says in newer words.
    pub(super) fn means(&self, store: StoreReference) -> StoreReference {
        match self {
            Self::Newer => store,
            Self::Older(_) | Self::Fill(_) => StoreReference { kind: StoreKind::Environment, ..store },
        }
    }

    /// The marks of an object that can be understood.
    pub(super) fn marks_of(&self, object: &ExternalSecret) -> Option<Marks> {
        let desired = external_secret::desired(object).ok()?;
        Some(marks(self.family(), object, desired.ownership))
    }

    /// Whether a status says that all is well.
    pub(super) fn is_ready(&self, status: &Value) -> bool {
        match self {
            Self::Older(_) => status["status"] == "SUCCESS",
            Self::Newer | Self::Fill(_) => {
                let mut conditions = status["conditions"].as_array().into_iter().flatten();
                conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
            }
        }
    }
}

fn marks(family: Family, object: &ExternalSecret, ownership: Ownership) -> Marks {
    match family {
        Family::Newer => Marks::wanted_by(object, ownership),
        Family::Older => Marks::wanted_by_older(object, ownership),
        Family::Fill => Marks::wanted_by_fill(object, ownership),
    }
}

impl Entry {
    pub(in crate::index) fn family(&self) -> Family {
        self.lineage.family()
    }

    pub(in crate::index) fn is_called(&self, family: Family, namespace: &str, name: &str) -> bool {
        self.family() == family && *self.namespace == *namespace && *self.name == *name
    }

    pub(super) fn kin(&self, metadata: &ObjectMeta) -> Kin {
        match &self.lineage {
            Lineage::Newer => Kin::Newer,
            Lineage::Fill(of) => Kin::Fill(*of),
            Lineage::Older(environment) => {
                let spec = self.older().map(|object| object.spec).unwrap_or_default();
                let metadata = metadata.clone();
                let object = Box::new(Older { metadata, spec, status: self.status.read() });
                Kin::Older { object, environment: Arc::clone(environment) }
            }
        }
    }

    /// An object of the older group in newer words; or why it has none.
    pub(super) fn translated(&self, environment: &Environment) -> Result<ExternalSecret, String> {
        let object = self.older()?;
        let translated =
            legacy::translate(&object, environment).map_err(|malformed| malformed.to_string())?;
        Ok(ExternalSecret { metadata: object.metadata, spec: translated.spec, status: None })
    }

    fn older(&self) -> Result<Older, String> {
        if !self.is_readable {
            return Err(UNREADABLE_SPEC.to_owned());
        }
        let text = self.object.text();
        let object = legacy::parse(&mut Deserializer::from_slice(&text));
        let object = object.map_err(|malformed| malformed.to_string())?;
        Ok(Older { metadata: self.named_in(object.metadata), ..object })
    }
}

impl Snapshot {
    /// What it asks for.
    pub fn desired(&self) -> Result<Desired, String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let desired = match &self.kin {
            Kin::Newer => external_secret::desired(&self.object),
            Kin::Older { object, environment } => legacy::desired(object, environment),
            Kin::Fill(_) => legacy::desired_of_fill(&self.object),
        };
        desired.map_err(|malformed| malformed.to_string())
    }

    /// What is said of it.
    pub fn record(&self) -> Record {
        match &self.kin {
            Kin::Newer | Kin::Fill(_) => external_secret::record(&self.object),
            Kin::Older { object, .. } => legacy::record(object),
        }
    }

    /// What this state of it is called.
    pub fn revision(&self) -> String {
        let ObjectMeta { generation, labels, annotations, .. } = &self.object.metadata;
        match &self.kin {
            Kin::Newer => external_secret::revision(*generation, labels.as_ref(), annotations.as_ref()),
            Kin::Older { .. } | Kin::Fill(_) => legacy::revision(*generation),
        }
    }

    /// What it puts on its target, but for what a template renders.
    pub fn marks(&self, ownership: Ownership) -> Marks {
        marks(self.family(), &self.object, ownership)
    }

    /// The stores of the cluster that it names.
    pub fn named_stores(&self) -> impl Iterator<Item = StoreReference> {
        let is_newer = self.family() == Family::Newer;
        references::stores(&self.object).into_iter().filter(move |_| is_newer)
    }

    /// What it is.
    pub fn family(&self) -> Family {
        match &self.kin {
            Kin::Newer => Family::Newer,
            Kin::Older { .. } => Family::Older,
            Kin::Fill(_) => Family::Fill,
        }
    }

    /// The object, for an event.
    pub fn reference(&self) -> ObjectReference {
        let ObjectMeta { namespace, name, uid, resource_version, .. } = self.object.metadata.clone();
        let api_version = match self.family() {
            Family::Newer => ExternalSecret::api_version(&()),
            Family::Older | Family::Fill => Older::api_version(&()),
        };
        ObjectReference {
            api_version: Some(api_version.into_owned()),
            kind: Some(ExternalSecret::kind(&()).into_owned()),
            namespace,
            name,
            uid,
            resource_version,
            field_path: None,
        }
    }
}
