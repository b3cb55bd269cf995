//! This process's part in the election of a leader.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use eso_kube::lease::{Elector, End, Leadership, Terms, identity};
use kube::Client;
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::args::Args;

/// Where a pod finds the namespace of its service account.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Where Linux says what host it is; in a pod, the pod's name.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// A part in an election, or in none.
pub(crate) struct Election {
    leadership: Leadership,
    part: Option<Part>,
}

struct Part {
    elector: JoinHandle<End>,
    /// Ends it, and gives the lease up.
    end: CancellationToken,
    /// How long after it was lost nobody else can have taken the lease.
    grace: Duration,
}

impl Election {
    /// Takes part, where the arguments want it. `client` is one whose requests nothing holds back.
    pub(crate) fn begin(args: &Args, client: &Client) -> anyhow::Result<Self> {
        if !args.enable_leader_election {
            return Ok(Self { leadership: Leadership::always(), part: None });
        }
        let terms = terms(args)?;
        let grace = terms.lease_duration.saturating_sub(terms.renew_deadline);
        let namespace = own_namespace(client);
        let identity = own_identity()?;
        tracing::info!(lease = args.leader_election_id, namespace, identity, "takes part in the election");
        let elector = Elector::new(client.clone(), &namespace, &args.leader_election_id, identity, terms);
        let (leadership, end) = (elector.leadership(), CancellationToken::new());
        let elector = tokio::spawn(elector.run(end.clone()));
        Ok(Self { leadership, part: Some(Part { elector, end, grace }) })
    }

    /// Whether this process leads.
    pub(crate) fn leadership(&self) -> Leadership {
        self.leadership.clone()
    }

    /// Waits for the work of the operator, which ends when it is told to or the lease is lost, and gives the lease up then.
    /// It fails where the lease was lost, and does not wait for the work longer than until another one may lead.
    pub(crate) async fn during(self, work: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Self { leadership, part } = self;
        let Some(Part { elector, end, grace }) = part else {
            work.await;
            return Ok(());
        };
        tokio::select! {
            () = work => {}
            () = async { leadership.over().await; sleep(grace).await } => {}
        }
        end.cancel();
        match elector.await.context("the election ended in a panic")? {
            End::GivenUp => Ok(()),
            End::Lost => bail!("the lease was lost: another operator may lead now"),
        }
    }
}

/// On what terms this process takes part.
fn terms(args: &Args) -> anyhow::Result<Terms> {
    let terms = Terms {
        lease_duration: args.leader_election_lease_duration,
        renew_deadline: args.leader_election_renew_deadline,
        retry_period: args.leader_election_retry_period,
    };
    terms.checked().context("--leader-election-lease-duration, -renew-deadline and -retry-period do not fit")
}

/// The operator's own namespace.
pub(crate) fn own_namespace(client: &Client) -> String {
    namespace(Path::new(OWN_NAMESPACE), client.default_namespace())
}

/// The operator's own namespace: what the file says, and where there is none, that of the kubeconfig's context.
fn namespace(file: &Path, of_context: &str) -> String {
    let own = fs::read_to_string(file).unwrap_or_default();
    match own.trim() {
        "" => of_context.to_owned(),
        own => own.to_owned(),
    }
}

fn own_identity() -> anyhow::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).ok().context("the system gives no random bytes")?;
    let hostname = fs::read_to_string(HOSTNAME).ok().or_else(|| std::env::var("HOSTNAME").ok());
    Ok(identity(hostname.as_deref().map_or("external-secrets", str::trim), random))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use clap::Parser as _;

    use super::{namespace, own_identity, terms};
    use crate::args::Args;

    #[track_caller]
    fn check(flags: &[&str], expected: Option<&str>) {
        let args = Args::try_parse_from(["eso"].iter().chain(flags)).unwrap();
        let said = terms(&args).err().map(|error| format!("{error:#}"));
        let is_expected = match (&said, expected) {
            (Some(said), Some(expected)) => said.contains(expected),
            (said, expected) => said.as_deref() == expected,
        };
        assert!(is_expected, "{flags:?}: {said:?}");
    }

    #[test]
    fn terms_that_do_not_fit_are_refused_with_the_names_of_their_flags() {
        check(&[], None);
        check(&["--leader-election-renew-deadline=15s"], Some("must be greater than the renew deadline"));
        check(&["--leader-election-retry-period=9s"], Some("the retry period times 1.2"));
        check(&["--leader-election-retry-period=0s"], Some("-retry-period do not fit: "));
    }

    #[test]
    fn in_a_cluster_the_lease_is_where_the_service_account_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("namespace");
        fs::write(&file, "operators\n").unwrap();
        assert_eq!(namespace(&file, "of-the-context"), "operators");
        assert_eq!(namespace(Path::new("/nowhere"), "of-the-context"), "of-the-context");
    }

    #[test]
    fn no_two_lives_have_one_identity() {
        let [one, other] = [(), ()].map(|()| own_identity().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.rsplit_once('_').unwrap().1.len(), 36);
    }
}
