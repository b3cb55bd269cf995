//! Faults on demand: which requests they meet, and what becomes of those.

use std::time::Duration;

use super::{calls::Call, refusal::Refusal};

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is refused. A fault of one key in a batch is that key's entry among the errors.
    Error {
        /// HTTP status; AWS answers most refusals with 400.
        status: u16,
        /// `AccessDeniedException`, `InternalServiceError`, …
        code: String,
        /// Free text.
        message: String,
    },
    /// It is taken and never answered.
    Hang,
    /// It is answered so much later.
    Slow(Duration),
    /// Its connection is closed without a whole answer.
    Disconnect,
    /// It is answered 200 with this body.
    Body(String),
    /// The key is in neither list of a batch's answer. Has no effect on other operations, nor without a key.
    Omit,
}

/// An effect, and the requests that it meets: all of them, until it is narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    effect: Effect,
    operation: Option<String>,
    key: Option<String>,
    access_key_id: Option<String>,
    left: Option<u32>,
    retry_after: Option<u64>,
}

impl Fault {
    /// Meets every request, until it is cleared.
    pub fn new(effect: Effect) -> Self {
        Self { effect, operation: None, key: None, access_key_id: None, left: None, retry_after: None }
    }

    /// Refuses every request with this status and code, until it is cleared.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(Effect::Error { status, code: code.to_owned(), message: message.to_owned() })
    }

    /// Refuses every request as AWS does above a quota.
    pub fn throttle() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }

    /// Refuses BatchGetSecretValue, as a policy does that allows GetSecretValue alone.
    pub fn deny_batch() -> Self {
        let message = "User is not authorized to perform: secretsmanager:BatchGetSecretValue";
        Self::error(400, "AccessDeniedException", message).operation("BatchGetSecretValue")
    }

    /// Only this operation: `GetSecretValue`, `AssumeRole`, …
    #[must_use]
    pub fn operation(self, operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..self }
    }

    /// Only requests for this key, named as the client names it: a secret's name or ARN, a role's ARN.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// Only requests signed with this access key.
    #[must_use]
    pub fn access_key_id(self, id: &str) -> Self {
        Self { access_key_id: Some(id.to_owned()), ..self }
    }

    /// Only the next so many.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { left: Some(times), ..self }
    }

    /// A refusal asks to be left alone for so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    fn refusal(&self, status: u16, code: &str, message: &str) -> Refusal {
        let (code, message) = (code.to_owned(), message.to_owned());
        Refusal { status, code, message, retry_after: self.retry_after }
    }

    fn meets(&self, call: &Call) -> bool {
        let is =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        self.left != Some(0)
            && is(&self.operation, &call.operation)
            && is(&self.access_key_id, &call.access_key_id)
            && self.key.as_ref().is_none_or(|key| call.keys.contains(key))
    }
}

/// What the faults make of one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) wait: Duration,
    pub(super) whole: Option<Whole>,
    /// Keys of a batch that are refused by themselves.
    pub(super) refused_keys: Vec<(String, Refusal)>,
    /// Keys of a batch that are left out.
    pub(super) omitted_keys: Vec<String>,
}

/// What becomes of the whole request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Refused(Refusal),
    Hangs,
    Disconnected,
    Answered(String),
}

/// The faults that are in force, oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Applies what meets the call, and counts it. Of several that end the request, the oldest counts.
    pub(super) fn apply(&mut self, call: &Call) -> Outcome {
        let mut outcome = Outcome::default();
        for fault in &mut self.0 {
            if outcome.whole.is_none() && fault.meets(call) {
                fault.left = fault.left.map(|left| left - 1);
                outcome.add(fault, call);
            }
        }
        self.0.retain(|fault| fault.left != Some(0));
        outcome
    }
}

impl Outcome {
    fn add(&mut self, fault: &Fault, call: &Call) {
        let key_of_a_batch = fault.key.as_ref().filter(|_| call.operation == "BatchGetSecretValue");
        match (&fault.effect, key_of_a_batch) {
            (Effect::Error { status, code, message }, Some(key)) => {
                self.refused_keys.push((key.clone(), fault.refusal(*status, code, message)));
            }
            (Effect::Error { status, code, message }, None) => {
                self.whole = Some(Whole::Refused(fault.refusal(*status, code, message)));
            }
            (Effect::Omit, _) => self.omitted_keys.extend(fault.key.clone()),
            (Effect::Hang, _) => self.whole = Some(Whole::Hangs),
            (Effect::Disconnect, _) => self.whole = Some(Whole::Disconnected),
            (Effect::Body(body), _) => self.whole = Some(Whole::Answered(body.clone())),
            (Effect::Slow(wait), _) => self.wait += *wait,
        }
    }
}

#[cfg(test)]
mod tests;
