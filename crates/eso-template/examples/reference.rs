//! Prints the reference page of the functions; `cargo xtask codegen functions` writes it.

use std::io::{self, Write as _, stdout};

fn main() -> io::Result<()> {
    write!(stdout(), "{}", eso_template::reference())
}
