//! `eso migrate`: manifests of `external-secrets.io/v1` in place of older ones, and, where it is told to, the newer objects
//! in place of the older ones in a cluster. It shows no value.

mod backup;
mod cluster;
mod input;
mod moves;
mod report;
mod step;

use std::{io::Write as _, process::ExitCode, time::Duration};

use anyhow::Context as _;
use eso_plan::convert::migrate::{Migrated, Newer, Parts};

use crate::{
    args::{Args, Migrate, environment},
    client, logs, run,
};
use backup::Backup;
use cluster::Reader;
use input::{Input, Told};
use moves::Mover;
use report::Report;

/// Prints what becomes of the manifests, or moves the objects. The code is 1 where one of them could not be written or
/// moved.
pub fn main(args: &Args, asked: &Migrate) -> ExitCode {
    logs::keep_panics_quiet();
    match done(args, asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn done(args: &Args, asked: &Migrate) -> anyhow::Result<bool> {
    let environment = environment(|name| std::env::var(name).ok(), run::delimiters(args))?;
    // A store that names none is served by every class.
    let class = Some(args.controller_class.as_str()).filter(|class| *class != "default");
    let told = Told { environment: &environment, class, without_permits: asked.without_permits };
    if !asked.from_cluster {
        let input = Input::of_files(&asked.files, &args.namespace)?;
        return print(input.migrated(told), asked);
    }
    run::install_crypto();
    run::runtime()?.block_on(async {
        let client = client::connect().await?;
        let reader = Reader { client: client.clone(), namespace: args.namespace.clone() };
        if !asked.apply {
            return print(reader.all().await?.migrated(told), asked);
        }
        let path = asked.backup.as_deref().context("--apply needs --backup")?;
        let mover = Mover {
            client,
            backup: Backup::open(path)?,
            timeout: asked.timeout,
            // A controller that polls comes back within its interval.
            settle: if environment.polls { environment.interval * 3 / 2 } else { Duration::ZERO },
        };
        let input = reader.of_older_group().await?;
        let migrated = input.migrated(told);
        mover.all(input.documents.into_iter().zip(migrated).collect()).await
    })
}

/// Prints the newer manifests, and what is remarked on.
fn print(migrated: Vec<Migrated>, asked: &Migrate) -> anyhow::Result<bool> {
    let report = Report::of(migrated)?;
    std::io::stdout().write_all(report.text.as_bytes()).context("cannot print")?;
    report.remarks.iter().for_each(|remark| say(&remark.to_string()));
    say(&report.summary());
    Ok(report.unwritten == 0 && !(asked.strict && report.is_remarked))
}

/// The objects that are moved, each with its manifest.
fn parts(migrated: &Migrated) -> Option<&Parts> {
    match &migrated.newer {
        Newer::Parts(parts) => Some(parts),
        Newer::Object(_) | Newer::Unwritten | Newer::LeftOut => None,
    }
}

/// A line for whoever waits for the command.
fn say(line: &str) {
    // Nobody else reads the standard error of a command.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests;
