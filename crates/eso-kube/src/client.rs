//! A client of the API server that never waits for ever, and never tries again behind our back.

use std::time::Duration;

use kube::{Client, Config};

/// How long the API server may be silent on a connection. A watch ends after 290 s at the latest, and answers in
/// between; a list takes seconds.
const SILENCE: Duration = Duration::from_secs(300);

/// Connects as `config` says, with the time-outs that this crate relies on.
///
/// kube's own retries are switched off: they repeat a POST whose answer was lost, and can hold a call for minutes.
/// The engine tries again.
///
/// Fails where the configuration cannot be used, such as for a certificate that is none.
pub fn connect(mut config: Config) -> kube::Result<Client> {
    config.default_retry = false;
    config.read_timeout = Some(SILENCE);
    config.reset_reader_on_write = true;
    Client::try_from(config)
}
