//! The page of flags.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use crate::args::Args;

/// The page: a line for each flag, in the order of their declaration.
pub(super) fn reference() -> String {
    let mut page = String::from(
        "# Flags\n\nOf the binary `eso`, which runs the operator.\n\n| flag | default | what it says |\n|---|---|---|\n",
    );
    let command = Args::command();
    for flag in command.get_arguments().filter(|flag| flag.get_long().is_some()) {
        let name = flag.get_long().unwrap_or_default();
        let default = flag.get_default_values().iter().map(|value| value.to_string_lossy());
        let default = default.filter(|value| !value.is_empty()).map(|value| format!("`{value}`"));
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let choices: Vec<_> =
            flag.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        let choices =
            if choices.is_empty() { String::new() } else { format!(" One of {}.", choices.join(", ")) };
        let variable =
            flag.get_env().map(|name| format!(" Also `{}`.", name.to_string_lossy())).unwrap_or_default();
        let default = default.collect::<Vec<_>>().join(", ");
        writeln!(page, "| `--{name}` | {default} | {help}.{choices}{variable} |")
            .expect("writing to a string must succeed");
    }
    page
}
