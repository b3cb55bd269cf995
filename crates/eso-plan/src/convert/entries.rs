//! `spec.data` and `spec.dataFrom`: what they ask the stores for.

use std::collections::BTreeSet;

use eso_core::{
    api::{
        external_secret::{
            ConflictPolicy, ConversionStrategy, Data, DataFrom, DecodingStrategy, ExternalSecret, Find,
            MergeStrategy, MetadataPolicy, NullBytePolicy, PriorityPolicy, RemoteRef, Rewrite, RewriteMerge,
            SourceRef,
        },
        refusals,
    },
    key::StoreReference,
    provider::{Fetch, NameFilter, Query},
};
use eso_template::regexp::Regexp;

use super::{Malformed, references};
use crate::{
    decoding::{Decoding, NullBytes},
    desired::{Absence, Ask, Destination, Entry, Origin},
    names,
    naming::{self, Conversion, Merge, Naming},
};

/// What an object's entries ask for: `dataFrom` comes first, for `data` wins over it.
pub(super) fn entries(object: &ExternalSecret, absence: Absence) -> Result<Vec<Entry>, Malformed> {
    let spec = &object.spec;
    if spec.data.is_empty() && spec.data_from.is_empty() {
        return Err(Malformed(refusals::NO_ENTRIES.to_owned()));
    }
    check_keys(&spec.data, absence)?;
    let many = spec.data_from.iter().enumerate().map(|(index, from)| many(object, index, from));
    let single = spec.data.iter().enumerate().map(|(index, data)| single(object, index, data));
    many.chain(single).collect()
}

