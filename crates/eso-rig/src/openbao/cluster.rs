//! Two OpenBao servers that are one: one of them is active, the other a standby that takes its place.

use anyhow::{Context, Result};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    OpenBao, client,
    configuration::{AUDIT, Address, Node, launch_node},
    health,
};
use crate::{audit::Log, folder::Folder, http};

/// What the standby of a cluster does with a request that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standbys {
    /// It answers by itself, with what it has got of the active node so far: what OpenBao does unless it is told otherwise.
    Read,
    /// It hands it on like any other: what OpenBao did before 2.5, and Vault does without a licence.
    Forward,
}

/// A running cluster, over HTTP, unsealed, with nothing mounted. It ends, and its data goes away, when the handle is
/// dropped or the process ends.
///
/// All nodes have one root token, one unseal key and one audit log. In it, a standby that hands everything on has no lines
/// of its own; one that reads has some about each request that it tries before it hands it on.
pub struct Cluster {
    // Dropped in this order: the folder with the audit log last.
    nodes: [OpenBao; 2],
    standbys: Standbys,
    _folder: Folder,
}

impl Cluster {
    /// Starts two nodes on free ports of 127.0.0.1, and returns when the second is a standby of that kind, and may take
    /// the place of the first.
    ///
    /// # Errors
    /// When they cannot be had, or do not start or find each other; quotes the end of a log.
    pub async fn start(standbys: Standbys) -> Result<Self> {
        let folder = Folder::new("openbao-cluster")?;
        let audit = folder.path().join(AUDIT);
        let disables_reads = standbys == Standbys::Forward;
        let mut first = node(&Node { name: "first", audit: &audit, disables_reads, peer: None }).await?;
        first.initialize().await?;
        first.ready(&[200]).await.context("openbao: the first node is not active")?;
        // A node that joined is a voter only when it was well for so long.
        let at_once = json!({"server_stabilization_time": "100ms"});
        first.write("sys/storage/raft/autopilot/configuration", &at_once).await?;
        let peer = Some(first.url());
        let mut second = node(&Node { name: "second", audit: &audit, disables_reads, peer }).await?;
        second.root_token.clone_from(&first.root_token);
        second.unseal_key.clone_from(&first.unseal_key);
        second.ready(&[503]).await.context("openbao: the second node did not join")?;
        second.unseal().await?;
        http::eventually(|| all_vote(&first)).await.context("openbao: the second node has no vote")?;
        let cluster = Self { nodes: [first, second], standbys, _folder: folder };
        cluster.settled().await?;
        Ok(cluster)
    }

    /// The active node, and the standby. Waits until there is an active one.
    ///
    /// # Errors
    /// When neither is active for too long.
    pub async fn active_and_standby(&self) -> Result<(&OpenBao, &OpenBao)> {
        let [first, second] = &self.nodes;
        let one_leads = || async { Ok(first.leads().await? || second.leads().await?) };
        http::eventually(one_leads).await.context("openbao: no active node")?;
        Ok(if first.leads().await? { (first, second) } else { (second, first) })
    }

    /// Returns when the standby has got all that the active node has written so far.
    ///
    /// # Errors
    /// When it does not for too long.
    pub async fn caught_up(&self) -> Result<()> {
        let (active, standby) = self.active_and_standby().await?;
        let written = active.applied().await?;
        let has_all = || async { Ok(standby.applied().await? >= written) };
        http::eventually(has_all).await.context("openbao: the standby does not catch up")
    }

    /// Makes the active node a standby, and returns when the other is active, and it is a standby of the cluster's kind.
    ///
    /// # Errors
    /// When it is refused, or the other takes too long.
    pub async fn step_down(&self) -> Result<()> {
        let (active, standby) = self.active_and_standby().await?;
        let answer = active.request(Method::PUT, "sys/step-down", None).await?;
        answer.success().context("openbao: step down")?;
        let followed = || async { Ok(standby.leads().await? && active.follows(standby).await?) };
        http::eventually(followed).await.context("openbao: nobody took over")?;
        self.settled().await
    }

    /// Returns when the standby does with requests what it is there for: one that begins to be one hands all of them on.
    async fn settled(&self) -> Result<()> {
        let (_, standby) = self.active_and_standby().await?;
        let expected = match self.standbys {
            Standbys::Read => StatusCode::OK,
            Standbys::Forward => StatusCode::TEMPORARY_REDIRECT,
        };
        let is_settled =
            || async { Ok(standby.status_unforwarded("auth/token/lookup-self").await? == expected) };
        http::eventually(is_settled).await.context("openbao: the standby does not become one")
    }
}

impl OpenBao {
    /// Whether it is active. One that is not running is not.
    async fn leads(&self) -> Result<bool> {
        let asked = self.request(Method::GET, "sys/health", None).await;
        Ok(asked.is_ok_and(|answer| answer.status == StatusCode::OK))
    }

    /// How many changes of the cluster it has made its own.
    async fn applied(&self) -> Result<u64> {
        let answer = self.request(Method::GET, "sys/leader", None).await?;
        answer.body["raft_applied_index"].as_u64().context("a node must say how far it is")
    }

    /// With which status it answers to a read that it is not to hand on.
    async fn status_unforwarded(&self, path: &str) -> Result<StatusCode> {
        let request = self.client.get(format!("{}/v1/{path}", self.url()));
        let request = request.header("X-Vault-Token", &self.root_token);
        Ok(request.header("X-Vault-No-Request-Forwarding", "true").send().await?.status())
    }

    /// Whether it knows another as the active node.
    async fn follows(&self, other: &Self) -> Result<bool> {
        let answer = self.request(Method::GET, "sys/leader", None).await?;
        Ok(answer.body["leader_address"] == other.url())
    }
}

async fn node(node: &Node<'_>) -> Result<OpenBao> {
    let folder = Folder::new("openbao-node")?;
    let address = Address::plain()?;
    let client = client(&address)?;
    let process = launch_node(folder.path(), &address, node).await?.start()?;
    http::ready(&client, &health(&address), &[501, 503], &process).await?;
    Ok(OpenBao {
        process,
        client,
        address,
        root_token: String::new(),
        unseal_key: None,
        serving: &[200, 429],
        audit: Log::new(node.audit),
        _folder: folder,
    })
}

async fn all_vote(active: &OpenBao) -> Result<bool> {
    let answer = active.request(Method::GET, "sys/storage/raft/configuration", None).await?;
    let configuration = answer.success().context("openbao: the nodes of the cluster")?;
    let servers = configuration["data"]["config"]["servers"].as_array();
    let servers = servers.context("openbao must name the nodes of a cluster")?;
    Ok(servers.len() == 2 && servers.iter().all(|server| server["voter"] == true))
}

#[cfg(test)]
mod tests;
