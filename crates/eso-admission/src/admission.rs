//! Answers reviews: asks for rights, has stores read, and puts together what is decided elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use eso_core::{key::StoreReference, value::SecretBytes};
use eso_plan::{
    desired::{Desired, Origin},
    filled::{
        self, Place,
        record::{self, Record, SealKey},
    },
    render::{RenderError, Rendered},
    template::Sources,
};
use eso_sync::contents::Contents;
use tokio::time::{Instant, timeout_at};

use crate::{
    annotations::{RECORD, STATUS},
    answer::{Patch, Response},
    decide::{Decision, Registration, decide, is_untouched},
    ports::{Access, Cluster, Target},
    references::{Filling, Wish, WishError},
    review::{Review, ReviewError, Secret},
    targets,
};

/// How reviews are answered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key that records are sealed with.
    pub key: SealKey,
    /// The name of the operator's own user, such as `system:serviceaccount:NAMESPACE:NAME`.
    pub user: String,
}

/// Answers reviews of Secrets.
///
/// Guarantees: a Secret that asks to be filled is stored whole, or not at all; whoever gets values in an answer may see
/// that Secret, and create an ExternalSecret in its place; a dry run reads no store; what somebody applies again unchanged
/// changes no byte; and no denial, warning or `Debug` holds a value.
#[derive(Debug)]
pub struct Admission {
    cluster: Arc<dyn Cluster>,
    contents: Contents,
    settings: Settings,
}

impl Admission {
    /// Answers out of these.
    pub fn new(cluster: Arc<dyn Cluster>, contents: Contents, settings: Settings) -> Self {
        Self { cluster, contents, settings }
    }

    /// The answer to a review, by the deadline: what is not known by then is a denial, or for [`Registration::Targets`] a
    /// warning.
    pub async fn answer(
        &self,
        registration: Registration,
        review: &Review<'_>,
        deadline: Instant,
    ) -> Response {
        let allow = Response::allow(&review.uid);
        let (secret, old) = match secrets(review) {
            Ok(secrets) => secrets,
            Err(error) => return refused(registration, allow, &error.to_string()),
        };
        let decision = decide(registration, review, (secret.as_ref(), old.as_ref()), &self.settings.user);
        let secret = secret.unwrap_or_default();
        let old = old.filter(|old| !is_untouched(old));
        let filled = async {
            match decision {
                Decision::Allow(warning) => warning.into_iter().fold(allow.clone(), Response::warning),
                Decision::Refuse(denial) => allow.clone().denied(denial),
                Decision::Release => allow.clone().patched(release(&secret)),
                Decision::FillTarget => self.fill_target(review, &secret).await,
                Decision::FillReferences => {
                    let filled = self.fill_references(review, &secret, old.as_ref()).await;
                    filled.unwrap_or_else(|denial| allow.clone().denied(denial))
                }
            }
        };
        let late =
            "the cluster and the stores did not answer in time: try again, and see how the store stands";
        timeout_at(deadline, filled)
            .await
            .unwrap_or_else(|_elapsed| refused(registration, allow.clone(), late))
    }

    async fn fill_target(&self, review: &Review<'_>, secret: &Secret) -> Response {
        let allow = Response::allow(&review.uid);
        let target = match self.cluster.target(&review.place).await {
            Ok(target) => target.filter(|target| targets::writes(target, secret)),
            Err(problem) => return allow.warning(format!("stored empty: {problem}")),
        };
        let Some(target) = target else { return allow };
        match self.content_of_target(review, &target).await {
            Ok(data) => allow.patched(Patch {
                makes_data: true,
                makes_annotations: secret.annotations.is_empty(),
                data,
                annotations: target.annotations.into_iter().map(|(name, text)| (name, Some(text))).collect(),
            }),
            Err(problem) => allow.warning(problem),
        }
    }

    /// Whoever makes the Secret sees it in the answer: they must be those who may.
    async fn content_of_target(
        &self,
        review: &Review<'_>,
        target: &Target,
    ) -> Result<BTreeMap<String, SecretBytes>, String> {
        if review.dry_run {
            return Err(format!("would be filled as {} says: a dry run reads no store", target.object));
        }
        let access = Access::get_secret(&review.place);
        match self.cluster.may(&review.user, &access).await {
            Ok(true) => {}
            Ok(false) => return Err(targets::stored_empty(target, &format!("you may not {access}"))),
            Err(problem) => return Err(targets::stored_empty(target, &problem)),
        }
        let rendered = self.contents.content(&target.desired, target.sources.clone()).await;
        targets::content(target, rendered)
    }

    async fn fill_references(
        &self,
        review: &Review<'_>,
        secret: &Secret,
        old: Option<&Secret>,
    ) -> Result<Response, Denial> {
        let allow = Response::allow(&review.uid);
        let wish = Wish { place: &review.place, secret, old, key: &self.settings.key };
        if wish.changes_nothing() {
            return Ok(allow);
        }
        let store = self.store(&wish).await?;
        let filling = wish.filling(&store)?;
        if filling.reveals() {
            self.check_rights(review).await?;
        }
        if let (true, Some(missing)) = (review.dry_run, &filling.missing) {
            let data = filling.present.clone();
            return Ok(would_read(allow, missing, &store)?.patched(Patch { data, ..Patch::default() }));
        }
        let read = match &filling.missing {
            Some(missing) => self.read(&review.place, missing).await?,
            None => BTreeMap::new(),
        };
        let response = match filling.record {
            Some(_) => allow,
            None => allow.warning(NOTHING),
        };
        Ok(response.patched(self.patch(&wish, filling, read)))
    }

