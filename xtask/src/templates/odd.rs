//! Calls with odd texts: functions that read a language of their own, given what almost is one.

use super::random::Maker;

/// What such texts are made of, with `¦` between the pieces, and the templates that they are put into, in place of each
/// `@`.
struct Subject {
    pieces: &'static [&'static str],
    templates: &'static [&'static str],
}

const SUBJECTS: &[Subject] = &[
    Subject {
        pieces: &[
            "a¦b c¦- ¦: ¦:¦#¦ #¦\n¦\n  ¦  ¦ ¦'¦\"¦[¦]¦{¦}¦,¦yes¦~¦null¦0¦0x1f¦0o7¦1e3¦.5¦1_0¦-¦+1¦.inf¦",
            ".nan¦|¦|-¦>¦&a ¦*a¦!¦!!str ¦!!int ¦%¦@¦`¦?¦? ¦\t¦\\n¦\\¦---¦...¦é¦\u{feff}¦\u{2028}¦",
            "\u{7}¦<<¦=¦true¦2020-01-02¦12:30¦k: v\n¦- x\n¦x: y¦",
            "word word word word word word word word word word word word word word word word word ",
        ],
        templates: &[
            "{{ toYaml @ }}",
            "{{ toYaml (dict \"a\" @ @ 1) }}",
            "{{ toYaml (list @ (dict \"k\" (list @))) }}",
        ],
    },
    Subject {
        pieces: &[
            "a¦b c¦- ¦: ¦:¦ #¦\n¦\n  ¦  ¦ ¦'¦\"¦[¦]¦{¦}¦,¦yes¦~¦null¦0¦0x1f¦0o7¦1e3¦.5¦1_0¦-¦+1¦.inf¦",
            ".nan¦|¦>¦&a ¦*a¦!!str ¦!!int ¦@¦`¦\\n¦\\¦é¦\u{7}¦<<¦=¦true¦2020-01-02¦",
            "12:30¦k: v\n¦- x\n¦x: y¦",
            "word word word word word word word word word word word word word word word word word ",
        ],
        templates: &[
            // The rarer words of YAML 1.1 are left out, which are read as those of 1.2; what an error says is, too.
            "{{ $y := fromYaml (printf \"a: %s\" @) }}{{ if hasKey $y \"Error\" }}no{{ else }}{{ toYaml $y }}{{ end }}",
            "{{ toYaml (dict \"a\" @ @ 1) | fromYaml | toJson }}",
        ],
    },
    Subject {
        pieces: &[
            "{¦}¦[¦]¦\"¦\"a\"¦:¦,¦1¦-1¦0¦01¦1.5¦1e3¦1E+400¦-0¦true¦null¦ ¦\n¦\\u00e9¦\\ud800¦",
            "\\ud83d\\ude00¦\\n¦\\x¦é¦<&>¦\u{7f}¦\u{2028}¦\u{1}¦{\"a\":1}¦[1,2]",
        ],
        templates: &[
            "{{ fromJson @ | toJson }}",
            "{{ mustFromJson @ }}",
            "{{ fromJson @ | toPrettyJson }}",
            "{{ toJson @ }}",
            "{{ toRawJson (dict @ (list @)) }}",
        ],
    },
    Subject {
        pieces: &[
            "a¦b¦c¦ab¦.¦*¦+¦?¦*?¦+?¦??¦{2}¦{1,}¦{0,2}?¦|¦(¦)¦(?:¦(?i)¦(?P<n>¦(?s:¦[¦]¦[^a]¦[a-c]¦",
            "[[:alpha:]]¦\\d¦\\w¦\\b¦\\B¦\\pL¦\\PN¦\\p{Greek}¦\\x41¦\\Q¦\\E¦^¦$¦\\A¦\\z¦-¦$1¦${n}¦$0¦é¦",
            "\n¦ ",
        ],
        templates: &[
            "{{ mustRegexMatch @ \"abc aab\\nÉxabca\" }}",
            "{{ mustRegexFindAll @ \"abc aab\\nÉxabca\" -1 | toJson }}",
            "{{ mustRegexReplaceAll @ \"abcab aab\\nÉx\\xffa\" \"<$0|${1}|$n>\" }}",
            "{{ mustRegexReplaceAll \"(?P<n>a)(b)?\" \"abcab aac\" @ }}",
            "{{ mustRegexSplit @ \"abcabxa\\nb\" -1 | toJson }}",
            "{{ regexQuoteMeta @ }}",
            "{{ mustRegexFind @ \"xxABCabcabc\" | quote }}",
        ],
    },
    Subject {
        pieces: &[
            "1¦2¦0¦10¦.¦.¦-¦alpha¦beta.1¦+¦build¦v¦x¦*¦^¦~¦>¦>=¦<¦<=¦=¦!=¦,¦ ¦ || ¦ - ¦1.2.3¦1.2¦",
            "2.0.0-rc.1¦01¦~>",
        ],
        templates: &[
            "{{ semver @ }}",
            "{{ semverCompare @ \"1.2.3\" }}",
            "{{ semverCompare @ \"2.0.0-rc.1\" }}",
            "{{ semverCompare \"^1.2\" @ }}",
            "{{ with semver @ }}{{ .Major }} {{ .Minor }} {{ .Patch }} {{ .Prerelease }} {{ .Metadata }} {{ .Original }}{{ end }}",
        ],
    },
    Subject {
        pieces: &[
            "http¦://¦:¦/¦//¦user¦@¦pa%20ss¦host¦.example¦:80¦[::1]¦?¦a=b¦&¦#¦frag¦%¦%41¦%zz¦ ¦é¦..¦+¦",
            "mailto:¦[¦]¦;¦\\¦\u{7f}¦%2F¦\"¦<",
        ],
        templates: &[
            "{{ urlParse @ | toJson }}",
            "{{ urlParse @ | urlJoin }}",
            "{{ urlJoin (dict \"scheme\" \"http\" \"host\" @ \"path\" @ \"query\" @) }}",
            "{{ urlquery @ }}",
            "{{ clean @ }}|{{ base @ }}|{{ dir @ }}|{{ ext @ }}",
        ],
    },
    Subject {
        pieces: &[
            "2006¦06¦01¦1¦Jan¦January¦02¦2¦_2¦002¦__2¦Mon¦Monday¦15¦03¦3¦04¦4¦05¦5¦PM¦pm¦MST¦Z07:00¦",
            "Z0700¦-07:00¦-0700¦-07¦.000¦.999¦,000¦-¦:¦ ¦T¦/¦24¦31¦UTC¦Z¦+02:00¦2024¦12",
        ],
        templates: &[
            "{{ toDate \"2006-01-02T15:04:05.999Z07:00\" \"2024-02-29T13:04:05.123+02:00\" | date @ }}",
            "{{ dateInZone @ (toDate \"2006-01-02\" \"1999-12-31\") \"America/New_York\" }}",
            "{{ (toDate @ @).UTC }}",
            "{{ (mustToDate @ @).Format \"2006-01-02T15:04:05.999999999Z07:00 MST\" }}",
            "{{ (toDate \"2006-01-02 15:04\" \"2024-07-01 12:30\").Format @ }}",
        ],
    },
    Subject {
        pieces: &["1¦90¦0¦.5¦1.¦.¦-¦+¦h¦m¦s¦ms¦us¦µs¦ns¦d¦9223372036¦100000¦ ¦1h"],
        templates: &[
            "{{ duration @ }}",
            "{{ durationRound @ }}",
            "{{ toDate \"2006\" \"2024\" | dateModify @ }}",
            "{{ toDate \"2006\" \"2024\" | mustDateModify @ }}",
            "{{ atoi @ }} {{ int @ }} {{ int64 @ }} {{ float64 @ }} {{ toDecimal @ }}",
            "{{ add 1 @ }} {{ addf 0.1 @ }} {{ divf 1 @ }} {{ max 1 @ }} {{ round @ 2 }} {{ ceil @ }}",
        ],
    },
    Subject {
        pieces: &[
            "a¦Bc¦DEF¦é¦É¦ß¦ǆ¦1¦ ¦  ¦_¦-¦.¦\t¦\n¦\r\n¦\u{a0}¦\u{2003}¦<¦&¦'¦\"¦\\¦`¦\u{0}¦\u{7f}¦\u{ad}¦",
            "😀¦日本¦\u{fffd}¦%¦=¦+¦${a}¦$1¦ÿ¦ı",
        ],
        templates: &[
            "{{ quote @ }}|{{ squote @ }}|{{ printf \"%q|%+q|%#q|%x|% X\" @ @ @ @ @ }}",
            "{{ html @ }}|{{ js @ }}|{{ urlquery @ }}|{{ toJson @ }}",
            "{{ upper @ }}|{{ lower @ }}|{{ title @ }}|{{ untitle @ }}|{{ swapcase @ }}",
            "{{ snakecase @ }}|{{ camelcase @ }}|{{ kebabcase @ }}|{{ initials @ }}|{{ nospace @ }}",
            "{{ wrap 5 @ }}|{{ wrapWith 3 @ @ }}|{{ abbrev 7 @ }}|{{ abbrevboth 3 8 @ }}",
            "{{ trim @ }}|{{ trimAll @ @ }}|{{ trimPrefix @ @ }}|{{ trunc 3 @ }}|{{ trunc -2 @ }}|{{ substr 1 4 @ }}",
            "{{ replace @ @ @ }}|{{ splitList @ @ | toJson }}|{{ split @ @ | toJson }}|{{ splitn @ 2 @ | toJson }}",
            "{{ b64dec @ }}|{{ b32dec @ }}|{{ hexdec @ }}|{{ b64enc @ }}|{{ b32enc @ }}",
            "{{ indent 2 @ }}|{{ cat @ @ }}|{{ repeat 2 @ }}|{{ contains @ @ }}|{{ sortAlpha (list @ @ @) }}",
            "{{ printf @ @ }}|{{ printf \"%5.2s|%-6v|%06q\" @ @ @ }}|{{ len @ }}|{{ index @ 0 }}",
            "{{ range $i, $c := splitList \"\" @ }}{{ $i }}{{ $c }}{{ end }}|{{ slice @ 1 2 }}|{{ eq @ @ }}{{ lt @ @ }}",
        ],
    },
];

