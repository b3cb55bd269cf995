//! The Security Token Service: its query protocol in, XML out.

mod tags;
mod web_identity;

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use self::web_identity::Wanted;
use super::refusal::Refusal;

/// STS gives this when nobody says otherwise.
const DEFAULT_SECONDS: i64 = 3_600;
const SHORTEST_SECONDS: i64 = 900;
const LONGEST_SECONDS: i64 = 43_200;

/// How the access key ids of sessions begin.
const GIVEN: &str = "ASIARIG";

/// A form's fields.
pub(super) type Form = BTreeMap<String, String>;

/// A role that was assumed, and what was said with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// The role.
    pub role: String,
    /// The name of the session.
    pub session: String,
    /// The external id.
    pub external_id: Option<String>,
    /// The tags of the session.
    pub tags: BTreeMap<String, String>,
    /// Which of them the sessions of further roles keep.
    pub transitive_tag_keys: Vec<String>,
    /// The token that was shown, where the role was assumed with a web identity.
    pub token: Option<String>,
    /// Who signed; empty where nobody did.
    pub signer: String,
    /// The access key id that was given.
    pub given: String,
}

/// Roles that want something of those who assume them, and what was given out.
#[derive(Debug, Default)]
pub(super) struct Roles {
    external_ids: BTreeMap<String, String>,
    web_identities: BTreeMap<String, Wanted>,
    session_life: Option<Duration>,
    assumed: Vec<Assumed>,
}

impl Roles {
    /// From now on the role is assumed with this external id only.
    pub(super) fn want_external_id(&mut self, role: &str, external_id: &str) {
        self.external_ids.insert(role.to_owned(), external_id.to_owned());
    }

    /// From now on the role is assumed with a token of this subject for this audience only.
    pub(super) fn want_web_identity(&mut self, role: &str, subject: &str, audience: &str) {
        let wanted = Wanted { subject: subject.to_owned(), audience: audience.to_owned() };
        self.web_identities.insert(role.to_owned(), wanted);
    }

    /// From now on sessions last so long.
    pub(super) fn set_session_life(&mut self, life: Duration) {
        self.session_life = Some(life);
    }

    /// What was given out, in order.
    pub(super) fn assumed(&self) -> &[Assumed] {
        &self.assumed
    }

    /// Does what is asked.
    pub(super) fn perform(&mut self, form: &Form, caller: &str, now: Timestamp) -> Result<String, Refusal> {
        match field(form, "Action") {
            "GetCallerIdentity" => Ok(identity(caller)),
            action @ "AssumeRole" => {
                self.check_caller(caller)?;
                self.check_external_id(form)?;
                self.assume(action, form, caller, now)
            }
            action @ "AssumeRoleWithWebIdentity" => {
                self.check_web_identity(form, now)?;
                self.assume(action, form, caller, now)
            }
            other => Err(Refusal { status: 501, ..Refusal::new("InvalidAction", other) }),
        }
    }

    fn assume(&mut self, action: &str, form: &Form, caller: &str, now: Timestamp) -> Result<String, Refusal> {
        let (role, session) = (field(form, "RoleArn"), field(form, "RoleSessionName"));
        if role.is_empty() || session.is_empty() {
            return Err(Refusal::new("ValidationError", "RoleArn and RoleSessionName must not be null"));
        }
        let life = duration(form)?;
        let life = self.session_life.and_then(|life| life.try_into().ok()).unwrap_or(life);
        let tags = tags::of(form)?;
        let number = self.assumed.len() + 1;
        self.assumed.push(Assumed {
            role: role.to_owned(),
            session: session.to_owned(),
            external_id: form.get("ExternalId").cloned(),
            transitive_tag_keys: tags::transitive_keys(form, &tags)?,
            tags,
            token: form.get("WebIdentityToken").cloned(),
            signer: caller.to_owned(),
            given: format!("{GIVEN}{number:013}"),
        });
        Ok(answer(action, &self.assumed[number - 1], now + life))
    }

    /// What nobody signed has no caller, and a session that was never given is known to nobody.
    fn check_caller(&self, caller: &str) -> Result<(), Refusal> {
        let refused =
            |code: &str| Err(Refusal { status: 403, ..Refusal::new(code, "the caller is not known") });
        match caller {
            "" => refused("MissingAuthenticationToken"),
            _ if !caller.starts_with(GIVEN) => Ok(()),
            _ if self.assumed.iter().any(|assumed| assumed.given == caller) => Ok(()),
            _ => refused("InvalidClientTokenId"),
        }
    }

    fn check_external_id(&self, form: &Form) -> Result<(), Refusal> {
        let role = field(form, "RoleArn");
        match self.external_ids.get(role) {
            Some(wanted) if wanted != field(form, "ExternalId") => Err(denied("AssumeRole", role)),
            Some(_) | None => Ok(()),
        }
    }

    fn check_web_identity(&self, form: &Form, now: Timestamp) -> Result<(), Refusal> {
        let (role, token) = (field(form, "RoleArn"), field(form, "WebIdentityToken"));
        match self.web_identities.get(role) {
            _ if token.is_empty() => {
                Err(Refusal::new("ValidationError", "WebIdentityToken must not be null"))
            }
            Some(wanted) => wanted.check(role, token, now),
            None => Ok(()),
        }
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

fn denied(action: &str, role: &str) -> Refusal {
    let message = format!("User is not authorized to perform: sts:{action} on resource: {role}");
    Refusal { status: 403, ..Refusal::new("AccessDenied", message) }
}

fn duration(form: &Form) -> Result<SignedDuration, Refusal> {
    let Some(text) = form.get("DurationSeconds") else {
        return Ok(SignedDuration::from_secs(DEFAULT_SECONDS));
    };
    let seconds = text.parse().ok().filter(|seconds| (SHORTEST_SECONDS..=LONGEST_SECONDS).contains(seconds));
    let seconds = seconds
        .ok_or_else(|| Refusal::new("ValidationError", "DurationSeconds must be between 900 and 43200"))?;
    Ok(SignedDuration::from_secs(seconds))
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

fn answer(action: &str, assumed: &Assumed, expiration: Timestamp) -> String {
    let Assumed { role, session, given, .. } = assumed;
    let name = role.rsplit('/').next().unwrap_or(role);
    let number = given.trim_start_matches(GIVEN).trim_start_matches('0');
    response(
        action,
        &format!(
            "<Credentials><AccessKeyId>{given}</AccessKeyId>\
             <SecretAccessKey>rig-assumed-{number}</SecretAccessKey>\
             <SessionToken>rig-session-{number}</SessionToken>\
             <Expiration>{expiration:.3}</Expiration></Credentials>\
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
