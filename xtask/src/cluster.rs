//! A cluster, one that is started or one that is there. Everything is done with kubectl, as a user would.

mod kubectl;
mod made;
mod removal;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use eso_rig::{ControlPlane, ControlPlaneOptions, Program};
use serde_json::{Value, json};
use tokio::sync::Mutex;

pub(crate) use self::kubectl::Manifest;
use self::{
    kubectl::Kubectl,
    made::{Kind, Made},
};
use crate::{operator::ACCOUNT, project};

/// How long anything may take to happen before it is said that it does not: a slow machine's time, many times over.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A cluster, and how to reach it as its administrator.
pub(crate) struct Cluster {
    kubectl: Kubectl,
    started: Option<ControlPlane>,
    /// What was made outside namespaces. It is locked while something is being made.
    made: Arc<Mutex<Vec<Made>>>,
}

impl Cluster {
    /// The cluster of that kubeconfig, or a new one that ends with this handle; commands are for the namespace.
    pub(crate) async fn reach(kubeconfig: Option<PathBuf>, namespace: &'static str) -> Result<Self> {
        let program = eso_rig::find(Program::Kubectl).await?;
        let made = Arc::default();
        let Some(kubeconfig) = kubeconfig else {
            let started = ControlPlane::start(ControlPlaneOptions::default()).await?;
            let kubectl = Kubectl { program, kubeconfig: started.kubeconfig_path(), namespace };
            return Ok(Self { kubectl, started: Some(started), made });
        };
        let kubectl = Kubectl { program, kubeconfig: std::path::absolute(kubeconfig)?, namespace };
        kubectl.run(&["version"], None).await.context("the cluster does not answer")?;
        Ok(Self { kubectl, started: None, made })
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubectl.kubeconfig
    }

    pub(crate) fn kubectl_program(&self) -> &Path {
        &self.kubectl.program
    }

    /// Refuses a cluster that has anything of what [`install`](Self::install) and then `more` would make, or any
    /// definition of external-secrets.io: it may be somebody's, with objects and Secrets that hang on it.
    ///
    /// # Errors
    /// Lists what is there. Nothing has been changed then, nor otherwise.
    pub(crate) async fn must_be_free(&self, more: Manifest) -> Result<()> {
        let mut planned = Vec::new();
        for manifest in self.manifests().into_iter().chain([more]) {
            planned.extend(made::read(&self.kubectl.read(&manifest).await?));
        }
        let mut there = Vec::new();
        for kind in Kind::ALL {
            there.push((kind, self.names(kind).await?));
        }
        refuse(&made::in_the_way(&planned, &there))
    }

    /// Our custom resources, the operator's roles, and the namespace.
    ///
    /// # Errors
    /// When one of them is there already, too: nothing that somebody else made is taken over.
    pub(crate) async fn install(&self) -> Result<()> {
        for manifest in self.manifests() {
            self.create(manifest).await?;
        }
        let definitions = text(&definitions());
        let arguments = ["wait", "--for=condition=Established", "--timeout=60s", "-f", &definitions];
        self.kubectl(&arguments, None).await.map(drop)
    }

    /// Creates objects, and notes those outside namespaces, so that [`clean_up`](Self::clean_up) removes them. They
    /// are noted also when whoever waits for this is interrupted.
    ///
    /// # Errors
    /// When one of them is there already, or cannot be created.
    pub(crate) async fn create(&self, manifest: Manifest) -> Result<()> {
        let kubectl = self.kubectl.clone();
        let mut made = Arc::clone(&self.made).lock_owned().await;
        // A task goes on when nobody waits for it any more, and lets go of the note only when it is done.
        let creating = tokio::spawn(async move {
            let (printed, created) = kubectl.create(&manifest).await;
            made.extend(made::read(&printed));
            created
        });
        creating.await.context("creating must not panic")?
    }

    /// Removes from a cluster that stays what was made here, and nothing else: not what somebody else has made under
    /// the same name since, nor a definition that others use by now. Returns when it is gone.
    ///
    /// # Errors
    /// Names what is left, and why.
    pub(crate) async fn clean_up(&self) -> Result<()> {
        match self.started {
            Some(_) => Ok(()),
            None => removal::remove(&self.kubectl, self.made.lock().await.clone()).await,
        }
    }

    /// What [`install`](Self::install) makes.
    fn manifests(&self) -> [Manifest; 3] {
        let (account_namespace, _) = ACCOUNT;
        let namespace = self.kubectl.namespace;
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        [
            Manifest::file(&definitions(), namespace),
            Manifest::file(&project::root().join("deploy/examples/operator/rbac.yaml"), account_namespace),
            Manifest::object(&object, namespace),
        ]
    }

    /// The names of all objects of a kind.
    async fn names(&self, kind: Kind) -> Result<Vec<String>> {
        let listed = self.kubectl(&["get", kind.resource(), "--output=name"], None).await?;
        Ok(listed.lines().filter_map(|line| line.split_once('/')).map(|(_, name)| name.to_owned()).collect())
    }

    /// Runs kubectl in the namespace, and answers what it prints.
    pub(crate) async fn kubectl(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        self.kubectl.run(arguments, input).await
    }

    /// One object as the API server has it.
    pub(crate) async fn get(&self, kind: &str, name: &str) -> Result<Value> {
        let answer = self.kubectl(&["get", kind, name, "--output", "json"], None).await?;
        serde_json::from_str(&answer).context("kubectl must print JSON")
    }

    /// Waits until an object is there and is as `wanted` says, and answers it with the time that took.
    pub(crate) async fn wait(
        &self,
        (kind, name): (&str, &str),
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<(Value, Duration)> {
        let began = Instant::now();
        let mut last = Ok(Value::Null);
        while began.elapsed() < PATIENCE {
            last = self.get(kind, name).await;
            match &last {
                Ok(object) if wanted(object) => return Ok((object.clone(), began.elapsed())),
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        match last {
            Ok(object) => bail!("{kind} {name} is not as it should be: {}", object["status"]),
            Err(error) => Err(error.context(format!("{kind} {name} is not there"))),
        }
    }

    /// A kubeconfig of a service account, valid for a day.
    pub(crate) async fn kubeconfig_for(&self, namespace: &str, name: &str) -> Result<Value> {
        let token = self.token(namespace, name).await?;
        let view =
            self.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "--output", "json"], None);
        let view: Value = serde_json::from_str(&view.await?).context("kubectl must print JSON")?;
        Ok(json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "operator",
            "clusters": [{ "name": "cluster", "cluster": view["clusters"][0]["cluster"] }],
            "users": [{ "name": name, "user": { "token": token } }],
            "contexts": [{ "name": "operator", "context": { "cluster": "cluster", "user": name } }],
        }))
    }

    /// A token of a service account, valid for a day.
    pub(crate) async fn token(&self, namespace: &str, name: &str) -> Result<String> {
        let arguments = ["create", "token", name, "--namespace", namespace, "--duration=24h"];
        Ok(self.kubectl(&arguments, None).await?.trim().to_owned())
    }
}

/// Says no where anything is in the way.
fn refuse(in_the_way: &[Made]) -> Result<()> {
    let list: Vec<String> = in_the_way.iter().map(|made| format!("\n  {made}")).collect();
    ensure!(
        list.is_empty(),
        "this cluster has what the demo would make and remove again, and it may be somebody's:{}\n\
        Nothing was changed. Use a cluster without it, or leave out --kubeconfig: the demo then starts one of its own",
        list.concat()
    );
    Ok(())
}

fn definitions() -> PathBuf {
    project::root().join("deploy/crds")
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests;
