//! Renders templates as the Go program in `tests/oracle` does, so that `cargo xtask` can compare the two.
//!
//! Its argument is a file with the data. It reads a request a line, as JSON, and writes an answer a line. With `-bench
//! FILE` before the data it renders that template 10,000 times, and prints the nanoseconds that one rendering took.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, Write as _, stdin, stdout},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_template::{MissingKey, Options, Surroundings, Template, Text, Value};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["-bench", template, data] => measure(template, &read(data)?),
        [data] => answer_all(&read(data)?),
        _ => Err("usage: render [-bench TEMPLATE] DATA".into()),
    }
}

fn answer_all(data: &Value) -> Result<()> {
    for line in stdin().lock().lines() {
        let mut request: Json = serde_json::from_str(&line?)?;
        match render(&request, data) {
            Ok(text) => match str::from_utf8(&text) {
                Ok(text) => request["ok"] = text.into(),
                Err(_) => request["ok64"] = BASE64_STANDARD.encode(&*text).into(),
            },
            Err(reason) => {
                request["err"] = true.into();
                request["why"] = reason.into();
            }
        }
        writeln!(stdout(), "{request}")?;
    }
    Ok(())
}

fn render(request: &Json, data: &Value) -> std::result::Result<Text, String> {
    let text = request["t"].as_str().unwrap_or_default();
    let template = Template::parse("template", text, &options(request)).map_err(|error| error.to_string())?;
    let mut random = random();
    let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
    template.render(data, surroundings).map_err(|error| error.to_string())
}

fn options(request: &Json) -> Options {
    let mut options = Options::default();
    if let [left, right] = request["delimiters"].as_array().map_or(&[][..], Vec::as_slice) {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        options.delimiters = (text(left), text(right));
    }
    options.missing_key = match request["missingkey"].as_str() {
        Some("default") => MissingKey::Default,
        Some("zero") => MissingKey::Zero,
        Some(_) | None => MissingKey::Error,
    };
    options
}

/// Bytes that are the same each time: no key that is made here is used.
fn random() -> impl FnMut(&mut [u8]) {
    let mut seed = 1_u32;
    move |buffer: &mut [u8]| {
        for byte in buffer {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = seed.to_be_bytes()[0];
        }
    }
}

/// The data. A text that begins with `base64:` stands for the bytes that follow.
fn read(path: &str) -> Result<Value> {
    let texts: BTreeMap<String, String> = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut data = Vec::new();
    for (name, text) in texts {
        let bytes = match text.strip_prefix("base64:") {
            Some(encoded) => BASE64_STANDARD.decode(encoded)?,
            None => text.into_bytes(),
        };
        data.push((name, bytes));
    }
    Ok(Value::strings(data))
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn measure(path: &str, data: &Value) -> Result<()> {
    const TIMES: u32 = 10_000;
    let text = fs::read_to_string(path)?;
    let template = Template::parse("template", &text, &Options::default())?;
    let began = std::time::Instant::now();
    for _ in 0..TIMES {
        let mut random = random();
        let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
        std::hint::black_box(template.render(data, surroundings)?);
    }
    writeln!(stdout(), "{}", json!((began.elapsed() / TIMES).as_nanos()))?;
    Ok(())
}
