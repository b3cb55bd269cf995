//! What an ExternalSecret may say of a remote value, in a store of each provider: how names and values are converted, that
//! what is beside a value is meant, and searches that AWS answers on several pages.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use eso_rig::{FastAws, ParameterStore, SecretsManager};
use eso_testkit::objects::{ObjectBuilder, object};
use serde_json::{Value, json};

use crate::{
    harness::{Kind, Mount, Setup, World, aws, entries},
    parameters::parameter_store,
};

/// A store of each provider: `main` of AWS and `vault`.
struct Both {
    world: World,
    aws: FastAws,
    mount: Mount,
}

async fn both(name: &str) -> Both {
    let aws = aws();
    let world = Setup::new(name).aws(&aws.url()).start().await;
    world.aws_store().await;
    let mount = world.vault_store().await;
    mount.let_find().await;
    Both { world, aws, mount }
}

/// Makes an object for each store, and waits until the Secret of each holds this.
async fn in_both(world: &World, of: impl Fn(&str) -> ObjectBuilder, expected: &[(&str, &str)]) {
    for store in ["main", "vault"] {
        let built = of(store).store(store);
        let name = world.create(built).await["metadata"]["name"].as_str().unwrap().to_owned();
        world.holds(&name, expected).await;
    }
}

fn reference(property: &str, more: Value) -> Value {
    let mut reference = json!({ "key": "app/db", "property": property });
    reference.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    reference
}

#[tokio::test]
async fn values_are_decoded_and_names_converted_as_the_strategies_say() {
    let Both { world, aws, mount } = both("strategies").await;
    // Nothing that either alphabet of base64 could be.
    let plain = format!("{}!", world.canary("plain"));
    let [coded, coded_for_urls] =
        ["coded", "coded-for-urls"].map(|name| format!("{}~~~???", world.canary(name)));
    let (standard, for_urls) = (BASE64_STANDARD.encode(&coded), BASE64_URL_SAFE.encode(&coded_for_urls));
    let document = json!({ "a b": plain, "standard": standard, "for-urls": for_urls });
    aws.put("app/db", &document.to_string()).unwrap();
    mount.put("app/db", &document).await;

    let decoded = |name: &str, property: &str, strategy: &str| {
        let more = json!({ "decodingStrategy": strategy });
        json!({ "secretKey": name, "remoteRef": reference(property, more) })
    };
    let data = json!([
        decoded("as-it-is", "standard", "None"),
        decoded("base64", "standard", "Base64"),
        decoded("base64url", "for-urls", "Base64URL"),
        decoded("auto", "for-urls", "Auto"),
        decoded("auto-plain", "a b", "Auto"),
    ]);
    let expected = [
        ("as-it-is", &*standard),
        ("base64", &*coded),
        ("base64url", &*coded_for_urls),
        ("auto", &*coded_for_urls),
        ("auto-plain", &*plain),
    ];
    let of = |store: &str| object(&format!("decoded-{store}")).with("/spec/data", data.clone());
    in_both(&world, of, &expected).await;

    let extract = |more: Value| {
        let mut from = json!({ "key": "app/db" });
        from.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "extract": from })
    };
    let from = json!([
        extract(json!({ "conversionStrategy": "Unicode" })),
        extract(json!({ "conversionStrategy": "Default", "decodingStrategy": "Auto" })),
        { "find": {
            "name": { "regexp": "^app/" }, "conversionStrategy": "Unicode", "decodingStrategy": "None",
        } },
    ]);
    let of = |store: &str| object(&format!("converted-{store}")).with("/spec/dataFrom", from.clone());
    for (store, whole) in [("main", document.to_string()), ("vault", sorted(&document))] {
        world.create(of(store).store(store)).await;
        let expected = [
            ("a_U0020_b", &*plain),
            ("a_b", &*plain),
            ("standard", &*coded),
            ("for-urls", &*coded_for_urls),
            ("app_U002f_db", &*whole),
        ];
        world.holds(&format!("converted-{store}"), &expected).await;
    }
    world.end().await;
}

/// An object as Vault gives it: its keys are sorted.
fn sorted(document: &Value) -> String {
    let sorted: BTreeMap<_, _> = document.as_object().unwrap().iter().collect();
    serde_json::to_string(&sorted).unwrap()
}

