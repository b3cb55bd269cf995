//! A login that is kept alive: one for each life of a token, renewal on the way, and one login for any number of calls
//! that find the token dead.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use eso_core::error::{ErrorKind, ProviderError};
use tokio::{
    runtime::Handle,
    sync::{Mutex, MutexGuard, oneshot, watch},
    task::JoinError,
    time::{Instant, timeout_at},
};

use crate::{
    auth::Authenticator,
    token::{Lease, Origin, Stage, Token},
};

/// A login that is refused is not tried again for this long: a thousand objects of one store would otherwise ask a
/// thousand times, and Vault locks a role out for it.
const REFUSAL_PAUSE: Duration = Duration::from_secs(2);

/// A new login that did not help against "permission denied" is not tried again for this long.
const VAIN_PAUSE: Duration = Duration::from_secs(30);

/// A login that is kept alive.
#[derive(Debug)]
pub(crate) struct Session {
    authenticator: Arc<Authenticator>,
    /// How many seals had ended when the token was last looked at for that reason.
    seals: AtomicU64,
    is_closed: AtomicBool,
    current: watch::Sender<Arc<Token>>,
    /// Whoever holds it may change the token.
    gate: Mutex<Memory>,
}

/// What those who waited at the gate need not find out again.
#[derive(Debug, Default)]
struct Memory {
    /// When the token was last seen to be alive.
    alive: Option<Instant>,
    /// When a login last failed, and why.
    failed: Option<(Instant, ProviderError)>,
    /// When a login last did not help.
    in_vain: Option<Instant>,
}

impl Session {
    /// Logs in. A token that somebody made is only read: Vault is asked about it by the first check or call, as the
    /// original does.
    pub(crate) async fn open(authenticator: Authenticator) -> Result<Arc<Self>, ProviderError> {
        let authenticator = Arc::new(authenticator);
        let token =
            to_its_end(&authenticator, |authenticator| async move { authenticator.begin().await }).await?;
        let is_kept_alive = matches!(token.origin(), Origin::Given | Origin::Login);
        let seals = AtomicU64::new(authenticator.server.seals.ended());
        let is_closed = AtomicBool::new(false);
        let (current, changes) = watch::channel(Arc::new(token));
        let session = Arc::new(Self { authenticator, seals, is_closed, current, gate: Mutex::default() });
        if is_kept_alive {
            tokio::spawn(keep_alive(Arc::downgrade(&session), changes));
        }
        Ok(session)
    }

