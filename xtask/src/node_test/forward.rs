//! Lets pods reach what listens on the node's loopback address.

use anyhow::{Context, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Something that is reached at another address too, until this is dropped.
pub(super) struct Forward(JoinHandle<()>);

impl Forward {
    /// Sends each connection to `from` on to `to`, both `address:port`.
    pub(super) async fn start(from: &str, to: &str) -> Result<Self> {
        let listener = TcpListener::bind(from).await.with_context(|| format!("cannot listen at {from}"))?;
        let to = to.to_owned();
        Ok(Self(tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        // Either end may break off at any time.
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        })))
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::Forward;

    #[tokio::test]
    async fn what_is_sent_arrives_and_is_answered() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = server.local_addr().unwrap().to_string();
        let from = format!("127.0.0.1:{}", eso_rig::free_port().unwrap());
        let _forward = Forward::start(&from, &to).await.unwrap();
        let answers = tokio::spawn(async move {
            let (mut stream, _) = server.accept().await.unwrap();
            let mut asked = [0; 4];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&asked).await.unwrap();
        });
        let mut client = TcpStream::connect(&from).await.unwrap();
        client.write_all(b"ping").await.unwrap();
        let mut answer = [0; 4];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"ping");
        answers.await.unwrap();
    }
}
