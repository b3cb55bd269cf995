//! Random reviews: each is answered, what is let through refers to nothing that was not filled, and nothing that is said
//! holds a value. `cargo xtask fuzz admission` asks for more of them.

use std::{env, panic::AssertUnwindSafe, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_plan::filled::{
    Source,
    record::{self, Record},
};
use futures::FutureExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::world;
use crate::{
    annotations::{RECORD, STORE},
    answer::Response,
    decide::{Decision, Registration, decide},
    fixtures::{OURS, World, key, parsed, patched, place, reference, review, secret},
    review::Review,
};

/// What values are made of.
const PIECES: [&str; 36] = [
    "eso:",
    "vault:",
    "${",
    "${eso:",
    "${vault:",
    "}",
    "#",
    ">>",
    "\\",
    "db",
    "token",
    "#user",
    "#password",
    "#t",
    "none",
    "\n",
    "\0",
    "{{",
    "}}",
    "\"",
    "'",
    ":",
    "é",
    " ",
    "$",
    "v1:",
    "login",
    "-1",
    "{",
    "[",
    "]",
    "auth",
    "\u{feff}",
    "%s",
    "${eso:db#user}",
    "vault:db#password",
];

/// Numbers, the same ones for the same seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn often(&mut self) -> bool {
        self.below(4) > 0
    }

    fn text(&mut self) -> String {
        let length = self.below(7);
        (0..length).map(|_| self.one_of(&PIECES)).collect()
    }

    fn registries(&mut self) -> String {
        let mut auths = json!({});
        for host in ["a", "b"].iter().take(self.below(3)) {
            let (plain, within) = (self.text(), STANDARD.encode(self.text()));
            let auth = if self.often() { within } else { plain };
            auths[host] = json!({ "auth": auth, "username": self.text() });
        }
        let text = json!({ "auths": auths }).to_string();
        if self.often() { text } else { self.mangled(text.into_bytes()) }
    }

    /// A text in which some bytes are others, as far as it is one then.
    fn mangled(&mut self, mut bytes: Vec<u8>) -> String {
        self.mangle(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn mangle(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            match self.below(3) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, b"{}[]\",:\\\0a1"[self.below(11)]),
                _ if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                _ => {}
            }
        }
    }

    fn secret(&mut self, pool: &[Value]) -> Value {
        if !pool.is_empty() && self.below(3) == 0 {
            return pool[self.below(pool.len())].clone();
        }
        let store =
            self.one_of(&["SecretStore/main", "SecretStore/main", "", "SecretStore/other", "https://x"]);
        let interval = self.one_of(&["", "1h", "0", "soon"]);
        let brought = (self.below(3) == 0).then(|| self.record(pool)).flatten();
        let mut annotations = vec![("refresh-interval", interval)];
        annotations.extend(self.often().then_some(("store", store)));
        annotations.extend(brought.as_deref().map(|record| ("record", record)));
        let values = [("a", self.text()), ("b", self.text()), (".dockerconfigjson", self.registries())];
        let count = self.below(4);
        let values: Vec<_> = values.iter().take(count).map(|(key, text)| (*key, text.as_str())).collect();
        let mut object = secret(&annotations, &values);
        if self.below(10) == 0 {
            object["type"] = self.one_of(&["helm.sh/release.v1", "kubernetes.io/tls", ""]).into();
        }
        object
    }

    fn record(&mut self, pool: &[Value]) -> Option<String> {
        let records: Vec<&str> = pool.iter().filter_map(crate::fixtures::record).collect();
        let record = records.get(self.below(records.len().max(1)))?;
        let is_whole = self.often();
        Some(if is_whole { (*record).to_owned() } else { self.mangled(record.as_bytes().to_vec()) })
    }

    /// A body, as the API server or somebody else would send it.
    fn body(&mut self, pool: &[Value]) -> Vec<u8> {
        let old = (self.below(2) == 0 && !pool.is_empty()).then(|| pool[self.below(pool.len())].clone());
        let mut review = review(self.secret(pool), old);
        review["request"]["dryRun"] = (self.below(4) == 0).into();
        let mut body = review.to_string().into_bytes();
        if self.below(5) == 0 {
            self.mangle(&mut body);
        }
        body
    }
}

