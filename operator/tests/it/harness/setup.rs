//! What a test needs, and how it is started.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use tempfile::TempDir;

use super::{
    admission::serve_webhooks,
    canaries::Canaries,
    cluster::{Cluster, NAMESPACE},
    operator::{Operator, Options},
    world::World,
};

/// What a test needs.
pub(crate) struct Setup {
    name: String,
    is_exact: bool,
    cluster: Option<Arc<Cluster>>,
    everywhere: bool,
    elects: bool,
    admits: bool,
    options: Options,
}

impl Setup {
    /// A namespace whose name begins so, and an operator for it alone, on the cluster that all share.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_exact: false,
            cluster: None,
            everywhere: false,
            elects: false,
            admits: false,
            options: Options::default(),
        }
    }

    /// As [`new`](Self::new), with a namespace of exactly this name, which no other test takes.
    pub(crate) fn exactly(name: &str) -> Self {
        Self { is_exact: true, ..Self::new(name) }
    }

    /// On a cluster of the test's own.
    pub(crate) fn on(self, cluster: Arc<Cluster>) -> Self {
        Self { cluster: Some(cluster), ..self }
    }

    /// With an operator for all namespaces, which only a cluster of the test's own can bear.
    pub(crate) fn everywhere(self) -> Self {
        Self { everywhere: true, ..self }
    }

    /// With an operator that takes part in an election, with these flags: `lease-duration=3s` and the like. The lease has
    /// the name of the test's namespace.
    pub(crate) fn elects(self, flags: &[&str]) -> Self {
        let setup = Self { elects: true, ..self }.argument("--enable-leader-election");
        flags.iter().fold(setup, |setup, flag| setup.argument(&format!("--leader-election-{flag}")))
    }

    /// With an operator that serves admission, whose webhooks are registered for the test's namespace.
    pub(crate) fn webhooks(self) -> Self {
        Self { admits: true, ..self }
    }

    /// With an AWS double.
    pub(crate) fn aws(self, url: &str) -> Self {
        let variables = ["AWS_SECRETSMANAGER_ENDPOINT", "AWS_SSM_ENDPOINT", "AWS_STS_ENDPOINT"];
        variables.into_iter().fold(self, |setup, variable| setup.variable(variable, url))
    }

    /// With one more argument for the operator.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.options.arguments.push(argument.to_owned());
        self
    }

    /// With one more variable in the operator's environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.options.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts all that, and returns when the operator is ready.
    pub(crate) async fn start(self) -> World {
        let admits = self.admits;
        let world = self.start_unready().await;
        world.operator.ready().await;
        if admits {
            world.admits().await;
        }
        world
    }

    /// Starts all that; the operator may not be ready yet.
    pub(crate) async fn start_unready(self) -> World {
        let Self { name, is_exact, cluster, everywhere, elects, admits, mut options } = self;
        let cluster = match cluster {
            Some(cluster) => cluster,
            None => Cluster::shared().await,
        };
        let namespace = match is_exact {
            true => cluster.make_namespace(name).await,
            false => cluster.plane.namespace(&name).await.unwrap(),
        };
        let mut kubeconfig = cluster.operator_account(&namespace).await;
        if elects {
            options.arguments.push(format!("--leader-election-id={namespace}"));
            kubeconfig = cluster.candidate(&namespace, &namespace, &kubeconfig).await;
        }
        if admits {
            let port = serve_webhooks(&mut options, &namespace);
            cluster.register_webhooks(&namespace, port).await;
            kubeconfig = kubeconfig.replace("namespace: default", &format!("namespace: {NAMESPACE}"));
        }
        let began = cluster.plane.mark().await.unwrap();
        if !everywhere {
            options.arguments.insert(0, format!("--namespace={namespace}"));
        }
        let folder = TempDir::with_prefix("eso-it-").unwrap();
        let own =
            cluster.plane.kubeconfig().replace("namespace: default", &format!("namespace: {namespace}"));
        fs::write(folder.path().join("kubeconfig"), own).unwrap();
        World {
            client: client(cluster.plane.kubeconfig()).await,
            operator: Operator::start(&kubeconfig, &options),
            options,
            canaries: Canaries::default(),
            is_refused: AtomicBool::new(false),
            ended: false,
            began,
            cluster,
            namespace,
            folder,
        }
    }
}

async fn client(kubeconfig: &str) -> Client {
    external_secrets::run::install_crypto();
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.read_timeout = Some(Duration::from_secs(30));
    Client::try_from(config).unwrap()
}
