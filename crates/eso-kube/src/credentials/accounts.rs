//! The watch over service accounts: whether a store wants it, and whether it tells.
//!
//! It begins with the first store that names a service account, and may be refused: then their edits are taken up at the
//! next login, and nothing else is missing.

use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::{info, warn};

/// The watch over service accounts, as those know it who log in with them.
#[derive(Debug, Default)]
pub struct AccountWatch {
    wanted: watch::Sender<bool>,
    telling: Mutex<Telling>,
}

/// Whether edits are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Telling {
    /// They have not been listed yet.
    #[default]
    NotYet,
    Yes,
    /// The API server refuses it.
    Refused,
}

impl AccountWatch {
    /// Whether some store names a service account: only then is the watch worth while.
    pub fn wanted(&self) -> watch::Receiver<bool> {
        self.wanted.subscribe()
    }

    /// A store names a service account.
    pub(crate) fn want(&self) {
        self.wanted.send_if_modified(|wanted| !std::mem::replace(wanted, true));
    }

    /// Whether an edit is told to whoever logged in with what it changed.
    pub(crate) fn tells(&self) -> bool {
        *self.telling.lock() == Telling::Yes
    }

    /// All have been listed, or an edit was told.
    pub fn told(&self) {
        if self.turn(Telling::Yes) == Telling::Refused {
            info!("service accounts are watched again");
        }
    }

    /// The API server refuses it.
    pub fn refused(&self) {
        if self.turn(Telling::Refused) != Telling::Refused {
            warn!(
                "service accounts cannot be watched: an edit of one is taken up when a store next logs in; allow the \
                 operator to list and watch serviceaccounts, and it is acted on at once"
            );
        }
    }

    fn turn(&self, now: Telling) -> Telling {
        std::mem::replace(&mut *self.telling.lock(), now)
    }
}

#[cfg(test)]
mod tests {
    use super::AccountWatch;

    #[test]
    fn it_is_wanted_from_the_first_store_on_that_names_an_account() {
        let watch = AccountWatch::default();
        let mut wanted = watch.wanted();
        assert!(!*wanted.borrow_and_update());
        watch.want();
        assert!(*wanted.borrow_and_update());
        watch.want();
        assert!(!wanted.has_changed().unwrap());
    }

    #[test]
    fn it_tells_once_it_has_listed_and_while_it_is_not_refused() {
        let watch = AccountWatch::default();
        assert!(!watch.tells());
        watch.told();
        assert!(watch.tells());
        watch.refused();
        watch.refused();
        assert!(!watch.tells());
        watch.told();
        assert!(watch.tells());
    }
}
