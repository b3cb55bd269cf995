//! What tests need to call functions: a scope, and templates rendered within limits.

use jiff::Timestamp;

use crate::{Fault, Limits, Options, Scope, Surroundings, Template, Value};

/// Bytes that are no random ones: the same each time, and different ones each time that they are asked for.
fn generator() -> impl FnMut(&mut [u8]) {
    let mut next = 1_u32;
    move |buffer| {
        for byte in buffer {
            next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = next.to_be_bytes()[0];
        }
    }
}

/// Calls with a scope of these limits, at the epoch.
pub(crate) fn with_scope<T>(limits: Limits, call: impl FnOnce(&mut Scope<'_>) -> T) -> T {
    let mut random = generator();
    call(&mut Scope::new(limits, Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random }))
}

/// Renders a template over a few values, one of them a password.
pub(crate) fn render(template: &str) -> Result<String, Fault> {
    render_within(Limits::default(), template)
}

pub(crate) fn render_within(limits: Limits, template: &str) -> Result<String, Fault> {
    let data = Value::strings([("user", "bob"), ("password", "s3cr3t"), ("long", &"x".repeat(100_000))]);
    let options = Options { limits, ..Options::default() };
    let template = Template::parse("test", template, &options).expect("a template must be one");
    let mut random = generator();
    let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
    let rendered = template.render(&data, surroundings).map_err(|error| error.fault)?;
    Ok(String::from_utf8_lossy(&rendered).into_owned())
}

/// A text of the data of the probes: certificates, keys, stores.
pub(crate) fn datum(name: &str) -> String {
    let data: serde_json::Value = serde_json::from_str(include_str!("../tests/data.json")).unwrap();
    data[name].as_str().unwrap_or_else(|| panic!("there must be data of the name {name}")).to_owned()
}

/// That a template is cut by this limit, of 16 MiB where it is memory.
#[track_caller]
pub(crate) fn check_limit(template: &str, limit: &'static str) {
    let limits = Limits { memory: 16 << 20, ..Limits::default() };
    assert_eq!(render_within(limits, template), Err(Fault::Limit(limit)), "{template}");
}

/// That a template is cut by the effort that it takes: by a fifth of what is allowed, so that tests are soon done.
#[track_caller]
pub(crate) fn check_effort(template: &str) {
    let limits = Limits { effort: Limits::default().effort / 5, ..Limits::default() };
    assert_eq!(render_within(limits, template), Err(Fault::Limit("effort")), "{template}");
}

/// That a template renders this.
#[track_caller]
pub(crate) fn check(template: &str, expected: &str) {
    assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
}

/// That a template fails, and that nothing of the password is in the error.
#[track_caller]
pub(crate) fn check_silent(template: &str) {
    let fault = render(template).expect_err("the template must fail");
    assert!(matches!(fault, Fault::Wrong(_)), "{template}: {fault}");
    assert!(!fault.to_string().contains("s3cr3t"), "{template}: {fault}");
}