fn check_keys(data: &[Data], absence: Absence) -> Result<(), Malformed> {
    let mut seen = BTreeSet::new();
    for (index, Data { secret_key, .. }) in data.iter().enumerate() {
        if !seen.insert(secret_key) && absence == Absence::Retain {
            return Err(Malformed(format!("duplicate secretKey found: {secret_key}")));
        }
        match names::check(secret_key) {
            Err(error) => return Err(Malformed(format!("spec.data[{index}].secretKey: {error}"))),
            Ok(()) if secret_key.is_empty() => {
                return Err(Malformed(format!(
                    "spec.data[{index}].secretKey is empty: name the key of the Secret"
                )));
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

fn single(object: &ExternalSecret, index: usize, data: &Data) -> Result<Entry, Malformed> {
    let Data { secret_key, remote_ref, source_ref } = data;
    let store = store(object, source_ref.as_ref(), &format!("spec.data[{index}]"))?;
    let into = Destination::Entry(secret_key.clone());
    Ok(read(Origin::Data(index), store, remote_ref, into))
}

fn many(object: &ExternalSecret, index: usize, from: &DataFrom) -> Result<Entry, Malformed> {
    let DataFrom { extract, find, rewrite, source_ref } = from;
    let path = format!("spec.dataFrom[{index}]");
    check_source(from)?;
    let store = store(object, source_ref.as_ref(), &path)?;
    match (extract, find) {
        (Some(extract), None) => {
            let naming = naming(rewrite, extract.conversion_strategy, &path)?;
            Ok(read(Origin::Extract(index), store, extract, Destination::Many(naming)))
        }
        (None, Some(find)) => {
            let naming = naming(rewrite, find.conversion_strategy, &path)?;
            Ok(Entry {
                origin: Origin::Find(index),
                store,
                ask: Ask::Find(query(find, &path)?),
                property: None,
                into: Destination::Many(naming),
                decoding: decoding(find.decoding_strategy),
                null_bytes: null_bytes(find.null_byte_policy),
                dialect: None,
            })
        }
        (Some(_), Some(_)) => Err(at_once()),
        (None, None) => Err(none_at_all()),
    }
}

/// The original's rules about where entries come from, in its words.
fn check_source(from: &DataFrom) -> Result<(), Malformed> {
    let source = from.source_ref.as_ref();
    let generator = source.is_some_and(|source| source.generator_ref.is_some());
    let ways = [from.extract.is_some(), from.find.is_some(), generator];
    match (ways.into_iter().filter(|given| *given).count(), source) {
        (2.., _) => Err(at_once()),
        (0, None) => Err(none_at_all()),
        (_, Some(source)) if *source == SourceRef::default() => {
            Err(Malformed(refusals::EMPTY_SOURCE.to_owned()))
        }
        (0 | 1, _) => Ok(()),
    }
}

fn at_once() -> Malformed {
    Malformed(refusals::SOURCES_AT_ONCE.to_owned())
}

fn none_at_all() -> Malformed {
    Malformed(refusals::NO_SOURCE.to_owned())
}

/// The store of an entry: its own, or the object's.
fn store(
    object: &ExternalSecret,
    source: Option<&SourceRef>,
    path: &str,
) -> Result<StoreReference, Malformed> {
    if let Some(generator) = source.and_then(|source| source.generator_ref.as_ref()) {
        return Err(Malformed(format!(
            "{path}.sourceRef.generatorRef: generators are not served by this version ({} {})",
            generator.kind, generator.name
        )));
    }
    references::store_of(object, source).ok_or_else(|| match source {
        Some(_) => Malformed(format!("{path}.sourceRef.storeRef.name is missing: name the store")),
        None => {
            Malformed("spec.secretStoreRef.name is missing: name the store that the values are in".to_owned())
        }
    })
}

fn read(origin: Origin, store: StoreReference, remote: &RemoteRef, into: Destination) -> Entry {
    let fetch = Fetch::new(remote.key.clone());
    let fetch = match given(&remote.version) {
        Some(version) => fetch.at_version(version),
        None => fetch,
    };
    let fetch = match remote.metadata_policy {
        None | Some(MetadataPolicy::None) => fetch,
        Some(MetadataPolicy::Fetch) => fetch.of_metadata(),
    };
    Entry {
        origin,
        store,
        ask: Ask::Read(fetch),
        property: given(&remote.property),
        into,
        decoding: decoding(remote.decoding_strategy),
        null_bytes: null_bytes(remote.null_byte_policy),
        dialect: None,
    }
}

fn query(find: &Find, path: &str) -> Result<Query, Malformed> {
    let pattern = find.name.as_ref().and_then(|name| name.regexp.as_deref());
    let name = match pattern {
        None | Some("") => None,
        Some(pattern) => {
            let regexp = Regexp::new(pattern)
                .map_err(|error| Malformed(format!("{path}.find.name.regexp: {error}")))?;
            // A name that takes too long to look at is none that was meant.
            Some(NameFilter::new(pattern, move |name| regexp.is_match(name).unwrap_or(false)))
        }
    };
    if name.is_none() && find.tags.is_empty() {
        return Err(Malformed(format!("{path}.find: say which values are meant, by name.regexp or by tags")));
    }
    Ok(Query { path: given(&find.path), name, tags: find.tags.clone() })
}

fn naming(
    rewrites: &[Rewrite],
    conversion: Option<ConversionStrategy>,
    path: &str,
) -> Result<Naming, Malformed> {
    let rewrites = rewrites.iter().enumerate().map(|(step, rewrite)| {
        rewritten(rewrite)
            .map_err(|problem| Malformed(format!("{path}: failed rewrite operation[{step}]: {problem}")))
    });
    let conversion = match conversion {
        None | Some(ConversionStrategy::Default) => Conversion::Default,
        Some(ConversionStrategy::Unicode) => Conversion::Unicode,
    };
    Ok(Naming { rewrites: rewrites.collect::<Result<_, _>>()?, conversion })
}

fn rewritten(rewrite: &Rewrite) -> Result<naming::Rewrite, String> {
    let Rewrite { regexp, transform, merge } = rewrite;
    match (regexp, transform, merge) {
        (Some(regexp), None, None) => naming::Rewrite::regexp(&regexp.source, &regexp.target),
        (None, Some(transform), None) => naming::Rewrite::transform(&transform.template),
        (None, None, Some(merge)) => Ok(naming::Rewrite::Merge(merged(merge))),
        _ => Err("exactly one of regexp, transform and merge is needed".to_owned()),
    }
}

fn merged(merge: &RewriteMerge) -> Merge {
    let RewriteMerge { into, priority, priority_policy, conflict_policy, strategy } = merge;
    Merge {
        into: into.clone().unwrap_or_default(),
        priority: priority.clone(),
        priority_policy: match priority_policy {
            None | Some(PriorityPolicy::Strict) => naming::PriorityPolicy::Strict,
            Some(PriorityPolicy::IgnoreNotFound) => naming::PriorityPolicy::IgnoreNotFound,
        },
        conflict_policy: match conflict_policy {
            None | Some(ConflictPolicy::Error) => naming::ConflictPolicy::Error,
            Some(ConflictPolicy::Ignore) => naming::ConflictPolicy::Ignore,
        },
        strategy: match strategy {
            None | Some(MergeStrategy::Extract) => naming::Strategy::Extract,
            Some(MergeStrategy::JSON) => naming::Strategy::Json,
        },
    }
}

pub(super) fn decoding(strategy: Option<DecodingStrategy>) -> Decoding {
    match strategy {
        None | Some(DecodingStrategy::None) => Decoding::None,
        Some(DecodingStrategy::Base64) => Decoding::Base64,
        Some(DecodingStrategy::Base64URL) => Decoding::Base64Url,
        Some(DecodingStrategy::Auto) => Decoding::Auto,
    }
}

fn null_bytes(policy: Option<NullBytePolicy>) -> NullBytes {
    match policy {
        None | Some(NullBytePolicy::Ignore) => NullBytes::Ignore,
        Some(NullBytePolicy::Fail) => NullBytes::Fail,
    }
}

fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
