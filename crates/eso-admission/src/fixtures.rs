//! The vocabulary of this crate's tests: reviews as the API server sends them, a cluster and stores in memory.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_core::key::{StoreKind, StoreReference};
use eso_plan::{
    filled::{Place, record::SealKey},
    template::Delimiters,
};
use eso_sync::{
    contents::Contents,
    engine,
    ports::{Granted, Stores},
    store::{Backends, Store, StoreSettings},
};
use eso_testkit::memory::MemoryProvider;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    Admission, Settings,
    answer::Response,
    decide::Registration,
    ports::{Access, Cluster, Target, User},
    review::{Review, Secret},
};

pub(crate) const OURS: &str = "system:serviceaccount:eso:operator";

pub(crate) fn place() -> Place {
    Place { namespace: "demo".into(), name: "app".into() }
}

pub(crate) fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

pub(crate) fn reference(name: &str) -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: "demo".into(), name: name.into() }
}

/// A Secret `app` with these annotations (below our prefix) and values.
pub(crate) fn secret(annotations: &[(&str, &str)], data: &[(&str, &str)]) -> Value {
    let annotations: Map<String, Value> = annotations
        .iter()
        .map(|(name, value)| (format!("admission.external-secrets.io/{name}"), json!(value)))
        .collect();
    let data: Map<String, Value> =
        data.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value)))).collect();
    let mut object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": "app", "namespace": "demo" }
    });
    if !annotations.is_empty() {
        object["metadata"]["annotations"] = annotations.into();
    }
    if !data.is_empty() {
        object["data"] = data.into();
    }
    object
}

/// What a Secret says, without the way through a review.
pub(crate) fn parsed(object: &Value) -> Secret {
    let body = review(object.clone(), None).to_string();
    Review::parse(body.as_bytes()).unwrap().secret().unwrap().unwrap()
}

/// A value of an object, decoded.
#[track_caller]
pub(crate) fn value(object: &Value, key: &str) -> String {
    let text = object["data"][key].as_str().unwrap_or_else(|| panic!("no {key} in {object}"));
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

pub(crate) fn record(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"]["admission.external-secrets.io/record"].as_str()
}

/// The review of an object, by `ada`.
pub(crate) fn review(object: Value, old: Option<Value>) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5", "name": "app", "namespace": "demo",
            "kind": { "group": "", "version": "v1", "kind": "Secret" },
            "resource": { "group": "", "version": "v1", "resource": "secrets" },
            "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
            "userInfo": { "username": "ada", "uid": "1", "groups": ["dev"], "extra": { "k": ["v"] } },
            "object": object, "oldObject": old, "dryRun": false, "options": { "kind": "CreateOptions" }
        }
    })
}

/// A cluster in memory.
#[derive(Debug, Default)]
pub(crate) struct Double {
    /// What may not be done, by verb and resource.
    pub(crate) forbidden: Mutex<Vec<(&'static str, &'static str)>>,
    pub(crate) asked: Mutex<Vec<(User, Access)>>,
    pub(crate) default_store: Mutex<Option<String>>,
    pub(crate) target: Mutex<Option<Target>>,
    /// Whether it answers nothing but this.
    pub(crate) failure: Mutex<Option<String>>,
}

#[async_trait]
impl Cluster for Double {
    async fn may(&self, user: &User, access: &Access) -> Result<bool, String> {
        self.asked.lock().push((user.clone(), access.clone()));
        self.failure.lock().clone().map_or(Ok(()), Err)?;
        Ok(!self.forbidden.lock().contains(&(access.verb, access.resource)))
    }

    async fn default_store(&self, namespace: &str) -> Result<Option<String>, String> {
        assert_eq!(namespace, "demo");
        Ok(self.default_store.lock().clone())
    }

    async fn target(&self, place: &Place) -> Result<Option<Target>, String> {
        assert_eq!(*place, crate::fixtures::place());
        self.failure.lock().clone().map_or(Ok(()), Err)?;
        Ok(self.target.lock().clone())
    }
}

