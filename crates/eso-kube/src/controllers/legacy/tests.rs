//! What is kept of objects of the older group, and of the stores that they mean.

use std::collections::BTreeSet;

use kube::{Client, Config};
use serde_json::json;

use super::*;
use crate::{controllers::fixtures::registry, index::Index};

struct World {
    index: Arc<Mutex<Index>>,
    objects: Arc<LegacyObjects>,
}

impl World {
    fn new(environment: Environment) -> Self {
        let index: Arc<Mutex<Index>> = Arc::default();
        let router = Arc::new(Router::new(Arc::clone(&index), Arc::new(())));
        let client = Client::try_from(Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
        let stores = registry(client, Arc::clone(&router) as _);
        let objects = LegacyObjects::new(&router, &stores, Arc::new(environment), &Arc::default());
        Self { index, objects }
    }

    /// `demo/<name>` is there at this version, with a key in this region.
    fn meet(&self, name: &str, version: u64, region: &str) {
        self.objects.meet(item(name, version, json!({ "region": region })));
    }

    /// The regions of the stores that are kept.
    fn kept(&self) -> usize {
        self.objects.kept.lock().len()
    }

    fn numbers(&self) -> usize {
        self.index.lock().len()
    }
}

fn item(name: &str, version: u64, fields: Value) -> Item<ExternalSecret> {
    let mut spec = json!({ "backendType": "secretsManager", "data": [{ "key": "db", "name": "logins" }] });
    spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let object = json!({
        "metadata": {
            "name": name, "namespace": "demo", "uid": name, "generation": version,
            "resourceVersion": version.to_string(),
        },
        "spec": spec,
    });
    serde_json::from_str(&object.to_string()).unwrap()
}

#[tokio::test]
async fn a_store_is_kept_as_long_as_somebody_means_it() {
    let world = World::new(Environment::default());
    world.meet("one", 1, "eu-west-1");
    world.meet("two", 2, "eu-west-1");
    assert_eq!(world.kept(), 1, "two that mean the same have the same");
    world.meet("two", 3, "us-east-1");
    assert_eq!(world.kept(), 2);
    world.meet("one", 4, "us-east-1");
    assert_eq!(world.kept(), 1);
    world.objects.lose(item("one", 5, json!({})));
    world.objects.lose(item("two", 6, json!({})));
    assert_eq!((world.kept(), world.numbers()), (0, 0));
}

#[tokio::test]
async fn an_object_is_there_with_what_it_fills_besides() {
    let world = World::new(Environment::default());
    world.meet("one", 1, "eu-west-1");
    assert_eq!(world.numbers(), 2);
    let whole = json!([{ "key": "db", "name": "logins", "property": "a" }]);
    world.objects.meet(item("one", 2, json!({ "data": whole })));
    assert_eq!(world.numbers(), 1, "a part of a value fills nothing");
}

#[tokio::test]
async fn an_object_of_another_controller_or_namespace_is_not_kept() {
    let world = World::new(Environment::default());
    world.objects.meet(item("one", 1, json!({ "controllerId": "other" })));
    assert_eq!(world.numbers(), 0);
    world.meet("one", 2, "eu-west-1");
    world.objects.meet(item("one", 3, json!({ "controllerId": "other" })));
    assert_eq!((world.numbers(), world.kept()), (0, 0), "it was given away");
    let watched_namespaces = BTreeSet::from(["other".to_owned()]);
    let world = World::new(Environment { watched_namespaces, ..Environment::default() });
    world.meet("one", 1, "eu-west-1");
    assert_eq!(world.numbers(), 0);
}

#[tokio::test]
async fn what_a_list_does_not_show_is_gone_with_its_store() {
    let world = World::new(Environment::default());
    world.meet("one", 1, "eu-west-1");
    world.objects.begin();
    world.objects.end();
    assert_eq!((world.numbers(), world.kept()), (0, 0));
}
