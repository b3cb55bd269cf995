//! What is kept of one ExternalSecret, and of its target as it sees it.

mod kin;

use std::{collections::BTreeSet, sync::Arc};

use eso_core::api::external_secret::{ExternalSecret, ExternalSecretSpec};
use eso_plan::{
    convert::{external_secret, references},
    digest::Digest,
    template::{SourceKind, SourceName},
};
use eso_sync::ports::{GroupId, ObjectId};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Value, json};

use super::{Named, names::NO_STORE, packed::Packed};
use crate::{
    apply::{Stored, generic::Left},
    marks::{self, Marks},
    metadata::{self, Claim, Data, Keys, Seen},
    stores::StoreKey,
    watch::{Object, UNREADABLE_SPEC},
};

pub use kin::{Family, Kin, Lineage};

/// What is seen of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// It is not there.
    #[default]
    Absent,
    /// It may be there, and must be looked at.
    Unseen,
    /// It is there.
    Seen(Seen),
}

/// What is known of a target beyond its metadata: it was written or compared by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The resourceVersion at which it was.
    pub version: u64,
    /// The digest of the entries that are ours, where it is not the one that is written beside them.
    pub digest: Option<Digest>,
    /// The keys that are ours, where it is shared; else all keys.
    pub keys: Keys,
    /// What a template put beside them, as a fingerprint; `None` where nobody knows it any more.
    pub worn: Option<u64>,
}

/// Which edit of an ExternalSecret, and which presence of its target, a call was made about. The answer to a call about
/// another one says nothing certain: the target has another name now, or what was written is deleted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edition(u32);

/// Everything that is known of an ExternalSecret, at one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its metadata, as far as it is kept, with its version; its spec, in newer words, which is empty where it cannot be read;
    /// and its status, where that is a newer one's.
    pub object: ExternalSecret,
    /// What it is.
    pub kin: Kin,
    /// Why its spec cannot be read, where it cannot.
    pub problem: Option<String>,
    /// Whether its namespace is being deleted, and it therefore soon.
    pub namespace_leaves: bool,
    /// Its target.
    pub sight: Sight,
    /// Whether Secrets of other names may be there that it owns.
    pub has_strays: bool,
    /// What is known of the target beyond its metadata.
    pub known: Option<Known>,
    /// The target as it was left, where it is no Secret.
    pub left: Option<Box<Left>>,
    /// A fingerprint of the versions of what its templates stand in.
    pub sources: u64,
    /// When the store was last read for it with success by this process.
    pub refreshed: Option<Timestamp>,
    /// What calls that follow from it are about.
    pub edition: Edition,
}

/// What is kept of one ExternalSecret.
#[derive(Debug)]
pub(super) struct Entry {
    lineage: Lineage,
    uid: Box<str>,
    /// The newest version of the object that the watch showed.
    version: u64,
    /// The newest version at which its status is known: that of our own write may come before the watch's.
    status_version: u64,
    pub(super) namespace: Arc<str>,
    pub(super) name: Box<str>,
    pub(super) target: Option<Box<str>>,
    /// Metadata and spec, but for what stands above.
    object: Packed,
    /// Whether the spec could be read; if not, there is none in `object`.
    is_readable: bool,
    status: Packed,
    /// Whether the status says that it is in step.
    pub(super) ready: bool,
    pub(super) groups: Box<[GroupId]>,
    pub(super) sight: Sight,
    known: Option<Known>,
    left: Option<Box<Left>>,
    pub(super) refreshed: Option<Timestamp>,
    pub(super) listed: bool,
    pub(super) target_listed: bool,
    /// Counts what happened to the object or its target.
    pub(super) changes: u32,
    /// What `changes` was when it was last observed.
    pub(super) observed: u32,
    /// Counts the edits of the object and the losses of its target.
    pub(super) edition: Edition,
}

impl Entry {
    pub(super) fn new(namespace: Arc<str>, lineage: Lineage, object: Object) -> Self {
        let text = |text: Option<&String>| text.map(String::as_str).unwrap_or_default().into();
        let mut entry = Self {
            lineage,
            uid: text(object.metadata.uid.as_ref()),
            version: 0,
            status_version: 0,
            namespace,
            name: text(object.metadata.name.as_ref()),
            target: None,
            object: Packed::default(),
            is_readable: true,
            status: Packed::default(),
            ready: false,
            groups: Box::default(),
            sight: Sight::Absent,
            known: None,
            left: None,
            refreshed: None,
            listed: true,
            target_listed: true,
            changes: 0,
            observed: 0,
            edition: Edition::default(),
        };
        entry.update(object);
        entry
    }

