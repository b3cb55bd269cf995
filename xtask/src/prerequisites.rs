//! What has to be on the machine beforehand, and is asked for before minutes of work are begun.
//!
//! Python is asked for by `eso-rig`, where something is to be fetched with it. Without a C compiler, this program
//! cannot be built either: it is missing here only where this program was built elsewhere, or by another one.

use std::{env, ffi::OsStr};

use anyhow::{Result, ensure};

/// What somebody without a C compiler is told.
const INSTALL_C_COMPILER: &str = "cc is missing: the operator's TLS library needs a C compiler, and Rust itself a \
    linker; install it with one of\n  \
    apt-get install -y build-essential\n  \
    dnf install -y gcc\n  \
    xcode-select --install";

/// Looks for what the compiler needs to build the operator and the tests.
///
/// # Errors
/// Names what is missing, with the command that installs it.
pub(crate) fn check() -> Result<()> {
    c_compiler(&env::var_os("PATH").unwrap_or_default(), env::var_os("CC").as_deref())
}

/// `chosen` is the compiler that somebody asks for, who knows what it is then.
fn c_compiler(path: &OsStr, chosen: Option<&OsStr>) -> Result<()> {
    let mut folders = env::split_paths(path);
    ensure!(chosen.is_some() || folders.any(|folder| folder.join("cc").is_file()), INSTALL_C_COMPILER);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_machine_without_a_c_compiler_is_told_how_to_install_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = env::join_paths(["/nowhere".as_ref(), folder.path()]).unwrap();
        let missing = c_compiler(&path, None).unwrap_err().to_string();
        assert!(missing.contains("\n  apt-get install -y build-essential\n"), "{missing}");
        c_compiler(&path, Some("clang".as_ref())).unwrap();
        fs::write(folder.path().join("cc"), "").unwrap();
        c_compiler(&path, None).unwrap();
    }

    #[test]
    fn this_machine_has_what_is_needed() {
        check().unwrap();
    }
}
