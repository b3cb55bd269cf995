//! Tests of `watch`.

use futures::stream;
use kube::{
    core::response::Status,
    runtime::watcher::{Error, Event},
};
use parking_lot::Mutex;
use tokio::{sync::watch::Sender, time::Instant};

use super::{Watched, in_words, tell};

const CANARY: &str = "canary-77ab";

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().push(text.into());
    }
}

impl Watched<&'static str> for Log {
    fn begin(&self) {
        self.note("begin");
    }
    fn meet(&self, object: &'static str) {
        self.note(format!("meet {object}"));
    }
    fn lose(&self, object: &'static str) {
        self.note(format!("lose {object}"));
    }
    fn end(&self) {
        self.note("end");
    }
    fn refused(&self) {
        self.note("refused");
    }
}

fn refused() -> Error {
    let status = Status::failure(CANARY, "Forbidden").with_code(403);
    Error::InitialListFailed(kube::Error::Api(Box::new(status)))
}

#[tokio::test(start_paused = true)]
async fn events_are_told_in_order_and_the_first_list_is_announced() {
    let log = Log::default();
    let listed = Sender::new(false);
    let events = [Event::Init, Event::InitApply("a"), Event::InitDone, Event::Apply("b"), Event::Delete("a")];
    tell("things", stream::iter(events.map(Ok)), &log, &listed).await;
    assert_eq!(*log.0.lock(), ["begin", "meet a", "end", "meet b", "lose a"]);
    assert!(*listed.borrow());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_fails_waits_longer_each_time_and_never_long() {
    let log = Log::default();
    let listed = Sender::new(false);
    let begin = Instant::now();
    let failures = (0..8).flat_map(|_| [Ok(Event::Init), Err(refused())]);
    tell("things", stream::iter(failures), &log, &listed).await;
    assert_eq!(begin.elapsed().as_millis(), 200 + 400 + 800 + 1600 + 3200 + 4000 * 3);
    assert!(!*listed.borrow());

    let begin = Instant::now();
    let broken = || Err(Error::NoResourceVersion);
    let events = [broken(), broken(), Ok(Event::InitDone), broken()];
    tell("things", stream::iter(events), &log, &listed).await;
    assert_eq!(begin.elapsed().as_millis(), 200 + 400 + 200, "an answer begins anew");
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_is_told_and_nothing_else_that_goes_wrong() {
    let status = |code| Box::new(Status::failure(CANARY, "no").with_code(code));
    let errors = |code: u16| {
        let api = || kube::Error::Api(status(code));
        [
            Error::InitialListFailed(api()),
            Error::WatchStartFailed(api()),
            Error::WatchFailed(api()),
            Error::WatchError(status(code)),
        ]
    };
    for (code, expected) in [(403, 4), (401, 0), (410, 0), (500, 0)] {
        let log = Log::default();
        tell("things", stream::iter(errors(code).map(Err)), &log, &Sender::new(false)).await;
        assert_eq!(log.0.lock().len(), expected, "{code}");
    }
}

#[test]
fn an_error_is_said_without_what_was_sent() {
    let status = || Box::new(Status::failure(CANARY, "Expired").with_code(410));
    let garbled =
        || kube::Error::SerdeError(serde_json::from_str::<u8>(&format!("\"{CANARY}\"")).unwrap_err());
    let cases = [
        (refused(), "list refused (403 Forbidden)"),
        (Error::WatchStartFailed(kube::Error::Api(status())), "watch refused (410 Expired)"),
        (Error::WatchError(status()), "watch ended (410 Expired)"),
        (Error::InitialListFailed(garbled()), "the API server cannot be reached"),
        (Error::WatchFailed(garbled()), "the connection broke"),
        (Error::NoResourceVersion, "the API server named no version"),
    ];
    for (error, expected) in cases {
        assert_eq!(in_words(&error), expected);
    }
}
