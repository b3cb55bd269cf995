//! What is seen on the node, one thing after another.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_rig::{FastAws, FastAwsOptions, Mark, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    forward::Forward,
    network::NODE,
    node::Node,
    objects::{APPLICATION, EXAMPLE, NAMESPACE, asking, definition, example, external_secret, objects},
    pods::{asked, get, ready_pods, until, warnings},
    release::{Helm, IMAGE, RELEASE},
};
use crate::{
    image::{self, Entry, Image},
    screen::Screen,
};

/// The port of the node at which pods reach AWS.
const AWS_PORT: u16 = 4566;

/// Where the operator's pods are told from others.
const OPERATOR: &str = "app.kubernetes.io/name=external-secrets";

/// The original's Lease.
const LEASE: &str =
    "/apis/coordination.k8s.io/v1/namespaces/external-secrets/leases/external-secrets-controller";

/// Where definitions are, and the older group's.
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const OLDER: &str = "externalsecrets.kubernetes-client.io";

/// All that runs.
struct World {
    node: Node,
    helm: Helm,
    aws: FastAws,
    aws_address: String,
    _forward: Forward,
    _folder: TempDir,
}

/// Installs the operator and looks at what it does.
pub(super) async fn walk(screen: &Screen, binary: &Path) -> Result<()> {
    screen.heading("The operator on a real node");
    let world = screen.step("a cluster with a node", World::start(binary)).await?;
    let walked = world.steps(screen).await;
    if walked.is_err() {
        for namespace in [RELEASE, NAMESPACE] {
            screen.show(&warnings(&world.node.plane, namespace).await);
            screen.show(&world.node.logs(namespace));
        }
    }
    walked
}

impl World {
    async fn start(binary: &Path) -> Result<Self> {
        let aws = FastAws::start(FastAwsOptions::default())?;
        let address = aws.url().trim_start_matches("http://").to_owned();
        let forward = Forward::start(&format!("{NODE}:{AWS_PORT}"), &address).await?;
        let node = Node::start().await?;
        let (repository, tag) = IMAGE;
        node.load(&format!("{repository}:{tag}"), &image::of_operator(binary)?).await?;
        let busybox = busybox()?;
        node.load(APPLICATION, &busybox).await?;
        node.load(EXAMPLE, &busybox).await?;
        let folder = TempDir::with_prefix("eso-helm-")?;
        let helm = Helm::new(node.plane.kubeconfig_path(), folder.path()).await?;
        let aws_address = format!("http://{NODE}:{AWS_PORT}");
        Ok(Self { node, helm, aws, aws_address, _forward: forward, _folder: folder })
    }

    async fn steps(&self, screen: &Screen) -> Result<()> {
        screen.step("helm installs two operators beside the older definition", self.installed()).await?;
        screen
            .step("an application has a value in its environment and in a file", self.application())
            .await?;
        screen.step("a Secret with references is filled through the Service", self.filled("asking")).await?;
        screen.step("the well-known example starts with username and password", self.example()).await?;
        screen.step("the file follows a change in the store", self.followed()).await?;
        screen.step("the leader is killed, and nothing is lost", self.leader_killed()).await?;
        screen.step("the API server has refused the operators nothing", self.nothing_refused()).await?;
        screen.step("helm takes it away, and the Secrets stay", self.uninstalled()).await?;
        screen.step("helm installs it again over what stayed", self.installed_again()).await
    }

    async fn installed(&self) -> Result<()> {
        self.node.plane.create(DEFINITIONS, &definition()?).await?;
        let notes = self.helm.install(&self.aws_address).await?;
        for value in ["certController", "log.timeEncoding"] {
            ensure!(notes.contains(&format!("Note: {value} has no effect")), "{value} is not in {notes}");
        }
        let pods = ready_pods(&self.node.plane, RELEASE, OPERATOR).await?;
        ensure!(pods.len() == 2, "{} operators are ready", pods.len());
        for pod in &pods {
            ensure!(pod["spec"]["serviceAccountName"] == RELEASE, "{}", pod["spec"]["serviceAccountName"]);
        }
        self.older_definition_is_left().await?;
        self.leader().await.map(drop)
    }

    /// Helm has neither taken it over nor removed it.
    async fn older_definition_is_left(&self) -> Result<()> {
        let metadata = get(&self.node.plane, &format!("{DEFINITIONS}/{OLDER}")).await?["metadata"].take();
        ensure!(metadata["deletionTimestamp"].is_null(), "the older definition goes");
        ensure!(metadata.get("annotations").is_none(), "it is somebody's: {}", metadata["annotations"]);
        Ok(())
    }

