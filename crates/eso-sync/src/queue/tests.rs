//! The queue against an obvious model, over every short history; and its promises one by one.

use std::{collections::BTreeMap, time::Duration};

use eso_plan::due::Wake;
use tokio::time::Instant;

use super::{LONGEST_HOLD, Lane, PATIENCE, Queue, Turn, Work};
use crate::ports::{GroupId, ObjectId};

const PLENTY: usize = 1_000;

fn turn(group: u32, lane: Lane, at: Instant) -> Turn {
    Turn { group: GroupId(group), lane, wake: Wake::Look, at }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A queue with these objects due, each given as object, group and lane.
fn due(concurrency: usize, objects: &[(u64, u32, Lane)]) -> (Queue, Instant) {
    let now = Instant::now();
    let mut queue = Queue::new(concurrency);
    for (object, group, lane) in objects {
        queue.schedule(ObjectId(*object), turn(*group, *lane, now));
    }
    (queue, now)
}

/// The objects as they are served, each finished before the next.
fn served(queue: &mut Queue, now: Instant) -> Vec<u64> {
    let mut objects = Vec::new();
    while let Some(work) = queue.next(now) {
        objects.push(work.object.0);
        queue.finish(work.object);
    }
    objects
}

#[track_caller]
fn check(objects: &[(u64, u32, Lane)], expected: &[u64]) {
    let (mut queue, now) = due(PLENTY, objects);
    assert_eq!(served(&mut queue, now), expected);
}

#[test]
fn objects_of_one_group_and_lane_are_served_in_the_order_in_which_they_came() {
    check(&[(3, 1, Lane::Retry), (1, 1, Lane::Retry), (2, 1, Lane::Retry)], &[3, 1, 2]);
}

#[test]
fn a_stronger_lane_is_served_first() {
    check(&[(1, 1, Lane::Periodic), (2, 1, Lane::Retry), (3, 1, Lane::Changed)], &[3, 2, 1]);
}

#[test]
fn groups_take_turns_inside_a_lane() {
    let first_group = [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3)];
    check(&first_group.map(|(object, group)| (object, group, Lane::Periodic)), &[1, 4, 6, 2, 5, 3]);
}

#[test]
fn nothing_is_served_before_its_time() {
    let now = Instant::now();
    let mut queue = Queue::new(PLENTY);
    queue.schedule(ObjectId(1), turn(1, Lane::Changed, now + seconds(5)));
    assert_eq!(queue.next(now + seconds(4)), None);
    assert_eq!(queue.wake_at(), Some(now + seconds(5)));
    assert_eq!(served(&mut queue, now + seconds(5)), [1]);
    assert_eq!(queue.wake_at(), None);
}

/// Schedules one object twice, and shows the turn that it gets.
#[track_caller]
fn check_merged(first: (Lane, Wake, u64), second: (Lane, Wake, u64), expected: (Lane, Wake, u64)) {
    let now = Instant::now();
    let turn_of =
        |(lane, wake, at): (Lane, Wake, u64)| Turn { group: GroupId(1), lane, wake, at: now + seconds(at) };
    for (first, second) in [(first, second), (second, first)] {
        let mut queue = Queue::new(PLENTY);
        queue.schedule(ObjectId(1), turn_of(first));
        queue.schedule(ObjectId(1), turn_of(second));
        let expected = Work { object: ObjectId(1), turn: turn_of(expected) };
        assert_eq!(queue.next(now + seconds(expected.turn.at.duration_since(now).as_secs())), Some(expected));
        queue.finish(ObjectId(1));
        assert_eq!(
            queue.next(now + seconds(1_000)),
            None,
            "an object is served once for all that was scheduled"
        );
    }
}

