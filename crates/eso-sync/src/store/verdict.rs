//! What a failed call says, and about whom: the service behind the store, another one that its login needs, or nobody.

use eso_core::error::{ErrorKind, ProviderError};

/// What a call says about whom the store needs.
pub(super) enum Verdict {
    Answered,
    /// By the service behind the store, or by another one that its login needs.
    Unanswered(ProviderError),
    /// It failed before it came there, or may have.
    Unknown,
}

/// Whether the service behind the store replied at all; `None` where the login was refused elsewhere, so that it was not
/// asked.
///
/// A login that gets no answer elsewhere counts as no reply: were all members asked then, one after the other, those
/// that wait for the same dead service would keep out those that need it not.
pub(super) fn is_reply(failure: Option<&ProviderError>) -> Option<bool> {
    match failure.map(|failure| (failure.kind(), failure.is_from_elsewhere())) {
        Some((ErrorKind::Unavailable, _)) => Some(false),
        Some((_, true)) => None,
        Some((_, false)) | None => Some(true),
    }
}

/// What the failures of one call say together; `None` is a success.
pub(super) fn verdict<'a>(errors: impl IntoIterator<Item = Option<&'a ProviderError>>) -> Verdict {
    let errors: Vec<_> = errors.into_iter().collect();
    if errors.iter().any(|error| error.is_none_or(is_of_service)) {
        return Verdict::Answered;
    }
    let silences = errors.into_iter().flatten().filter(|error| error.kind() == ErrorKind::Unavailable);
    // Where the service itself was asked too, its silence is what counts.
    match silences.min_by_key(|error| error.is_from_elsewhere()) {
        Some(silence) => Verdict::Unanswered(silence.clone()),
        None => Verdict::Unknown,
    }
}

/// Whether only the service behind the store can have said it.
fn is_of_service(error: &ProviderError) -> bool {
    match error.kind() {
        _ if error.is_from_elsewhere() => false,
        ErrorKind::Unavailable => false,
        // These may come from no call at all.
        ErrorKind::Unauthenticated | ErrorKind::Invalid => false,
        ErrorKind::NotFound
        | ErrorKind::Denied
        | ErrorKind::Conflict
        | ErrorKind::Throttled
        | ErrorKind::Unexpected => true,
    }
}

/// Whether it says that the login is not good, as against a key that may not be read.
pub(super) fn refuses_login(error: &ProviderError) -> bool {
    match error.kind() {
        ErrorKind::Unauthenticated => true,
        ErrorKind::Denied | ErrorKind::Invalid => error.is_of_login() || error.is_from_elsewhere(),
        ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Unexpected => false,
    }
}
