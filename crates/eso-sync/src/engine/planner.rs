//! Renders and plans: at once where there is little to do, and else off the threads that serve everybody.

use std::fmt;

use eso_plan::{
    desired::Entries,
    observed::Observed,
    plan::{Plan, plan},
    push::seed::Seed,
    render::{Answer, RenderError, Rendered, render, weight},
    template::{self, Delimiters, Limits, Sources, Surroundings, Template, TemplateError, TemplateProblem},
};
use jiff::Timestamp;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{Clock, Random, Settings};

/// Values of up to so many bytes are hashed within 5 ms on one core (16 to 20 ns a byte, measured), and as long nobody
/// else is served by the same thread.
const LIGHT: usize = 256 << 10;

/// Renders what is heavy one at a time, so that one object's work leaves the other cores to all others.
pub(crate) struct Planner {
    place: Semaphore,
    rendering: Rendering,
}

/// The time and the chance that templates see, where they do not see those of the moment.
pub(crate) struct Chance {
    pub(crate) now: Timestamp,
    pub(crate) seed: Seed,
}

/// How templates are rendered.
#[derive(Clone)]
struct Rendering {
    delimiters: Delimiters,
    clock: Clock,
    random: Random,
}

impl Planner {
    pub(crate) fn new(settings: &Settings) -> Self {
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
        let (observed, rendering) = (observed.clone(), self.rendering.clone());
        self.apart(move || {
            plan(&observed, rendering.render(&observed, &answers, &sources, template::limits()))
        })
        .await
    }

    /// What templates add to these entries.
    pub(crate) async fn add(
        &self,
        template: &Template,
        entries: Entries,
        sources: &Sources,
        chance: Chance,
    ) -> Result<Entries, TemplateError> {
        let added = self.rendering.add(template, &entries, sources, (&chance, template::light()));
        match added {
            Err(error) if matches!(error.problem, TemplateProblem::Limit { .. }) => {}
            added => return added,
        }
        let (template, sources, rendering) = (template.clone(), sources.clone(), self.rendering.clone());
        self.apart(move || rendering.add(&template, &entries, &sources, (&chance, template::limits()))).await
    }

    /// Does what is heavy off the threads that serve everybody, one after the other.
    pub(crate) async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _place = self.place.acquire().await.expect("the place must stay open");
        spawn_blocking(work).await.unwrap_or_else(|error| match error.try_into_panic() {
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

    fn add(
        &self,
        template: &Template,
        entries: &Entries,
        sources: &Sources,
        (chance, limits): (&Chance, Limits),
    ) -> Result<Entries, TemplateError> {
        let Chance { now, seed } = chance;
        let delimiters = &self.delimiters;
        let mut surroundings =
            Surroundings { sources, delimiters, limits, now: *now, random: &mut seed.random() };
        template::apply(template, entries, &mut surroundings).map(|content| content.entries)
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
