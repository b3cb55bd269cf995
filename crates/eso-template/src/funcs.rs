//! The functions that templates can call, by subject: those of sprig, as the original has them, and its own.

mod builtins;
mod certificates;
pub(crate) mod dates;
mod defaults;
mod dicts;
mod digests;
pub(crate) mod encoding;
mod equality;
mod floats;
mod integers;
pub(crate) mod json;
mod keys;
mod lists;
mod passwords;
mod paths;
mod random;
mod reflection;
mod regexes;
mod stores;
mod strings;
mod urls;
mod versions;
pub(crate) mod yaml;

use std::{collections::BTreeMap, sync::LazyLock};

use crate::function::Function;

/// All of them, by name.
pub(crate) static ALL: LazyLock<BTreeMap<&'static str, Function>> = LazyLock::new(|| {
    let subjects = [
        builtins::functions(),
        certificates::functions(),
        dates::functions(),
        defaults::functions(),
        dicts::functions(),
        digests::functions(),
        encoding::functions(),
        equality::functions(),
        floats::functions(),
        integers::functions(),
        json::functions(),
        keys::functions(),
        lists::functions(),
        passwords::functions(),
        paths::functions(),
        random::functions(),
        reflection::functions(),
        regexes::functions(),
        stores::functions(),
        strings::functions(),
        urls::functions(),
        versions::functions(),
        yaml::functions(),
    ];
    subjects.into_iter().flatten().map(|function| (function.name, function)).collect()
});
