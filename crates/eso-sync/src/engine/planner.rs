//! Renders and plans: at once where there is little to do, and else off the threads that serve everybody.

use eso_plan::{
    observed::Observed,
    plan::{Plan, plan},
    render::{Answer, render, weight},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Values of up to so many bytes are hashed within 5 ms on one core (16 to 20 ns a byte, measured), and as long nobody
/// else is served by the same thread.
const LIGHT: usize = 256 << 10;

/// Renders what is heavy one at a time, so that one object's work leaves the other cores to all others.
#[derive(Debug)]
pub(super) struct Planner(Semaphore);

impl Default for Planner {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl Planner {
    /// What to do for an object, given what its stores gave.
    pub(super) async fn plan(&self, observed: &Observed, answers: Vec<Answer>) -> Plan {
        if weight(&answers) <= LIGHT {
            return plan(observed, render(&observed.desired, &answers));
        }
        let _place = self.0.acquire().await.expect("the place must stay open");
        let observed = observed.clone();
        let planned = spawn_blocking(move || plan(&observed, render(&observed.desired, &answers)));
        planned.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("a plan must not be cancelled: {error}"),
        })
    }
}

#[cfg(test)]
mod tests;