    /// Whether it controls this Secret, which is not its target, nor on its way out.
    pub(super) fn strays(&self, secret: &ObjectMeta) -> bool {
        let is_owner = marks::controller(secret).is_some_and(|owner| *owner.uid == *self.uid);
        is_owner && self.target.as_deref() != secret.name.as_deref() && secret.deletion_timestamp.is_none()
    }

    /// Whether it is of this object: of its uid, and not just of its name.
    pub(super) fn is(&self, object: &Object) -> bool {
        object.metadata.uid.as_deref() == Some(&*self.uid)
    }

    pub(super) fn named(&self, id: ObjectId) -> Named {
        Named { id, group: self.groups.first().copied().unwrap_or(NO_STORE) }
    }

    /// Takes over a newer state of the object, and says whether more than its status changed.
    pub(super) fn update(&mut self, object: Object) -> bool {
        let version = metadata::version(&object.metadata);
        if version <= self.version {
            return false;
        }
        self.version = version;
        if version >= self.status_version {
            self.set_status(&object.status, version);
        }
        self.is_readable = object.spec.is_some();
        let slim = Packed::of(&slim(object));
        if slim == self.object {
            return false;
        }
        let marks = self.marks();
        self.object = slim;
        self.changes = self.changes.wrapping_add(1);
        self.edition = self.edition.next();
        self.edited(marks.as_ref());
        true
    }

    /// The stores that the object names.
    pub(super) fn stores(&self) -> BTreeSet<StoreKey> {
        let named = self.parsed().iter().flat_map(references::stores).collect::<Vec<_>>();
        named.into_iter().map(|store| StoreKey::of(&self.lineage.means(store))).collect()
    }

    /// The name of the ConfigMap that is its target, if it is one.
    pub(super) fn map(&self) -> Option<String> {
        if self.target.is_some() {
            return None;
        }
        let object = self.parsed().ok()?;
        external_secret::kind(&object)
            .is_some_and(|kind| kind.is_config_map())
            .then(|| references::target(&object).to_owned())
    }

    /// What its templates stand in, but for its own target: what it writes is no news to it.
    pub(super) fn sources(&self) -> BTreeSet<SourceName> {
        let sources = self.parsed().map(|object| references::sources(&object)).unwrap_or_default();
        let map = self.map();
        let is_target = |source: &SourceName| {
            let target = match source.kind {
                SourceKind::Secret => self.target.as_deref(),
                SourceKind::ConfigMap => map.as_deref(),
            };
            Some(source.name.as_str()) == target
        };
        sources.into_iter().filter(|source| !is_target(source)).collect()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let (object, problem) = match self.parsed() {
            Ok(object) => (object, None),
            Err(problem) => (self.without_spec(), Some(problem)),
        };
        let metadata = ObjectMeta { resource_version: Some(self.version.to_string()), ..object.metadata };
        Snapshot {
            kin: self.kin(&metadata),
            object: ExternalSecret { metadata, status: self.status.read(), ..object },
            problem,
            namespace_leaves: false,
            sight: self.sight.clone(),
            has_strays: false,
            sources: 0,
            known: self.known.clone(),
            left: self.left.clone(),
            refreshed: self.refreshed,
            edition: self.edition,
        }
    }

    /// The target is there; says whether the object should have a look.
    pub(super) fn meet_target(&mut self, metadata: &ObjectMeta) -> bool {
        self.target_listed = true;
        if self.newest() >= metadata::version(metadata) {
            return false;
        }
        let sight = match self.marks() {
            Some(marks) => Sight::Seen(metadata::seen(metadata, &marks)),
            None => Sight::Unseen,
        };
        // Of the others no digest tells whether what they hold is what was written.
        let news = self.family() != Family::Newer || is_news(&self.sight, &sight);
        self.see(sight);
        news
    }

