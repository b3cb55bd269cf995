//! Go's `text/template` with the functions of sprig, byte for byte, on byte strings and within limits.
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
mod regex;
mod surroundings;
mod template;
mod tree;
mod unicode;
mod value;

pub use error::{Fault, ParseError, RenderError};
pub use function::Scope;
pub use limits::Limits;
pub use surroundings::{Random, Surroundings};
pub use template::{MissingKey, Options, Template};
pub use value::{List, Map, Object, Text, Value};
