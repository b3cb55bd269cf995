//! Older objects whose places newer ones take, in a cluster: what is seen, and the steps that [`step::next`] says.

mod look;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use eso_core::api::{external_secret::ExternalSecret, legacy, secret_store::ClusterSecretStore};
use eso_kube::marks::Marks;
use eso_plan::{
    convert::migrate::{Migrated, Parts},
    desired::Ownership,
};
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy},
    core::{ApiResource, DynamicObject},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    backup::Backup,
    parts, say,
    step::{self, Past, Step},
};
use look::{Memory, Seen};

/// How many objects are under way at once. Most of the time each of them waits.
const AT_ONCE: usize = 32;

/// Between two looks at what is waited for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// How long one call may take.
const CALL: Duration = Duration::from_secs(30);

/// What is written under on a Secret whose owner is exchanged.
const FIELD_MANAGER: &str = "eso-migrate";

/// The annotation of a trial: the uid of the older object that it is for.
const TRIAL_OF: &str = "external-secrets.io/trial-of";

/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// Moves objects.
pub(super) struct Mover {
    pub(super) client: Client,
    pub(super) backup: Backup,
    /// How long is waited for one object.
    pub(super) timeout: Duration,
    /// How long a Secret must have been the newer object's before the older one goes.
    pub(super) settle: Duration,
}

impl Mover {
    /// Moves all of these, each with its manifest; whether all were.
    pub(super) async fn all(self, objects: Vec<(Value, Migrated)>) -> anyhow::Result<bool> {
        let (mover, room) = (Arc::new(self), Arc::new(Semaphore::new(AT_ONCE)));
        let mut moves = JoinSet::new();
        let mut unmoved = 0;
        for (document, migrated) in objects {
            migrated.remarks.iter().for_each(|remark| say(&remark.to_string()));
            let Some(parts) = parts(&migrated).cloned() else {
                unmoved += 1;
                continue;
            };
            let (mover, room) = (Arc::clone(&mover), Arc::clone(&room));
            moves.spawn(async move {
                let _place = room.acquire().await;
                (migrated.object, mover.one(&document, parts).await)
            });
        }
        let mut moved = 0;
        while let Some(outcome) = moves.join_next().await {
            let (object, outcome) = outcome.context("a move crashed; please report this as a bug")?;
            match outcome {
                Ok(()) => {
                    moved += 1;
                    say(&format!("{object}: moved"));
                }
                Err(error) => {
                    unmoved += 1;
                    say(&format!("{object}: not moved: {error:#}"));
                }
            }
        }
        say(&format!("{moved} moved, {unmoved} not moved"));
        Ok(unmoved == 0)
    }

    async fn one(&self, document: &Value, parts: Parts) -> anyhow::Result<()> {
        let one = Move::prepared(self, document, parts).await?;
        let outcome = one.go().await;
        if outcome.is_err() {
            one.tidy_up().await;
        }
        outcome
    }
}

/// One object that is moved.
struct Move<'m> {
    mover: &'m Mover,
    document: &'m Value,
    /// The uid of the older object.
    uid: String,
    name: String,
    /// What is wanted, as the API server has it once it is made.
    wanted: Parts,
    trial: ExternalSecret,
    /// As they are: the backup is to have all that they say.
    older: Api<DynamicObject>,
    newer: Api<ExternalSecret>,
    secrets: Api<Secret>,
    stores: Api<ClusterSecretStore>,
}

impl<'m> Move<'m> {
    /// Asks the API server whether it would take all that is to be made, before anything is.
    async fn prepared(mover: &'m Mover, document: &'m Value, parts: Parts) -> anyhow::Result<Self> {
        let namespace = parts.object.namespace().context("it has no namespace")?;
        let client = || mover.client.clone();
        let (newer, stores) = (Api::namespaced(client(), &namespace), Api::all(client()));
        let uid = document["metadata"]["uid"].as_str().context("it has no uid")?.to_owned();
        let mut fills = Vec::new();
        for fill in &parts.fills {
            fills.push(as_taken(&newer, fill).await?);
        }
        let wanted = Parts {
            store: as_taken(&stores, &parts.store).await?,
            object: as_taken(&newer, &parts.object).await?,
            fills,
        };
        Ok(Self {
            name: wanted.object.name_any(),
            trial: trial(&wanted.object, &uid),
            wanted,
            older: Api::namespaced_with(
                client(),
                &namespace,
                &ApiResource::erase::<legacy::ExternalSecret>(&()),
            ),
            secrets: Api::namespaced(client(), &namespace),
            mover,
            document,
            uid,
            newer,
            stores,
        })
    }

