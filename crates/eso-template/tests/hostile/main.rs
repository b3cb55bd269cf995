//! A hundred templates that would hang, fill or crash a program that believes them: each is cut soon, and takes
//! little memory and stack on the way.

mod templates;

use std::{panic, thread};

use eso_template::{Options, ParseError, RenderError, Surroundings, Template, Value};
use jiff::Timestamp;
use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};

use templates::{Hostile, hostile};

/// All memory of this program, which has no test but this one: what another takes would be counted too.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a template may take of memory, in bytes; and the limit, as what is made beside the values is counted too.
const MOST_MEMORY: usize = 16 << 20;

/// How much more of a processor a template may take than most of them: all are cut by the same limits, which count 100 ms
/// of a quiet machine. What a machine gives at the time is not ours to say, so each is held against the others.
const MOST_TIME: u64 = 4;

/// What of it is left for signatures, keys and hashes, in units of 10 ms: the steps take the other half.
const MOST_EFFORT: u32 = 5;

/// How often a template may try to keep to that: a thread that shares its core takes more time for the same steps.
const TRIES: usize = 3;

/// Half of what a thread of the operator has, in bytes: code that is not optimised takes twice as much.
const STACK: usize = 1 << 20;

/// What a template took, and how it ended.
#[derive(Debug)]
struct Taken {
    memory: usize,
    milliseconds: u64,
    end: End,
}

#[derive(Debug)]
enum End {
    Rendered(usize),
    Refused(ParseError),
    Failed(RenderError),
    Panicked,
}

#[test]
fn hostile_templates_are_cut() {
    let hostile = hostile();
    assert!(hostile.len() >= 100 + 200, "there are {} of them", hostile.len());
    // What is made once for all of them is not theirs.
    take(&Hostile {
        name: "the first".to_owned(),
        template: "{{ upper (print (toJson (list 1))) }}".to_owned(),
    });
    let taken: Vec<(Hostile, Taken)> = hostile
        .into_iter()
        .map(|hostile| {
            let taken = take(&hostile);
            (hostile, taken)
        })
        .collect();
    let most_time = MOST_TIME * most_of(taken.iter().map(|(_, taken)| taken.milliseconds).collect());
    let bad: Vec<_> =
        taken.into_iter().filter_map(|(hostile, taken)| judge(&hostile, taken, most_time)).collect();
    assert!(bad.is_empty(), "{} are not cut within {most_time} ms:\n{}", bad.len(), bad.join("\n"));
}

/// The time within which three of four were done.
fn most_of(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times[times.len() * 3 / 4]
}

/// What is wrong with how a template ended, if anything.
fn judge(hostile: &Hostile, mut taken: Taken, most_time: u64) -> Option<String> {
    for _ in 1..TRIES {
        if taken.milliseconds > most_time {
            taken = take(hostile);
        }
    }
    let ended_well = match &taken.end {
        End::Rendered(length) => *length <= 4 << 20,
        End::Refused(error) => !error.reason.is_empty(),
        End::Failed(error) => !error.to_string().contains("s3cr3t"),
        End::Panicked => false,
    };
    let well = ended_well && taken.memory <= MOST_MEMORY && taken.milliseconds <= most_time;
    (!well).then(|| format!("{}: {taken:?}", hostile.name))
}

/// Renders a template in a thread of its own, and measures it.
fn take(Hostile { template, .. }: &Hostile) -> Taken {
    let render = || {
        MEMORY.reset_peak_usage();
        let (memory, time) = (MEMORY.current_usage(), processor_time());
        let end = panic::catch_unwind(|| render(template)).unwrap_or(End::Panicked);
        Taken {
            memory: MEMORY.peak_usage().saturating_sub(memory),
            milliseconds: processor_time() - time,
            end,
        }
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK);
        let thread = builder.spawn_scoped(scope, render).expect("a thread must start");
        thread.join().expect("panics must have been caught")
    })
}

fn render(text: &str) -> End {
    let mut options = Options::default();
    options.limits.effort = MOST_EFFORT;
    options.limits.memory = MOST_MEMORY;
    let template = match Template::parse("hostile", text, &options) {
        Ok(template) => template,
        Err(error) => return End::Refused(error),
    };
    let long = "a".repeat(100_000);
    let data = Value::strings([("long", long.as_str()), ("pattern", "(a*)*b"), ("password", "s3cr3t")]);
    let mut random = |buffer: &mut [u8]| buffer.fill(7);
    let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
    match template.render(&data, surroundings) {
        Ok(text) => End::Rendered(text.len()),
        Err(error) => End::Failed(error),
    }
}

/// What this thread has had of a processor, in milliseconds.
fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1000 + time.tv_nsec / 1_000_000).expect("time must not run back")
}
