//! The public regular expressions give what Go gave in the probes of the functions that use them.

use eso_template::regexp::Regexp;
use serde_json::Value;

use crate::golden::read;

/// The texts of a call of nothing but texts, in double quotes or in back ones.
fn arguments(template: &str, function: &str) -> Option<Vec<String>> {
    let inner = template.strip_prefix("{{ ")?.strip_prefix(function)?.strip_suffix(" }}")?;
    let mut arguments = Vec::new();
    let mut rest = inner;
    while let Some(text) = rest.strip_prefix(' ') {
        let (argument, behind) = if let Some(raw) = text.strip_prefix('`') {
            let (raw, behind) = raw.split_once('`')?;
            (raw.to_owned(), behind)
        } else {
            let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
            let argument = stream.next()?.ok()?;
            (argument, &text[stream.byte_offset()..])
        };
        arguments.push(argument);
        rest = behind;
    }
    rest.is_empty().then_some(arguments)
}

#[test]
fn it_matches_and_replaces_as_in_go() {
    let probes: Vec<Value> = read("golden/regexes.json");
    let (mut matched, mut replaced) = (0, 0);
    for probe in &probes {
        let (Some(template), Some(ok)) = (probe["t"].as_str(), probe["ok"].as_str()) else { continue };
        let of = |name: &str| {
            arguments(template, name).or_else(|| arguments(template, &name.replacen("r", "mustR", 1)))
        };
        if let Some([pattern, text]) = of("regexMatch").as_deref()
            && let Ok(regexp) = Regexp::new(pattern)
        {
            assert_eq!(regexp.is_match(text), Ok(ok == "true"), "{template}");
            matched += 1;
        }
        if let Some([pattern, text, replacement]) = of("regexReplaceAll").as_deref() {
            let regexp = Regexp::new(pattern).unwrap_or_else(|error| panic!("{template}: {error}"));
            assert_eq!(regexp.replace_all(text, replacement).as_deref(), Ok(ok), "{template}");
            replaced += 1;
        }
    }
    assert!(matched >= 7 && replaced >= 20, "there are {matched} and {replaced} of them");
}
