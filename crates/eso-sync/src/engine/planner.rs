//! Renders and plans: at once where there is little to do, and else off the threads that serve everybody.

use std::fmt;

use eso_plan::{
    observed::Observed,
    plan::{Plan, plan},
    render::{Answer, RenderError, Rendered, render, weight},
    template::{self, Delimiters, Limits, Sources, Surroundings, TemplateProblem},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{Clock, Random, Settings};

/// Values of up to so many bytes are hashed within 5 ms on one core (16 to 20 ns a byte, measured), and as long nobody
/// else is served by the same thread.
const LIGHT: usize = 256 << 10;

/// Renders what is heavy one at a time, so that one object's work leaves the other cores to all others.
pub(super) struct Planner {
    place: Semaphore,
    rendering: Rendering,
}

/// How templates are rendered.
#[derive(Clone)]
struct Rendering {
    delimiters: Delimiters,
    clock: Clock,
    random: Random,
}

impl Planner {
    pub(super) fn new(settings: &Settings) -> Self {
        let Settings { delimiters, clock, random, .. } = settings.clone();
        Self { place: Semaphore::new(1), rendering: Rendering { delimiters, clock, random } }
    }

    /// What to do for an object, given what its stores gave, and what its templates stand in.
    ///
    /// Most templates are rendered within what is little; which ones are not is known when they are cut.
    pub(super) async fn plan(&self, observed: &Observed, answers: Vec<Answer>, sources: Sources) -> Plan {
        if weight(&answers) <= LIGHT {
            let rendered = self.rendering.render(observed, &answers, &sources, template::light());
            if !is_cut(&rendered) {
                return plan(observed, rendered);
            }
        }
        let _place = self.place.acquire().await.expect("the place must stay open");
        let (observed, rendering) = (observed.clone(), self.rendering.clone());
        let planned = spawn_blocking(move || {
            plan(&observed, rendering.render(&observed, &answers, &sources, template::limits()))
        });
        planned.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("a plan must not be cancelled: {error}"),
        })
    }
}

impl Rendering {
    fn render(
        &self,
        observed: &Observed,
        answers: &[Answer],
        sources: &Sources,
        limits: Limits,
    ) -> Result<Rendered, RenderError> {
        let Self { delimiters, clock, random } = self;
        let mut random = |buffer: &mut [u8]| random(buffer);
        let mut surroundings =
            Surroundings { sources, delimiters, limits, now: clock(), random: &mut random };
        render(&observed.desired, answers, &mut surroundings)
    }
}

/// Whether a template needed more than it was allowed.
fn is_cut(rendered: &Result<Rendered, RenderError>) -> bool {
    match rendered {
        Err(RenderError::Template(error)) => matches!(error.problem, TemplateProblem::Limit { .. }),
        Err(RenderError::Entry(_) | RenderError::Sources(_)) | Ok(_) => false,
    }
}

impl fmt::Debug for Planner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planner").field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
