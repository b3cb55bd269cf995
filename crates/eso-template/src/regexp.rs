//! Go's regular expressions, for what is no template: the names of secrets, of keys, of namespaces.
//!
//! They are those of Go's package `regexp`: its syntax, its ASCII `\d`, `\w`, `\s` and `\b`, its order of preference,
//! its `$1` and `${name}` in a replacement, and its words where an expression is none. They are not anchored. An
//! expression from a stranger can neither hang nor fill the program.
//!
//! ```
//! use eso_template::regexp::Regexp;
//!
//! let names = Regexp::new(r"^app/(?P<stage>\w+)/")?;
//! assert!(names.is_match("app/prod/db")?);
//! assert_eq!(names.replace_all("app/prod/db", "${stage}-")?, "prod-db");
//! let error = Regexp::new("[a").expect_err("a bracket is missing");
//! assert_eq!(error.to_string(), "error parsing regexp: missing closing ]: `[a`");
//! # Ok::<(), eso_template::regexp::RegexpError>(())
//! ```

use crate::{
    Fault, Limits, Scope,
    regex::{Problem, Regex},
};

/// A regular expression. Clones share it, and threads can.
#[derive(Clone, Debug)]
pub struct Regexp {
    regex: Regex,
}

/// Why an expression is none, or cannot be searched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegexpError {
    /// It is none, in Go's words. The part is one of the expression.
    #[error("error parsing regexp: {reason}: `{part}`")]
    Syntax {
        /// What is wrong.
        reason: &'static str,
        /// Where.
        part: String,
    },
    /// It needs more than [`Limits`] allow by default, which are named.
    #[error("the regular expression needs more than is allowed: {0}")]
    Limit(&'static str),
}

/// The steps that a text adds where many are searched together: about 100 µs.
const STEPS_A_TEXT: u64 = 2000;

impl Regexp {
    /// Parses an expression.
    ///
    /// # Errors
    /// What Go's `regexp.Compile` refuses, and what nests or repeats more than is allowed.
    pub fn new(pattern: &str) -> Result<Self, RegexpError> {
        let parsed = Scope::apart(Limits::default(), |scope| Regex::new(scope, pattern.as_bytes()));
        let regex = parsed.map_err(|problem| match problem {
            Problem::Syntax { reason, part } => RegexpError::Syntax { reason, part },
            Problem::Fault(fault) => cut(fault),
        })?;
        Ok(Self { regex })
    }

    /// Whether it matches somewhere in a text.
    ///
    /// # Errors
    /// Where that takes too long: more than about 25 ms.
    pub fn is_match(&self, text: impl AsRef<[u8]>) -> Result<bool, RegexpError> {
        let found = Scope::apart(Limits::default(), |scope| self.regex.find(scope, text.as_ref(), 0));
        found.map(|places| places.is_some()).map_err(cut)
    }

    /// Those of many texts that it matches somewhere, in their order.
    ///
    /// # Errors
    /// Where that takes too long: 25 ms, and 100 µs for each of the texts, all in all.
    pub fn matching<T: AsRef<[u8]>>(
        &self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Vec<T>, RegexpError> {
        let texts: Vec<T> = texts.into_iter().collect();
        let mut limits = Limits::default();
        limits.steps = limits.steps.saturating_add(STEPS_A_TEXT.saturating_mul(texts.len() as u64));
        limits.memory = usize::MAX;
        Scope::apart(limits, |scope| {
            let mut matching = Vec::new();
            for text in texts {
                if self.regex.find(scope, text.as_ref(), 0).map_err(cut)?.is_some() {
                    matching.push(text);
                }
            }
            Ok(matching)
        })
    }

    /// A text with all matches replaced. In the replacement `$1`, `${1}`, `$name` and `${name}` stand for groups, and
    /// for nothing where there is no such group; `$$` is a dollar, and `$1x` stands for the group `1x`, as in Go.
    ///
    /// # Errors
    /// Where that takes too long, or too much memory.
    pub fn replace_all(&self, text: &str, replacement: &str) -> Result<String, RegexpError> {
        Scope::apart(Limits::default(), |scope| self.replaced(scope, text, replacement)).map_err(cut)
    }

    /// Many texts as [`Regexp::replace_all`] gives each, in their order.
    ///
    /// # Errors
    /// Where that takes more than these limits, all in all.
    pub fn replace_each<T: AsRef<str>>(
        &self,
        texts: impl IntoIterator<Item = T>,
        replacement: &str,
        limits: Limits,
    ) -> Result<Vec<String>, RegexpError> {
        let mut texts = texts.into_iter();
        Scope::apart(limits, |scope| {
            texts.try_fold(Vec::new(), |mut replaced, text| {
                let text = self.replaced(scope, text.as_ref(), replacement)?;
                scope.hold(text.len())?;
                replaced.push(text);
                Ok(replaced)
            })
        })
        .map_err(cut)
    }

    fn replaced(&self, scope: &mut Scope<'_>, text: &str, replacement: &str) -> Result<String, Fault> {
        let replaced = self.regex.replace_all(scope, text.as_bytes(), replacement.as_bytes())?;
        Ok(String::from_utf8(replaced).expect("groups of a text must begin and end between runes"))
    }
}

fn cut(fault: Fault) -> RegexpError {
    match fault {
        Fault::Limit(limit) => RegexpError::Limit(limit),
        Fault::Wrong(_) => unreachable!("a search can only be cut"),
    }
}

#[cfg(test)]
mod tests;
