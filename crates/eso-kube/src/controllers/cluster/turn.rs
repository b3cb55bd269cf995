//! One turn of an object: what is there is gathered, what follows is decided without a call, and done.

use std::{collections::BTreeMap, fmt};

use eso_plan::{
    cluster::{self, Asked, CopyKind, Namespace, Plan, Report, Standing, Step},
    plan::WriteError,
};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{
    Clusters, Roster, finalizers,
    view::{ClusterObject, View},
};
use crate::{
    apply::cluster::{Bound, Place},
    metadata,
    spread::Spread,
    telemetry::Ready,
};

/// How many namespaces of one object are written to at once: a thousand take some seconds so, and the API server's
/// fairness lets everybody else through.
const AT_ONCE: usize = 8;

/// What a turn is about.
#[derive(Debug)]
pub(super) struct Task<Status> {
    /// The object; `None` where it is gone.
    object: Option<ClusterObject<Status>>,
    /// What is to be done for it; `None` where it is gone, on its way out, or not understood.
    plan: Option<Plan>,
    /// The namespaces that its finalizer, which the original put there, is to be taken off.
    releases: Vec<Bound>,
}

impl<Status: Clone> Task<Status> {
    /// Gathers what there is to know of an object, and decides.
    pub(super) fn of<K: Spread<Status = Status>>(name: &str, view: &View<K>, roster: &dyn Roster) -> Self {
        let object = view.object(name);
        let asked =
            object.filter(|object| !object.is_leaving()).and_then(|object| object.asked.as_ref().ok());
        let plan = object.zip(asked).map(|(object, asked)| plan(&object.metadata, asked, view, roster));
        let finalizer = finalizers::of_namespaces::<K>(name);
        let is_needed = |namespace: &str| match object {
            None => false,
            Some(object) if object.is_leaving() => false,
            Some(_) => {
                view.namespaces.get(namespace).is_some_and(|found| keeps(plan.as_ref(), namespace, found))
            }
        };
        let carries = |bound: &Bound| finalizer.as_ref().is_some_and(|own| bound.finalizers.contains(own));
        let bound = view.bound.iter().filter(|(_, bound)| carries(bound));
        let releases = bound.filter(|(namespace, _)| !is_needed(namespace));
        let releases = releases.map(|(_, bound)| bound.clone()).collect();
        Self { object: object.cloned(), plan, releases }
    }
}

/// Whether a namespace keeps the finalizer that it has: it may be one that the original still needs, and to take it off
/// would be a write that nobody asked for.
fn keeps(plan: Option<&Plan>, name: &str, namespace: &Namespace) -> bool {
    !namespace.leaving && plan.is_none_or(|plan| plan.chosen.contains(name))
}

fn plan<K: Spread>(owner: &ObjectMeta, asked: &Asked, view: &View<K>, roster: &dyn Roster) -> Plan {
    let mut found = view.copies.of(owner.uid.as_deref().unwrap_or_default(), &asked.name, &asked.copy);
    for (namespace, seen) in &view.namespaces {
        let ours = found.get(namespace).is_some_and(|here| here.contains_key(&asked.name));
        let is_chosen = asked.choice.holds(namespace, &seen.labels);
        if is_chosen && !ours && roster.contains(namespace, &asked.name) {
            found.entry(namespace.clone()).or_default().insert(asked.name.clone(), Standing::Foreign);
        }
    }
    cluster::plan(asked, &view.namespaces, &found)
}

impl<Status> Task<Status> {
    /// The object's metadata, where it is there.
    pub(super) fn metadata(&self) -> Option<&ObjectMeta> {
        self.object.as_ref().map(|object| &object.metadata)
    }
}

impl<K: Spread> Clusters<K> {
    /// Takes a turn; gives whether everything is done that can be done.
    pub(super) async fn act(&self, name: &str, task: Task<K::Status>) -> bool {
        let Task { object, plan, releases } = task;
        let released = self.release(name, &releases).await;
        let Some(object) = object else { return released };
        let done = match (plan, &object.asked) {
            _ if object.is_leaving() => self.let_go(&object.metadata).await,
            (Some(plan), Ok(asked)) => self.keep(&object, asked, plan).await,
            (_, Err(problem)) => self.report(&object, &K::refused(problem)).await.is_ok(),
            (None, Ok(_)) => true,
        };
        released && done
    }

