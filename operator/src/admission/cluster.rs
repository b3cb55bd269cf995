//! What admission asks of the cluster, asked of the API server. Nothing is remembered: a right that is taken is gone.

use std::fmt;

use async_trait::async_trait;
use eso_admission::{
    annotations::STORE,
    ports::{Access, Cluster, Target, User},
};
use eso_kube::{apply::within, controllers::Targets};
use eso_plan::filled::Place;
use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec},
    core::v1::Namespace,
};
use kube::{Api, Client, api::PostParams};

/// The cluster.
pub(super) struct KubeCluster {
    client: Client,
    targets: Targets,
}

impl KubeCluster {
    pub(super) fn new(client: Client, targets: Targets) -> Self {
        Self { client, targets }
    }
}

impl fmt::Debug for KubeCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KubeCluster")
    }
}

#[async_trait]
impl Cluster for KubeCluster {
    async fn may(&self, user: &User, access: &Access) -> Result<bool, String> {
        let reviews: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let review = within(reviews.create(&PostParams::default(), &question(user, access))).await;
        let review = review.map_err(|problem| {
            format!("could not ask whether user {:?} may {access}: {problem}", user.name)
        })?;
        Ok(review.status.is_some_and(|status| status.allowed && !status.denied.unwrap_or_default()))
    }

    async fn default_store(&self, namespace: &str) -> Result<Option<String>, String> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let found = within(namespaces.get_metadata(namespace)).await;
        let found = found.map_err(|problem| format!("could not get namespace {namespace:?}: {problem}"))?;
        Ok(found.metadata.annotations.and_then(|mut annotations| annotations.remove(STORE)))
    }

    async fn target(&self, place: &Place) -> Result<Option<Target>, String> {
        let writing = self.targets.of(&place.namespace, &place.name).await?;
        Ok(writing.map(|writing| Target {
            object: writing.object,
            uid: writing.uid,
            desired: writing.desired,
            annotations: writing.annotations,
            sources: writing.sources,
        }))
    }
}

fn question(user: &User, access: &Access) -> SubjectAccessReview {
    let User { name, uid, groups, extra } = user.clone();
    let Access { verb, group, resource, namespace, name: object } = access.clone();
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let attributes = ResourceAttributes {
        group: filled(group.to_owned()),
        name: filled(object),
        namespace: Some(namespace),
        resource: Some(resource.to_owned()),
        verb: Some(verb.to_owned()),
        ..ResourceAttributes::default()
    };
    SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            extra: Some(extra).filter(|extra| !extra.is_empty()),
            groups: Some(groups).filter(|groups| !groups.is_empty()),
            resource_attributes: Some(attributes),
            uid: filled(uid),
            user: filled(name),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    }
}

#[cfg(test)]
mod tests {
    use eso_admission::ports::{Access, User};
    use eso_plan::filled::Place;
    use serde_json::json;

    use super::question;

    #[test]
    fn the_question_is_about_all_that_is_known_of_a_user() {
        let user = User {
            name: "ada".into(),
            uid: "1".into(),
            groups: vec!["dev".into()],
            extra: [("scope".to_owned(), vec!["a".to_owned()])].into(),
        };
        let place = Place { namespace: "demo".into(), name: "app".into() };
        let asked = serde_json::to_value(question(&user, &Access::get_secret(&place))).unwrap();
        assert_eq!(
            asked["spec"],
            json!({
                "user": "ada", "uid": "1", "groups": ["dev"], "extra": { "scope": ["a"] },
                "resourceAttributes": {
                    "verb": "get", "resource": "secrets", "namespace": "demo", "name": "app"
                },
            })
        );
        let asked = question(&User::default(), &Access::create_external_secret(&place));
        assert_eq!(
            serde_json::to_value(asked).unwrap()["spec"],
            json!({
                "resourceAttributes": {
                    "verb": "create", "group": "external-secrets.io", "resource": "externalsecrets",
                    "namespace": "demo"
                },
            })
        );
    }
}
