//! One older object after the other state: what is done next, and that nothing is lost in between.

use super::*;

const NOTHING: Past = Past { handed_over: false, settled: false };
const HANDED: Past = Past { handed_over: true, settled: false };
const SETTLED: Past = Past { handed_over: true, settled: true };

/// An older object with its Secret, before anything is done.
fn before() -> Look {
    Look {
        older: Older::There,
        store: There::Missing,
        trial: None,
        trial_would_take: false,
        newer: There::Missing,
        newer_is: Ready::No("nothing yet".to_owned()),
        fills: Fills::InStep,
        secret: Some(Holder::Older),
        changed: None,
    }
}

fn with_store() -> Look {
    Look { store: There::AsWanted, ..before() }
}

fn with_newer() -> Look {
    Look { newer: There::AsWanted, ..with_store() }
}

fn handed_over() -> Look {
    Look { secret: Some(Holder::Newer), ..with_newer() }
}

fn in_step() -> Look {
    Look { newer_is: Ready::Yes, ..handed_over() }
}

#[track_caller]
fn check(look: &Look, past: Past, expected: &Step) {
    assert_eq!(next(look, past), *expected);
}

#[track_caller]
fn check_waits(look: &Look, past: Past, expected: &str) {
    let Step::Wait(why) = next(look, past) else { panic!("{:?}", next(look, past)) };
    assert!(why.contains(expected), "{why}");
}

#[track_caller]
fn check_refuses(look: &Look, past: Past, expected: &str) {
    let Step::Refuse(why) = next(look, past) else { panic!("{:?}", next(look, past)) };
    assert!(why.contains(expected), "{why}");
}

#[test]
fn an_object_goes_from_step_to_step() {
    check(&before(), NOTHING, &Step::MakeStore);
    check(&with_store(), NOTHING, &Step::MakeTrial);
    check(&Look { trial: Some(Trial::Same), ..with_store() }, NOTHING, &Step::MakeNewer);
    check(&Look { trial: Some(Trial::Same), ..with_newer() }, NOTHING, &Step::DropTrial);
    check(&with_newer(), NOTHING, &Step::HandOver);
    check_waits(&handed_over(), HANDED, "not in step: nothing yet");
    check_waits(&in_step(), HANDED, "could still take the Secret back");
    check(&in_step(), SETTLED, &Step::DeleteOlder);
    check_waits(&Look { older: Older::Leaving, ..in_step() }, SETTLED, "finalizers");
    check(&Look { older: Older::Gone, ..in_step() }, SETTLED, &Step::Done);
}

#[test]
fn another_run_goes_on_where_the_last_one_was() {
    check(&handed_over(), SETTLED, &Step::Wait("the newer object is not in step: nothing yet".to_owned()));
    check(&in_step(), Past { handed_over: false, settled: true }, &Step::DeleteOlder);
    check(&Look { trial: Some(Trial::Same), older: Older::Gone, ..in_step() }, NOTHING, &Step::DropTrial);
}

#[test]
fn the_newer_object_is_not_made_before_it_is_known_to_give_the_same() {
    let unready = Trial::Unready("no such key".to_owned());
    check_waits(&Look { trial: Some(unready), ..with_store() }, NOTHING, "cannot be tried: no such key");
    let differs = Trial::Differs(vec!["a".to_owned(), "b".to_owned()]);
    check_waits(&Look { trial: Some(differs), ..with_store() }, NOTHING, "in these keys: a, b");
}

#[test]
fn without_a_secret_there_is_nothing_to_hand_over() {
    check(&Look { secret: None, ..with_store() }, NOTHING, &Step::MakeNewer);
    check_waits(&Look { secret: None, ..with_newer() }, NOTHING, "not in step");
    check_waits(&Look { secret: None, ..in_step() }, SETTLED, "has no Secret");
}

#[test]
fn a_secret_of_nobody_is_taken_over() {
    check(&Look { secret: Some(Holder::Nobody), ..with_newer() }, NOTHING, &Step::HandOver);
}

#[test]
fn other_secrets_are_filled_by_somebody_before_the_older_object_goes() {
    check(&Look { fills: Fills::Missing, ..in_step() }, SETTLED, &Step::MakeFills);
    let unready = Fills::Unready("no such key".to_owned());
    check_waits(
        &Look { fills: unready, ..in_step() },
        SETTLED,
        "fills another Secret is not in step: no such key",
    );
}

