//! Go's `text/template` with the functions of sprig, byte for byte, on byte strings and within limits.
//!
//! ```
//! use eso_template::{Options, Surroundings, Template, Value};
//!
//! let template = Template::parse("greeting", "Hello, {{ .name | title }}!", &Options::default())?;
//! let data = Value::strings([("name", "ada")]);
//! assert_eq!(template.render(&data, Surroundings::fixed())?, b"Hello, Ada!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod function;
mod funcs;
mod limits;
mod surroundings;
mod value;

pub use error::{Fault, ParseError, RenderError};
pub use function::Scope;
pub use limits::Limits;
pub use surroundings::{Random, Surroundings};
pub use value::{List, Map, Object, Text, Value};
