//! A TCP proxy in front of a server that can be made dead in every way a network knows.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
};

use crate::port;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyMode {
    /// They reach the server.
    Pass,
    /// New ones are refused; those that are open are cut.
    Refuse,
    /// New ones are taken and never answered; on those that are open nothing moves any more, and the next
    /// change of mode cuts them.
    Hang,
    /// New ones are taken and closed at once; those that are open are cut.
    Cut,
}

/// The running proxy. It ends when it is dropped, and cuts what is open.
pub struct FaultProxy {
    address: SocketAddr,
    commands: mpsc::Sender<Command>,
    serving: JoinHandle<()>,
}

/// A new mode, and whom to tell once it is in force.
type Command = (ProxyMode, oneshot::Sender<Result<()>>);

/// What the proxy's task owns.
struct Serving {
    address: SocketAddr,
    target: String,
    /// None while connections are refused.
    listener: Option<TcpListener>,
    mode: watch::Sender<ProxyMode>,
    connections: JoinSet<()>,
}

impl FaultProxy {
    /// Starts one on a free port of 127.0.0.1 that passes everything to `target`, a `host:port`.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(target: &str) -> Result<Self> {
        let listener = port::listen()?;
        listener.set_nonblocking(true).context("a listener must be fit for tokio")?;
        let listener = TcpListener::from_std(listener).context("a listener must be fit for tokio")?;
        let address = listener.local_addr().context("a listener must know its address")?;
        let serving = Serving {
            address,
            target: target.to_owned(),
            listener: Some(listener),
            mode: watch::Sender::new(ProxyMode::Pass),
            connections: JoinSet::new(),
        };
        let (commands, received) = mpsc::channel(1);
        Ok(Self { address, commands, serving: tokio::spawn(serving.run(received)) })
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Changes the mode; it is in force for new connections when this returns.
    ///
    /// # Errors
    /// When the port that was given up for [`ProxyMode::Refuse`] is taken by somebody else.
    pub async fn set(&self, mode: ProxyMode) -> Result<()> {
        let (done, in_force) = oneshot::channel();
        self.commands.send((mode, done)).await.ok().context("the proxy has ended")?;
        in_force.await.context("the proxy has ended")?
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Serving {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some((mode, done)) => {
                        // Who asked may have stopped waiting, and the mode is changed all the same.
                        let _ = done.send(self.change(mode).await);
                    }
                    None => return,
                },
                Ok((client, _)) = accept(self.listener.as_ref()) => {
                    self.connections.spawn(carry(client, self.target.clone(), self.mode.subscribe()));
                }
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    async fn change(&mut self, mode: ProxyMode) -> Result<()> {
        self.mode.send_replace(mode);
        self.listener = match (mode, self.listener.take()) {
            (ProxyMode::Refuse, _) => None,
            (ProxyMode::Pass | ProxyMode::Hang | ProxyMode::Cut, Some(listener)) => Some(listener),
            (ProxyMode::Pass | ProxyMode::Hang | ProxyMode::Cut, None) => {
                let again = TcpListener::bind(self.address).await;
                Some(again.with_context(|| format!("the proxy cannot listen on {} again", self.address))?)
            }
        };
        Ok(())
    }
}

/// The next connection; waits for ever while there is no listener.
async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Carries one connection as long as the mode in which it began lasts.
async fn carry(mut client: TcpStream, target: String, mut mode: watch::Receiver<ProxyMode>) {
    if *mode.borrow_and_update() == ProxyMode::Pass {
        tokio::select! {
            () = pass(&mut client, &target) => return,
            _ = mode.changed() => {}
        }
    }
    if *mode.borrow_and_update() == ProxyMode::Hang {
        // The connection stays open here until the mode changes, or the proxy is gone.
        let _ = mode.changed().await;
    }
}

/// Until either side closes; a server that cannot be reached closes the connection too.
async fn pass(client: &mut TcpStream, target: &str) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        // An error is a connection that broke, and it ends here in either case.
        let _ = copy_bidirectional(client, &mut server).await;
    }
}

#[cfg(test)]
mod tests;
