//! The metrics by name: what is encoded, and what the reference page says, come from this one list.

use eso_kube::telemetry::Kind;
use prometheus_client::metrics::MetricType;

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// Its full name, as it is scraped.
    pub name: &'static str,
    /// Its type.
    pub kind: MetricKind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop; the original's words where it is the original's.
    pub help: &'static str,
    /// Whether the original has no such metric.
    pub ours: bool,
    /// Where its values come from.
    pub measure: Measure,
}

/// The types of metric that we have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// Where the values of a metric come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Runs for objects of this kind.
    Runs(Kind),
    /// Runs that failed.
    Failures(Kind),
    /// How long the last run took, in nanoseconds.
    Took(Kind),
    /// The `Ready` condition.
    Condition(Kind),
    /// Runs for objects of this kind, by whether they succeeded.
    Results(Kind),
    /// 1 for an object that is in step, and -1 for one that is not.
    State(Kind),
    /// How old an object's values are, in seconds.
    DataAge(Kind),
    /// Calls to stores.
    ProviderCalls,
    /// Objects that are due and not yet looked at.
    QueueReady,
    /// How long the oldest of them has been due, in seconds.
    QueueOldest,
    /// Objects that were due for too long.
    Overdue,
    /// Events that were not sent.
    EventsDropped,
    /// Reviews, by what became of them.
    Reviews,
    /// How long all answers took together, in seconds.
    Answering,
}

impl MetricKind {
    /// The type, as prometheus-client has it.
    pub fn as_metric_type(self) -> MetricType {
        match self {
            Self::Counter => MetricType::Counter,
            Self::Gauge => MetricType::Gauge,
        }
    }
}

const OBJECT: &[&str] = &["name", "namespace"];
const CONDITION: &[&str] = &["condition", "name", "namespace", "status"];

/// Every metric: the original's first, then ours.
pub const DESCRIPTIONS: &[Description] = &[
    counter(
        "externalsecret_sync_calls_total",
        OBJECT,
        "Total number of the External Secret sync calls",
        Measure::Runs(Kind::ExternalSecret),
    ),
    counter(
        "externalsecret_sync_calls_error",
        OBJECT,
        "Total number of the External Secret sync errors",
        Measure::Failures(Kind::ExternalSecret),
    ),
    gauge(
        "externalsecret_status_condition",
        CONDITION,
        "The status condition of a specific External Secret",
        Measure::Condition(Kind::ExternalSecret),
    ),
    gauge(
        "externalsecret_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the External Secret",
        Measure::Took(Kind::ExternalSecret),
    ),
    counter(
        "externalsecret_provider_api_calls_count",
        &["call", "provider", "status"],
        "Number of API calls towards the secret provider",
        Measure::ProviderCalls,
    ),
    gauge(
        "secretstore_status_condition",
        CONDITION,
        "The status condition of a specific Secret Store",
        Measure::Condition(Kind::SecretStore),
    ),
    gauge(
        "secretstore_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the Secret Store",
        Measure::Took(Kind::SecretStore),
    ),
    gauge(
        "clustersecretstore_status_condition",
        CONDITION,
        "The status condition of a specific Cluster Secret Store",
        Measure::Condition(Kind::ClusterSecretStore),
    ),
    gauge(
        "clustersecretstore_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the Cluster Secret Store",
        Measure::Took(Kind::ClusterSecretStore),
    ),
    gauge(
        "clusterexternalsecret_status_condition",
        CONDITION,
        "The status condition of a specific Cluster External Secret",
        Measure::Condition(Kind::ClusterExternalSecret),
    ),
    gauge(
        "clusterexternalsecret_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the Cluster External Secret",
        Measure::Took(Kind::ClusterExternalSecret),
    ),
    gauge(
        "pushsecret_status_condition",
        CONDITION,
        "The status condition of a specific Push Secret",
        Measure::Condition(Kind::PushSecret),
    ),
    gauge(
        "pushsecret_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the Push Secret",
        Measure::Took(Kind::PushSecret),
    ),
    gauge(
        "clusterpushsecret_status_condition",
        CONDITION,
        "The status condition of a specific Cluster Push Secret",
        Measure::Condition(Kind::ClusterPushSecret),
    ),
    gauge(
        "clusterpushsecret_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the Cluster Push Secret",
        Measure::Took(Kind::ClusterPushSecret),
    ),
    ours(gauge(
        "externalsecret_data_age_seconds",
        OBJECT,
        "The time since the values of an External Secret were last read with success",
        Measure::DataAge(Kind::ExternalSecret),
    )),
    ours(counter(
        "filledsecret_sync_calls_total",
        OBJECT,
        "Total number of the sync calls of a Secret that was filled at admission",
        Measure::Runs(Kind::FilledSecret),
    )),
    ours(counter(
        "filledsecret_sync_calls_error",
        OBJECT,
        "Total number of the sync errors of a Secret that was filled at admission",
        Measure::Failures(Kind::FilledSecret),
    )),
    ours(gauge(
        "filledsecret_status_condition",
        CONDITION,
        "The status condition of a specific Secret that was filled at admission",
        Measure::Condition(Kind::FilledSecret),
    )),
    ours(gauge(
        "filledsecret_reconcile_duration",
        OBJECT,
        "The duration time to reconcile the Secret that was filled at admission",
        Measure::Took(Kind::FilledSecret),
    )),
    ours(gauge(
        "filledsecret_data_age_seconds",
        OBJECT,
        "The time since the values of a Secret that was filled at admission were last read with success",
        Measure::DataAge(Kind::FilledSecret),
    )),
    ours(counter(
        "kubernetes_external_secrets_sync_calls_count",
        &["name", "namespace", "status"],
        "Number of sync operations of an older External Secret",
        Measure::Results(Kind::LegacyExternalSecret),
    )),
    ours(gauge(
        "kubernetes_external_secrets_last_sync_call_state",
        OBJECT,
        "1 where an older External Secret is in step, and -1 where it is not",
        Measure::State(Kind::LegacyExternalSecret),
    )),
    ours(gauge(
        "eso_queue_ready",
        &["lane"],
        "External Secrets, filled Secrets and Push Secrets that are due and not yet looked at",
        Measure::QueueReady,
    )),
    ours(gauge(
        "eso_queue_oldest_seconds",
        &["lane"],
        "How long the oldest of the objects that are due has waited",
        Measure::QueueOldest,
    )),
    ours(counter(
        "eso_queue_overdue_total",
        &[],
        "Objects that were due for more than a minute and not looked at",
        Measure::Overdue,
    )),
    ours(counter(
        "eso_events_dropped_total",
        &[],
        "Events that were not sent because too many waited",
        Measure::EventsDropped,
    )),
    ours(counter(
        "eso_admission_reviews_total",
        &["result", "webhook"],
        "Reviews of the API server, by where they were sent and what became of them: allowed, warned, filled, denied, \
         malformed, late, or unknown, which is from somebody who is not the API server",
        Measure::Reviews,
    )),
    ours(counter(
        "eso_admission_seconds_total",
        &["webhook"],
        "How long the API server waited for the answers to all of them together",
        Measure::Answering,
    )),
];

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    measure: Measure,
) -> Description {
    Description { name, kind: MetricKind::Counter, labels, help, ours: false, measure }
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    measure: Measure,
) -> Description {
    Description { name, kind: MetricKind::Gauge, labels, help, ours: false, measure }
}

const fn ours(description: Description) -> Description {
    Description { ours: true, ..description }
}
