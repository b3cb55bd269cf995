//! Names: of a value in a store and of its version; of a store, and of what else in the cluster objects name.

use std::fmt;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// Takes the text as it is; what is valid is the store's to say.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

name! {
    /// The name of a value in a store, as a user writes it in `remoteRef.key`. It is no secret.
    RemoteKey
}

name! {
    /// A version of a value: what a user asks for in `remoteRef.version`, or what a store says that it gave.
    Version
}

/// Which kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreKind {
    /// A `SecretStore`, for the objects of its own namespace.
    SecretStore,
    /// A `ClusterSecretStore`, for the namespaces that its conditions allow.
    ClusterSecretStore,
    /// The one that an object of the older group means: made of what the object says and of the operator's environment, and
    /// no object itself. No object of ours can name it.
    Environment,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretStore => "SecretStore",
            Self::ClusterSecretStore => "ClusterSecretStore",
            Self::Environment => "environment's store",
        })
    }
}

/// A store, as an object of a namespace names it.
///
/// The namespace is part of the name under both kinds: a `ClusterSecretStore` asks whether that namespace may use it,
/// and may take that namespace's credentials.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreReference {
    /// Which kind of store is named.
    pub kind: StoreKind,
    /// The namespace of the object that asks.
    pub namespace: String,
    /// The name of the store.
    pub name: String,
}

impl fmt::Display for StoreReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace: _, name } = self;
        write!(f, "{kind} {name:?}")
    }
}

/// An object that texts stand in, such as templates: in the namespace of the object that names it, and in no other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName {
    /// Its kind.
    pub kind: SourceKind,
    /// Its name.
    pub name: String,
}

/// The kinds of object that texts stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            SourceKind::ConfigMap => "configmap",
            SourceKind::Secret => "secret",
        };
        write!(f, "{kind} {:?}", self.name)
    }
}

/// One key of such an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentName {
    /// The object.
    pub source: SourceName,
    /// The key.
    pub key: String,
}
