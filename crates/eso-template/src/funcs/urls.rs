//! URLs in parts, and parts as a URL.

mod url;

use std::collections::BTreeMap;

use self::url::{Url, User};
use crate::{
    Fault, Scope, Text, Value,
    function::{Function, TEXT, function},
    value::Map,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("urlParse", url_parse)
            .example(r#"{{ (urlParse "https://u:p@h:8080/p?q=1").host }}"#, "h:8080"),
        function("urlJoin", url_join)
            .example(r#"{{ urlJoin (dict "scheme" "https" "host" "h" "path" "/a b") }}"#, "https://h/a%20b"),
    ]
}

fn url_parse(scope: &mut Scope<'_>, text: Text) -> Result<Value, Fault> {
    // Eight names and eight parts, of which one is there twice.
    scope.hold(16 * TEXT + 2 * text.len())?;
    let url = Url::parse(&text).ok_or(Fault::wrong("unable to parse url"))?;
    let hostname = url.hostname().to_vec();
    let userinfo = url.user.as_ref().map(User::text).unwrap_or_default();
    let Url { scheme, user: _, host, path, query, opaque, fragment, .. } = url;
    let parts = [
        ("scheme", scheme),
        ("host", host),
        ("hostname", hostname),
        ("path", path),
        ("query", query),
        ("opaque", opaque),
        ("fragment", fragment),
        ("userinfo", userinfo),
    ];
    let entries = parts.into_iter().map(|(name, part)| (name.into(), Value::String(part.into())));
    scope.map(entries.collect::<BTreeMap<_, _>>())
}

fn url_join(scope: &mut Scope<'_>, parts: Option<Map>) -> Result<Vec<u8>, Fault> {
    let userinfo = part(&parts, "userinfo")?;
    let user = match &userinfo[..] {
        [] => None,
        // As sprig has it: what comes before the host of a URL of this user.
        userinfo => {
            let url = [b"proto://", userinfo, b"@host"].concat();
            Url::parse(&url).ok_or(Fault::wrong("unable to parse userinfo in dict"))?.user
        }
    };
    let url = Url {
        scheme: part(&parts, "scheme")?.to_vec(),
        user,
        host: part(&parts, "host")?.to_vec(),
        path: part(&parts, "path")?.to_vec(),
        query: part(&parts, "query")?.to_vec(),
        opaque: part(&parts, "opaque")?.to_vec(),
        fragment: part(&parts, "fragment")?.to_vec(),
    };
    scope.hold(url.path.len().saturating_add(url.host.len()).saturating_mul(3))?;
    Ok(url.text())
}

/// A part by its name; empty where it is missing, and wrong where it is no text.
fn part(parts: &Option<Map>, name: &str) -> Result<Text, Fault> {
    let entries = parts.as_ref().map(Map::entries);
    match entries.as_ref().and_then(|entries| entries.get(name.as_bytes())) {
        None => Ok(Text::default()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(Fault::wrong(format!("unable to parse {name} key, must be of type string"))),
    }
}

#[cfg(test)]
mod tests;
