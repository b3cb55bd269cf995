//! Tests of `proxy`, in front of a server that echoes.

use std::{io, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// An echo server behind a proxy.
async fn echo() -> FaultProxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = client.split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
    FaultProxy::start(&address).await.unwrap()
}

async fn connect(proxy: &FaultProxy) -> io::Result<TcpStream> {
    TcpStream::connect(proxy.address()).await
}

/// What becomes of a byte that is sent.
#[derive(Debug, PartialEq)]
enum Seen {
    Echo,
    Silence,
    End,
}

async fn say(connection: &mut TcpStream, patience: Duration) -> Seen {
    if connection.write_all(b"x").await.is_err() {
        return Seen::End;
    }
    let mut byte = [0];
    match tokio::time::timeout(patience, connection.read(&mut byte)).await {
        Err(_) => Seen::Silence,
        Ok(Ok(1)) => Seen::Echo,
        Ok(_) => Seen::End,
    }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn what_passes_comes_back() {
    let proxy = echo().await;
    let mut connection = connect(&proxy).await.unwrap();
    assert_eq!(say(&mut connection, LONG).await, Seen::Echo);
}

#[tokio::test]
async fn refused_means_that_nobody_listens_until_it_passes_again() {
    let proxy = echo().await;
    let mut open = connect(&proxy).await.unwrap();
    assert_eq!(say(&mut open, LONG).await, Seen::Echo);
    proxy.set(ProxyMode::Refuse).await.unwrap();
    assert_eq!(connect(&proxy).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(say(&mut open, LONG).await, Seen::End);
    proxy.set(ProxyMode::Pass).await.unwrap();
    assert_eq!(say(&mut connect(&proxy).await.unwrap(), LONG).await, Seen::Echo);
}

#[tokio::test]
async fn hanging_connections_are_silent_and_cut_by_the_next_mode() {
    let proxy = echo().await;
    let mut open = connect(&proxy).await.unwrap();
    assert_eq!(say(&mut open, LONG).await, Seen::Echo);
    proxy.set(ProxyMode::Hang).await.unwrap();
    let mut fresh = connect(&proxy).await.unwrap();
    assert_eq!(say(&mut fresh, SHORT).await, Seen::Silence);
    assert_eq!(say(&mut open, SHORT).await, Seen::Silence);
    proxy.set(ProxyMode::Pass).await.unwrap();
    assert_eq!(say(&mut open, LONG).await, Seen::End);
    assert_eq!(say(&mut fresh, LONG).await, Seen::End);
    assert_eq!(say(&mut connect(&proxy).await.unwrap(), LONG).await, Seen::Echo);
}

#[tokio::test]
async fn cut_connections_end_at_once() {
    let proxy = echo().await;
    proxy.set(ProxyMode::Cut).await.unwrap();
    assert_eq!(say(&mut connect(&proxy).await.unwrap(), LONG).await, Seen::End);
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_the_connection() {
    let nobody = port::free().unwrap();
    let proxy = FaultProxy::start(&format!("127.0.0.1:{nobody}")).await.unwrap();
    assert_eq!(say(&mut connect(&proxy).await.unwrap(), LONG).await, Seen::End);
}

#[tokio::test]
async fn a_dropped_proxy_cuts_what_is_open() {
    let proxy = echo().await;
    let mut open = connect(&proxy).await.unwrap();
    assert_eq!(say(&mut open, LONG).await, Seen::Echo);
    drop(proxy);
    assert_eq!(say(&mut open, LONG).await, Seen::End);
}