    /// The target was deleted at that version; says whether that is news.
    pub(super) fn lose_target(&mut self, version: u64) -> bool {
        if self.newest() > version {
            return false;
        }
        // Also where it was not seen: a write that is under way may have made what is gone again.
        self.edition = self.edition.next();
        if self.sight == Sight::Absent {
            return false;
        }
        self.known = None;
        self.see(Sight::Absent);
        true
    }

    /// Takes what a look found, unless the watch told more meanwhile; says whether it did.
    pub(super) fn looked(&mut self, about: Edition, seen: Option<Seen>) -> bool {
        if about != self.edition || self.sight != Sight::Unseen {
            return false;
        }
        let observed = self.observed == self.changes;
        self.see(seen.map_or(Sight::Absent, Sight::Seen));
        if observed {
            self.observed = self.changes;
        }
        true
    }

    /// Takes what a comparison came to, if it was of what is seen; says whether it was.
    pub(super) fn compared(&mut self, about: Edition, version: u64, known: Option<Known>) -> bool {
        let seen = match &mut self.sight {
            Sight::Seen(seen) if about == self.edition && seen.version == version => seen,
            Sight::Seen(_) | Sight::Absent | Sight::Unseen => return false,
        };
        match known {
            Some(known) => {
                let worn = self.known.as_ref().and_then(|known| known.worn);
                self.known = Some(Known { worn, ..known });
            }
            None => seen.data = Data::Foreign,
        }
        true
    }

    /// Whether a target that is no Secret is as it was left.
    pub(super) fn left_as(&self, found: &ObjectMeta) -> bool {
        self.left.as_ref().is_some_and(|left| left.is(found))
    }

    /// Takes how a target that is no Secret was left, if it is the one that is wanted.
    pub(super) fn leave(&mut self, about: Edition, left: Left) {
        if about == self.edition {
            self.left = Some(Box::new(left));
        }
    }

    /// Takes what was written; says whether it still was about what is wanted, and there.
    pub(super) fn wrote(&mut self, about: Edition, stored: Stored) -> bool {
        let Stored { seen, digest, keys, changed: _ } = stored;
        if about != self.edition {
            // The watch may have told all of it already, and does not tell again.
            if seen.version > self.newest() {
                self.known = None;
                self.see(Sight::Unseen);
            }
            return false;
        }
        self.target_listed = true;
        if seen.version >= self.newest() {
            let digest = (seen.data != Data::Ours(digest.clone())).then_some(digest);
            let worn = seen.worn.as_ref().map(|worn| worn.fingerprint);
            self.known = Some(Known { version: seen.version, digest, keys, worn });
            self.see(Sight::Seen(seen));
        }
        true
    }

    /// The target was deleted by us. Where the watch told of it already, it may be there anew.
    pub(super) fn deleted(&mut self, about: Edition) {
        if about == self.edition {
            self.lose_target(u64::MAX);
        }
    }

    pub(super) fn reported(&mut self, status: &impl Serialize, version: u64) {
        // An edit that was made before our write, and is still on its way, must not be taken for an older state: only
        // the watch says how new the object is.
        if version >= self.status_version.max(self.version) {
            self.set_status(&json!(status), version);
        }
    }

    /// Takes what is said of it, and nowhere else.
    pub(super) fn noted(&mut self, status: &impl Serialize) {
        self.set_status(&json!(status), self.status_version);
    }

    fn marks(&self) -> Option<Marks> {
        self.parsed().ok().and_then(|object| self.lineage.marks_of(&object))
    }

    /// What follows from an edit for the target, as it was seen with the marks before.
    fn edited(&mut self, before: Option<&Marks>) {
        let object = self.parsed().ok();
        let target = object.as_ref().and_then(references::secret).map(Into::into);
        let now = object.as_ref().and_then(|object| self.lineage.marks_of(object));
        let moved = self.target != target;
        let of = |marks: &Marks| (marks.ownership, marks.templated);
        let reowned = before.map(of) != now.as_ref().map(of);
        // Whether our field manager wrote what must go is not kept.
        let shrunk = before.zip(now.as_ref()).is_some_and(|(before, now)| before.exceed(now));
        self.target = target;
        match &mut self.sight {
            sight if moved => *sight = Sight::Absent,
            Sight::Seen(_) if reowned || shrunk => self.sight = Sight::Unseen,
            Sight::Seen(seen) => seen.marked &= before == now.as_ref(),
            Sight::Absent | Sight::Unseen => {}
        }
        self.left = None;
        if moved || reowned {
            self.known = None;
        } else if let Some(known) = &mut self.known {
            // What a template puts there now is not known before it is rendered.
            known.worn = None;
        }
    }

