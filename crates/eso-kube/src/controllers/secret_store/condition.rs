//! What a store's condition says, and when that is news.

use eso_core::api::{
    conditions::{Condition, READY},
    secret_store::{Capabilities, Provider, SecretStoreStatus},
};
use eso_plan::status::Event;
use jiff::Timestamp;

use crate::{
    stores::connection::{Failure, Standing, capabilities},
    telemetry::Ready,
};

/// What is to be said about a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    ready: bool,
    reason: &'static str,
    message: String,
    /// What the event says: the failure alone, as the original's.
    news: String,
    capabilities: Option<Capabilities>,
}

impl Verdict {
    /// What a standing comes to; `None` while there is nothing to say yet.
    pub(super) fn of(standing: &Standing, provider: Option<&Provider>) -> Option<Self> {
        match standing {
            Standing::Connecting { since: _ } => None,
            Standing::Ready { store, notice } => {
                let able = capabilities(store.provider().as_ref());
                Some(Self::valid(notice.as_ref().map(|notice| notice.0.as_str()), able))
            }
            Standing::Unchecked { capabilities } => Some(Self::unchecked(provider, *capabilities)),
            Standing::Failed(failure) => Some(Self::failed(failure)),
        }
    }

    fn valid(notice: Option<&str>, capabilities: Capabilities) -> Self {
        let message = match notice {
            None => "store validated".to_owned(),
            Some(notice) => format!("store validated: {notice}"),
        };
        let news = message.clone();
        Self { ready: true, reason: "Valid", message, news, capabilities: Some(capabilities) }
    }

    /// The original calls an AWS store `Valid` that it could not check, and any other by its name.
    fn unchecked(provider: Option<&Provider>, capabilities: Capabilities) -> Self {
        if provider.is_some_and(|provider| provider.aws.is_some()) {
            return Self::valid(None, capabilities);
        }
        let message = "could not determine validation status".to_owned();
        let news = message.clone();
        Self { ready: true, reason: "ValidationUnknown", message, news, capabilities: Some(capabilities) }
    }

    fn failed(failure: &Failure) -> Self {
        let Failure { stage, reason } = failure;
        Self {
            ready: false,
            reason: "InvalidProviderConfig",
            message: format!("{stage}: {reason}"),
            news: reason.clone(),
            capabilities: None,
        }
    }

    /// The status of the condition, to be counted.
    pub(super) fn ready(&self) -> Ready {
        if self.ready { Ready::True } else { Ready::False }
    }

    /// The status that should be written in place of `found`, or `None` where that says the same already.
    ///
    /// Conditions of other types are left, and so are the capabilities of a store that fails now.
    pub(super) fn status(&self, found: &SecretStoreStatus, now: Timestamp) -> Option<SecretStoreStatus> {
        let said = found.conditions.iter().find(|condition| condition.kind == READY);
        let capabilities = self.capabilities.or(found.capabilities);
        if said.is_some_and(|condition| self.is_said_by(condition)) && capabilities == found.capabilities {
            return None;
        }
        let others = found.conditions.iter().filter(|condition| condition.kind != READY).cloned();
        let conditions = others.chain([self.condition(said, now)]).collect();
        Some(SecretStoreStatus { conditions, capabilities })
    }

    /// What to tell people who watch, where the status `found` does not say it already.
    pub(super) fn event(&self, found: &SecretStoreStatus) -> Option<Event> {
        let said = found.conditions.iter().any(|condition| self.is_said_by(condition));
        (!said).then(|| Event { warning: !self.ready, reason: self.reason, message: self.news.clone() })
    }

    fn is_said_by(&self, condition: &Condition) -> bool {
        condition.kind == READY
            && condition.status == self.ready().to_string()
            && condition.reason.as_deref() == Some(self.reason)
            && condition.message.as_deref() == Some(self.message.as_str())
    }

    /// The time is that of the last change of `status`, as the Kubernetes convention has it.
    fn condition(&self, said: Option<&Condition>, now: Timestamp) -> Condition {
        let status = self.ready().to_string();
        let since = said.filter(|said| said.status == status).and_then(|said| said.last_transition_time);
        Condition {
            kind: READY.to_owned(),
            status,
            reason: Some(self.reason.to_owned()),
            message: Some(self.message.clone()),
            last_transition_time: since.or(Some(now)),
        }
    }
}

#[cfg(test)]
mod tests;