#[test]
fn no_value_that_fills_another_secret_is_written_otherwise() {
    for look in [before(), with_store(), with_newer(), in_step()] {
        let otherwise = Look { fills: Fills::NotOfTexts(vec!["a".to_owned(), "b".to_owned()]), ..look };
        check_refuses(&otherwise, NOTHING, "fills these Secrets with values that are not all texts: a, b");
    }
}

#[test]
fn what_is_somebody_elses_is_left_alone() {
    for look in [before(), with_store(), with_newer()] {
        let foreign = Look { secret: Some(Holder::Other("App/shop".to_owned())), ..look };
        check_refuses(&foreign, NOTHING, "belongs to App/shop");
    }
    check_refuses(&Look { store: There::Other, ..before() }, NOTHING, "ClusterSecretStore");
    check_refuses(&Look { newer: There::Other, ..with_store() }, NOTHING, "asks for something else");
    check_refuses(&Look { fills: Fills::Other, ..in_step() }, SETTLED, "that it fills");
    check_refuses(&Look { trial: Some(Trial::Foreign), ..with_store() }, NOTHING, "its trial would have");
    for trial in [None, Some(Trial::Unready(String::new())), Some(Trial::Same)] {
        let look = Look { trial, trial_would_take: true, ..with_store() };
        check_refuses(&look, NOTHING, "a Secret of the name that its trial would have");
    }
    check(&Look { trial_would_take: true, ..with_newer() }, NOTHING, &Step::HandOver);
    check_refuses(&Look { older: Older::Another, ..in_step() }, SETTLED, "made anew");
    for look in [before(), with_store(), with_newer(), in_step()] {
        check_refuses(&Look { older: Older::Edited, ..look }, SETTLED, "edited meanwhile: run this again");
    }
}

#[test]
fn an_older_controller_that_fights_back_is_told_of() {
    check_refuses(&with_newer(), HANDED, "taken back by the older controller: scale it to 0");
    let late = Look { older: Older::Gone, secret: Some(Holder::Older), ..with_newer() };
    check(&late, HANDED, &Step::HandOver);
}

#[test]
fn a_secret_that_changed_under_the_newer_object_is_looked_at_by_somebody() {
    let changed = Look { changed: Some("its Secret is another one".to_owned()), ..in_step() };
    check_refuses(&changed, SETTLED, "its Secret is another one");
}

/// Every state that can be seen, with each past.
fn all() -> Vec<(Look, Past)> {
    let mut all = Vec::new();
    for older in [Older::There, Older::Leaving, Older::Gone, Older::Another, Older::Edited] {
        for newer in [There::Missing, There::AsWanted, There::Other] {
            for trial in [None, Some(Trial::Foreign), Some(Trial::Unready(String::new())), Some(Trial::Same)]
            {
                for secret in [None, Some(Holder::Older), Some(Holder::Newer), Some(Holder::Nobody)] {
                    for newer_is in [Ready::Yes, Ready::No(String::new())] {
                        for fills in [Fills::InStep, Fills::Missing, Fills::Unready(String::new())] {
                            for past in [NOTHING, HANDED, SETTLED] {
                                let look = Look {
                                    older,
                                    newer,
                                    trial: trial.clone(),
                                    secret: secret.clone(),
                                    newer_is: newer_is.clone(),
                                    fills: fills.clone(),
                                    ..with_store()
                                };
                                all.push((look, past));
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn the_older_object_never_goes_before_the_newer_one_has_the_secret_and_is_in_step() {
    for (look, past) in all() {
        let safe = look.older == Older::There
            && look.newer == There::AsWanted
            && look.secret == Some(Holder::Newer)
            && look.newer_is == Ready::Yes
            && look.fills == Fills::InStep
            && past.settled;
        assert!(next(&look, past) != Step::DeleteOlder || safe, "{look:?} {past:?}");
    }
}

#[test]
fn the_secret_is_handed_to_an_object_that_is_there() {
    for (look, past) in all() {
        assert!(next(&look, past) != Step::HandOver || look.newer == There::AsWanted, "{look:?} {past:?}");
    }
}
