//! A provider that another program adds: what its stores say is read as its own type.

use std::{fmt, pin::Pin, sync::Arc};

use eso_core::{
    error::{ErrorKind, ProviderError, Reason},
    provider::{Connection, SecretProvider},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

type Connected = Result<Arc<dyn SecretProvider>, ProviderError>;
type Connecting = Pin<Box<dyn Future<Output = Connected> + Send>>;
type Connect = dyn Fn(&Value, Connection) -> Result<Connecting, ProviderError> + Send + Sync;

/// An added provider.
pub(super) struct Added {
    connect: Box<Connect>,
}

impl Added {
    /// The provider of this name: `connect` makes one out of what a store says.
    pub(super) fn new<Spec, Making>(
        name: &str,
        connect: impl Fn(Spec, Connection) -> Making + Send + Sync + 'static,
    ) -> Self
    where
        Spec: DeserializeOwned,
        Making: Future<Output = Connected> + Send + 'static,
    {
        let name = name.to_owned();
        let connect = move |spec: &Value, connection| {
            let spec = serde_path_to_error::deserialize(spec).map_err(|error| unreadable(&name, &error))?;
            Ok(Box::pin(connect(spec, connection)) as Connecting)
        };
        Self { connect: Box::new(connect) }
    }

    /// The provider of a store that says this.
    pub(super) async fn connect(&self, spec: &Value, connection: Connection) -> Connected {
        (self.connect)(spec, connection)?.await
    }
}

impl fmt::Debug for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Added").finish_non_exhaustive()
    }
}

/// serde's own text quotes the input, where somebody may have written a secret.
fn unreadable(name: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> ProviderError {
    let path = match error.path().iter().len() {
        0 => String::new(),
        _ => format!(".{}", error.path()),
    };
    let reason = Reason::new(format!(
        "spec.provider.{name}{path} cannot be read: a field is missing, of the wrong type, or not known"
    ));
    ProviderError::new(ErrorKind::Invalid, "storeConfig").with_reason(reason)
}
