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
    /// It is filled with what the object would write whose target it is.
    FillTarget,
    /// Its references are filled.
    FillReferences,
    /// What was written down of its references is taken out: it does not ask for them any more.
    Release,
}

/// What is said of such a Secret where it asks to be filled.
pub const LEFT_ALONE: &str =
    "a Secret of this type is never filled: what it refers to is stored as it is written";

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
    let asks = secret.annotation(STORE).is_some();
    if is_untouched(secret) || old.is_some_and(is_untouched) {
        return Decision::Allow(asks.then_some(LEFT_ALONE));
    }
    let is_recorded = secret.annotation(RECORD).is_some();
    match registration {
        Registration::References if asks => Decision::FillReferences,
        Registration::References if is_recorded => Decision::Release,
        Registration::Targets if !asks && is_empty(secret) => Decision::FillTarget,
        Registration::References | Registration::Targets => Decision::Allow(None),
    }
}

fn is_untouched(secret: &Secret) -> bool {
    is_left_alone(&secret.kind, &secret.labels)
}

fn is_empty(secret: &Secret) -> bool {
    matches!(secret.kind.as_str(), "" | "Opaque") && secret.data.is_empty()
}

#[cfg(test)]
mod tests;
