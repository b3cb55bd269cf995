//! Whose turn it is: objects that wait for a time, and objects that are due, served in a fair order.
//!
//! Plain data: time is passed in, and nothing here waits. An object costs about 100 bytes while it is scheduled.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use eso_plan::due::Wake;
use tokio::time::Instant;

use crate::ports::{GroupId, ObjectId};

mod line;

use line::Line;

/// How urgent it is to look at an object, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A person changed something and waits for it.
    Changed,
    /// It failed before, or what it comes from changed.
    Retry,
    /// Its time has come.
    Periodic,
}

impl Lane {
    /// All lanes, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Changed, Self::Retry, Self::Periodic];
}

/// When and why to look at an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The line that it waits in.
    pub group: GroupId,
    /// How urgent it is.
    pub lane: Lane,
    /// Whether its store must be read in any case.
    pub wake: Wake,
    /// Not before that time.
    pub at: Instant,
}

/// An object whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The object.
    pub object: ObjectId,
    /// Its turn as it was scheduled.
    pub turn: Turn,
}

/// Objects that were not served for too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// How many they are.
    pub objects: usize,
    /// One of them.
    pub example: Option<ObjectId>,
}

/// The queue.
///
/// - A stronger lane is served first, but a weaker one that has something to serve gets one turn in
///   [`PATIENCE`] at least, so that a flood above it does not starve it.
/// - Inside a lane groups take turns; inside a group of a lane the first that came is the first that is served.
/// - An object is scheduled once: an earlier time replaces a later one, a stronger lane or wake a weaker one.
/// - It is served to one at a time: what is scheduled for it meanwhile is served after [`finish`](Self::finish).
/// - A group has no more under way than a quarter of all, nor more than what is still free: so one that hangs leaves
///   the others what they had without it.
/// - An object that is under way for [`LONGEST_HOLD`] gives its place back: so many groups that hang hold the others up
///   for that long at the most. What is under way costs memory and nothing else.
#[derive(Clone, Debug)]
pub struct Queue {
    concurrency: usize,
    scheduled: HashMap<ObjectId, Scheduled>,
    timers: BTreeMap<(Instant, u64), ObjectId>,
    lines: [Line; 3],
    running: HashMap<ObjectId, Run>,
    /// Those under way that hold a place, by when they took it.
    holders: BTreeSet<(Instant, ObjectId)>,
    running_of_group: HashMap<GroupId, usize>,
    tickets: u64,
}

/// A lane that has something to serve is served once in so many turns, whatever the stronger ones have.
pub const PATIENCE: usize = 16;

/// How long an object that is under way holds a place that others could have.
pub const LONGEST_HOLD: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
struct Scheduled {
    turn: Turn,
    /// Its place among those of the same time, or in its line: the lowest is first.
    ticket: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Its time has not come, or was not looked at yet.
    Timer,
    /// It waits in the line of its lane.
    Line,
    /// It is under way, and comes again after that.
    Running,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    group: GroupId,
    since: Instant,
}

impl Queue {
    /// An empty queue that serves at most `concurrency` objects at once.
    pub fn new(concurrency: usize) -> Self {
        Self {
            concurrency,
            scheduled: HashMap::new(),
            timers: BTreeMap::new(),
            lines: Default::default(),
            running: HashMap::new(),
            holders: BTreeSet::new(),
            running_of_group: HashMap::new(),
            tickets: 0,
        }
    }

    /// Schedules an object, or moves it forward where it is scheduled already.
    pub fn schedule(&mut self, object: ObjectId, turn: Turn) {
        let scheduled = match self.take_out(object) {
            None => Scheduled { turn, ticket: self.next_ticket(), place: Place::Timer },
            Some(before) => self.merge(before, turn),
        };
        self.put_in(object, scheduled);
    }

    /// The next object to serve. It counts as under way until [`finish`](Self::finish).
    pub fn next(&mut self, now: Instant) -> Option<Work> {
        self.promote(now);
        self.free_places(now);
        let turns = Lane::ALL.map(|lane| self.lines[lane as usize].next_group(|group| self.has_room(group)));
        let lane = self.choose(turns)?;
        let group = turns[lane as usize].expect("a lane that was chosen must have a group");
        let object = self.lines[lane as usize].serve(group);
        let scheduled = self.scheduled.remove(&object).expect("what stands in a line must be scheduled");
        self.running.insert(object, Run { group, since: now });
        self.holders.insert((now, object));
        *self.running_of_group.entry(group).or_default() += 1;
        Some(Work { object, turn: scheduled.turn })
    }

    /// Ends an object's run. What was scheduled for it meanwhile gets its turn.
    pub fn finish(&mut self, object: ObjectId) {
        let Some(Run { group, since }) = self.running.remove(&object) else { return };
        self.holders.remove(&(since, object));
        let running = self.running_of_group.entry(group).or_default();
        *running -= 1;
        if *running == 0 {
            self.running_of_group.remove(&group);
        }
        if let Some(scheduled) = self.take_out(object) {
            self.put_in(object, Scheduled { place: Place::Timer, ..scheduled });
        }
    }

