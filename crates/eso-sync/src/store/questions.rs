//! What a store was asked: what a probe should ask, and which reads get no answer though others do.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

use eso_core::provider::{Fetch, Inspect, Query};

/// How many reads without an answer are remembered, at 16 bytes each. Beyond that they are forgotten, and each may
/// open the circuit once more.
const MOST: usize = 256;

/// What may be asked of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// A value.
    Read(Fetch),
    /// Which values there are.
    Find(Query),
    /// What a writer must know of a value.
    Inspect(Inspect),
    /// Whether the login is good.
    Check,
}

/// What a store was asked. Plain data.
///
/// One value may never get an answer, for reasons of its own (a proxy that chokes on it, a mount that is out of order).
/// It must not shut the others out: probes ask for what was answered before and for what is wanted, in turn, and a read
/// that gets no answer while others do says nothing about the service.
#[derive(Debug, Default)]
pub(super) struct Questions {
    answered: Option<Fetch>,
    wanted: Option<Question>,
    /// Reads that got no answer when they were last made, as hashes, and whether others got one since.
    silent: HashMap<u64, bool>,
    /// Whether the next probe asks what is wanted.
    is_turn_of_wanted: bool,
}

impl Questions {
    /// These reads were answered.
    pub(super) fn answered(&mut self, reads: &[&Fetch]) {
        let Some(last) = reads.last() else { return };
        self.answered = Some((*last).clone());
        for read in reads {
            self.silent.remove(&hash(read));
        }
        self.silent.values_mut().for_each(|fails_by_itself| *fails_by_itself = true);
    }

    /// These reads got no answer. Says whether that tells anything about the service.
    pub(super) fn unanswered(&mut self, reads: &[&Fetch]) -> bool {
        self.wanted = reads.first().map(|read| Question::Read((*read).clone()));
        if self.silent.len() >= MOST {
            self.silent.clear();
        }
        let by_themselves = reads.iter().filter(|read| *self.silent.entry(hash(read)).or_default()).count();
        by_themselves < reads.len()
    }

    /// That would have been asked, or got no answer.
    pub(super) fn wanted(&mut self, question: Question) {
        self.wanted = Some(question);
    }

    /// Whether any read was ever answered.
    pub(super) fn are_proven(&self) -> bool {
        self.answered.is_some()
    }

    /// What a probe asks; `None` where nothing was asked yet.
    pub(super) fn next(&mut self) -> Option<Question> {
        let answered = self.answered.clone().map(Question::Read);
        let wanted = self.wanted.clone();
        let (first, second) = if self.is_turn_of_wanted { (wanted, answered) } else { (answered, wanted) };
        self.is_turn_of_wanted = !self.is_turn_of_wanted;
        first.or(second)
    }
}

fn hash(read: &Fetch) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(read)
}

#[cfg(test)]
mod tests {
    use eso_core::provider::Fetch;

    use super::{MOST, Question, Questions};

    fn read(key: &str) -> Fetch {
        Fetch::new(key)
    }

    #[test]
    fn probes_ask_for_what_was_answered_and_for_what_is_wanted_in_turn() {
        let mut questions = Questions::default();
        assert_eq!(questions.next(), None);
        questions.wanted(Question::Check);
        assert_eq!([questions.next(), questions.next()], [Some(Question::Check), Some(Question::Check)]);
        questions.answered(&[&read("good")]);
        questions.unanswered(&[&read("bad")]);
        let [first, second] = [questions.next(), questions.next()];
        assert_eq!([first, second], ["bad", "good"].map(|key| Some(Question::Read(read(key)))));
        assert!(questions.are_proven());
    }

    #[test]
    fn a_read_says_nothing_of_the_service_once_others_were_answered_and_it_was_not() {
        let mut questions = Questions::default();
        let (bad, good) = (read("bad"), read("good"));
        assert!(questions.unanswered(&[&bad]));
        assert!(questions.unanswered(&[&bad]), "nobody got an answer");
        questions.answered(&[&good]);
        assert!(!questions.unanswered(&[&bad]));
        assert!(questions.unanswered(&[&bad, &good]), "the other one says something");
        questions.answered(&[&bad]);
        assert!(questions.unanswered(&[&bad]), "it got one meanwhile");
    }

    #[test]
    fn no_more_reads_are_remembered_than_it_has_room_for() {
        let mut questions = Questions::default();
        for number in 0..10 * MOST {
            assert!(questions.unanswered(&[&read(&number.to_string())]));
        }
        assert!(questions.silent.len() <= MOST);
    }
}
