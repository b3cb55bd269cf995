//! What is wrong with an expression, in Go's words.

use crate::Fault;

pub(super) const INVALID_ESCAPE: &str = "invalid escape sequence";
pub(super) const INVALID_NAMED_CAPTURE: &str = "invalid named capture";
pub(super) const INVALID_PERL: &str = "invalid or unsupported Perl syntax";
pub(super) const INVALID_RANGE: &str = "invalid character class range";
pub(super) const INVALID_REPETITION: &str = "invalid nested repetition operator";
pub(super) const INVALID_COUNT: &str = "invalid repeat count";
pub(super) const INVALID_UTF8: &str = "invalid UTF-8";
pub(super) const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
pub(super) const MISSING_BRACKET: &str = "missing closing ]";
pub(super) const MISSING_PARENTHESIS: &str = "missing closing )";
pub(super) const TRAILING_BACKSLASH: &str = "trailing backslash at end of expression";
pub(super) const UNEXPECTED_PARENTHESIS: &str = "unexpected )";

/// Why there is no expression.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is none.
    Syntax {
        /// What is wrong.
        reason: &'static str,
        /// The part of the expression that is.
        part: String,
    },
    /// It needs more than is allowed.
    Fault(Fault),
}

impl Problem {
    pub(super) fn new(reason: &'static str, part: &str) -> Self {
        Self::Syntax { reason, part: part.to_owned() }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Without the part: in a template it may be made of data.
impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Syntax { reason, .. } => Self::wrong(format!("error parsing regexp: {reason}")),
            Problem::Fault(fault) => fault,
        }
    }
}
