//! The finalizers that the original puts on objects that are spread, and on their namespaces. None is added here: the
//! copies go by their owner reference. Where one is met that nobody else would take off, it is taken off.

use crate::spread::Spread;

/// The original's finalizer of an object.
pub(super) fn of_objects<K: Spread>() -> Option<&'static str> {
    K::FINALIZERS.map(|finalizers| finalizers.object)
}

/// The original's finalizer of the namespaces of an object.
pub(super) fn of_namespaces<K: Spread>(object: &str) -> Option<String> {
    K::FINALIZERS.map(|finalizers| format!("{}{object}", finalizers.of_namespaces))
}

/// The objects whose finalizers are among these.
pub(super) fn objects<K: Spread>(finalizers: &[String]) -> impl Iterator<Item = &str> {
    let prefix = K::FINALIZERS.map(|finalizers| finalizers.of_namespaces);
    finalizers.iter().filter_map(move |finalizer| finalizer.strip_prefix(prefix?))
}
