//! The words of the file system, mapped once to the kinds that the operator acts on.

use std::io;

use eso_core::error::{ErrorKind, ProviderError, Reason};

/// What can never be answered as it was asked; `advice` says what to do.
pub(crate) fn invalid(operation: &'static str, advice: &'static str) -> ProviderError {
    ProviderError::new(ErrorKind::Invalid, operation).with_reason(Reason::new(advice))
}

/// Why a file was not read. That it is not there is believed, so whoever asks must know that its folder is.
pub(crate) fn of_file(error: &io::Error) -> ProviderError {
    let (kind, reason) = match error.kind() {
        io::ErrorKind::NotFound => return ProviderError::new(ErrorKind::NotFound, "ReadFile"),
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::Denied, Reason::new("the operator may not read this file"))
        }
        io::ErrorKind::IsADirectory => {
            (ErrorKind::Invalid, Reason::new("the key leads to something that is no file"))
        }
        io::ErrorKind::NotADirectory => (ErrorKind::Invalid, Reason::new("the key leads below a file")),
        io::ErrorKind::FileTooLarge => (ErrorKind::Invalid, Reason::new("the file is larger than 1 MiB")),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            (ErrorKind::Invalid, Reason::new("no file can have this name"))
        }
        _ => (ErrorKind::Unavailable, unknown("the file system does not give the file", error)),
    };
    ProviderError::new(kind, "ReadFile").with_reason(reason)
}

/// Why a folder was not read. It is never `NotFound`: that would be said of each value in it.
pub(crate) fn of_folder(error: &io::Error) -> ProviderError {
    let (kind, reason) = match error.kind() {
        io::ErrorKind::NotFound => {
            let advice = "the folder is not there, or empty: look whether its volume is mounted";
            (ErrorKind::Unavailable, Reason::new(advice))
        }
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::Denied, Reason::new("the operator may not read this folder"))
        }
        io::ErrorKind::NotADirectory => {
            (ErrorKind::Invalid, Reason::new("the path of the store leads to a file"))
        }
        _ => (ErrorKind::Unavailable, unknown("the file system does not give the folder", error)),
    };
    ProviderError::new(kind, "ReadDir").with_reason(reason)
}

/// What the system says, by its code: the text of an error may be anything, that of its kind is one of a few.
fn unknown(advice: &'static str, error: &io::Error) -> Reason {
    Reason::new(advice).with_code(&error.kind().to_string())
}