    /// Metadata and spec, in newer words; or why the spec cannot be read.
    fn parsed(&self) -> Result<ExternalSecret, String> {
        if let Lineage::Older(environment) = &self.lineage {
            return self.translated(environment);
        }
        if !self.is_readable {
            return Err(UNREADABLE_SPEC.to_owned());
        }
        let text = self.object.text();
        let object = external_secret::parse(&mut Deserializer::from_slice(&text));
        let object = object.map_err(|malformed| malformed.to_string())?;
        Ok(ExternalSecret { metadata: self.named_in(object.metadata), ..object })
    }

    /// Metadata, and a spec that asks for nothing.
    fn without_spec(&self) -> ExternalSecret {
        #[derive(Default, Deserialize)]
        struct Named {
            metadata: ObjectMeta,
        }
        let Named { metadata } = self.object.read().unwrap_or_default();
        let spec = ExternalSecretSpec::default();
        ExternalSecret { metadata: self.named_in(metadata), spec, status: None }
    }

    /// Metadata as they are kept, with what stands beside them.
    fn named_in(&self, metadata: ObjectMeta) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name.to_string()),
            namespace: Some(self.namespace.to_string()),
            uid: Some(self.uid.to_string()),
            ..metadata
        }
    }

    fn see(&mut self, sight: Sight) {
        self.sight = sight;
        self.changes = self.changes.wrapping_add(1);
    }

    /// The newest version of the target that was seen.
    fn newest(&self) -> u64 {
        match &self.sight {
            Sight::Seen(seen) => seen.version,
            Sight::Absent | Sight::Unseen => 0,
        }
    }

    fn set_status(&mut self, status: &Value, version: u64) {
        self.status_version = version;
        self.ready = self.lineage.is_ready(status);
        self.status = Packed::of(status);
    }
}

impl Edition {
    fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// Whether an object should have a look at its target: not where the same is seen at another version.
fn is_news(before: &Sight, now: &Sight) -> bool {
    match (before, now) {
        // Only a read tells what another version of it holds.
        (Sight::Seen(before), Sight::Seen(now)) if now.data == Data::Doubtful => {
            !matches!((&before.claim, &now.claim), (Claim::Held(before), Claim::Held(now)) if before == now)
        }
        (Sight::Seen(before), Sight::Seen(now)) => Seen { version: now.version, ..before.clone() } != *now,
        _ => true,
    }
}

/// What observing and writing need of an object, and no more: managed fields alone are half of what is sent.
fn slim(object: Object) -> Value {
    let Object { metadata, spec, status: _ } = object;
    json!({
        "metadata": ObjectMeta {
            generation: metadata.generation,
            labels: metadata.labels,
            annotations: metadata.annotations,
            deletion_timestamp: metadata.deletion_timestamp,
            finalizers: metadata.finalizers,
            ..ObjectMeta::default()
        },
        "spec": spec,
    })
}

#[cfg(test)]
impl Entry {
    /// The bytes that it takes, with 16 for the bookkeeping of each allocation.
    pub(super) fn bytes(&self) -> usize {
        let digests = |seen: &Seen| match &seen.data {
            Data::Ours(digest) => digest.as_str().len(),
            Data::Shared { .. } | Data::Doubtful | Data::Foreign => 0,
        };
        let sight = match &self.sight {
            Sight::Seen(seen) => vec![seen.uid.len(), digests(seen)],
            Sight::Absent | Sight::Unseen => Vec::new(),
        };
        let known = self.known.as_ref().and_then(|known| known.digest.as_ref());
        let known = known.map_or(0, |digest| digest.as_str().len());
        let target = self.target.as_ref().map_or(0, |target| target.len());
        let groups = size_of_val(&*self.groups);
        let texts =
            [self.uid.len(), self.name.len(), target, self.object.len(), self.status.len(), known, groups];
        let heap: Vec<usize> = texts.into_iter().chain(sight).filter(|length| *length > 0).collect();
        size_of::<Self>() + 16 + heap.iter().map(|length| length + 16).sum::<usize>()
    }
}
