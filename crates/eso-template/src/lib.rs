//! Go's `text/template` with the functions of sprig, byte for byte, on byte strings and within limits.
//!
//! For any program that must render templates that were written for Go or for Helm: the same template and data give the
//! same bytes, and what is an error there is an error here. It needs nothing else of its project, and neither files,
//! network, clock nor environment: the time and random bytes are handed in. A template from a stranger can neither hang
//! nor fill nor crash the program: see [`Limits`]. Values are wiped when they go, and no error holds one.
//!
//! ```
//! use eso_template::{Options, Surroundings, Template, Value};
//!
//! let template = Template::parse("greeting", "Hello, {{ .name | printf \"%q\" }}!", &Options::default())?;
//! let data = Value::strings([("name", "ada")]);
//! let mut random = |buffer: &mut [u8]| buffer.fill(4); // Your operating system's generator.
//! let surroundings = Surroundings { now: jiff::Timestamp::UNIX_EPOCH, random: &mut random };
//! assert_eq!(&template.render(&data, surroundings)?[..], b"Hello, \"ada\"!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Beside templates there are what programs need that replace one of Go: its regular expressions, [`regexp`], and its
//! maps of strings out of YAML, [`yaml`].
//!
//! Not as in Go:
//! - A template that needs more than its limits fails.
//! - `%p` shows no address, and `slice` never sees what an allocator left behind the end of a list.
//! - Values of other types than a template can come to hold (channels, functions, structures of the program) are there
//!   as [`Object`] alone.
//! - `fromYaml` reads what YAML 1.1 and 1.2 have in common, with the words of 1.1 (`yes`, `0777`). What only one of them
//!   takes (`?` and `:` within words in brackets, U+2028 as the end of a line, a tab before a name) is read as in 1.2,
//!   and of a text that is no YAML its answer does not say where.
//! - A time zone has no summer time after the year 9999.

pub mod regexp;
pub mod yaml;

mod error;
mod eval;
#[cfg(test)]
mod fixtures;
mod format;
mod funcs;
mod function;
mod lexer;
mod limits;
mod number;
mod parser;
mod pki;
mod reference;
mod regex;
mod surroundings;
mod template;
mod tree;
mod unicode;
mod value;

pub use error::{Fault, ParseError, RenderError};
pub use function::Scope;
pub use limits::Limits;
pub use reference::reference;
pub use surroundings::{Random, Surroundings};
pub use template::{MissingKey, Options, Template};
pub use value::{List, Map, Object, Text, Value};