    /// Takes one step after the other, until there is none.
    async fn go(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut memory = Memory::default();
        loop {
            let seen = self.see(&mut memory).await?;
            let past = Past {
                handed_over: memory.handed_over,
                settled: memory.newers_since.is_some_and(|since| since.elapsed() >= self.mover.settle),
            };
            match step::next(&seen.look, past) {
                Step::Done => return Ok(()),
                Step::Refuse(why) => bail!("{why}"),
                Step::Wait(why) if began.elapsed() >= self.mover.timeout => {
                    bail!("waited for {} s in vain: {why}", self.mover.timeout.as_secs())
                }
                Step::Wait(_) => sleep(LOOK_INTERVAL).await,
                taken => match self.take(&taken, &seen).await {
                    Ok(()) => memory.handed_over |= taken == Step::HandOver,
                    // Somebody else was faster, or changed what was looked at.
                    Err(Failure::Outdated) if began.elapsed() < self.mover.timeout => {
                        sleep(LOOK_INTERVAL).await;
                    }
                    Err(Failure::Outdated) => bail!("somebody else changes it all the time"),
                    Err(Failure::Other(error)) => return Err(error),
                },
            }
        }
    }

    async fn take(&self, step: &Step, seen: &Seen) -> Result<(), Failure> {
        let post = PostParams::default();
        match step {
            Step::MakeStore => within(self.stores.create(&post, &self.wanted.store)).await.map(drop),
            Step::MakeTrial => within(self.newer.create(&post, &self.trial)).await.map(drop),
            Step::MakeNewer => within(self.newer.create(&post, &self.wanted.object)).await.map(drop),
            Step::MakeFills => self.make_fills().await,
            Step::DropTrial => self.drop_trial(seen.trial.as_deref().unwrap_or_default()).await,
            Step::HandOver => self.hand_over(seen).await,
            Step::DeleteOlder => self.delete_older(seen).await,
            Step::Wait(_) | Step::Done | Step::Refuse(_) => Ok(()),
        }
    }