#[test]
fn an_object_that_is_scheduled_twice_gets_the_earlier_time_the_stronger_lane_and_the_stronger_wake() {
    use Lane::{Changed, Periodic, Retry};
    use Wake::{Look, Refresh};
    check_merged((Periodic, Look, 60), (Periodic, Look, 30), (Periodic, Look, 30));
    check_merged((Periodic, Look, 60), (Changed, Look, 0), (Changed, Look, 0));
    check_merged((Retry, Refresh, 30), (Changed, Look, 0), (Changed, Refresh, 0));
    check_merged((Changed, Look, 9), (Periodic, Refresh, 3), (Changed, Refresh, 3));
}

#[test]
fn an_object_that_is_scheduled_again_keeps_its_place_in_line() {
    let (mut queue, now) = due(PLENTY, &[(1, 1, Lane::Retry), (2, 1, Lane::Retry)]);
    assert_eq!(queue.next(now).map(|work| work.object), Some(ObjectId(1)));
    queue.schedule(ObjectId(3), turn(1, Lane::Retry, now));
    queue.schedule(ObjectId(2), turn(1, Lane::Retry, now + seconds(1)));
    assert_eq!(served(&mut queue, now), [2, 3]);
}

#[test]
fn an_object_in_line_moves_up_when_it_becomes_more_urgent() {
    let (mut queue, now) =
        due(PLENTY, &[(1, 1, Lane::Periodic), (2, 1, Lane::Periodic), (3, 1, Lane::Periodic)]);
    assert_eq!(queue.next(now).map(|work| work.object), Some(ObjectId(1)));
    queue.schedule(ObjectId(3), turn(1, Lane::Changed, now));
    assert_eq!(served(&mut queue, now), [3, 2]);
}

#[test]
fn an_object_that_changed_its_group_waits_in_the_new_one() {
    let (mut queue, now) = due(PLENTY, &[(1, 1, Lane::Retry), (2, 1, Lane::Retry)]);
    assert_eq!(queue.next(now).map(|work| work.object), Some(ObjectId(1)));
    queue.schedule(ObjectId(2), turn(2, Lane::Retry, now));
    assert_eq!(queue.turn(ObjectId(2)).map(|turn| turn.group), Some(GroupId(2)));
    assert_eq!(served(&mut queue, now), [2]);
}

#[test]
fn what_is_scheduled_for_an_object_under_way_is_served_after_it() {
    let (mut queue, now) = due(PLENTY, &[(1, 1, Lane::Periodic)]);
    assert!(queue.next(now).is_some());
    queue.schedule(ObjectId(1), turn(1, Lane::Changed, now));
    assert_eq!(queue.next(now), None, "one run at a time");
    queue.finish(ObjectId(1));
    assert_eq!(queue.next(now).map(|work| work.turn.lane), Some(Lane::Changed));
}

#[test]
fn a_forgotten_object_is_not_served_wherever_it_waited() {
    let (mut queue, now) = due(PLENTY, &[(1, 1, Lane::Retry), (2, 1, Lane::Retry), (3, 1, Lane::Retry)]);
    assert_eq!(queue.next(now).map(|work| work.object), Some(ObjectId(1)));
    queue.schedule(ObjectId(1), turn(1, Lane::Changed, now));
    queue.schedule(ObjectId(4), turn(1, Lane::Retry, now + seconds(9)));
    for object in [1, 2, 4] {
        queue.forget(ObjectId(object));
    }
    queue.finish(ObjectId(1));
    assert_eq!(served(&mut queue, now + seconds(10)), [3]);
}

#[test]
fn a_flood_of_changes_leaves_every_lane_below_it_one_turn_in_sixteen() {
    let flood = |lane, first: u64| (first..first + 1_000).map(move |object| (object, 1, lane));
    let lanes = [(Lane::Changed, 0), (Lane::Retry, 10_000), (Lane::Periodic, 20_000)];
    let objects: Vec<_> = lanes.into_iter().flat_map(|(lane, first)| flood(lane, first)).collect();
    let (mut queue, now) = due(PLENTY, &objects);
    let lanes: Vec<u64> = served(&mut queue, now).iter().map(|object| object / 10_000).collect();
    for (turn, window) in lanes.windows(PATIENCE).take(900).enumerate() {
        let count = |lane| window.iter().filter(|served| **served == lane).count();
        assert!(count(1) >= 1 && count(2) >= 1, "nothing of a lane in {window:?} from turn {turn} on");
        assert!(count(0) >= PATIENCE - 4, "the flood itself is hardly slowed in {window:?}");
    }
}

