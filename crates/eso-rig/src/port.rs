//! Free TCP ports on 127.0.0.1.
//!
//! They are taken below the range from which the kernel gives ports to outgoing connections: a client
//! that dials a dead server's port in that range can end up connected to itself, and a server that is
//! started again can find its port taken.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use anyhow::{Context, Result};

/// First port that is tried.
const FIRST: u32 = 12_000;
/// How many there are; Linux gives outgoing connections 32768 and above.
const COUNT: u32 = 20_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A port of 127.0.0.1 that nobody listened on a moment ago, and that no outgoing connection is given.
///
/// # Errors
/// When every port is taken.
pub fn free() -> Result<u16> {
    Ok(listen()?.local_addr().context("a listener must know its address")?.port())
}

/// A listener on a free port.
pub(crate) fn listen() -> Result<TcpListener> {
    (0..COUNT)
        .find_map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, candidate())).ok())
        .context("no free port on 127.0.0.1")
}

/// Another port at each call; processes start at different ones, so that they seldom meet.
fn candidate() -> u16 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let start = process::id().wrapping_mul(7_919).wrapping_add(since_epoch.subsec_micros());
    let step = NEXT.fetch_add(1, Ordering::Relaxed);
    let port = FIRST + start.wrapping_add(step.wrapping_mul(31)) % COUNT;
    u16::try_from(port).expect("a candidate must be a port")
}
