//! The functions that templates can call, by subject: those of sprig, as the original has them, and its own.

pub(crate) mod dates;
mod defaults;
mod dicts;
mod equality;
mod floats;
mod integers;
mod lists;
mod paths;
mod random;
mod reflection;
mod regexes;
mod strings;

use std::{collections::BTreeMap, sync::LazyLock};

use crate::function::Function;

/// All of them, by name.
pub(crate) static ALL: LazyLock<BTreeMap<&'static str, Function>> = LazyLock::new(|| {
    let subjects = [
        dates::functions(),
        defaults::functions(),
        dicts::functions(),
        equality::functions(),
        floats::functions(),
        integers::functions(),
        lists::functions(),
        paths::functions(),
        random::functions(),
        reflection::functions(),
        regexes::functions(),
        strings::functions(),
    ];
    subjects.into_iter().flatten().map(|function| (function.name, function)).collect()
});
