//! What is done next for an older object whose place a newer one takes: a decision over what is seen, and nothing else.
//!
//! Each step can be taken twice, and after each of them somebody may end this process: the next run sees where it was.
//! Nothing is changed that an application sees before the newer object is known to give what the Secret holds (the trial),
//! and the older object goes last.

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The store is made.
    MakeStore,
    /// An object under another name is made, with a Secret of its own: it shows what the newer one would write.
    MakeTrial,
    /// That object goes, and its Secret with it.
    DropTrial,
    /// The newer object is made. It waits, for the Secret is the older one's.
    MakeNewer,
    /// The Secret becomes the newer object's: its owner is exchanged, and nothing else.
    HandOver,
    /// The objects that fill other Secrets are made.
    MakeFills,
    /// The older object is deleted, and what it still owns is not.
    DeleteOlder,
    /// It is looked at again; this is what is waited for.
    Wait(String),
    /// Nothing is left to do.
    Done,
    /// It cannot be done as things are.
    Refuse(String),
}

/// What is seen of all that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The older object.
    pub(super) older: Older,
    /// The store.
    pub(super) store: There,
    /// The trial.
    pub(super) trial: Option<Trial>,
    /// Whether a Secret of the trial's name is nobody's: a trial would take it, and it would go with the trial.
    pub(super) trial_would_take: bool,
    /// The newer object.
    pub(super) newer: There,
    /// What the newer object says of itself.
    pub(super) newer_is: Ready,
    /// The objects that fill other Secrets.
    pub(super) fills: Fills,
    /// Who the Secret belongs to; `None` where there is none.
    pub(super) secret: Option<Holder>,
    /// What of the Secret is not as it was when it was handed over.
    pub(super) changed: Option<String>,
}

/// What this run has done already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// Whether it handed the Secret over.
    pub(super) handed_over: bool,
    /// Whether the Secret has been the newer object's for so long that the older controller would have taken it back.
    pub(super) settled: bool,
}

/// An older object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// It is there.
    There,
    /// It is being deleted.
    Leaving,
    /// It is gone.
    Gone,
    /// It is gone, and another one has its name.
    Another,
    /// It is there, and says something else than when the move began.
    Edited,
}

/// An object that is to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum There {
    /// It is not.
    Missing,
    /// It is, and asks for what it should.
    AsWanted,
    /// It is, and asks for something else.
    Other,
}

/// The objects that fill other Secrets, of which there may be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fills {
    /// One of them is there, and asks for something else.
    Other,
    /// Those of these names are not there, and could write something else than their Secrets hold.
    NotOfTexts(Vec<String>),
    /// One of them is not there.
    Missing,
    /// One of them is not in step, and says this.
    Unready(String),
    /// All of them are there, and in step.
    InStep,
}

/// Whether an object is in step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// It is.
    Yes,
    /// It is not, and says this.
    No(String),
}

/// What the trial shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// It is somebody else's object.
    Foreign,
    /// It is not in step, and says this.
    Unready(String),
    /// Its Secret holds what the older object's does.
    Same,
    /// Its Secret differs in these keys.
    Differs(Vec<String>),
}

/// Who a Secret belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The older object.
    Older,
    /// The newer one.
    Newer,
    /// Nobody.
    Nobody,
    /// Somebody else.
    Other(String),
}

/// What is done next.
pub(super) fn next(look: &Look, past: Past) -> Step {
    if let Some(problem) = refusal(look, past) {
        return Step::Refuse(problem);
    }
    match (look.older, look.newer) {
        // An older controller that still ran when the object went, and was late: nobody takes the Secret now.
        (Older::Gone, There::AsWanted) if look.secret == Some(Holder::Older) => Step::HandOver,
        (Older::Gone, _) if look.trial.is_some() => Step::DropTrial,
        (Older::Gone | Older::Another | Older::Edited, _) => Step::Done,
        (Older::Leaving, _) => Step::Wait("the older object is being deleted: see its finalizers".to_owned()),
        (Older::There, _) if look.store == There::Missing => Step::MakeStore,
        (Older::There, There::Missing) => before_newer(look),
        (Older::There, There::AsWanted | There::Other) => after_newer(look, past),
    }
}

