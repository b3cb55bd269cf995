//! The functions that templates can call, by subject: those of sprig, as the original has them, and its own.

pub(crate) mod dates;

use std::{collections::BTreeMap, sync::LazyLock};

use crate::function::Function;

/// All of them, by name.
pub(crate) static ALL: LazyLock<BTreeMap<&'static str, Function>> = LazyLock::new(|| {
    let subjects = [dates::functions()];
    subjects.into_iter().flatten().map(|function| (function.name, function)).collect()
});