/// A number of the environment: what `cargo xtask fuzz admission` asks for.
fn asked(name: &str, usual: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(start_paused = true)]
async fn random_reviews_are_answered_and_nothing_is_stored_half() {
    let (count, first) = (asked("ESO_FUZZ_COUNT", 400), asked("ESO_FUZZ_SEED", 1));
    let world = world();
    let (mut pool, mut filled) = (Vec::new(), 0);
    for seed in first..first + count {
        let mut chance = Chance(seed);
        let body = chance.body(&pool);
        let checked = AssertUnwindSafe(check(&world, &body)).catch_unwind().await;
        let stored =
            checked.unwrap_or_else(|_panic| panic!("seed {seed}: {}", String::from_utf8_lossy(&body)));
        let Some(stored) = stored else { continue };
        filled += usize::from(crate::fixtures::record(&stored).is_some());
        let place = chance.below(20);
        if pool.len() < 20 { pool.push(stored) } else { pool[place] = stored }
    }
    assert!(filled as u64 > count / 100, "{filled} of {count} were filled: they are not random enough");
}

/// Whatever a body is, it is answered; what is stored is given.
async fn check(world: &World, body: &[u8]) -> Option<Value> {
    // The cluster in memory has one Secret.
    let review = Review::parse(body).ok().filter(|review| review.place == place())?;
    for registration in [Registration::Targets, Registration::References] {
        let response =
            world.admission.answer(registration, &review, Instant::now() + Duration::from_secs(8)).await;
        let said = format!("{response:?} {review:?}");
        assert!(!said.contains("CANARY"), "{said}");
        check_body(&response);
        if registration == Registration::References && response.denial.is_none() {
            return check_stored(&review, &response);
        }
    }
    None
}

fn check_body(response: &Response) {
    let body: Value = serde_json::from_slice(&response.body()).unwrap();
    assert_eq!(body["response"]["allowed"], response.denial.is_none());
    assert!(response.denial.is_none() || body["response"]["patch"].is_null());
}

/// What is stored refers to nothing, unless that is what was there before; and its record is of what it holds.
fn check_stored(review: &Review<'_>, response: &Response) -> Option<Value> {
    let (new, old) = (review.secret().unwrap()?, review.old_secret().unwrap());
    let stored = patched(response, serde_json::from_str(review.object()?).unwrap());
    let decision = decide(Registration::References, review, (Some(&new), old.as_ref()), OURS);
    if decision != Decision::FillReferences || review.dry_run {
        return None;
    }
    let held = parsed(&stored);
    let record = held.annotation(RECORD).and_then(|sealed| record::open(&key(), &place(), sealed).ok());
    for (key, value) in &held.data {
        let is_old = old.as_ref().is_some_and(|old| old.data.get(key) == Some(value));
        // What stands around a value that was filled in may, with that, look like the beginning of a reference.
        let is_filled = record.as_ref().is_some_and(|record| record.text(key).is_some());
        let refers = match Source::of(key, value) {
            Ok(None) => false,
            Ok(Some(_)) => true,
            Err(_) => !is_filled,
        };
        assert!(is_old || !refers, "{key} refers to something");
    }
    if let Some(sealed) = held.annotation(RECORD).filter(|_| !is_kept(&held, old.as_ref())) {
        let record = record::open(&key(), &place(), sealed).unwrap();
        assert!(record.keys().all(|key| held.data.contains_key(key)));
        check_sealed(&record, sealed);
    }
    held.annotation(STORE).map(|_| stored)
}

/// Whether nothing of ours was changed: what was there may be anything.
fn is_kept(held: &crate::review::Secret, old: Option<&crate::review::Secret>) -> bool {
    old.is_some_and(|old| old.annotation(RECORD) == held.annotation(RECORD))
}

/// The same record is the same text, and another is another.
fn check_sealed(record: &Record, sealed: &str) {
    assert_eq!(record::seal(&key(), &place(), record), sealed);
    let other = Record::new(&reference("another"), record.interval, &record.sources().unwrap()).unwrap();
    assert_ne!(record::seal(&key(), &place(), &other), sealed);
}
