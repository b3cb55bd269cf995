//! What a review is about: which Secrets are looked at, and which are left alone whatever they say.

use eso_plan::filled::is_left_alone;

use crate::{
    annotations::{RECORD, STORE},
    review::{Operation, Review, Secret},
};

/// Which of the two registrations a review came by. They fail differently, and so each has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Registration {
    /// Secrets of no data that some object may write: nothing is refused.
    Targets,
    /// Secrets that say what they want: what cannot be filled is refused.
    References,
}

/// What is to be done about a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, and perhaps somebody should hear why.
    Allow(Option<&'static str>),
    /// It is not stored.
    Refuse(&'static str),
    /// It is filled with what the object would write whose target it is.
    FillTarget,
    /// Its references are filled.
    FillReferences,
    /// What was written down of its references is taken out: it does not ask for them any more.
    Release,
}

/// What is said of such a Secret where it asks to be filled.
pub const LEFT_ALONE: &str = "a Secret of this type, or of a release of Helm, is never filled: take away its annotations \
                              admission.external-secrets.io/store and admission.external-secrets.io/record";

/// What to do about a Secret. `ours` is the name of the operator's own user, whose writes are let through.
pub fn decide(
    registration: Registration,
    review: &Review<'_>,
    (secret, old): (Option<&Secret>, Option<&Secret>),
    ours: &str,
) -> Decision {
    let is_of_secret = review.resource.group.is_empty() && review.resource.resource == "secrets";
    let writes = matches!(review.operation, Operation::Create | Operation::Update);
    let Some(secret) = secret.filter(|_| is_of_secret && writes && review.subresource.is_empty()) else {
        return Decision::Allow(None);
    };
    if review.user.name == ours {
        return Decision::Allow(None);
    }
    let [asks, is_recorded] = [STORE, RECORD].map(|name| secret.annotation(name).is_some());
    if is_untouched(secret) {
        return match registration {
            Registration::References if asks || is_recorded => unasked(secret, old),
            Registration::References | Registration::Targets => Decision::Allow(None),
        };
    }
    match registration {
        Registration::References if asks => Decision::FillReferences,
        Registration::References if is_recorded => Decision::Release,
        Registration::Targets if !asks && is_empty(secret) => Decision::FillTarget,
        Registration::References | Registration::Targets => Decision::Allow(None),
    }
}

/// What is said of one that is left alone, and asks for something. One that was stored so while nobody looked at it stays
/// changeable.
fn unasked(secret: &Secret, old: Option<&Secret>) -> Decision {
    let asks_for = |secret: &Secret| [STORE, RECORD].map(|name| secret.annotation(name).map(str::to_owned));
    match old.is_some_and(|old| is_untouched(old) && asks_for(old) == asks_for(secret)) {
        true => Decision::Allow(Some(LEFT_ALONE)),
        false => Decision::Refuse(LEFT_ALONE),
    }
}

/// Whether a Secret is left alone. Nobody has looked at what is in it: it vouches for nothing that comes after it.
pub(crate) fn is_untouched(secret: &Secret) -> bool {
    is_left_alone(&secret.kind, &secret.labels)
}

fn is_empty(secret: &Secret) -> bool {
    matches!(secret.kind.as_str(), "" | "Opaque") && secret.data.is_empty()
}

#[cfg(test)]
mod tests;