/// How many objects each group has under way when all have plenty to do and none ever ends.
fn shares(concurrency: usize, groups: u32) -> Vec<usize> {
    let objects: Vec<_> = (0..groups)
        .flat_map(|group| (0..200).map(move |object| (u64::from(group) * 1_000 + object, group, Lane::Retry)))
        .collect();
    let (mut queue, now) = due(concurrency, &objects);
    let mut shares = vec![0; groups as usize];
    while let Some(work) = queue.next(now) {
        shares[work.turn.group.0 as usize] += 1;
    }
    shares
}

#[test]
fn a_group_that_hangs_leaves_the_others_what_they_had_without_it() {
    assert_eq!(shares(64, 1), [16]);
    assert_eq!(shares(64, 2), [16, 16]);
    assert_eq!(shares(64, 3), [16, 16, 16]);
}

#[test]
fn many_groups_that_hang_leave_room_for_one_more() {
    for groups in [4, 9, 20] {
        let taken: usize = shares(64, groups).iter().sum();
        assert!(taken < 64, "{groups} groups took everything");
    }
    assert_eq!(shares(1, 1), [1], "the smallest queue still serves");
}

#[test]
fn groups_that_hang_hold_the_others_up_for_a_few_seconds_and_no_longer() {
    let hanging: Vec<_> = (0..64).map(|object| (object, object as u32, Lane::Retry)).collect();
    let (mut queue, now) = due(64, &hanging);
    assert_eq!(std::iter::from_fn(|| queue.next(now)).count(), 64);
    queue.schedule(ObjectId(100), turn(100, Lane::Changed, now));
    assert_eq!(queue.next(now), None, "there is no place");
    let later = queue.wake_at().unwrap();
    assert_eq!(later, now + LONGEST_HOLD);
    assert_eq!(served(&mut queue, later), [100]);
    assert_eq!((queue.running(), queue.wake_at()), (64, None));
    queue.finish(ObjectId(0));
    assert_eq!(queue.overdue(later).objects, 63, "they are under way all the same");
}

#[test]
fn a_group_never_has_more_than_its_share_under_way_however_long_that_takes() {
    let objects: Vec<_> = (0..64).map(|object| (object, 1, Lane::Retry)).collect();
    let (mut queue, now) = due(64, &objects);
    for turn in 0..4 {
        let later = now + turn * 2 * LONGEST_HOLD;
        let started = std::iter::from_fn(|| queue.next(later)).count();
        assert_eq!((started, queue.running()), (if turn == 0 { 16 } else { 0 }, 16));
    }
    assert_eq!(queue.wake_at(), None, "no place is waited for: all are free");
}

#[test]
fn a_blocked_group_does_not_hold_up_the_ones_behind_it() {
    let (mut queue, now) = due(4, &[(1, 1, Lane::Changed), (2, 1, Lane::Changed), (3, 2, Lane::Periodic)]);
    let started: Vec<u64> = std::iter::from_fn(|| queue.next(now)).map(|work| work.object.0).collect();
    assert_eq!(started, [1, 3]);
    assert_eq!((queue.ready(Lane::Changed), queue.running()), (1, 2));
    queue.finish(ObjectId(1));
    assert_eq!(served(&mut queue, now), [2]);
}