    /// A token that is alive, as far as is known. One caller renews or replaces it when it is time; the others go on
    /// with it while it is good, and wait when it is not.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, ProviderError> {
        let asked = Instant::now();
        self.doubt_after_a_seal().await;
        let token = self.current();
        match token.stage(asked) {
            Stage::Fresh => Ok(token),
            Stage::Due => match self.gate.try_lock() {
                Ok(gate) => Ok(self.prolong(gate, asked).await.unwrap_or(token)),
                Err(_) => Ok(token),
            },
            Stage::Unseen | Stage::Over => self.prolong(self.gate.lock().await, asked).await,
        }
    }

    /// What to do after Vault refused a call made with `refused`: another token to try once more with, or none,
    /// because that one is alive and the refusal meant.
    pub(crate) async fn replacement(
        &self,
        refused: &Arc<Token>,
    ) -> Result<Option<Arc<Token>>, ProviderError> {
        let asked = Instant::now();
        let mut gate = self.gate.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, refused) {
            return Ok(Some(current));
        }
        if gate.alive.is_some_and(|alive| alive >= asked) || gate.in_vain.is_some_and(is_within(VAIN_PAUSE)) {
            return Ok(None);
        }
        match self.authenticator.look_up(current.secret()).await {
            Ok(_) => {
                gate.alive = Some(Instant::now());
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                self.log_in(&mut gate, asked).await.map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// Says that a call was refused with a token just got: the refusal is meant, whatever the look-up says. (A policy
    /// may forbid a token to look itself up.)
    pub(crate) async fn was_in_vain(&self) {
        self.gate.lock().await.in_vain = Some(Instant::now());
    }

    /// Asks Vault about the token, and gets another where it is dead.
    pub(crate) async fn check(&self) -> Result<(), ProviderError> {
        let asked = Instant::now();
        if self.current().stage(asked) == Stage::Unseen {
            return self.token().await.map(drop);
        }
        let token = self.token().await?;
        match self.authenticator.look_up(token.secret()).await {
            Ok(lease) => {
                self.correct(&token, lease).await;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Unauthenticated && token.origin() != Origin::Nobody => {
                let mut gate = self.gate.lock().await;
                let replaced = !Arc::ptr_eq(&self.current(), &token);
                if replaced { Ok(()) } else { self.log_in(&mut gate, asked).await.map(drop) }
            }
            Err(error) => Err(error),
        }
    }

    /// Revokes the token, where a login of ours made it. It ends by itself where that fails.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        let token = self.current();
        if token.origin() == Origin::Login {
            drop(self.authenticator.revoke(token.secret()).await);
        }
    }

    /// A server that was sealed may have forgotten the token, or be another than before: it is restored, or was
    /// broken into.
    async fn doubt_after_a_seal(&self) {
        let ended = self.authenticator.server.seals.ended();
        if self.seals.load(Ordering::Acquire) == ended {
            return;
        }
        let _gate = self.gate.lock().await;
        if self.seals.swap(ended, Ordering::AcqRel) != ended {
            self.keep(self.current().doubted());
        }
    }

    fn current(&self) -> Arc<Token> {
        Arc::clone(&self.current.borrow())
    }

    fn keep(&self, token: Token) -> Arc<Token> {
        let token = Arc::new(token);
        self.current.send_replace(Arc::clone(&token));
        token
    }

    /// Believes Vault where it says that a token ends earlier than was thought.
    async fn correct(&self, token: &Arc<Token>, lease: Lease) {
        let _gate = self.gate.lock().await;
        let now = Instant::now();
        if Arc::ptr_eq(&self.current(), token) && token.outlives(lease, now) {
            self.keep(token.renewed(lease, now));
        }
    }

    /// Renews the token or logs in anew. Where neither can be done, a token that is not over yet is kept.
    async fn prolong(
        &self,
        mut gate: MutexGuard<'_, Memory>,
        asked: Instant,
    ) -> Result<Arc<Token>, ProviderError> {
        let token = self.current();
        match token.stage(Instant::now()) {
            Stage::Fresh => return Ok(token),
            // One that was refused before may have been replaced in its Secret since: a login reads it again.
            Stage::Unseen if gate.failed.is_none() => {
                return self.get_to_know(&mut gate, asked, &token).await;
            }
            Stage::Due => {
                if let Some(renewed) = self.renewed(&token).await {
                    return Ok(self.keep(renewed));
                }
            }
            Stage::Unseen | Stage::Over => {}
        }
        let outcome = self.log_in(&mut gate, asked).await;
        match (outcome, token.stage(Instant::now())) {
            (Err(_), Stage::Fresh | Stage::Due) => Ok(self.keep(token.postponed(Instant::now()))),
            (Ok(replacement), Stage::Fresh | Stage::Due) => {
                end(&self.authenticator, token);
                Ok(replacement)
            }
            (outcome, Stage::Unseen | Stage::Over) => outcome,
        }
    }

    /// Renews a token that is due, though nobody asks for it. No login is made for nobody: one that cannot be renewed
    /// any more is left to whoever asks next. Answers whether a renewal may do more for it.
    async fn renew_for_nobody(&self) -> bool {
        let gate = self.gate.lock().await;
        let token = self.current();
        match (token.origin(), token.stage(Instant::now())) {
            (Origin::Given, _) => drop(self.prolong(gate, Instant::now()).await),
            (Origin::Login, Stage::Due) if token.is_renewable() => {
                let lease = self.authenticator.renew(token.secret()).await;
                let now = Instant::now();
                let renewed = lease.map_or_else(|_| token.postponed(now), |lease| token.renewed(lease, now));
                if renewed.is_worn_out(now) {
                    return false;
                }
                self.keep(renewed);
            }
            (Origin::Nobody | Origin::Login | Origin::Batch, _) => {}
        }
        true
    }

    async fn renewed(&self, token: &Token) -> Option<Token> {
        if !token.is_renewable() {
            return None;
        }
        let lease = self.authenticator.renew(token.secret()).await.ok()?;
        let now = Instant::now();
        let renewed = token.renewed(lease, now);
        (!renewed.is_worn_out(now)).then_some(renewed)
    }

    async fn get_to_know(
        &self,
        gate: &mut Memory,
        asked: Instant,
        token: &Token,
    ) -> Result<Arc<Token>, ProviderError> {
        let look_up = async {
            let lease = self.authenticator.look_up(token.secret()).await?;
            Ok(token.renewed(lease, Instant::now()))
        };
        self.once(gate, asked, look_up).await
    }

    async fn log_in(&self, gate: &mut Memory, asked: Instant) -> Result<Arc<Token>, ProviderError> {
        let login =
            to_its_end(&self.authenticator, |authenticator| async move { authenticator.log_in().await });
        self.once(gate, asked, login).await
    }

    /// One login for all who ask while it is made, whether it succeeds or fails.
    async fn once(
        &self,
        gate: &mut Memory,
        asked: Instant,
        login: impl Future<Output = Result<Token, ProviderError>>,
    ) -> Result<Arc<Token>, ProviderError> {
        if let Some((failed, error)) = &gate.failed
            && (*failed >= asked || is_within(REFUSAL_PAUSE)(*failed))
        {
            return Err(error.clone());
        }
        match login.await {
            Ok(token) => {
                gate.failed = None;
                Ok(self.keep(token))
            }
            Err(error) => {
                gate.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

/// A connection that is given up after its login, as its store was edited or deleted meanwhile, is never closed: its token
/// is ended all the same.
impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_closed.load(Ordering::Acquire) {
            end(&self.authenticator, self.current());
        }
    }
}

/// A token of a login that nobody took yet.
struct Granted {
    authenticator: Arc<Authenticator>,
    token: Option<Token>,
}

impl Granted {
    fn take(mut self) -> Token {
        self.token.take().expect("a token must be taken once")
    }
}

/// Where nobody takes it, it is ended: nobody else has it who could.
impl Drop for Granted {
    fn drop(&mut self) {
        if let Some(token) = self.token.take() {
            end(&self.authenticator, Arc::new(token));
        }
    }
}

/// Brings a login that was sent to its end though nobody waits for it any more, as its store was edited or deleted, its
/// call took too long, or the process stops.
async fn to_its_end<Login>(
    authenticator: &Arc<Authenticator>,
    login: impl FnOnce(Arc<Authenticator>) -> Login,
) -> Result<Token, ProviderError>
where
    Login: Future<Output = Result<Token, ProviderError>> + Send + 'static,
{
    let (give, given) = oneshot::channel();
    let (login, authenticator) = (login(Arc::clone(authenticator)), Arc::clone(authenticator));
    let task = authenticator.means.tasks.clone().spawn(async move {
        let granted = login.await.map(|token| Granted { authenticator, token: Some(token) });
        // Before the task ends, so that whoever waits for it sees what follows where nobody is there to take it.
        drop(give.send(granted));
    });
    match given.await {
        Ok(granted) => granted.map(Granted::take),
        Err(_) => match task.await.map_err(JoinError::try_into_panic) {
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The runtime ends, and all that waits in it.
            Ok(()) | Err(Err(_)) => std::future::pending().await,
        },
    }
}

/// Revokes a token that may be good still, where a login of ours made it. Nobody waits for it but the end of the process:
/// whoever has it under way is refused, and asks again with another.
fn end(authenticator: &Arc<Authenticator>, token: Arc<Token>) {
    let runtime = Handle::try_current().ok().filter(|_| token.origin() == Origin::Login);
    if let Some(runtime) = runtime {
        let (tasks, authenticator) = (authenticator.means.tasks.clone(), Arc::clone(authenticator));
        tasks.spawn_on(async move { drop(authenticator.revoke(token.secret()).await) }, &runtime);
    }
}

/// Renews a token that can be renewed, also while nobody uses it: a login may be made once only, as with a wrapped secret
/// id. Ends with the session.
async fn keep_alive(session: Weak<Session>, mut current: watch::Receiver<Arc<Token>>) {
    let mut is_worth_while = true;
    loop {
        let due = current.borrow_and_update().renewal(Instant::now()).filter(|_| is_worth_while);
        let changed = match due {
            Some(due) => timeout_at(due, current.changed()).await.ok(),
            None => Some(current.changed().await),
        };
        match (changed, session.upgrade()) {
            (Some(Ok(())), Some(_)) => is_worth_while = true,
            (None, Some(session)) => is_worth_while = session.renew_for_nobody().await,
            (Some(Err(_)), _) | (_, None) => return,
        }
    }
}

fn is_within(pause: Duration) -> impl Fn(Instant) -> bool {
    move |instant| instant.elapsed() < pause
}
