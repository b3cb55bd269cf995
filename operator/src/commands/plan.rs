//! `eso plan`: what the operator would do, object by object, without values and without writing.

use std::{fmt::Write as _, io::Write as _, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use eso_kube::{
    controllers::{Controller, Options, Previewed},
    stores::Connect,
};
use eso_plan::{
    desired::Desired,
    due::Due,
    observed::{Held, Observed},
    plan::{Outcome, Plan, Step},
};
use eso_sync::engine::Preview;
use tokio::time::timeout;

use crate::{
    args::{Args, LogFormat, ObjectName, Planned},
    client::{self, Limit},
    logs, run,
    telemetry::Metrics,
};

/// How long all of it may take. Ten thousand objects take some seconds; a list that is refused would never end.
const PATIENCE: Duration = Duration::from_secs(120);

/// Prints the plan. The code is 1 where an object is not in step and would not be brought into step either. `connect`
/// makes the providers that the stores are read with.
pub fn main(args: &Args, asked: &Planned, connect: impl FnOnce(&Args) -> Arc<dyn Connect>) -> ExitCode {
    logs::begin_for_a_command(LogFormat::Text);
    logs::keep_panics_quiet();
    run::install_crypto();
    let previews = run::runtime().and_then(|runtime| runtime.block_on(previews(args, asked, connect(args))));
    let printed = previews.and_then(|previews| {
        let text: String = previews.iter().map(line).collect();
        std::io::stdout().write_all(text.as_bytes()).context("cannot print")?;
        Ok(previews)
    });
    match printed {
        Ok(previews) if previews.iter().any(fails) => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn previews(args: &Args, asked: &Planned, connect: Arc<dyn Connect>) -> anyhow::Result<Vec<Previewed>> {
    let limit = Limit { per_second: args.client_qps, burst: args.client_burst };
    let client = client::limited(client::connect().await?, limit);
    let options = Options {
        namespace: asked
            .object
            .as_ref()
            .map(|object| object.namespace.clone())
            .or(run::options(args).namespace),
        cluster_external_secrets: false,
        push_secrets: false,
        cluster_push_secrets: false,
        ..run::options(args)
    };
    let metrics = Arc::new(Metrics::new());
    let controller = Controller::new(client::read_only(client), options, connect, metrics as _);
    let wanted = |namespace: &str, name: &str| match &asked.object {
        Some(object) => (object.namespace.as_str(), object.name.as_str()) == (namespace, name),
        None => true,
    };
    let previews = timeout(PATIENCE, controller.preview(wanted)).await;
    let previews = previews.with_context(|| {
        format!("the cluster was not listed within {} s: see the warnings above", PATIENCE.as_secs())
    })?;
    match &asked.object {
        Some(ObjectName { namespace, name }) if previews.is_empty() => {
            bail!("there is no ExternalSecret {namespace}/{name}")
        }
        Some(_) | None => Ok(previews),
    }
}

/// What would be done for one object, in a line for people.
fn line(Previewed { namespace, name, preview }: &Previewed) -> String {
    let mut line = format!("{namespace}/{name}: ");
    match preview {
        Preview::Gone => line.push_str("left alone: its store is of another controller class"),
        Preview::Leaving => line.push_str("being deleted: the finalizer of the original is taken off"),
        Preview::Malformed(problem) => {
            said(&mut line, format_args!("nothing, it cannot be understood: {problem}"))
        }
        Preview::Unseen(error) => {
            said(&mut line, format_args!("nothing, its target cannot be read: {error}"))
        }
        Preview::Planned { observed, plan, due } => {
            said(&mut line, format_args!("{}{}", action(observed, plan), when(due)));
        }
    }
    line.push('\n');
    line
}

fn said(line: &mut String, text: std::fmt::Arguments<'_>) {
    line.write_fmt(text).expect("writing to a string must succeed");
}

fn action(observed: &Observed, Plan { step, outcome, absent: _ }: &Plan) -> String {
    let Desired { manifest, target, .. } = &observed.desired;
    let kind = manifest.as_ref().map_or("Secret", |manifest| manifest.kind.as_str());
    match (step, &observed.held) {
        (Step::Keep, _) => format!("nothing is written: {outcome}"),
        (Step::Release, _) => "the finalizer of the original is taken off".to_owned(),
        (Step::Delete, _) => format!("{kind} {target} is deleted: {outcome}"),
        (Step::Write { content, .. }, held) => {
            let verb = match held {
                Held::Nothing => "made",
                Held::Drifted => "repaired, or taken over",
                Held::Intact { .. } => "compared, and changed where it differs",
                Held::Contested(_) => "written",
            };
            let keys: Vec<&str> = content.entries.keys().map(String::as_str).collect();
            let fields: Vec<&str> = content.dress.iter().flat_map(|dress| dress.fields.names()).collect();
            let named = [("keys", keys), ("fields", fields)];
            let named = named.into_iter().filter(|(_, names)| !names.is_empty());
            let named: Vec<String> =
                named.map(|(what, names)| format!("{what} {}", names.join(", "))).collect();
            format!("{kind} {target} is {verb}, with the {}", named.join(" and the "))
        }
    }
}

fn when(due: &Due) -> String {
    match due {
        Due::Now => " (due now)".to_owned(),
        Due::Repair => " (due now: somebody changed the target)".to_owned(),
        Due::At(time) => format!(" (due at {time:.0})"),
        Due::OnChange => " (due when it changes)".to_owned(),
    }
}

/// Whether an object stays out of step.
fn fails(Previewed { preview, .. }: &Previewed) -> bool {
    match preview {
        Preview::Gone | Preview::Leaving => false,
        Preview::Malformed(_) | Preview::Unseen(_) => true,
        Preview::Planned { plan, .. } => match plan.outcome {
            Outcome::Synced | Outcome::Retained | Outcome::Deleted | Outcome::Waiting => false,
            Outcome::Malformed(_)
            | Outcome::Empty
            | Outcome::Unreadable(_)
            | Outcome::Contested(_)
            | Outcome::Unwritable(_, _) => true,
        },
    }
}

#[cfg(test)]
mod tests;
