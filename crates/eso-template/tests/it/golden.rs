//! Golden files: what Go rendered, and what we do.

use std::{collections::BTreeMap, fs, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_template::{Limits, MissingKey, Options, Surroundings, Template, Value, regexp::Regexp, yaml};
use jiff::Timestamp;
use serde::Deserialize;

/// A template, and what Go made of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Probe {
    #[serde(rename = "t")]
    template: String,
    missingkey: Option<String>,
    delimiters: Option<(String, String)>,
    /// What the text is where it is no template.
    #[serde(rename = "as")]
    kind: Option<Kind>,
    ok: Option<String>,
    ok64: Option<String>,
    #[serde(default)]
    err: bool,
    /// Of the original's golden file alone.
    pub(crate) set: Option<String>,
    #[serde(rename = "group")]
    _group: Option<String>,
}

/// What a text may be beside a template.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A regular expression. What is rendered is what is wrong with it.
    Regexp,
    /// YAML of texts. What is rendered is JSON of them.
    Strings,
}

impl Probe {
    /// Whether a name is in the template as a word that is no field, variable or text.
    pub(crate) fn calls(&self, name: &str) -> bool {
        if self.kind.is_some() {
            return false;
        }
        let is_word =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        self.template.match_indices(name).any(|(at, _)| {
            let (before, after) =
                (&self.template.as_bytes()[..at], &self.template.as_bytes()[at + name.len()..]);
            let is_other = matches!(before.last(), Some(b'.' | b'$' | b'"' | b'-'));
            !is_other && !is_word(before.last()) && !is_word(after.first())
        })
    }

    pub(crate) fn fails(&self) -> bool {
        self.err
    }
}

/// The data of the probes. A text that begins with `base64:` stands for the bytes that follow.
pub(crate) type Data = BTreeMap<String, String>;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let text = fs::read_to_string(folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails with every probe that renders otherwise than it should.
#[track_caller]
pub(crate) fn compare<'a>(probes: impl IntoIterator<Item = (&'a Probe, &'a Data)>) {
    let differing: Vec<_> = probes.into_iter().filter_map(|(probe, data)| difference(probe, data)).collect();
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}

fn difference(probe: &Probe, data: &Data) -> Option<String> {
    let expected = match (&probe.ok, &probe.ok64, probe.err) {
        (Some(text), None, false) => Some(text.clone().into_bytes()),
        (None, Some(encoded), false) => {
            Some(BASE64_STANDARD.decode(encoded).expect("a golden file must hold base64"))
        }
        (None, None, true) => None,
        _ => panic!("a probe must be rendered or fail: {probe:?}"),
    };
    let rendered = match probe.kind {
        None => render(probe, data),
        Some(Kind::Regexp) => {
            Ok(Regexp::new(&probe.template).map_or_else(|error| error.to_string(), |_| String::new()).into())
        }
        Some(Kind::Strings) => strings(&probe.template),
    };
    if rendered.as_ref().ok() == expected.as_ref() {
        return None;
    }
    let show = |bytes: &[u8]| format!("{:?}", String::from_utf8_lossy(bytes));
    let rendered = rendered.map_or_else(|error| error, |bytes| show(&bytes));
    let expected = expected.map_or("an error".to_owned(), |bytes| show(&bytes));
    Some(format!("{}\n    Go:   {expected}\n    ours: {rendered}", probe.template))
}

fn strings(text: &str) -> Result<Vec<u8>, String> {
    let map = yaml::string_map(text.as_bytes(), &mut Limits::default()).map_err(|error| error.to_string())?;
    let text = |bytes| String::from_utf8(bytes).expect("a text must be UTF-8");
    let map: Data = map.into_iter().map(|(name, bytes)| (name, text(bytes))).collect();
    let json = serde_json::to_string(&map).expect("texts must be JSON");
    Ok(format!("{json}\n").into())
}

fn render(probe: &Probe, data: &Data) -> Result<Vec<u8>, String> {
    let bytes = |text: &String| match text.strip_prefix("base64:") {
        Some(encoded) => BASE64_STANDARD.decode(encoded).expect("a golden file must hold base64"),
        None => text.clone().into_bytes(),
    };
    let data = Value::strings(data.iter().map(|(name, text)| (name.as_str(), bytes(text))));
    let template =
        Template::parse("template", &probe.template, &options(probe)).map_err(|error| error.to_string())?;
    let mut seed = 1_u32;
    // A linear congruential generator: no key that a test makes is used.
    let mut random = |buffer: &mut [u8]| {
        for byte in buffer {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = seed.to_be_bytes()[0];
        }
    };
    let surroundings = Surroundings {
        now: Timestamp::from_second(1_767_225_600).expect("a year must be in range"),
        random: &mut random,
    };
    let rendered = template.render(&data, surroundings).map_err(|error| error.to_string())?;
    Ok(rendered.to_vec())
}

fn options(probe: &Probe) -> Options {
    let mut options = Options::default();
    if let Some(delimiters) = &probe.delimiters {
        options.delimiters.clone_from(delimiters);
    }
    options.missing_key = match probe.missingkey.as_deref() {
        None | Some("error") => MissingKey::Error,
        Some("default") => MissingKey::Default,
        Some("zero") => MissingKey::Zero,
        Some(other) => panic!("no such option: {other}"),
    };
    options
}
