//! What a function may use while it runs: the time, random bytes, and what is left of the limits.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use crate::{
    Fault, Limits, Surroundings, Text, Value,
    limits::{Budget, steps_for},
    regex::Regex,
    value::{Element, List, Map},
};

/// The bytes that a text takes beside its own: the counts of its owners, its length, what the allocator adds.
pub(crate) const TEXT: usize = 64;

/// The bytes that a map takes at least, and more for each six of its entries: a node of a B-tree, half empty.
const MAP: usize = 64;
const NODE: usize = 11 * size_of::<(Text, Value)>() + 24;

/// One rendering's means. Whoever walks over a value spends a step for each part of it; whoever makes much first asks
/// for the memory.
pub struct Scope<'a> {
    budget: Budget,
    surroundings: Surroundings<'a>,
    /// All maps that were made, so that those that lie in themselves go too, and deep ones go one by one.
    maps: Vec<Map>,
    /// The regular expressions that were parsed: in a loop the same one is asked for again and again.
    regexes: BTreeMap<Text, Regex>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(limits: Limits, surroundings: Surroundings<'a>) -> Self {
        Self { budget: Budget::new(limits), surroundings, maps: Vec::new(), regexes: BTreeMap::new() }
    }

    /// Calls with a scope outside of a rendering, for what needs neither time nor chance.
    pub(crate) fn apart<T>(limits: Limits, call: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut none = |_: &mut [u8]| {};
        call(&mut Scope::new(limits, Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut none }))
    }

    /// What is left of its limits.
    pub(crate) fn left(&self) -> Limits {
        self.budget.left()
    }

    /// The time of the rendering.
    pub fn now(&self) -> Timestamp {
        self.surroundings.now
    }

    /// Fills a buffer with random bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        self.surroundings.random.fill(buffer);
    }

    /// Takes steps.
    pub fn spend(&mut self, steps: u64) -> Result<(), Fault> {
        self.budget.spend(steps)
    }

    /// Takes memory, before it is allocated.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.budget.hold(bytes)
    }

    /// Whether there is memory for what a function is about to answer, which is taken when it answers.
    pub fn afford(&self, bytes: usize) -> Result<(), Fault> {
        self.budget.afford(bytes)
    }

    /// Whether there is memory for what a function takes while it runs, and gives back.
    pub fn lend(&self, bytes: usize) -> Result<(), Fault> {
        self.budget.lend(bytes)
    }

    /// Takes memory for an item of a list that is being collected: the list is twice as long while it grows.
    pub(crate) fn hold_item(&mut self) -> Result<(), Fault> {
        self.hold(2 * size_of::<Value>())
    }

    /// Takes memory for an entry of a map that is being collected, beside its value.
    pub(crate) fn hold_entry(&mut self, name: &[u8]) -> Result<(), Fault> {
        self.hold(TEXT + name.len() + NODE / 6)
    }

    /// Takes effort, before it is made: 1 for each 10 ms.
    pub fn strain(&mut self, effort: u32) -> Result<(), Fault> {
        self.budget.strain(effort)
    }

    /// Takes room in the output.
    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), Fault> {
        self.budget.write(bytes)
    }

    /// How deep something may nest.
    pub(crate) fn nesting(&self) -> usize {
        self.budget.nesting()
    }

    /// A regular expression, parsed once. Finding it again costs a look at its text.
    pub(crate) fn regex(&mut self, pattern: &Text) -> Result<Regex, Fault> {
        self.spend(steps_for(pattern.len()))?;
        if let Some(regex) = self.regexes.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(self, pattern)?;
        self.hold_entry(pattern)?;
        self.regexes.insert(pattern.clone(), regex.clone());
        Ok(regex)
    }

    /// A list of anything.
    pub fn list(&mut self, items: Vec<Value>) -> Result<Value, Fault> {
        self.list_of(Element::Any, items)
    }

    /// A `[]string`. Each text is asked for as the one before is paid: hand in an iterator that makes them.
    pub fn strings(&mut self, texts: impl IntoIterator<Item = Text>) -> Result<Value, Fault> {
        let mut items = Vec::new();
        for text in texts {
            // The list that they are collected in is three times as large while it grows.
            self.hold(TEXT + 3 * size_of::<Value>() + text.len())?;
            items.push(Value::String(text));
        }
        self.list_of(Element::String, items)
    }

    pub(crate) fn list_of(&mut self, element: Element, items: Vec<Value>) -> Result<Value, Fault> {
        self.hold(size_of::<Value>() * items.len())?;
        // An item that is put into a list takes a fraction of a step: a list may be made anew for each of its items.
        self.spend(1 + items.len() as u64 / 4)?;
        List::new(element, items).map(Value::List)
    }

    /// A map of anything.
    pub fn map(&mut self, entries: BTreeMap<Text, Value>) -> Result<Value, Fault> {
        self.map_of(Element::Any, entries)
    }

    pub(crate) fn map_of(
        &mut self,
        element: Element,
        entries: BTreeMap<Text, Value>,
    ) -> Result<Value, Fault> {
        self.hold(MAP + NODE * (1 + entries.len() / 6))?;
        self.spend(1 + entries.len() as u64)?;
        let map = Map::new(element, entries);
        self.maps.push(map.clone());
        Ok(Value::Map(map))
    }

    /// Takes the steps to look at arguments.
    pub(super) fn spend_on(&mut self, arguments: &[Value]) -> Result<(), Fault> {
        let size = |value: &Value| match value {
            Value::String(text) => steps_for(text.len()),
            Value::List(list) => list.items().len() as u64 / 8,
            _ => 0,
        };
        self.spend(2 + arguments.iter().map(size).sum::<u64>())
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        for map in &self.maps {
            let entries = std::mem::take(&mut *map.entries_mut());
            drop(entries);
        }
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("budget", &self.budget).finish_non_exhaustive()
    }
}
