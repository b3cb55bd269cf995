//! A Go map whose keys are strings, in their order. It is shared: `set` and `unset` change it for all who hold it.

use std::{
    cell::{Ref, RefCell, RefMut},
    collections::BTreeMap,
    rc::Rc,
};

use super::{Element, Text, Value};

/// Values by name.
#[derive(Clone)]
pub struct Map {
    element: Element,
    entries: Rc<RefCell<BTreeMap<Text, Value>>>,
}

impl Map {
    /// Use [`Scope::map`](crate::function::Scope::map) while rendering, which counts what it takes, and lets go of
    /// maps that lie in themselves.
    pub(crate) fn new(element: Element, entries: BTreeMap<Text, Value>) -> Self {
        Self { element, entries: Rc::new(RefCell::new(entries)) }
    }

    pub(crate) fn element(&self) -> Element {
        self.element
    }

    /// The entries. They must not be held while a function runs that may change them.
    pub(crate) fn entries(&self) -> Ref<'_, BTreeMap<Text, Value>> {
        self.entries.borrow()
    }

    /// The entries, to be changed.
    pub(crate) fn entries_mut(&self) -> RefMut<'_, BTreeMap<Text, Value>> {
        self.entries.borrow_mut()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }
}
