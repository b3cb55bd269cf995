//! Renders and plans: at once where there is little to do, and else off the threads that serve everybody.

use std::fmt;

use eso_plan::{
    desired::{Desired, Entries},
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

/// What is made of what stores give.
pub(crate) trait Wanted: Clone + Send + 'static {
    /// What it is made into.
    type Made: Send + 'static;

    /// What it asks for.
    fn desired(&self) -> &Desired;

    /// What it comes to.
    fn made(&self, rendered: Result<Rendered, RenderError>) -> Self::Made;
}

/// An object and its target: what to do.
impl Wanted for Observed {
    type Made = Plan;

    fn desired(&self) -> &Desired {
        &self.desired
    }

    fn made(&self, rendered: Result<Rendered, RenderError>) -> Plan {
        plan(self, rendered)
    }
}

/// What a target must hold.
impl Wanted for Desired {
    type Made = Result<Rendered, RenderError>;

    fn desired(&self) -> &Desired {
        self
    }

    fn made(&self, rendered: Result<Rendered, RenderError>) -> Self::Made {
        rendered
    }
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

    /// What begins and ends an action.
    pub(crate) fn delimiters(&self) -> &Delimiters {
        &self.rendering.delimiters
    }

    /// What somebody wants, made of what the stores gave and of what the templates stand in.
    ///
    /// Most templates are rendered within what is little; which ones are not is known when they are cut.
    pub(crate) async fn make<W: Wanted>(
        &self,
        wanted: &W,
        answers: Vec<Answer>,
        sources: Sources,
    ) -> W::Made {
        if weight(&answers) <= LIGHT {
            let rendered = self.rendering.render(wanted.desired(), &answers, &sources, template::light());
            if !is_cut(&rendered) {
                return wanted.made(rendered);
            }
        }
        let (wanted, rendering) = (wanted.clone(), self.rendering.clone());
        self.apart(move || {
            let limits = template::limits();
            wanted.made(rendering.render(wanted.desired(), &answers, &sources, limits))
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
        desired: &Desired,
        answers: &[Answer],
        sources: &Sources,
        limits: Limits,
    ) -> Result<Rendered, RenderError> {
        let Self { delimiters, clock, random } = self;
        let mut random = |buffer: &mut [u8]| random(buffer);
        let mut surroundings =
            Surroundings { sources, delimiters, limits, now: clock(), random: &mut random };
        render(desired, answers, &mut surroundings)
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