#[test]
fn the_age_of_a_lane_is_that_of_its_oldest_object() {
    let now = Instant::now();
    let mut queue = Queue::new(1);
    for (object, group, late) in [(1, 1, 5), (2, 1, 9), (3, 2, 7)] {
        queue.schedule(ObjectId(object), turn(group, Lane::Periodic, now - seconds(late)));
    }
    assert_eq!(queue.next(now).map(|work| work.object), Some(ObjectId(2)));
    assert_eq!(queue.oldest(Lane::Periodic), Some(now - seconds(7)));
    assert_eq!(queue.oldest(Lane::Retry), None);
}

#[test]
fn what_is_due_or_under_way_for_too_long_is_overdue() {
    let now = Instant::now();
    let mut queue = Queue::new(1);
    queue.schedule(ObjectId(1), turn(1, Lane::Periodic, now));
    queue.schedule(ObjectId(2), turn(1, Lane::Periodic, now));
    queue.schedule(ObjectId(3), turn(1, Lane::Periodic, now + seconds(3_600)));
    assert!(queue.next(now).is_some());
    assert_eq!(queue.overdue(now).objects, 0);
    let overdue = queue.overdue(now + seconds(60));
    assert_eq!(overdue.objects, 2, "one under way and one in line, and none whose time has not come");
    assert!(overdue.example.is_some());
}

#[test]
fn fifty_thousand_objects_take_about_a_hundred_bytes_each() {
    // A full tree node of timers holds eleven, a fresh one six: half as much again is what they cost on average.
    let timer = size_of::<((Instant, u64), ObjectId)>() * 3 / 2;
    // The table is at most seven eighths full, and at least half of that.
    let entry = (size_of::<(ObjectId, super::Scheduled)>() + 1) * 65_536 / 50_000;
    assert!(timer + entry <= 120, "{timer} + {entry} bytes");
}

/// What can happen in a history. Objects 0 and 1 are of one group, 2 is of another.
#[derive(Clone, Copy, Debug)]
enum Event {
    Schedule { object: u64, lane: Lane, after: u64 },
    Forget(u64),
    Serve,
    FinishOldest,
    Tick,
}

const EVENTS: [Event; 9] = [
    Event::Schedule { object: 0, lane: Lane::Periodic, after: 0 },
    Event::Schedule { object: 0, lane: Lane::Changed, after: 0 },
    Event::Schedule { object: 1, lane: Lane::Periodic, after: 0 },
    Event::Schedule { object: 2, lane: Lane::Periodic, after: 1 },
    Event::Schedule { object: 2, lane: Lane::Retry, after: 0 },
    Event::Forget(0),
    Event::Serve,
    Event::FinishOldest,
    Event::Tick,
];

fn group_of(object: u64) -> u32 {
    u32::from(object == 2)
}

/// The obvious queue: a list of what is scheduled, searched through for each turn.
#[derive(Clone, Debug, Default)]
struct Model {
    now: u64,
    clock: u64,
    scheduled: BTreeMap<u64, Expected>,
    running: Vec<u64>,
    served_group: [Option<u32>; 3],
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    lane: Lane,
    at: u64,
    /// When it came to its place among those of the same time.
    came: u64,
    /// When it came to its place in line.
    lined_up: Option<u64>,
}

impl Model {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn schedule(&mut self, object: u64, lane: Lane, at: u64) {
        let came = self.tick();
        let new = Expected { lane, at, came, lined_up: None };
        let merged = match self.scheduled.get(&object) {
            None => new,
            Some(old) if (old.lane.min(lane), old.at.min(at)) == (old.lane, old.at) => *old,
            Some(old) => {
                let lined_up = old.lined_up.map(|_| came);
                Expected { lane: old.lane.min(lane), at: old.at.min(at), came, lined_up }
            }
        };
        self.scheduled.insert(object, merged);
    }

