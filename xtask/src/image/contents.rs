//! What is in an image: a program, and what it needs to run.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{Entry, Image};

/// Whom the operator runs as; the same number as in distroless images.
const USER: &str = "65532:65532";

/// Where the operator is in its image.
const PROGRAM: &str = "bin/external-secrets";

/// Where certificate authorities are, by distribution.
const AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// An image of the operator's binary.
///
/// # Errors
/// When the binary or a library of it cannot be read, or this machine has no certificate authorities.
pub(crate) fn of_operator(binary: &Path) -> Result<Image> {
    let authorities = AUTHORITIES.iter().find_map(|path| fs::read(path).ok());
    let authorities =
        authorities.context("no certificate authorities on this machine: install ca-certificates")?;
    let mut image = of_program(binary, PROGRAM)?;
    image.files.extend([
        Entry::folder("tmp", 0o1777),
        Entry::file("etc/passwd", "root:x:0:0::/:/none\nnonroot:x:65532:65532::/:/none\n"),
        Entry::file("etc/group", "root:x:0:\nnonroot:x:65532:\n"),
        Entry::file("etc/nsswitch.conf", "hosts: files dns\n"),
        Entry::file("etc/ssl/certs/ca-certificates.crt", authorities),
    ]);
    Ok(image)
}

/// An image of a program, which is at `path` in it, and of the shared libraries that it asks for.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn of_program(binary: &Path, path: &str) -> Result<Image> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut files = vec![Entry::program(path, read(binary)?)];
    for library in libraries(binary)? {
        let place = library.to_string_lossy();
        files.push(Entry::program(place.trim_start_matches('/'), read(&library)?));
    }
    Ok(Image { files, entrypoint: vec![format!("/{path}")], user: USER.to_owned() })
}

/// The shared libraries of a program, and its loader.
fn libraries(binary: &Path) -> Result<BTreeSet<PathBuf>> {
    let asked =
        Command::new("ldd").arg(binary).output().context("cannot run ldd, which comes with the C library")?;
    let said = String::from_utf8_lossy(&asked.stdout);
    ensure!(!said.contains("not found"), "{} asks for a library that is not here: {said}", binary.display());
    Ok(paths(&said))
}

/// The files in what ldd says; a program that asks for none is said so on standard error.
fn paths(said: &str) -> BTreeSet<PathBuf> {
    let words = said.lines().flat_map(str::split_whitespace);
    words.filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{PROGRAM, USER, paths};
    use crate::project;

    #[test]
    fn libraries_are_those_that_ldd_finds() {
        let said = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(paths(said).into_iter().collect::<Vec<_>>(), expected);
        assert!(paths("\tstatically linked\n").is_empty());
    }

    #[test]
    fn an_engine_makes_an_image_that_is_started_in_the_same_way() {
        let file = fs::read_to_string(project::root().join("deploy/Dockerfile")).unwrap();
        let lines: Vec<&str> = file.lines().collect();
        let copied = format!("COPY --from=build /eso /{PROGRAM}");
        for line in [&copied, &format!("USER {USER}"), &format!("ENTRYPOINT [\"/{PROGRAM}\"]")] {
            assert!(lines.contains(&line.as_str()), "{line} is not in deploy/Dockerfile");
        }
        assert!(file.contains("--package external-secrets --bin eso "), "{file}");
    }
}
