//! Leader election: of several operators one writes, the one that holds a Lease of the cluster.
//!
//! The algorithm and the record are client-go's, so that a Go program and this one exclude each other: [`decide()`] says
//! what to do, [`Elector`] does it, and [`Leadership`] is asked right before each write.

mod decide;
mod elector;
mod leadership;
mod record;
mod terms;

pub use decide::{Candidate, Now, Seen, Standing, Step, decide};
pub use elector::{Elector, End};
pub use leadership::{Leadership, NotLeading};
pub use record::Record;
pub use terms::{Terms, TermsError, identity};