/// Stores by name, some of which may not be used.
#[derive(Debug, Default)]
pub(crate) struct Named {
    stores: Mutex<BTreeMap<String, Arc<Store>>>,
    denied: Mutex<BTreeMap<String, String>>,
}

#[async_trait]
impl Stores for Named {
    async fn store(&self, reference: &StoreReference) -> Result<Granted, String> {
        let StoreReference { kind: _, namespace, name } = reference;
        assert_eq!(namespace, "demo", "a store is asked for as who asks");
        self.denied.lock().get(name).cloned().map_or(Ok(()), Err)?;
        let store = self.stores.lock().get(name).cloned();
        store.map(Granted::whole).ok_or_else(|| format!("could not get {reference}"))
    }
}

/// Everything that answers are made of.
pub(crate) struct World {
    pub(crate) cluster: Arc<Double>,
    pub(crate) stores: Arc<Named>,
    pub(crate) provider: Arc<MemoryProvider>,
    pub(crate) admission: Admission,
}

impl World {
    /// One store, `main`, with a document `db` and a text `token`.
    pub(crate) fn new() -> Self {
        let (cluster, stores) = (Arc::<Double>::default(), Arc::<Named>::default());
        // Others than the usual ones, so that they are seen to come from the engine's settings.
        let delimiters = Delimiters { left: "[[".into(), right: "]]".into() };
        let engine = engine::Settings { delimiters, ..engine::Settings::default() };
        let contents = Contents::new(Arc::clone(&stores) as _, &engine);
        let settings = Settings { key: key(), user: OURS.into() };
        let admission = Admission::new(Arc::clone(&cluster) as _, contents, settings);
        let provider = MemoryProvider::new();
        let world = Self { cluster, stores, provider, admission };
        world.connect("main", &world.provider);
        world.provider.put_document("db", &json!({ "user": "ada", "password": "CANARY-1" }));
        world.provider.put("token", "CANARY-2");
        world
    }

    pub(crate) fn connect(&self, name: &str, provider: &Arc<MemoryProvider>) {
        let store = Store::new(Arc::clone(provider) as _, StoreSettings::default(), &Backends::default());
        self.stores.stores.lock().insert(name.to_owned(), store);
    }

    /// From now on that store may not be used, for this reason.
    pub(crate) fn deny(&self, store: &str, reason: &str) {
        self.stores.denied.lock().insert(store.to_owned(), reason.to_owned());
    }

    pub(crate) async fn answer(&self, registration: Registration, review: &Value) -> Response {
        let body = review.to_string();
        let review = Review::parse(body.as_bytes()).unwrap();
        let response =
            self.admission.answer(registration, &review, Instant::now() + Duration::from_secs(8)).await;
        assert_eq!(response.uid, "705ab4f5");
        let said = format!("{response:?}");
        assert!(!said.contains("CANARY"), "{said}");
        let denied = response.denial.is_some();
        assert!(!denied || response.patch.is_empty(), "what is denied is not patched");
        response
    }

    /// What a Secret is stored as that says what it wants.
    #[track_caller]
    pub(crate) fn stored(&self, object: Value, old: Option<Value>) -> impl Future<Output = Value> {
        let review = review(object, old);
        async move { self.store(&review).await.unwrap() }
    }

    /// What the object of a review is stored as, or why it is not.
    pub(crate) async fn store(&self, review: &Value) -> Result<Value, String> {
        let response = self.answer(Registration::References, review).await;
        match &response.denial {
            Some(denial) => Err(denial.clone()),
            None => Ok(patched(&response, review["request"]["object"].clone())),
        }
    }
}

/// An object as the API server patches it.
pub(crate) fn patched(response: &Response, mut object: Value) -> Value {
    let body: Value = serde_json::from_slice(&response.body()).unwrap();
    if let Some(patch) = body["response"]["patch"].as_str() {
        assert_eq!(body["response"]["patchType"], "JSONPatch");
        let patch: json_patch::Patch = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
        json_patch::patch(&mut object, &patch).unwrap();
    }
    object
}