    async fn make_fills(&self) -> Result<(), Failure> {
        for fill in &self.wanted.fills {
            match within(self.newer.create(&PostParams::default(), fill)).await {
                // It is there already, and was looked at.
                Ok(_) | Err(Failure::Outdated) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Exchanges the owner of the Secret that was looked at, and who wrote its data, and nothing else.
    async fn hand_over(&self, seen: &Seen) -> Result<(), Failure> {
        let (Some(secret), Some(newer)) = (&seen.secret, &seen.newer) else { return Err(Failure::Outdated) };
        let marks = Marks::of(&newer.metadata, Ownership::Own);
        let mut owners = secret.owner_references().to_vec();
        owners.retain(|owner| owner.uid != self.uid && owner.uid != marks.uid);
        owners.extend(marks.owner);
        let patch = json!({ "metadata": {
            "resourceVersion": secret.resource_version(), "uid": secret.uid(), "ownerReferences": owners,
            "managedFields": rewritten(secret.managed_fields(), &marks.manager),
        } });
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        within(self.secrets.patch_metadata(&self.name, &params, &Patch::Merge(patch))).await.map(drop)
    }

    /// What the older object still owns stays. It goes only as it was looked at: somebody may edit it in between.
    async fn delete_older(&self, seen: &Seen) -> Result<(), Failure> {
        self.mover.backup.keep(self.document).map_err(Failure::Other)?;
        let params = delete_params(&self.uid, seen.older_version.clone(), PropagationPolicy::Orphan);
        within(self.older.delete(&self.name, &params)).await.map(drop)
    }

    async fn drop_trial(&self, uid: &str) -> Result<(), Failure> {
        let params = delete_params(uid, None, PropagationPolicy::Background);
        within(self.newer.delete(&self.trial.name_any(), &params)).await.map(drop)
    }

    /// Leaves no trial behind where the object is not moved. Another run would find it, too.
    async fn tidy_up(&self) {
        let trial = self.newer.get_opt(&self.trial.name_any()).await;
        if let Ok(Some(trial)) = trial
            && self.is_our_trial(&trial)
        {
            drop(self.drop_trial(&trial.uid().unwrap_or_default()).await);
        }
    }

    fn is_our_trial(&self, trial: &ExternalSecret) -> bool {
        trial.annotations().get(TRIAL_OF) == Some(&self.uid)
    }
}

/// Who wrote what, where whoever wrote the data is now this one: from here on the newer object sees by that, as of any other
/// Secret, whether somebody else wrote it, and takes off what its template says no more.
fn rewritten(written: &[ManagedFieldsEntry], manager: &str) -> Vec<ManagedFieldsEntry> {
    let has_data = |entry: &ManagedFieldsEntry| {
        entry.fields_v1.as_ref().is_some_and(|fields| fields.0.get("f:data").is_some())
    };
    let mut entries = written.to_vec();
    for entry in entries.iter_mut().filter(|entry| has_data(entry)) {
        entry.manager = Some(manager.to_owned());
    }
    entries
}

/// Why a step was not taken.
enum Failure {
    /// What it is about is not as it was looked at.
    Outdated,
    /// Something else.
    Other(anyhow::Error),
}

/// A call that ends, and whose failure says what the API server said.
async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match timeout(CALL, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if [404, 409].contains(&status.code) => Err(Failure::Outdated),
        Ok(Err(kube::Error::Api(status))) => Err(Failure::Other(anyhow!("{}", status.message))),
        Ok(Err(error)) => Err(Failure::Other(anyhow!(error).context("the API server cannot be asked"))),
        Err(_) => Err(Failure::Other(anyhow!("the API server did not answer within {} s", CALL.as_secs()))),
    }
}

fn delete_params(uid: &str, version: Option<String>, propagation: PropagationPolicy) -> DeleteParams {
    DeleteParams {
        preconditions: Some(Preconditions { uid: Some(uid.to_owned()), resource_version: version }),
        propagation_policy: Some(propagation),
        ..DeleteParams::default()
    }
}

/// An object as the API server would have it: with the defaults of its definition. It is told so under another name, and
/// nothing is made.
async fn as_taken<K>(api: &Api<K>, object: &K) -> anyhow::Result<K>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let mut other = object.clone();
    let name = other.meta_mut().name.take().context("it has no name")?;
    other.meta_mut().generate_name = Some(format!("{name}-"));
    let params = PostParams { dry_run: true, ..PostParams::default() };
    let mut taken = match within(api.create(&params, &other)).await {
        Ok(taken) => taken,
        Err(Failure::Outdated) => {
            bail!("{} {name} cannot be made: is its kind defined in the cluster?", K::kind(&()))
        }
        Err(Failure::Other(error)) => {
            return Err(error.context(format!("{} {name} cannot be made", K::kind(&()))));
        }
    };
    *taken.meta_mut() = object.meta().clone();
    Ok(taken)
}

/// What shows what an object would write: the same under another name, whose Secret nobody else looks at.
fn trial(object: &ExternalSecret, older: &str) -> ExternalSecret {
    const ENDING: &str = "-migration";
    let name = object.name_any();
    let name = name[..name.len().min(LONGEST_NAME - ENDING.len())].trim_end_matches(['-', '.']);
    let mut trial = ExternalSecret::new(&format!("{name}{ENDING}"), object.spec.clone());
    trial.metadata.namespace.clone_from(&object.metadata.namespace);
    trial.metadata.annotations = Some([(TRIAL_OF.to_owned(), older.to_owned())].into());
    if let Some(target) = &mut trial.spec.target {
        target.immutable = None;
        if let Some(template) = &mut target.template {
            // Others go by labels and annotations, and finalizers would keep it.
            template.metadata = None;
        }
    }
    trial
}

#[cfg(test)]
mod tests;
