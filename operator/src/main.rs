//! The binary `eso`: without a subcommand it runs the operator, as the original's image does.

use std::process::ExitCode;

/// Small objects by the ten thousand are what this program allocates; the system's allocator keeps twice as much.
/// It is built without huge pages, which cost 10 MB where there is next to nothing to keep.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    external_secrets::main_with(|built_in| built_in)
}