#[tokio::test]
async fn what_is_beside_a_value_is_fetched_whole_by_property_and_as_members() {
    let Both { world, aws, mount } = both("beside").await;
    let (hidden, team) = (world.canary("hidden"), json!({ "team": "blue", "tier": "1" }));
    aws.put("app/db", &hidden).unwrap();
    tag(&aws, "app/db", &team).await;
    mount.put("app/db", &json!({ "password": hidden })).await;
    let custom = json!({ "custom_metadata": team });
    mount.server.write(&format!("{}/metadata/app/db", mount.name), &custom).await.unwrap();

    let fetch = json!({ "metadataPolicy": "Fetch" });
    let data = json!([{ "secretKey": "team", "remoteRef": reference("team", fetch.clone()) }]);
    let of = |store: &str| object(&format!("team-{store}")).with("/spec/data", data.clone());
    in_both(&world, of, &[("team", "blue")]).await;

    let whole = json!([{ "secretKey": "all", "remoteRef": reference("", fetch.clone()) }]);
    world.create(object("whole").with("/spec/data", whole)).await;
    world.holds("whole", &[("all", r#"{"team":"blue","tier":"1"}"#)]).await;
    let members = json!([{ "extract": reference("", fetch) }]);
    world.create(object("members").with("/spec/dataFrom", members.clone())).await;
    world.holds("members", &[("team", "blue"), ("tier", "1")]).await;
    world.create(object("vault-members").store("vault").with("/spec/dataFrom", members)).await;
    let has_them = |secret: &Value| {
        let entries = entries(secret);
        let own =
            ["team", "tier", "current_version"].map(|name| entries.get(name).cloned().unwrap_or_default());
        own == ["blue", "1", "1"]
    };
    world.until(Kind::Secret, "vault-members", "holds what is beside the value", has_them).await;
    world.end().await;
}

async fn tag(aws: &FastAws, name: &str, tags: &Value) {
    let tagged = json!({ "SecretId": name, "Tags": listed(tags) });
    SecretsManager::new(&aws.url()).unwrap().call("TagResource", &tagged).await.unwrap().success().unwrap();
}

/// Tags, as AWS lists them.
fn listed(tags: &Value) -> Vec<Value> {
    let tags = tags.as_object().unwrap().iter();
    tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// A search, and which of the numbered values it finds.
struct Search {
    name: &'static str,
    find: Value,
    finds: fn(usize) -> bool,
    /// The operation that is asked, and for how many pages.
    pages: (&'static str, u64),
}

/// Makes an object for a search, and waits until it holds all that it finds: `value(number)` under `name(number)`.
async fn finds(world: &World, aws: &FastAws, search: Search, values: &[(String, String)]) {
    let Search { name, find, finds, pages: (operation, pages) } = search;
    let found = values.iter().enumerate().filter(|(number, _)| finds(*number));
    let expected: Vec<(&str, &str)> =
        found.map(|(_, (name, value))| (name.as_str(), value.as_str())).collect();
    let before = aws.count(operation);
    world.create(object(name).every("1h").with("/spec/dataFrom", json!([{ "find": find }]))).await;
    world.holds(name, &expected).await;
    assert_eq!(aws.count(operation) - before, pages, "{name}");
}

/// The name and the value of each of so many.
fn numbered(world: &World, count: usize, prefix: &str) -> Vec<(String, String)> {
    (0..count).map(|number| (format!("{prefix}{number:03}"), world.canary("value"))).collect()
}

#[tokio::test]
async fn a_search_of_secrets_by_name_path_or_tags_goes_over_all_pages() {
    let aws = aws();
    let world = Setup::new("pages").aws(&aws.url()).start().await;
    world.aws_store().await;
    let values = numbered(&world, 250, "app_");
    for (number, (name, value)) in values.iter().enumerate() {
        let name = name.replace('_', "/");
        aws.put(&name, value).unwrap();
        if number % 2 == 0 {
            tag(&aws, &name, &json!({ "team": "blue" })).await;
        }
    }
    let searches = [
        Search {
            name: "names",
            find: json!({ "name": { "regexp": "^app/.*[05]$" } }),
            finds: |number| number % 5 == 0,
            pages: ("ListSecrets", 3),
        },
        Search {
            name: "path",
            find: json!({ "path": "app/1", "name": { "regexp": "." } }),
            finds: |number| (100..200).contains(&number),
            pages: ("ListSecrets", 1),
        },
        Search {
            name: "tags",
            find: json!({ "tags": { "team": "blue" } }),
            finds: |number| number % 2 == 0,
            pages: ("ListSecrets", 2),
        },
    ];
    for search in searches {
        finds(&world, &aws, search, &values).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_search_of_parameters_by_name_path_or_tags_goes_over_all_pages() {
    let aws = aws();
    let world = Setup::new("parameter-pages").aws(&aws.url()).start().await;
    parameter_store(&world).await;
    let values = numbered(&world, 120, "_app_");
    let client = ParameterStore::new(&aws.url()).unwrap();
    for (number, (name, value)) in values.iter().enumerate() {
        let tags = if number % 2 == 0 { listed(&json!({ "team": "blue" })) } else { Vec::new() };
        let path = format!("/{}/{}", if number < 35 { "app" } else { "other" }, &name[5..]);
        let put = json!({ "Name": path, "Value": value, "Type": "String", "Tags": tags });
        client.call("PutParameter", &put).await.unwrap().success().unwrap();
    }
    let named: Vec<(String, String)> = values
        .iter()
        .enumerate()
        .map(|(number, (name, value))| {
            let name = if number < 35 { name.clone() } else { name.replace("app", "other") };
            (name, value.clone())
        })
        .collect();
    let searches = [
        Search {
            name: "names",
            find: json!({ "name": { "regexp": "[05]$" } }),
            finds: |number| number % 5 == 0,
            pages: ("GetParametersByPath", 12),
        },
        Search {
            name: "path",
            find: json!({ "path": "/app", "name": { "regexp": "." } }),
            finds: |number| number < 35,
            pages: ("GetParametersByPath", 4),
        },
        Search {
            name: "tags",
            find: json!({ "tags": { "team": "blue" } }),
            finds: |number| number % 2 == 0,
            pages: ("DescribeParameters", 2),
        },
    ];
    for search in searches {
        finds(&world, &aws, search, &named).await;
    }
    world.end().await;
}
