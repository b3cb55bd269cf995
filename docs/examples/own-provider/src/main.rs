//! The operator, with the provider `directory` beside those that are built in.

use std::{env, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let root = env::var_os("DIRECTORY_ROOT").map_or_else(|| "/values".into(), PathBuf::from);
    external_secrets::main_with(|built_in| {
        built_in
            .with("directory", move |spec, connection| own_provider::connect(root.clone(), spec, connection))
    })
}