    /// Takes the original's finalizer of the object off these namespaces.
    async fn release(&self, name: &str, namespaces: &[Bound]) -> bool {
        let Some(finalizer) = finalizers::of_namespaces::<K>(name) else { return true };
        let releases: Vec<_> =
            namespaces.iter().map(|bound| self.writer.release_namespace(bound, &finalizer)).collect();
        let results: Vec<_> = stream::iter(releases).buffer_unordered(AT_ONCE).collect().await;
        results.iter().all(Result::is_ok)
    }

    /// Lets an object go that is being deleted: its copies go by their owner reference.
    async fn let_go(&self, metadata: &ObjectMeta) -> bool {
        let finalizers = metadata.finalizers.clone().unwrap_or_default();
        let carried = finalizers::of_objects::<K>().filter(|own| finalizers.iter().any(|other| other == own));
        let Some(finalizer) = carried else { return true };
        let name = metadata.name.clone().unwrap_or_default();
        let bound = Bound { name, version: metadata::version(metadata), finalizers };
        self.writer.release_object(&bound, finalizer).await.is_ok()
    }

    async fn keep(&self, object: &ClusterObject<K::Status>, asked: &Asked, plan: Plan) -> bool {
        let owner = &object.metadata;
        let namespaces = plan.steps.iter();
        let namespaces: Vec<_> =
            namespaces.map(|(name, steps)| self.in_namespace(owner, asked, name, steps)).collect();
        let failures: Vec<_> = stream::iter(namespaces).buffer_unordered(AT_ONCE).collect().await;
        let failures: BTreeMap<String, Failure> = failures.into_iter().flatten().collect();
        // Somebody wrote in between, and nothing is known to be wrong: the next turn tells.
        let is_moving = failures.values().any(Failure::is_conflict);
        let succeeded = failures.is_empty();
        let reasons = failures.into_iter().map(|(namespace, failure)| (namespace, failure.to_string()));
        let report = plan.report(asked, reasons.collect());
        let reported = is_moving || self.report(object, &report).await.is_ok();
        succeeded && reported
    }

    /// Takes the steps for a namespace, until one fails.
    async fn in_namespace(
        &self,
        owner: &ObjectMeta,
        asked: &Asked,
        namespace: &str,
        steps: &[Step],
    ) -> Option<(String, Failure)> {
        for step in steps {
            if let Err(error) = self.take(owner, asked, namespace, step).await {
                let failure = Failure { kind: asked.copy.kind, step: step.clone(), error };
                return Some((namespace.to_owned(), failure));
            }
        }
        None
    }

    async fn take(
        &self,
        owner: &ObjectMeta,
        asked: &Asked,
        namespace: &str,
        step: &Step,
    ) -> Result<(), WriteError> {
        let name = match step {
            Step::Create | Step::Update => &asked.name,
            Step::Delete { name } => name,
        };
        let place = Place { namespace, name };
        let uid = owner.uid.as_deref().unwrap_or_default();
        let version = self.view.lock().copies.version(uid, namespace, name).cloned();
        let written = match (step, &version) {
            (Step::Create, None) => self.writer.create(place, owner, &asked.copy).await?,
            (Step::Update, Some(version)) => self.writer.update(place, version, &asked.copy).await?,
            (Step::Delete { .. }, Some(version)) => {
                self.writer.delete(place, version).await?;
                self.view.lock().copies.deleted(namespace, name, version);
                return Ok(());
            }
            (Step::Delete { .. }, None) => return Ok(()),
            (Step::Create, Some(_)) | (Step::Update, None) => return Err(WriteError::Conflict),
        };
        self.view.lock().copies.wrote(&written);
        Ok(())
    }

    /// Writes the status, where it is another.
    async fn report(&self, object: &ClusterObject<K::Status>, report: &Report) -> Result<(), WriteError> {
        let status = K::status(&object.status, report, Timestamp::now());
        if status != object.status {
            let version = self.writer.report(&object.metadata, &status).await?;
            self.view.lock().reported(&object.metadata, status, version);
        }
        let ready = if report.problem.is_none() { Ready::True } else { Ready::False };
        self.count(&object.metadata, |telemetry, subject| telemetry.condition(subject, ready));
        Ok(())
    }
}

/// A step that could not be taken.
#[derive(Debug)]
struct Failure {
    kind: CopyKind,
    step: Step,
    error: WriteError,
}

impl Failure {
    fn is_conflict(&self) -> bool {
        matches!(self.error, WriteError::Conflict)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, step, error } = self;
        match step {
            Step::Create | Step::Update => write!(f, "{}: {error}", kind.unwritten()),
            Step::Delete { name } => write!(f, "could not delete {kind} \"{name}\": {error}"),
        }
    }
}