/// A template that gives odd texts to functions of one subject.
pub(super) fn template(maker: &mut Maker) -> String {
    let Subject { pieces, templates } = &SUBJECTS[maker.below(SUBJECTS.len())];
    let template = maker.choose(templates);
    let pieces: Vec<_> = pieces.iter().flat_map(|line| line.trim_end_matches('¦').split('¦')).collect();
    let mut parts = template.split('@');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |made, part| {
        let text: String = (0..maker.below(7)).map(|_| maker.choose(&pieces)).collect();
        format!("{made}{}{part}", literal(&text))
    })
}

/// A text as a constant of a template.
fn literal(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|character| match character {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            // A byte that is no UTF-8.
            'ÿ' => "\\xff".to_owned(),
            '\0'..='\x1f' | '\x7f' => format!("\\x{:02x}", u32::from(character)),
            // A template may not begin with it, and it cannot be seen.
            '\u{feff}' => "\\ufeff".to_owned(),
            _ => character.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::{Maker, literal, template};

    #[test]
    fn a_text_is_a_constant() {
        assert_eq!(literal("a\"\\\nÿ"), r#""a\"\\\x0a\xff""#);
    }

    #[test]
    fn every_place_is_filled() {
        let mut maker = Maker::new(1);
        assert!((0..100).all(|_| template(&mut maker).starts_with("{{ ")));
    }
}