    /// The store that a wish means: the one that it names, or its Namespace.
    async fn store(&self, wish: &Wish<'_>) -> Result<StoreReference, Denial> {
        if let Some(store) = wish.store()? {
            return Ok(store);
        }
        let namespace = &wish.place.namespace;
        let named = self.cluster.default_store(namespace).await.map_err(Denial::Cluster)?;
        let named = named.filter(|text| !text.is_empty()).ok_or(WishError::NoStore)?;
        Ok(filled::store(&named, namespace).map_err(WishError::Refused)?)
    }

    async fn check_rights(&self, review: &Review<'_>) -> Result<(), Denial> {
        for access in [Access::get_secret(&review.place), Access::create_external_secret(&review.place)] {
            if !self.cluster.may(&review.user, &access).await.map_err(Denial::Cluster)? {
                return Err(Denial::Right { user: review.user.name.clone(), access });
            }
        }
        Ok(())
    }

    /// The values that a record refers to.
    async fn read(&self, place: &Place, record: &Record) -> Result<BTreeMap<String, SecretBytes>, Denial> {
        let desired =
            filled::desired(place, record, self.contents.delimiters()).map_err(WishError::Refused)?;
        match self.contents.content(&desired, Sources::new()).await {
            Ok(Rendered::Content { content, gone: _ }) => Ok(content.entries),
            Ok(Rendered::Empty | Rendered::Gone(_)) => {
                Err(Denial::Read("its store gives nothing".to_owned()))
            }
            Err(error) => Err(Denial::Read(in_words(&desired, &error))),
        }
    }

    fn patch(&self, wish: &Wish<'_>, filling: Filling, read: BTreeMap<String, SecretBytes>) -> Patch {
        let mut data = filling.present;
        data.extend(read);
        data.retain(|key, value| wish.secret.data.get(key) != Some(value));
        let Some(record) = filling.record else { return Patch { data, ..release(wish.secret) } };
        let sealed = record::seal(&self.settings.key, wish.place, &record);
        let is_new = wish.secret.annotation(RECORD) != Some(sealed.as_str());
        let annotations = is_new.then_some((RECORD, Some(sealed))).into_iter().collect();
        Patch { data, annotations, ..Patch::default() }
    }
}

/// What is said of a Secret that asks to be filled with nothing.
const NOTHING: &str =
    "no value of this Secret refers to a store: a reference is written eso:KEY, or ${eso:KEY} in a text";

/// Why a Secret is not filled: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Denial {
    #[error(transparent)]
    Wish(#[from] WishError),
    #[error(
        "user {user:?} may not {access}: a Secret is filled for those who may see it, and could create an ExternalSecret in \
         its place; have the right given, or apply it as somebody who has it"
    )]
    Right { user: String, access: Access },
    #[error("{0}")]
    Read(String),
    #[error("{0}")]
    Cluster(String),
}

fn secrets(review: &Review<'_>) -> Result<(Option<Secret>, Option<Secret>), ReviewError> {
    Ok((review.secret()?, review.old_secret()?))
}

fn refused(registration: Registration, allow: Response, problem: &str) -> Response {
    match registration {
        Registration::Targets => allow.warning(format!("stored as it is: {problem}")),
        Registration::References => allow.denied(problem),
    }
}

/// Takes out what was written down.
fn release(secret: &Secret) -> Patch {
    let written = [RECORD, STATUS].into_iter().filter(|name| secret.annotation(name).is_some());
    Patch { annotations: written.map(|name| (name, None)).collect(), ..Patch::default() }
}

/// What a dry run says in place of reading.
fn would_read(allow: Response, missing: &Record, store: &StoreReference) -> Result<Response, WishError> {
    let sources = missing.sources()?;
    let keys: BTreeSet<&str> = sources
        .values()
        .flat_map(|source| source.references())
        .map(|reference| reference.key.as_str())
        .collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    Ok(allow.warning(format!("a dry run reads no store: would read {} of {store}", keys.join(", "))))
}

/// Why the stores gave nothing: the original's words name an entry of an ExternalSecret, and here there is none.
fn in_words(desired: &Desired, error: &RenderError) -> String {
    match error {
        RenderError::Entry(error) => {
            let entry = match error.origin {
                Origin::Data(index) | Origin::Reference(index) => desired.entries.get(index),
                Origin::Extract(_) | Origin::Find(_) => None,
            };
            let named = entry.map(Named).map(|named| named.to_string()).unwrap_or_default();
            format!("{named}{}", error.cause)
        }
        RenderError::Template(error) => error.problem.to_string(),
        RenderError::Sources(error) => error.to_string(),
    }
}

/// An entry, as a reference names it.
struct Named<'a>(&'a eso_plan::desired::Entry);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.ask.key().map(ToString::to_string).unwrap_or_default();
        let property = self.0.property.as_ref().map(|property| format!("#{property}")).unwrap_or_default();
        write!(f, "{key}{property} of {}: ", self.0.store)
    }
}

#[cfg(test)]
mod tests;
