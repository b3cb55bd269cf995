//! One object of the cluster that keeps a copy of another in each namespace that it chooses: which copies are to be
//! made, mended and deleted, and what its status says afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use eso_core::labels::Selector;
use serde_json::Value;

/// What the object asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The name of the copies.
    pub name: String,
    /// Which namespaces get one.
    pub choice: Choice,
    /// What each of them is like.
    pub copy: Copy,
}

/// Which namespaces are chosen: one reason is enough, and without any none is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// By name.
    pub names: BTreeSet<String>,
    /// By labels.
    pub selectors: Vec<Selector>,
}

/// What each copy is like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Copy {
    /// Its kind.
    pub kind: CopyKind,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its spec.
    pub spec: Value,
}

/// The kinds that copies are of. Each is displayed in the original's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CopyKind {
    /// An ExternalSecret of a ClusterExternalSecret.
    #[default]
    ExternalSecret,
    /// A PushSecret of a ClusterPushSecret.
    PushSecret,
}

/// A namespace that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it is being deleted, and everything in it with it.
    pub leaving: bool,
}

/// How an object stands that has the name of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is ours, and as it should be.
    Current,
    /// It is ours, and differs from what it should be.
    Outdated,
    /// It is ours, and being deleted.
    Leaving,
    /// It is somebody else's.
    Foreign,
}

/// The objects that are ours, under whatever name, and those that have the name of a copy: by namespace and name.
pub type Found = BTreeMap<String, BTreeMap<String, Standing>>;

/// What is to be done, and what cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps for each namespace, to be taken in their order; after one that fails, those behind it are not taken.
    /// Namespaces do not wait for each other.
    pub steps: BTreeMap<String, Vec<Step>>,
    /// The namespaces that are chosen and get no copy, and why.
    pub failed: BTreeMap<String, String>,
    /// The namespaces that are chosen.
    pub chosen: BTreeSet<String>,
}

/// One thing to be done in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the copy.
    Create,
    /// Make the copy what it should be.
    Update,
    /// Delete an object of ours.
    Delete {
        /// Its name: not always that of the copies, for they may have had another before.
        name: String,
    },
}

/// What the status says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The name of the copies; `None` where it is not known.
    pub name: Option<String>,
    /// The namespaces that have their copy; `None`: those that are said to have it already.
    pub provisioned: Option<BTreeSet<String>>,
    /// The namespaces that are not as they should be, and why.
    pub failed: BTreeMap<String, String>,
    /// What is wrong; `None` where nothing is.
    pub problem: Option<String>,
}

/// The original's reason, after the kind of the copies, for a namespace that has an object of that name already.
const TAKEN: &str = "already exists in namespace";

/// The reason for a namespace whose copy somebody deletes just now: it is made anew when it is gone.
const LEAVING: &str = "is being deleted";

/// The original's message where not all namespaces have their copy.
const FAILED: &str = "one or more namespaces failed";

/// What the original puts in place of a namespace where it does not know which ones are chosen.
const UNKNOWN: &str = "unknown";

impl fmt::Display for CopyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExternalSecret => "external secret",
            Self::PushSecret => "push secret",
        })
    }
}

impl CopyKind {
    /// What the original says of a copy that cannot be made or changed.
    pub fn unwritten(self) -> &'static str {
        match self {
            Self::ExternalSecret => "could not create or update ExternalSecret",
            Self::PushSecret => "could not create or update push secret",
        }
    }
}

impl Choice {
    /// Whether a namespace with these labels is chosen.
    pub fn holds(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.names.contains(name) || self.selectors.iter().any(|selector| selector.selects(labels))
    }
}

/// What is to be done so that each namespace has what is asked for, and no namespace more than that.
///
/// Only what is ours is ever changed or deleted. Nothing is done in a namespace that is being deleted, or is not known
/// (yet). Where copies have another name than before, the old one goes after the new one is there, and stays where that
/// cannot be.
pub fn plan(asked: &Asked, namespaces: &BTreeMap<String, Namespace>, found: &Found) -> Plan {
    let mut plan = Plan::default();
    let none = BTreeMap::new();
    for (name, namespace) in namespaces.iter().filter(|(_, namespace)| !namespace.leaving) {
        let here = found.get(name).unwrap_or(&none);
        let is_chosen = asked.choice.holds(name, &namespace.labels);
        if is_chosen {
            plan.chosen.insert(name.clone());
        }
        match steps(&asked.name, is_chosen, here) {
            Ok(steps) if steps.is_empty() => {}
            Ok(steps) => drop(plan.steps.insert(name.clone(), steps)),
            Err(reason) => drop(plan.failed.insert(name.clone(), format!("{} {reason}", asked.copy.kind))),
        }
    }
    plan
}

/// The steps for one namespace, or why it cannot have its copy.
fn steps(name: &str, is_chosen: bool, here: &BTreeMap<String, Standing>) -> Result<Vec<Step>, &'static str> {
    let first = match (is_chosen, here.get(name)) {
        (true, Some(Standing::Foreign)) => return Err(TAKEN),
        (true, Some(Standing::Leaving)) => return Err(LEAVING),
        (true, None) => Some(Step::Create),
        (true, Some(Standing::Outdated)) => Some(Step::Update),
        (true, Some(Standing::Current)) | (false, _) => None,
    };
    let stays = |other: &str| is_chosen && other == name;
    let outdated = here.iter().filter(|(other, standing)| !stays(other) && is_to_go(**standing));
    Ok(first.into_iter().chain(outdated.map(|(name, _)| Step::Delete { name: name.clone() })).collect())
}

fn is_to_go(standing: Standing) -> bool {
    match standing {
        Standing::Current | Standing::Outdated => true,
        Standing::Leaving | Standing::Foreign => false,
    }
}

impl Plan {
    /// What the status says once the steps were taken, but for those that failed: by namespace, and why.
    pub fn report(self, asked: &Asked, failures: BTreeMap<String, String>) -> Report {
        let Self { steps: _, mut failed, mut chosen } = self;
        failed.extend(failures);
        chosen.retain(|namespace| !failed.contains_key(namespace));
        Report {
            name: Some(asked.name.clone()),
            provisioned: Some(chosen),
            problem: (!failed.is_empty()).then(|| format!("{FAILED}: status.failedNamespaces says why")),
            failed,
        }
    }
}

impl Report {
    /// That the object cannot be understood. What there is stays as it is.
    pub fn refused(problem: &str) -> Self {
        Self {
            name: None,
            provisioned: None,
            failed: BTreeMap::from([(UNKNOWN.to_owned(), problem.to_owned())]),
            problem: Some(format!("{FAILED}: {problem}")),
        }
    }
}

#[cfg(test)]
mod tests;
