//! The Security Token Service: its query protocol in, XML out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;

/// STS gives this when nobody says otherwise.
const DEFAULT_SECONDS: i64 = 3_600;
const SHORTEST_SECONDS: i64 = 900;
const LONGEST_SECONDS: i64 = 43_200;

/// A form's fields.
pub(super) type Form = BTreeMap<String, String>;

/// Roles that want an external id, and what was given out.
#[derive(Debug, Default)]
pub(super) struct Roles {
    external_ids: BTreeMap<String, String>,
    given: u64,
}

impl Roles {
    /// From now on the role is assumed with this external id only.
    pub(super) fn want_external_id(&mut self, role: &str, external_id: &str) {
        self.external_ids.insert(role.to_owned(), external_id.to_owned());
    }

    /// Does what is asked.
    pub(super) fn perform(&mut self, form: &Form, caller: &str, now: Timestamp) -> Result<String, Refusal> {
        match field(form, "Action") {
            "GetCallerIdentity" => Ok(identity(caller)),
            "AssumeRole" => self.assume(form, now),
            other => Err(Refusal { status: 501, ..Refusal::new("InvalidAction", other) }),
        }
    }

    fn assume(&mut self, form: &Form, now: Timestamp) -> Result<String, Refusal> {
        let (role, session) = (field(form, "RoleArn"), field(form, "RoleSessionName"));
        if role.is_empty() || session.is_empty() {
            return Err(Refusal::new("ValidationError", "RoleArn and RoleSessionName must not be null"));
        }
        let wanted = self.external_ids.get(role);
        if wanted.is_some_and(|wanted| wanted != field(form, "ExternalId")) {
            let message = format!("User is not authorized to perform: sts:AssumeRole on resource: {role}");
            return Err(Refusal { status: 403, ..Refusal::new("AccessDenied", message) });
        }
        let expiration = now + SignedDuration::from_secs(duration(form)?);
        self.given += 1;
        Ok(assumed(role, session, self.given, expiration))
    }
}

/// The role that a request names.
pub(super) fn keys(form: &Form) -> Vec<String> {
    form.get("RoleArn").into_iter().cloned().collect()
}

/// A refusal as STS writes it.
pub(super) fn refused(refusal: &Refusal) -> String {
    let Refusal { status, code, message, retry_after: _ } = refusal;
    let side = if *status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{side}</Type>\
         <Code>{}</Code><Message>{}</Message></Error><RequestId>rig</RequestId></ErrorResponse>",
        escaped(code),
        escaped(message)
    )
}

fn duration(form: &Form) -> Result<i64, Refusal> {
    let Some(text) = form.get("DurationSeconds") else { return Ok(DEFAULT_SECONDS) };
    let seconds = text.parse().ok().filter(|seconds| (SHORTEST_SECONDS..=LONGEST_SECONDS).contains(seconds));
    seconds.ok_or_else(|| Refusal::new("ValidationError", "DurationSeconds must be between 900 and 43200"))
}

fn identity(caller: &str) -> String {
    response(
        "GetCallerIdentity",
        &format!(
            "<Arn>arn:aws:iam::123456789012:user/{caller}</Arn><UserId>{caller}</UserId>\
             <Account>123456789012</Account>",
            caller = escaped(caller)
        ),
    )
}

fn assumed(role: &str, session: &str, number: u64, expiration: Timestamp) -> String {
    let name = role.rsplit('/').next().unwrap_or(role);
    response(
        "AssumeRole",
        &format!(
            "<Credentials><AccessKeyId>ASIARIG{number:013}</AccessKeyId>\
             <SecretAccessKey>rig-assumed-{number}</SecretAccessKey>\
             <SessionToken>rig-session-{number}</SessionToken>\
             <Expiration>{expiration:.0}</Expiration></Credentials>\
             <AssumedRoleUser><AssumedRoleId>AROARIG:{session}</AssumedRoleId>\
             <Arn>arn:aws:sts::123456789012:assumed-role/{name}/{session}</Arn></AssumedRoleUser>",
            session = escaped(session),
            name = escaped(name)
        ),
    )
}

fn response(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{result}\
         </{action}Result><ResponseMetadata><RequestId>rig</RequestId></ResponseMetadata></{action}Response>"
    )
}

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map(String::as_str).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
