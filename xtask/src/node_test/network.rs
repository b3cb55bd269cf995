//! A network of its own: a bridge for pods, with the node's address and the API server's service address on it.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The name of the namespace, and of nothing else.
const NAME: &str = "eso-node-test";

/// The bridge that pods are joined by.
pub(super) const BRIDGE: &str = "eso0";

/// The node's address, at which pods reach what runs beside them.
pub(super) const NODE: &str = "10.89.0.1";

/// The addresses of pods, and the first of them.
pub(super) const PODS: (&str, &str) = ("10.89.0.0/24", "10.89.0.10");

/// The address of the Service `kubernetes`, the first of those that the API server gives out.
pub(super) const KUBERNETES: &str = "10.96.0.1";

/// A namespace of the network; it is removed when this is dropped.
pub(super) struct Network;

impl Network {
    /// Makes it; what an earlier run that was killed has left is removed first.
    pub(super) fn make() -> Result<Self> {
        drop(Self);
        ip(&["netns", "add", NAME])?;
        let network = Self;
        let within = |arguments: &[&str]| ip(&[&["-n", NAME], arguments].concat());
        within(&["link", "set", "lo", "up"])?;
        within(&["link", "add", BRIDGE, "type", "bridge"])?;
        within(&["addr", "add", &format!("{NODE}/24"), "dev", BRIDGE])?;
        within(&["addr", "add", &format!("{KUBERNETES}/32"), "dev", BRIDGE])?;
        within(&["link", "set", BRIDGE, "up"])?;
        // It leads nowhere; the servers look for one to know their own address.
        within(&["route", "add", "default", "dev", BRIDGE])?;
        Ok(network)
    }

    /// Its file.
    pub(super) fn path(&self) -> String {
        format!("/run/netns/{NAME}")
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // It fails where there is none, which is what is wanted.
        let _ = Command::new("ip").args(["netns", "del", NAME]).output();
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot run ip")?;
    ensure!(
        output.status.success(),
        "ip {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