    fn line_up(&mut self) {
        let is_new = |(object, expected): &(&u64, &Expected)| {
            expected.lined_up.is_none() && expected.at <= self.now && !self.running.contains(object)
        };
        let mut new: Vec<(u64, u64, u64)> = self
            .scheduled
            .iter()
            .filter(is_new)
            .map(|(object, expected)| (expected.at, expected.came, *object))
            .collect();
        new.sort_unstable();
        for (_, _, object) in new {
            let place = self.tick();
            self.scheduled.get_mut(&object).unwrap().lined_up = Some(place);
        }
    }

    fn serve(&mut self) -> Option<u64> {
        self.line_up();
        let ready = |lane: Lane, group: u32| {
            let here = self.scheduled.iter().filter(move |(object, expected)| {
                expected.lane == lane && group_of(**object) == group && expected.lined_up.is_some()
            });
            here.min_by_key(|(_, expected)| expected.lined_up).map(|(object, _)| *object)
        };
        for lane in Lane::ALL {
            let groups = if self.served_group[lane as usize] == Some(0) { [1, 0] } else { [0, 1] };
            for group in groups {
                if let Some(object) = ready(lane, group) {
                    self.scheduled.remove(&object);
                    self.running.push(object);
                    self.served_group[lane as usize] = Some(group);
                    return Some(object);
                }
            }
        }
        None
    }
}

#[derive(Clone)]
struct Histories {
    start: Instant,
    queue: Queue,
    model: Model,
    history: Vec<Event>,
}

impl Histories {
    fn apply(&mut self, event: Event) {
        self.history.push(event);
        let now = self.start + seconds(self.model.now);
        match event {
            Event::Schedule { object, lane, after } => {
                self.queue.schedule(ObjectId(object), turn(group_of(object), lane, now + seconds(after)));
                self.model.schedule(object, lane, self.model.now + after);
            }
            Event::Forget(object) => {
                self.queue.forget(ObjectId(object));
                self.model.scheduled.remove(&object);
            }
            Event::Serve => self.serve(),
            Event::FinishOldest => self.finish_oldest(),
            Event::Tick => self.model.now += 1,
        }
    }

    fn serve(&mut self) {
        let running = self.model.running.clone();
        let served = self.queue.next(self.start + seconds(self.model.now)).map(|work| work.object.0);
        assert_eq!(served, self.model.serve(), "after {:?}", self.history);
        let twice = served.is_some_and(|object| running.contains(&object));
        assert!(!twice, "an object runs twice at once after {:?}", self.history);
    }

    fn finish_oldest(&mut self) {
        if !self.model.running.is_empty() {
            self.queue.finish(ObjectId(self.model.running.remove(0)));
        }
    }

    /// Everything that is still scheduled is served in the end, once, and nothing else is.
    fn drain(mut self) {
        self.model.now += 5;
        let mut expected: Vec<u64> = self.model.scheduled.keys().copied().collect();
        let mut served = Vec::new();
        for object in std::mem::take(&mut self.model.running) {
            self.queue.finish(ObjectId(object));
        }
        while let Some(work) = self.queue.next(self.start + seconds(self.model.now)) {
            served.push(work.object.0);
            self.queue.finish(work.object);
        }
        served.sort_unstable();
        expected.sort_unstable();
        assert_eq!(served, expected, "lost or served twice after {:?}", self.history);
        assert!(
            self.queue.scheduled.is_empty() && self.queue.timers.is_empty() && self.queue.running.is_empty()
        );
    }

    fn explore(self, events_left: usize) -> usize {
        if events_left == 0 {
            self.drain();
            return 1;
        }
        let next = |event| {
            let mut longer = self.clone();
            longer.apply(event);
            longer.explore(events_left - 1)
        };
        EVENTS.into_iter().map(next).sum()
    }
}

#[test]
fn every_history_of_six_events_goes_as_in_the_obvious_model() {
    let start = Instant::now();
    let empty = Histories { start, queue: Queue::new(PLENTY), model: Model::default(), history: Vec::new() };
    assert_eq!(empty.explore(6), EVENTS.len().pow(6));
}
