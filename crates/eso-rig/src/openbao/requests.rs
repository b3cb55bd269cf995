//! What was asked of OpenBao, by its audit log.

use serde::Deserialize;

/// A request that OpenBao took up. Those to a sealed server are not logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultRequest {
    /// read, update (which is a write), create, delete, list, patch.
    pub operation: String,
    /// Without the leading `v1/`: `kv/data/app`, `auth/kubernetes/login`.
    pub path: String,
    /// The namespace's path, empty for the root.
    pub namespace: String,
    /// What the token is called: `token`, `kubernetes-<namespace>-<name>`; empty for logins.
    pub display_name: String,
    /// The token's policies; `root` alone for the rig's own requests, none for logins.
    pub policies: Vec<String>,
}

/// Some requests; each method keeps those that it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VaultRequests(Vec<VaultRequest>);

impl VaultRequests {
    /// Those of one operation.
    #[must_use]
    pub fn operation(&self, operation: &str) -> Self {
        self.matching(|request| request.operation == operation)
    }

    /// Those for exactly this path.
    #[must_use]
    pub fn path(&self, path: &str) -> Self {
        self.matching(|request| request.path == path)
    }

    /// Those for this path or below it.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        self.matching(|request| request.path.starts_with(prefix))
    }

    /// Those that were not made with the root token: what is tested, not the rig.
    #[must_use]
    pub fn of_others(&self) -> Self {
        self.matching(|request| !request.policies.iter().any(|policy| policy == "root"))
    }

    /// Those that `keep` says.
    #[must_use]
    pub fn matching(&self, keep: impl Fn(&VaultRequest) -> bool) -> Self {
        Self(self.0.iter().filter(|request| keep(request)).cloned().collect())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which they came.
    pub fn iter(&self) -> std::slice::Iter<'_, VaultRequest> {
        self.0.iter()
    }
}

impl FromIterator<VaultRequest> for VaultRequests {
    fn from_iter<Requests: IntoIterator<Item = VaultRequest>>(requests: Requests) -> Self {
        Self(requests.into_iter().collect())
    }
}

/// A line of the log, as OpenBao writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    auth: Auth,
    request: Request,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Auth {
    display_name: String,
    policies: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    operation: String,
    path: String,
    namespace: Namespace,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Namespace {
    path: String,
}

impl Entry {
    /// The request, when this line is about its arrival.
    pub(super) fn arrived(self) -> Option<VaultRequest> {
        let Self { kind, auth, request } = self;
        (kind == "request").then_some(VaultRequest {
            operation: request.operation,
            path: request.path,
            namespace: request.namespace.path,
            display_name: auth.display_name,
            policies: auth.policies,
        })
    }
}

#[cfg(test)]
mod tests;
