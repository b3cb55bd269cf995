//! What was asked of the API server, by its audit log.

use serde::Deserialize;

/// A request that the API server finished. A watch counts when it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiRequest {
    /// Who asked, `system:serviceaccount:<namespace>:<name>` for a service account.
    pub user: String,
    /// The Kubernetes verb: get, list, watch, create, update, patch, delete, …
    pub verb: String,
    /// Its API group, empty for the core group and for paths that name no resource.
    pub group: String,
    /// The plural, `secrets`; empty for paths that name no resource.
    pub resource: String,
    /// `status`, `token`, …; empty when the object itself is meant.
    pub subresource: String,
    /// Empty where the resource has none.
    pub namespace: String,
    /// Empty for lists.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// The client's user agent.
    pub user_agent: String,
    /// HTTP status of the answer; 0 when there was none.
    pub status: u16,
}

/// Some requests; each method keeps those that it names.
///
/// ```text
/// log.by("system:serviceaccount:eso:eso").verb("create").resource("secrets").len()
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiRequests(Vec<ApiRequest>);

impl ApiRequests {
    /// Those of one user.
    #[must_use]
    pub fn by(&self, user: &str) -> Self {
        self.matching(|request| request.user == user)
    }

    /// Those of one verb.
    #[must_use]
    pub fn verb(&self, verb: &str) -> Self {
        self.matching(|request| request.verb == verb)
    }

    /// Those that change something: create, update, patch, delete, deletecollection.
    #[must_use]
    pub fn writes(&self) -> Self {
        let writes = ["create", "update", "patch", "delete", "deletecollection"];
        self.matching(|request| writes.contains(&request.verb.as_str()))
    }

    /// Those of one resource, its subresources included.
    #[must_use]
    pub fn resource(&self, resource: &str) -> Self {
        self.matching(|request| request.resource == resource)
    }

    /// Those of one subresource; of none with the empty string.
    #[must_use]
    pub fn subresource(&self, subresource: &str) -> Self {
        self.matching(|request| request.subresource == subresource)
    }

    /// Those in one namespace.
    #[must_use]
    pub fn namespace(&self, namespace: &str) -> Self {
        self.matching(|request| request.namespace == namespace)
    }

    /// Those for one object's name.
    #[must_use]
    pub fn name(&self, name: &str) -> Self {
        self.matching(|request| request.name == name)
    }

    /// Those that `keep` says.
    #[must_use]
    pub fn matching(&self, keep: impl Fn(&ApiRequest) -> bool) -> Self {
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

    /// In the order in which they ended.
    pub fn iter(&self) -> std::slice::Iter<'_, ApiRequest> {
        self.0.iter()
    }
}

impl FromIterator<ApiRequest> for ApiRequests {
    fn from_iter<Requests: IntoIterator<Item = ApiRequest>>(requests: Requests) -> Self {
        Self(requests.into_iter().collect())
    }
}

/// A line of the log, as the API server writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    stage: String,
    #[serde(rename = "requestURI")]
    pub(super) request_uri: String,
    verb: String,
    #[serde(default)]
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: ObjectReference,
    #[serde(default)]
    response_status: ResponseStatus,
}

#[derive(Debug, Default, Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectReference {
    resource: String,
    namespace: String,
    name: String,
    api_group: String,
    subresource: String,
}

#[derive(Debug, Default, Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    code: u16,
}

impl Event {
    /// The request, when this line is about its end.
    pub(super) fn finished(self) -> Option<ApiRequest> {
        let Self { stage, request_uri, verb, user, user_agent, object_ref, response_status } = self;
        (stage == "ResponseComplete").then_some(ApiRequest {
            user: user.username,
            verb,
            group: object_ref.api_group,
            resource: object_ref.resource,
            subresource: object_ref.subresource,
            namespace: object_ref.namespace,
            name: object_ref.name,
            uri: request_uri,
            user_agent,
            status: response_status.code,
        })
    }
}

#[cfg(test)]
mod tests;