    /// Takes an object off the queue. A run that is under way is still to be finished.
    pub fn forget(&mut self, object: ObjectId) {
        self.take_out(object);
    }

    /// When an object is scheduled that is not under way; `None` where it is not scheduled.
    pub fn turn(&self, object: ObjectId) -> Option<Turn> {
        self.scheduled.get(&object).map(|scheduled| scheduled.turn)
    }

    /// When the next object's time comes, or the next place is given back to those that wait for one.
    ///
    /// A run that finishes gives its place back earlier: that is not counted.
    pub fn wake_at(&self) -> Option<Instant> {
        let timer = self.timers.first_key_value().map(|((at, _), _)| *at);
        let waits = self.lines.iter().any(|line| line.len() > 0);
        let place = self.holders.first().filter(|_| waits).map(|(since, _)| *since + LONGEST_HOLD);
        timer.into_iter().chain(place).min()
    }

    /// How many objects of a lane are due and not served.
    pub fn ready(&self, lane: Lane) -> usize {
        self.lines[lane as usize].len()
    }

    /// Since when the oldest object of a lane has been due.
    pub fn oldest(&self, lane: Lane) -> Option<Instant> {
        let firsts = self.lines[lane as usize].firsts();
        firsts.filter_map(|object| self.turn(object)).map(|turn| turn.at).min()
    }

    /// How many objects are under way.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// What has been due, or under way, since before a time.
    pub fn overdue(&self, before: Instant) -> Overdue {
        let due = self.lines.iter().flat_map(Line::objects).filter(|object| {
            let turn = self.turn(*object);
            turn.is_some_and(|turn| turn.at < before)
        });
        let stuck = self.running.iter().filter(|(_, run)| run.since < before).map(|(object, _)| *object);
        let mut late = due.chain(stuck).peekable();
        Overdue { example: late.peek().copied(), objects: late.count() }
    }

    /// One time for two turns: the earlier time, the stronger lane and wake, and the place in line where it holds.
    fn merge(&mut self, before: Scheduled, new: Turn) -> Scheduled {
        let old = before.turn;
        let turn = Turn {
            group: new.group,
            lane: old.lane.min(new.lane),
            wake: old.wake.max(new.wake),
            at: old.at.min(new.at),
        };
        let keeps_its_place = turn.lane == old.lane && turn.at == old.at;
        let ticket = if keeps_its_place { before.ticket } else { self.next_ticket() };
        Scheduled { turn, ticket, place: before.place }
    }

    fn next_ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    fn take_out(&mut self, object: ObjectId) -> Option<Scheduled> {
        let scheduled = self.scheduled.remove(&object)?;
        let Scheduled { turn, ticket, place } = scheduled;
        match place {
            Place::Timer => {
                self.timers.remove(&(turn.at, ticket));
            }
            Place::Line => self.lines[turn.lane as usize].remove(turn.group, ticket),
            Place::Running => {}
        }
        Some(scheduled)
    }

    fn put_in(&mut self, object: ObjectId, scheduled: Scheduled) {
        let Scheduled { turn, ticket, place } = scheduled;
        let place = if self.running.contains_key(&object) { Place::Running } else { place };
        match place {
            Place::Timer => {
                self.timers.insert((turn.at, ticket), object);
            }
            Place::Line => self.lines[turn.lane as usize].insert(turn.group, ticket, object),
            Place::Running => {}
        }
        self.scheduled.insert(object, Scheduled { turn, ticket, place });
    }

    /// Moves the objects whose time has come into their lines, in the order of their times.
    pub(crate) fn promote(&mut self, now: Instant) {
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let object = *entry.get();
            let scheduled = self.take_out(object).expect("what has a timer must be scheduled");
            let ticket = self.next_ticket();
            self.put_in(object, Scheduled { ticket, place: Place::Line, ..scheduled });
        }
    }

    /// Takes the places of those that are under way for too long.
    fn free_places(&mut self, now: Instant) {
        while self.holders.first().is_some_and(|(since, _)| *since + LONGEST_HOLD <= now) {
            self.holders.pop_first();
        }
    }

    fn has_room(&self, group: GroupId) -> bool {
        let running = self.running_of_group.get(&group).copied().unwrap_or(0);
        let free = self.concurrency - self.holders.len();
        let share = self.concurrency.div_ceil(4);
        running < share.min(free)
    }

    /// The strongest lane that can serve a group, unless a weaker one has been passed over too often.
    fn choose(&mut self, turns: [Option<GroupId>; 3]) -> Option<Lane> {
        let can_serve = |lane: &Lane| turns[*lane as usize].is_some();
        let strongest = Lane::ALL.into_iter().find(can_serve)?;
        let is_out_of_patience =
            |lane: &Lane| can_serve(lane) && self.lines[*lane as usize].is_out_of_patience();
        let chosen = Lane::ALL.into_iter().rev().find(is_out_of_patience).unwrap_or(strongest);
        for weaker in Lane::ALL.into_iter().filter(|lane| *lane != chosen && can_serve(lane)) {
            self.lines[weaker as usize].passed_over();
        }
        Some(chosen)
    }
}

#[cfg(test)]
mod tests;
