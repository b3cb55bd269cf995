//! The kinds of objects that tests handle, and where the API server has them.

use serde_json::Value;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ExternalSecret,
    /// That of `kubernetes-client.io`.
    LegacyExternalSecret,
    ClusterExternalSecret,
    PushSecret,
    ClusterPushSecret,
    SecretStore,
    ClusterSecretStore,
    Secret,
    ConfigMap,
    Event,
    Namespace,
    ServiceAccount,
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
}

impl Kind {
    /// The kind that a manifest names.
    #[track_caller]
    pub(crate) fn named(name: &str) -> Self {
        let all = [
            Self::ExternalSecret,
            Self::ClusterExternalSecret,
            Self::PushSecret,
            Self::ClusterPushSecret,
            Self::SecretStore,
            Self::ClusterSecretStore,
            Self::Secret,
            Self::ConfigMap,
            Self::Event,
            Self::Namespace,
            Self::ServiceAccount,
            Self::ClusterRole,
            Self::ClusterRoleBinding,
            Self::CustomResourceDefinition,
        ];
        let found = all.into_iter().find(|kind| format!("{kind:?}") == name);
        found.unwrap_or_else(|| panic!("the tests know no kind {name:?}"))
    }

    /// The kind of a manifest.
    #[track_caller]
    pub(crate) fn of(manifest: &Value) -> Self {
        let kind = Self::named(manifest["kind"].as_str().expect("a manifest must have a kind"));
        match manifest["apiVersion"].as_str() {
            Some("kubernetes-client.io/v1") => Self::LegacyExternalSecret,
            Some(_) | None => kind,
        }
    }

    /// The path of its objects: those of `namespace`, or all of them where the kind has no namespaces.
    pub(crate) fn collection(self, namespace: &str) -> String {
        match self.is_namespaced() {
            true => format!("{}/namespaces/{namespace}/{}", self.group(), self.resource()),
            false => self.everywhere(),
        }
    }

    /// Whether its objects are in namespaces.
    pub(crate) fn is_namespaced(self) -> bool {
        match self {
            Self::ExternalSecret
            | Self::LegacyExternalSecret
            | Self::PushSecret
            | Self::SecretStore
            | Self::Secret
            | Self::ConfigMap
            | Self::Event
            | Self::ServiceAccount => true,
            Self::ClusterExternalSecret
            | Self::ClusterPushSecret
            | Self::ClusterSecretStore
            | Self::Namespace
            | Self::ClusterRole
            | Self::ClusterRoleBinding
            | Self::CustomResourceDefinition => false,
        }
    }

    /// The path of its objects in every namespace.
    pub(crate) fn everywhere(self) -> String {
        format!("{}/{}", self.group(), self.resource())
    }

    fn resource(self) -> String {
        match self {
            Self::LegacyExternalSecret => "externalsecrets".to_owned(),
            other => format!("{other:?}s").to_lowercase(),
        }
    }

    fn group(self) -> &'static str {
        match self {
            Self::ExternalSecret
            | Self::ClusterExternalSecret
            | Self::SecretStore
            | Self::ClusterSecretStore => "/apis/external-secrets.io/v1",
            Self::LegacyExternalSecret => "/apis/kubernetes-client.io/v1",
            Self::PushSecret | Self::ClusterPushSecret => "/apis/external-secrets.io/v1alpha1",
            Self::Secret | Self::ConfigMap | Self::Event | Self::Namespace | Self::ServiceAccount => {
                "/api/v1"
            }
            Self::ClusterRole | Self::ClusterRoleBinding => "/apis/rbac.authorization.k8s.io/v1",
            Self::CustomResourceDefinition => "/apis/apiextensions.k8s.io/v1",
        }
    }
}
