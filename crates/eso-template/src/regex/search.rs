//! The search: all ways through the instructions at once, a rune at a time, the preferred ones first.

use memchr::memchr;

use super::{
    Places,
    parse::Assertion,
    program::{Instruction, Program},
};
use crate::{Fault, Scope, unicode};

/// What is searched, from where on, and how many places are noted: two for each group.
pub(super) struct Search<'a> {
    pub(super) text: &'a [u8],
    pub(super) from: usize,
    pub(super) slots: usize,
}

/// The first match, and of those that begin there the preferred one.
pub(super) fn search(
    scope: &mut Scope<'_>,
    program: &Program,
    search: Search<'_>,
) -> Result<Option<Places>, Fault> {
    let Search { text, from, slots } = search;
    let threads = program.instructions.len();
    // Two sets of threads with their places, and what is still to be visited.
    let places = slots.saturating_mul(size_of::<Option<usize>>());
    scope.afford(threads.saturating_mul(2 * places + 6 * size_of::<usize>()))?;
    scope.spend((threads as u64 * (1 + slots as u64)) / 32)?;
    let mut machine = Machine { program, text, slots, work: 0, visits: Vec::new(), places: Vec::new() };
    let (mut now, mut next) = (Threads::new(threads, slots), Threads::new(threads, slots));
    let nowhere = vec![None; slots];
    let mut found = None;
    let mut at = from;
    loop {
        if now.order.is_empty() {
            if found.is_some() {
                break;
            }
            match machine.skip(at) {
                Some(begin) => at = begin,
                None => break,
            }
        }
        if found.is_none() {
            machine.add(&mut now, 0, at, &nowhere);
        }
        let rune = unicode::first(&text[at..]);
        machine.step(&now, &mut next, rune.map(|(rune, width)| (rune, at + width)), &mut found);
        scope.spend(std::mem::take(&mut machine.work) / 5 + 1)?;
        std::mem::swap(&mut now, &mut next);
        next.clear();
        match rune {
            Some((_, width)) => at += width,
            None => break,
        }
    }
    Ok(found)
}

/// The threads that wait for the same rune, the preferred ones first.
struct Threads {
    order: Vec<usize>,
    /// The round in which each instruction was visited last.
    visited: Vec<u64>,
    round: u64,
    /// The places of each, by its instruction.
    places: Vec<Option<usize>>,
}

impl Threads {
    fn new(instructions: usize, slots: usize) -> Self {
        let places = vec![None; instructions * slots];
        Self { order: Vec::new(), visited: vec![0; instructions], round: 1, places }
    }

    fn clear(&mut self) {
        self.round += 1;
        self.order.clear();
    }
}

struct Machine<'a> {
    program: &'a Program,
    text: &'a [u8],
    slots: usize,
    /// What was done since it was last paid.
    work: u64,
    visits: Vec<Visit>,
    /// The places of the thread that is followed.
    places: Vec<Option<usize>>,
}

/// What is still to be done for a thread.
enum Visit {
    Go(usize),
    /// Puts a place back to what it was for the ways that are less preferred.
    Restore(usize, Option<usize>),
}

impl Machine<'_> {
    /// The first place from there on where a match may begin.
    fn skip(&mut self, at: usize) -> Option<usize> {
        if self.program.is_anchored() && at > 0 {
            return None;
        }
        match self.program.first_byte() {
            None => Some(at),
            Some(byte) => {
                let ahead = memchr(byte, &self.text[at..]);
                self.work += ahead.unwrap_or(self.text.len() - at) as u64 / 8;
                ahead.map(|ahead| at + ahead)
            }
        }
    }

    /// Follows a thread to all instructions that take a rune or end a match.
    fn add(&mut self, threads: &mut Threads, start: usize, at: usize, places: &[Option<usize>]) {
        let mut own = std::mem::take(&mut self.places);
        own.clear();
        own.extend_from_slice(places);
        self.visits.push(Visit::Go(start));
        while let Some(visit) = self.visits.pop() {
            match visit {
                Visit::Restore(slot, place) => own[slot] = place,
                Visit::Go(to) => self.visit(threads, to, at, &mut own),
            }
        }
        self.places = own;
    }

    fn visit(&mut self, threads: &mut Threads, to: usize, at: usize, places: &mut [Option<usize>]) {
        self.work += 1;
        if std::mem::replace(&mut threads.visited[to], threads.round) == threads.round {
            return;
        }
        match &self.program.instructions[to] {
            Instruction::Jump(other) => self.visits.push(Visit::Go(*other)),
            Instruction::Split(first, second) => {
                self.visits.extend([Visit::Go(*second), Visit::Go(*first)]);
            }
            Instruction::Assertion(assertion) if holds(*assertion, self.text, at) => {
                self.visits.push(Visit::Go(to + 1));
            }
            Instruction::Assertion(_) => {}
            Instruction::Save(slot) if *slot < self.slots => {
                self.visits.push(Visit::Restore(*slot, places[*slot]));
                places[*slot] = Some(at);
                self.visits.push(Visit::Go(to + 1));
            }
            Instruction::Save(_) => self.visits.push(Visit::Go(to + 1)),
            Instruction::Rune(_) | Instruction::Class(_) | Instruction::Match => {
                self.work += self.slots as u64 / 8;
                threads.order.push(to);
                threads.places[to * self.slots..][..self.slots].copy_from_slice(places);
            }
        }
    }

    /// Lets each thread take the rune, if there is one, which ends where it says.
    fn step(
        &mut self,
        now: &Threads,
        next: &mut Threads,
        rune: Option<(char, usize)>,
        found: &mut Option<Places>,
    ) {
        for thread in &now.order {
            self.work += 1;
            let places = &now.places[thread * self.slots..][..self.slots];
            let takes = |rune: char| match &self.program.instructions[*thread] {
                Instruction::Rune(wanted) => rune == *wanted,
                Instruction::Class(class) => unicode::contains(class, rune),
                _ => false,
            };
            if matches!(self.program.instructions[*thread], Instruction::Match) {
                *found = Some(places.to_vec());
                // The threads behind it are less preferred.
                return;
            }
            if let Some((_, end)) = rune.filter(|(rune, _)| takes(*rune)) {
                self.add(next, thread + 1, end, places);
            }
        }
    }
}

fn holds(assertion: Assertion, text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text[before]);
    let after = text.get(at).copied();
    let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match assertion {
        Assertion::TextBegins => before.is_none(),
        Assertion::TextEnds => after.is_none(),
        Assertion::LineBegins => before.is_none_or(|byte| byte == b'\n'),
        Assertion::LineEnds => after.is_none_or(|byte| byte == b'\n'),
        Assertion::WordBoundary => is_word(before) != is_word(after),
        Assertion::NoWordBoundary => is_word(before) == is_word(after),
    }
}