/// What the newer object would write must be known before it is there.
fn before_newer(look: &Look) -> Step {
    match (&look.secret, &look.trial) {
        // There is nothing to compare with, and nothing to lose.
        (None, _) => Step::MakeNewer,
        _ if look.trial_would_take => Step::Refuse(
            "the namespace has a Secret of the name that its trial would have: delete that, if nobody needs it".to_owned(),
        ),
        (Some(_), Some(Trial::Same)) => Step::MakeNewer,
        (Some(_), None | Some(Trial::Foreign)) => Step::MakeTrial,
        (Some(_), Some(Trial::Unready(said))) => {
            Step::Wait(format!("the newer object cannot be tried: {said}"))
        }
        (Some(_), Some(Trial::Differs(keys))) => Step::Wait(format!(
            "the newer object would write something else than the Secret holds, in these keys: {}; have the older object in \
             step first, or see the remarks on it",
            keys.join(", ")
        )),
    }
}

fn after_newer(look: &Look, past: Past) -> Step {
    match (&look.secret, &look.newer_is, &look.fills) {
        _ if look.trial.is_some() => Step::DropTrial,
        (Some(Holder::Older | Holder::Nobody), _, _) => Step::HandOver,
        (_, _, Fills::Missing) => Step::MakeFills,
        (_, Ready::No(said), _) => Step::Wait(format!("the newer object is not in step: {said}")),
        (None, Ready::Yes, _) => Step::Wait("the newer object has no Secret".to_owned()),
        (Some(_), Ready::Yes, Fills::Unready(said)) => {
            Step::Wait(format!("the newer object that fills another Secret is not in step: {said}"))
        }
        (Some(_), Ready::Yes, _) if !past.settled => {
            Step::Wait("the older controller could still take the Secret back".to_owned())
        }
        (Some(_), Ready::Yes, _) => Step::DeleteOlder,
    }
}

/// Why nothing more can be done, if that is so.
fn refusal(look: &Look, past: Past) -> Option<String> {
    let Look { older, store, trial, trial_would_take: _, newer, newer_is: _, fills, secret, changed } = look;
    let problem = match (older, secret, fills) {
        (Older::Gone, _, _) => return None,
        (Older::Another, _, _) => "it was deleted and made anew meanwhile: run this again".to_owned(),
        (Older::Edited, _, _) => "it was edited meanwhile: run this again".to_owned(),
        (Older::There | Older::Leaving, Some(Holder::Other(owner)), _) => {
            format!("its Secret belongs to {owner}, which is to say whose it is")
        }
        (Older::There | Older::Leaving, Some(Holder::Older), _) if past.handed_over => {
            "its Secret was taken back by the older controller: scale it to 0, and run this again".to_owned()
        }
        _ if *store == There::Other => {
            "the cluster has a ClusterSecretStore of the name of its store that says something else: delete that, if nobody \
             needs it"
                .to_owned()
        }
        _ if *newer == There::Other => {
            "the namespace has an ExternalSecret of external-secrets.io of its name that asks for something else: delete one of \
             the two, with --cascade=orphan, so that its Secret stays"
                .to_owned()
        }
        (_, _, Fills::NotOfTexts(names)) => format!(
            "it fills these Secrets with values that are not all texts: {}; a newer object may write these otherwise: say what \
             is wanted in newer manifests by hand, and take the annotation external-secrets.io/filled-by off these Secrets",
            names.join(", ")
        ),
        (_, _, Fills::Other) => {
            "the namespace has an ExternalSecret of external-secrets.io of the name of a Secret that it fills: delete that, if \
             nobody needs it"
                .to_owned()
        }
        _ if *trial == Some(Trial::Foreign) => {
            "the namespace has an ExternalSecret of the name that its trial would have: delete that, if nobody needs it".to_owned()
        }
        _ => format!("{}: see whether that is right, and run this again", changed.as_ref()?),
    };
    Some(problem)
}

#[cfg(test)]
mod tests;
