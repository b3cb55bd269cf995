//! Canaries: values that must not be found where no value belongs, in any of the forms that a value takes by accident.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// The form in which `text` holds `canary`: plain, escaped as JSON, in base64 or in hex; `None` where it holds none.
///
/// Base64 of a longer text is found where the canary began at any of the three offsets of a group.
pub fn found(text: &str, canary: &str) -> Option<&'static str> {
    let forms = [
        ("plain", vec![canary.to_owned()]),
        ("escaped", vec![escaped(canary)]),
        ("base64", base64_forms(canary)),
        ("hex", vec![hex(canary)]),
    ];
    let lower = text.to_lowercase();
    let holds = |form: &String| text.contains(form.as_str());
    forms
        .iter()
        .find(|(name, texts)| {
            texts.iter().any(|form| holds(form) || (*name == "hex" && lower.contains(form.as_str())))
        })
        .map(|(name, _)| *name)
}

/// Panics where `text` holds `canary`, and says where the text came from.
#[track_caller]
pub fn assert_absent(origin: &str, text: &str, canary: &str) {
    if let Some(form) = found(text, canary) {
        panic!("{origin} holds a secret value ({form}): {text}");
    }
}

fn escaped(canary: &str) -> String {
    serde_json::Value::from(canary).to_string().trim_matches('"').to_owned()
}

fn hex(canary: &str) -> String {
    canary.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The characters of base64 that depend on the canary alone, for the three ways in which its bytes fall into groups.
fn base64_forms(canary: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for offset in 0..3 {
        let shifted = [&[0; 2][..offset.min(2)], canary.as_bytes()].concat();
        let whole_groups = shifted.len() / 3 * 4;
        let skipped = if offset == 0 { 0 } else { 4 };
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            forms
                .extend(encoded.get(skipped..whole_groups).filter(|form| form.len() >= 8).map(str::to_owned));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::{assert_absent, found};

    const CANARY: &str = "canary-7c1f\"quoted\"-9d2e";

    #[track_caller]
    fn check(text: &str, form: Option<&str>) {
        assert_eq!(found(text, CANARY), form, "{text}");
    }

    #[test]
    fn a_canary_is_found_in_each_of_its_forms() {
        check("nothing of the kind", None);
        check(&format!("a {CANARY} b"), Some("plain"));
        check(&format!("{:?}", format!("a {CANARY} b")), Some("escaped"));
        check(&CANARY.bytes().map(|byte| format!("{byte:02X}")).collect::<String>(), Some("hex"));
        for before in ["", "x", "xy", "xyz"] {
            check(&STANDARD.encode(format!("{before}{CANARY} and more")), Some("base64"));
        }
    }

    #[test]
    fn a_part_of_a_canary_is_no_canary() {
        check("canary-7c1f", None);
        check(&STANDARD.encode("something else altogether"), None);
    }

    #[test]
    #[should_panic(expected = "the log holds a secret value (plain)")]
    fn a_find_names_its_origin() {
        assert_absent("the log", CANARY, CANARY);
    }
}
