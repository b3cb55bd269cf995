//! What is logged, and how. No log line of ours holds a value; those of the libraries below are only let through as
//! warnings, for some of them print what they send.

use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::args::{LogFormat, LogLevel};

/// Our own crates, by the names that their log lines carry.
const OURS: [&str; 8] =
    ["external_secrets", "eso_core", "eso_plan", "eso_sync", "eso_kube", "eso_aws", "eso_vault", "eso_fake"];

/// Libraries that print whole answers of the API server, which may hold Secrets, where they cannot be understood. What
/// goes wrong there is logged by our own crates.
const SILENT: [&str; 2] = ["kube_client", "kube_runtime"];

/// Begins to log to the standard error. It does nothing where somebody logs already.
pub fn begin(level: LogLevel, format: LogFormat) {
    // A second call, in a test or in a program that logs itself, leaves the first one's choice.
    drop(subscriber(level, format, std::io::stderr).try_init());
}

/// As [`begin`], for a command that somebody waits for: warnings alone. That a store's status is not written is no news
/// there: nothing is.
pub fn begin_for_a_command(format: LogFormat) {
    let quiet = format!("{},eso_kube::controllers::secret_store=off", filter(LogLevel::Warn));
    drop(layered(EnvFilter::new(quiet), format, std::io::stderr).try_init());
}

/// Has a crash logged by its place alone: the text of a panic can quote what was being worked on.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "crashed; please report this as a bug");
    }));
}

fn subscriber<W>(level: LogLevel, format: LogFormat, writer: W) -> impl tracing::Subscriber
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    layered(filter(level), format, writer)
}

fn layered<W>(filter: EnvFilter, format: LogFormat, writer: W) -> impl tracing::Subscriber
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter))
}

fn filter(level: LogLevel) -> EnvFilter {
    let (ours, others) = match level {
        LogLevel::Trace => ("trace", "warn"),
        LogLevel::Debug => ("debug", "warn"),
        LogLevel::Info => ("info", "warn"),
        LogLevel::Warn => ("warn", "warn"),
        LogLevel::Error => ("error", "error"),
    };
    let ours = OURS.map(|name| format!(",{name}={ours}")).concat();
    let silent = SILENT.map(|name| format!(",{name}=off")).concat();
    EnvFilter::new(format!("{others}{silent}{ours}"))
}

#[cfg(test)]
mod tests;
