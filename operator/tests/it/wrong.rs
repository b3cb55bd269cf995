//! What goes wrong: the condition has the original's reason, and a message that begins as the original's and says
//! more; the last good Secret stays, the other objects go on, and it is soon over once its cause is.

mod aws;
mod cluster;
mod patient;
mod vault;

use eso_testkit::objects::object;
use futures::future::join_all;
use serde_json::{Value, json};

use self::patient::{Cause, Patient, goes_on};
use crate::harness::{Kind, World};

/// The original's words for a value that could not be read.
const UNREADABLE: &str = "could not get secret data from provider";

/// An ExternalSecret whose one value is asked for wrongly.
struct WrongQuestion {
    name: &'static str,
    /// What its spec says in place of the right question.
    spec: Value,
    /// What the condition says beside the original's words.
    says: &'static str,
}

/// The member `password` of the remote key `db`, which is there.
fn right() -> Value {
    data(&json!({ "key": "db", "property": "password" }))
}

/// The key `password`, from this reference.
fn data(remote: &Value) -> Value {
    json!({ "data": [{ "secretKey": "password", "remoteRef": remote }], "dataFrom": null })
}

/// All members of this reference.
fn extract(remote: &Value) -> Value {
    json!({ "data": null, "dataFrom": [{ "extract": remote }] })
}

/// Objects of the store `main` that are in step, then ask wrongly, then rightly again.
async fn wrong_questions(world: &World, questions: &[WrongQuestion], put: impl AsyncFnOnce(&str)) {
    for question in questions {
        world.create(object(question.name).key("password", "db#password").every("1h")).await;
    }
    let patients = join_all(questions.iter().map(|question| Patient::in_step(world, question.name))).await;
    let ask = async |(patient, question): (&Patient<'_>, &WrongQuestion)| {
        let spec = json!({ "spec": question.spec });
        world.patch(Kind::ExternalSecret, question.name, spec).await;
        patient.fails(UNREADABLE, question.says).await;
    };
    join_all(patients.iter().zip(questions).map(ask)).await;
    goes_on(world, put).await;
    let mend = async |(patient, question): (&Patient<'_>, &WrongQuestion)| {
        world.patch(Kind::ExternalSecret, question.name, json!({ "spec": right() })).await;
        patient.recovers(Cause::InTheCluster).await;
    };
    join_all(patients.iter().zip(questions).map(mend)).await;
}
