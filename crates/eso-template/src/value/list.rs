//! A Go slice. It is never changed: what would change it makes another.

use std::rc::Rc;

use super::{Element, Value};
use crate::Fault;

/// How deep lists may lie in each other: printing, comparing and dropping them call themselves.
const DEEPEST: u16 = 200;

/// Values in a row.
#[derive(Clone)]
pub struct List {
    element: Element,
    /// How deep lists lie in it. Maps do not count: the scope holds them all, and lets them go one by one.
    depth: u16,
    /// Nothing for a nil slice: empty, yet JSON's `null`.
    items: Option<Rc<[Value]>>,
}

impl List {
    /// Use [`Scope::list`](crate::function::Scope::list), which counts what it takes.
    pub(crate) fn new(element: Element, items: Vec<Value>) -> Result<Self, Fault> {
        let depth_of = |item: &Value| match item {
            Value::List(list) => list.depth,
            _ => 0,
        };
        let depth = items.iter().map(depth_of).max().unwrap_or(0) + 1;
        match depth > DEEPEST {
            true => Err(Fault::Limit("nesting of lists")),
            false => Ok(Self { element, depth, items: Some(items.into()) }),
        }
    }

    /// A nil slice.
    pub(crate) fn nil(element: Element) -> Self {
        Self { element, depth: 1, items: None }
    }

    pub(crate) fn is_nil(&self) -> bool {
        self.items.is_none()
    }

    pub(crate) fn element(&self) -> Element {
        self.element
    }

    pub(crate) fn items(&self) -> &[Value] {
        self.items.as_deref().unwrap_or_default()
    }
}