    async fn application(&self) -> Result<()> {
        self.aws.put("app/db", r#"{"username": "admin", "password": "first"}"#)?;
        for object in objects() {
            self.apply(&object).await?;
        }
        let pod = self.pod("app=app").await?;
        let environment = asked(&pod, "environment").await?;
        ensure!(environment.trim() == "admin first", "the environment has {environment:?}");
        self.file_holds("first").await
    }

    /// Makes a Secret that says what it wants: what the API server answers is filled already.
    async fn filled(&self, name: &str) -> Result<()> {
        let answered = self.apply(&asking(name)).await?;
        let stored = self.secret(name).await?;
        for secret in [&answered, &stored] {
            let url = text(secret, "url").unwrap_or_default();
            ensure!(
                url == "postgres://admin:first@db" || url == "postgres://admin:third@db",
                "it holds {url:?}"
            );
        }
        Ok(())
    }

    /// An empty Secret, which is made by hand, is filled with the members of the JSON, and a Deployment goes by it.
    async fn example(&self) -> Result<()> {
        self.aws.put("my-secret", r#"{"username": "ada", "password": "well known"}"#)?;
        for object in example()? {
            self.apply(&object).await?;
        }
        let pod = self.pod("app=my-app").await?;
        let environment = self.node.environment(container(&pod)?).await?;
        for variable in ["username=ada", "password=well known"] {
            ensure!(environment.lines().any(|line| line == variable), "{variable} is not in {environment:?}");
        }
        Ok(())
    }

    async fn followed(&self) -> Result<()> {
        self.aws.put("app/db", r#"{"username": "admin", "password": "second"}"#)?;
        self.file_holds("second").await
    }

    async fn leader_killed(&self) -> Result<()> {
        let (leader, transitions) = self.leader().await?;
        let before = self.secret("db").await?;
        let pods = ready_pods(&self.node.plane, RELEASE, OPERATOR).await?;
        let pod =
            pods.iter().find(|pod| pod["metadata"]["name"] == leader.as_str()).context("no leading pod")?;
        self.node.kill(container(pod)?).await?;
        // What happens while nobody leads is done by the next one.
        self.aws.put("app/late", "made while nobody led")?;
        self.aws.put("app/db", r#"{"username": "admin", "password": "third"}"#)?;
        self.apply(&external_secret(
            "late",
            json!([{ "secretKey": "value", "remoteRef": { "key": "app/late" } }]),
        ))
        .await?;
        self.file_holds("third").await?;
        self.filled("after-the-leader").await?;
        until("the new ExternalSecret has its Secret", async || {
            let secret = self.secret("late").await.map_err(|error| format!("{error:#}"))?;
            match text(&secret, "value").as_deref() {
                Some("made while nobody led") => Ok(()),
                other => Err(format!("it holds {other:?}")),
            }
        })
        .await?;
        let after = self.secret("db").await?;
        ensure!(before["metadata"]["uid"] == after["metadata"]["uid"], "the Secret was made anew");
        let (_, later) = self.leader().await?;
        ensure!(later == transitions + 1, "the lease went over {} times", later - transitions);
        until("both operators are ready again", async || {
            match ready_pods(&self.node.plane, RELEASE, OPERATOR).await {
                Ok(pods) if pods.len() == 2 => Ok(()),
                Ok(pods) => Err(format!("{} are", pods.len())),
                Err(error) => Err(format!("{error:#}")),
            }
        })
        .await
    }

    /// The chart's roles are enough for all that was done.
    async fn nothing_refused(&self) -> Result<()> {
        let account = format!("system:serviceaccount:{RELEASE}:{RELEASE}");
        let asked = self.node.plane.since(Mark::START).await?.by(&account);
        ensure!(!asked.is_empty(), "the operators have asked for nothing");
        let refused = asked.matching(|request| request.status == 403);
        ensure!(refused.is_empty(), "the API server refused: {refused:?}");
        Ok(())
    }

    async fn uninstalled(&self) -> Result<()> {
        self.helm.uninstall().await?;
        let object = get(&self.node.plane, &path_of("externalsecrets", "db")).await?;
        ensure!(object["metadata"]["deletionTimestamp"].is_null(), "the ExternalSecret goes");
        let secret = self.secret("db").await?;
        ensure!(text(&secret, "password").as_deref() == Some("third"), "the Secret has changed");
        self.older_definition_is_left().await
    }

    /// What helm made is the next release's; and where nobody made the older definition, helm does, and keeps it.
    async fn installed_again(&self) -> Result<()> {
        let path = format!("{DEFINITIONS}/{OLDER}");
        self.node.plane.request(Method::DELETE, &path, None).await?.success()?;
        until("the older definition is gone", async || match get(&self.node.plane, &path).await {
            Ok(_) => Err("it is there"),
            Err(_) => Ok(()),
        })
        .await?;
        let manifest = self.helm.install_again().await?;
        ensure!(manifest.contains(&format!("name: {OLDER}\n")), "an upgrade lets go of {OLDER}");
        ensure!(!manifest.contains("WebhookConfiguration"), "webhooks are registered that nobody answers");
        let made = get(&self.node.plane, &path).await?;
        let annotations = &made["metadata"]["annotations"];
        ensure!(
            annotations["helm.sh/resource-policy"] == "keep",
            "it would go with the release: {annotations}"
        );
        Ok(())
    }

    /// The name of the pod that leads, and how often the lease has gone over.
    async fn leader(&self) -> Result<(String, i64)> {
        until("somebody leads", async || {
            let lease = get(&self.node.plane, LEASE).await.map_err(|error| format!("{error:#}"))?;
            let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default();
            match holder.split_once('_') {
                Some((pod, _)) => {
                    Ok((pod.to_owned(), lease["spec"]["leaseTransitions"].as_i64().unwrap_or_default()))
                }
                None => Err(format!("the lease says {}", lease["spec"])),
            }
        })
        .await
    }

    /// The pod of an application, chosen by a label, once it is ready.
    async fn pod(&self, label: &str) -> Result<Value> {
        until("the application is ready", async || {
            let pods = ready_pods(&self.node.plane, NAMESPACE, label).await;
            let pods = pods.map_err(|error| format!("{error:#}"))?;
            pods.into_iter().next().ok_or("it has no ready pod".to_owned())
        })
        .await
    }

    /// Waits until the file that is mounted into the application holds this.
    async fn file_holds(&self, expected: &str) -> Result<()> {
        let pod = self.pod("app=app").await?;
        until(&format!("the mounted file holds {expected:?}"), async || {
            let held = asked(&pod, "mounted/password").await.map_err(|error| format!("{error:#}"))?;
            match held == expected {
                true => Ok(()),
                false => Err(format!("it holds {held:?}")),
            }
        })
        .await
    }

    async fn secret(&self, name: &str) -> Result<Value> {
        get(&self.node.plane, &format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}")).await
    }

    /// Makes an object, and answers it as the API server has it. It tries again while the webhooks are not reached: a moment
    /// passes until each API server knows where they are.
    async fn apply(&self, object: &Value) -> Result<Value> {
        let (kind, group) =
            (object["kind"].as_str().unwrap_or_default(), object["apiVersion"].as_str().unwrap_or_default());
        let collection = match (group, kind) {
            ("v1", "Namespace") => "/api/v1/namespaces".to_owned(),
            ("v1", kind) => format!("/api/v1/namespaces/{NAMESPACE}/{}s", kind.to_lowercase()),
            (group, kind) => format!("/apis/{group}/namespaces/{NAMESPACE}/{}s", kind.to_lowercase()),
        };
        let answer = until(&format!("a webhook answers for {kind}"), async || {
            let answer = self.node.plane.request(Method::POST, &collection, Some(object)).await;
            match answer.map_err(|error| format!("{error:#}"))? {
                answer if answer.body.to_string().contains("failed calling webhook") => {
                    Err(answer.body.to_string())
                }
                answer => Ok(answer),
            }
        })
        .await?;
        answer.success().with_context(|| format!("POST {collection}"))
    }
}

/// An image with the programs of the applications, which are one file.
fn busybox() -> Result<Image> {
    let mut image = image::of_program("/bin/busybox".as_ref(), "bin/busybox")?;
    let program = std::fs::read("/bin/busybox").context("cannot read busybox")?;
    image.files.extend(["bin/sh", "bin/sleep"].map(|path| Entry::program(path, program.clone())));
    Ok(image)
}

/// The container of a pod, as its status has it.
fn container(pod: &Value) -> Result<&str> {
    pod["status"]["containerStatuses"][0]["containerID"].as_str().context("the pod has no container")
}

fn path_of(resource: &str, name: &str) -> String {
    format!("/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/{resource}/{name}")
}

/// What a Secret holds under a key.
fn text(secret: &Value, key: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(secret["data"][key].as_str()?).ok()?;
    String::from_utf8(bytes).ok()
}
