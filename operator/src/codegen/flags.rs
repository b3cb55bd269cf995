//! The page of flags and commands.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use crate::args::{ACCEPTED, Args};

/// The page: a line for each flag, in the order of their declaration, and a part for each command beside running.
pub(super) fn reference() -> String {
    let command = Args::command();
    let mut page = String::from("# Flags\n\nOf the binary `eso`, which runs the operator.\n\n");
    let flags = || command.get_arguments().filter(|flag| flag.get_long().is_some());
    table(&mut page, flags().filter(|flag| flag.get_help_heading().is_none()));
    page.push_str(&format!("\n# {ACCEPTED}\n\nThe operator logs each that it is given.\n\n"));
    table(&mut page, flags().filter(|flag| flag.get_help_heading() == Some(ACCEPTED)));
    let commands: Vec<&Command> =
        command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    page.push_str("\n# Commands\n\nThe flags above hold for them too, where they mean something there.\n");
    for command in commands {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let text = format!("\n## `eso {}`\n\n{about}.\n\n", command.get_name());
        page.push_str(&text.replace(". ", ".\n"));
        table(&mut page, command.get_arguments());
    }
    page
}

fn table<'a>(page: &mut String, flags: impl Iterator<Item = &'a Arg>) {
    page.push_str("| flag | default | what it says |\n|---|---|---|\n");
    for flag in flags {
        let default = flag.get_default_values().iter().map(|value| value.to_string_lossy());
        let default = default.filter(|value| !value.is_empty()).map(|value| format!("`{value}`"));
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let choices = if flag.get_action().takes_values() { flag.get_possible_values() } else { Vec::new() };
        let choices: Vec<_> = choices.iter().map(|value| format!("`{}`", value.get_name())).collect();
        let choices =
            if choices.is_empty() { String::new() } else { format!(" One of {}.", choices.join(", ")) };
        let variable =
            flag.get_env().map(|name| format!(" Also `{}`.", name.to_string_lossy())).unwrap_or_default();
        let default = default.collect::<Vec<_>>().join(", ");
        let name = name(flag);
        writeln!(page, "| {name} | {default} | {help}.{choices}{variable} |")
            .expect("writing to a string must succeed");
    }
}

/// `--long`, with its short form where it has one; or what stands for a value without a flag.
fn name(flag: &Arg) -> String {
    let value = flag.get_value_names().into_iter().flatten().map(ToString::to_string).collect::<String>();
    match (flag.get_long(), flag.get_short()) {
        (Some(long), Some(short)) => format!("`-{short}`, `--{long}`"),
        (Some(long), None) => format!("`--{long}`"),
        (None, _) => format!("`{value}`"),
    }
}
