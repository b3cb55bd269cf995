//! What a target has that writes no more than it must.

use std::collections::BTreeSet;

use async_trait::async_trait;
use eso_plan::{
    observed::Observation,
    plan::{Step, WriteError},
    status::{Report, Written},
    template::{SourceKind, SourceName},
};
use jiff::Timestamp;

use super::{ObjectId, Target};

/// A target without objects.
#[derive(Debug)]
struct Bare;

#[async_trait]
impl Target for Bare {
    async fn observe(&self, _object: ObjectId) -> Observation {
        Observation::Gone
    }

    async fn write(&self, _object: ObjectId, _step: &Step) -> Result<Written, WriteError> {
        Ok(Written::Nothing)
    }

    async fn report(&self, _object: ObjectId, _report: &Report) -> Result<(), WriteError> {
        Ok(())
    }

    fn refreshed(&self, _object: ObjectId, _at: Timestamp) {}
}

#[tokio::test]
async fn a_template_that_stands_in_an_object_fails_where_there_are_none() {
    let wanted = BTreeSet::from([SourceName { kind: SourceKind::ConfigMap, name: "letters".to_owned() }]);
    let read = Bare.sources(ObjectId(1), &wanted).await;
    let told = "there are no objects here for templates to stand in".to_owned();
    assert_eq!(read, Err(WriteError::Invalid(told)));
}
