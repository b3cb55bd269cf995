//! What is said of an object of ours when somebody applies it, that schema and rules of its definition cannot see. Pure.
//!
//! It is refused only where it can never work and the original refuses it too; all else is a warning, for what is missing
//! now may be there in a second.

use std::collections::{BTreeMap, BTreeSet};

use eso_core::{api::external_secret::ExternalSecret, key::StoreReference};
use eso_plan::{
    convert::{external_secret, references},
    desired::{Desired, Ownership},
    template::{self, Delimiters},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Deserializer;

use crate::answer::Response;

/// What must be known of the cluster before an ExternalSecret is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The stores that it names.
    pub stores: BTreeSet<StoreReference>,
    /// The Secret that it writes, by name; `None` where it writes something else.
    pub secret: Option<String>,
}

/// What is known of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// How the stores stand that it names. One that is not here is not judged.
    pub stores: BTreeMap<StoreReference, Standing>,
    /// The other objects that write its Secret, each as `ExternalSecret "app"`.
    pub writers: Vec<String>,
    /// What begins and ends an action in a template.
    pub delimiters: Delimiters,
}

/// How a store stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    There,
    /// It is not there.
    Missing,
    /// It is there, and its provider is none that is known here.
    Unknown(String),
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is refused.
    pub refusal: Option<String>,
    /// What its user is told.
    pub warnings: Vec<String>,
}

impl Verdict {
    /// The answer to the review of this uid.
    pub fn answer(self, uid: &str) -> Response {
        let response = self.warnings.into_iter().fold(Response::allow(uid), Response::warning);
        self.refusal.map_or(response.clone(), |refusal| response.denied(refusal))
    }
}

/// What an ExternalSecret names, given as JSON; nothing where it cannot be read.
pub fn named(object: &str) -> Named {
    parse(object).map_or_else(
        |_problem| Named::default(),
        |object| Named {
            stores: references::stores(&object),
            secret: references::secret(&object).map(str::to_owned),
        },
    )
}

/// What is said of an ExternalSecret, given as JSON, and as it was where it is changed.
///
/// One that was there before with the same spec is not refused: its labels and finalizers stay changeable.
pub fn external_secret(object: &str, old: Option<&str>, known: &Known) -> Verdict {
    let object = match parse(object) {
        Ok(object) => object,
        Err(problem) => return Verdict { warnings: vec![problem], ..Verdict::default() },
    };
    let mut warnings = of_stores(known);
    match external_secret::desired(&object) {
        Ok(desired) => {
            warnings.extend(of_writers(&desired, known));
            warnings.extend(of_templates(&desired, known));
            Verdict { refusal: None, warnings }
        }
        Err(problem) if problem.is_the_originals() && !is_old(&object, old) => {
            Verdict { refusal: Some(problem.to_string()), warnings }
        }
        Err(problem) => {
            warnings.push(problem.to_string());
            Verdict { refusal: None, warnings }
        }
    }
}

/// What is said of a store, given as JSON: whether its provider is known here. Such a store is left as it is.
pub fn store(object: &str, is_known: impl Fn(&str) -> bool) -> Verdict {
    #[derive(Deserialize)]
    struct Store {
        spec: Spec,
    }

    #[derive(Deserialize)]
    struct Spec {
        provider: BTreeMap<String, IgnoredAny>,
    }

    let providers = serde_json::from_str(object).map(|Store { spec }| spec.provider).unwrap_or_default();
    let unknown = providers.into_keys().filter(|provider| !is_known(provider));
    let warnings = unknown.map(|provider| {
        format!("the provider {provider:?} is not known to this operator: the store is left as it is")
    });
    Verdict { refusal: None, warnings: warnings.collect() }
}

fn parse(object: &str) -> Result<ExternalSecret, String> {
    external_secret::parse(&mut Deserializer::from_str(object)).map_err(|problem| problem.to_string())
}

fn is_old(object: &ExternalSecret, old: Option<&str>) -> bool {
    old.and_then(|old| parse(old).ok()).is_some_and(|old| old.spec == object.spec)
}

fn of_stores(known: &Known) -> Vec<String> {
    let said = known.stores.iter().filter_map(|(store, standing)| match standing {
        Standing::There => None,
        Standing::Missing => Some(format!("{store} is not there: nothing is read before it is")),
        Standing::Unknown(provider) => Some(format!(
            "the provider {provider:?} of {store} is not known to this operator: nothing is read from it"
        )),
    });
    said.collect()
}

/// Several objects may add to one Secret, and one alone can own it.
fn of_writers(desired: &Desired, known: &Known) -> Option<String> {
    let owns = match desired.ownership {
        Ownership::Own | Ownership::Leave => true,
        Ownership::Share { .. } | Ownership::Read => false,
    };
    let writers = known.writers.join(", ");
    (owns && !known.writers.is_empty()).then(|| {
        format!(
            "Secret {:?} is written by {writers} too: give this one another target, or creationPolicy Merge",
            desired.target
        )
    })
}

fn of_templates(desired: &Desired, known: &Known) -> Vec<String> {
    let templates = desired.template.iter();
    templates
        .flat_map(|asked| template::check(asked, &known.delimiters))
        .map(|error| error.problem.to_string())
        .collect()
}

#[cfg(test)]
mod tests;
