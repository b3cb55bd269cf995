//! The hostile templates. Of what is slow on purpose, one call of some (a bcrypt hash, an RSA key) takes longer than a
//! whole template may here, so that it is refused; how many there can be by default is tested beside the functions.

/// A template, and what it tries.
#[derive(Debug)]
pub(crate) struct Hostile {
    pub(crate) name: String,
    pub(crate) template: String,
}

/// All of them.
pub(crate) fn hostile() -> Vec<Hostile> {
    let written = WRITTEN.iter().map(|(name, template)| of(name, (*template).to_owned()));
    written.chain(made()).chain(documents()).chain(calls()).collect()
}

/// Every function again and again, as its example calls it.
fn calls() -> Vec<Hostile> {
    let rows = eso_template::reference().lines().filter_map(example).collect::<Vec<_>>();
    assert!(rows.len() > 200, "there are {} examples", rows.len());
    rows
}

/// Of a row of the reference page: `| name | types | template | what it renders |`.
fn example(row: &str) -> Option<Hostile> {
    let row = row.replace("\\|", "\u{1}");
    let mut cells = row.strip_prefix("| `")?.split(" | ");
    let (name, template) = (cells.next()?.trim_end_matches('`').to_owned(), cells.nth(1)?);
    let template = template.trim_matches(['`', ' ']).replace('\u{1}', "|");
    // A definition stands outside of loops.
    let template = (!template.contains("define")).then_some(template)?;
    Some(Hostile {
        name: format!("{name} again and again"),
        template: format!("{{{{ range 100000000 }}}}{template}{{{{ end }}}}"),
    })
}

/// Those that are too long to be written down.
fn made() -> Vec<Hostile> {
    vec![
        of("parentheses", format!("{{{{ {} }}}}", nested("(", "1", ")", MANY))),
        of("open parentheses", format!("{{{{ {}", "(".repeat(MANY))),
        of("parentheses of not", format!("{{{{ {} }}}}", nested("(not ", "1", ")", MANY))),
        of("ifs", nested("{{ if true }}", "x", "{{ end }}", MANY)),
        of("open ifs", "{{ if true }}".repeat(MANY)),
        of("withs", nested("{{ with 1 }}", "x", "{{ end }}", MANY)),
        of("ranges", nested("{{ range list 1 }}", "x", "{{ end }}", MANY)),
        of("ifs as deep as allowed", nested("{{ if true }}", "x", "{{ end }}", 99)),
        of("parentheses as deep as allowed", format!("{{{{ {} }}}}", nested("(print ", "1", ")", 99))),
        of("both as deep as allowed", {
            let parentheses = format!("{{{{ {} }}}}", nested("(print ", "1", ")", 50));
            nested("{{ with 1 }}", &parentheses, "{{ end }}", 49)
        }),
        of("elses", format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(MANY / 2))),
        of("else ifs that are left open", format!("{{{{ if 0 }}}}{}", "{{ else if 0 }}".repeat(MANY))),
        of("blocks in blocks", nested("{{ block \"b\" . }}", "x", "{{ end }}", MANY)),
        of("definitions", (0..MANY).map(|i| format!("{{{{ define \"{i}\" }}}}x{{{{ end }}}}")).collect()),
        of("fields", format!("{{{{ .{} }}}}", "a.".repeat(MANY))),
        of("fields of a variable", format!("{{{{ ${} }}}}", ".a".repeat(MANY))),
        of("arguments", format!("{{{{ print {} }}}}", "1 ".repeat(MANY))),
        of("pipes", format!("{{{{ 1 {} }}}}", "| print ".repeat(MANY))),
        of("variables", (0..MANY).map(|i| format!("{{{{ $v{i} := 1 }}}}")).collect()),
        of("variables that are looked up", {
            let declared: String = (0..4000).map(|i| format!("{{{{ $v{i} := 1 }}}}")).collect();
            format!("{declared}{}", "{{ $v0 }}".repeat(4000))
        }),
        of("comments", "{{/* x */}}".repeat(MANY)),
        of("empty actions", "{{}}".repeat(MANY)),
        of("actions", "{{1}}".repeat(MANY)),
        of("delimiters", "{{".repeat(MANY)),
        of("closing delimiters", format!("{{{{ {}", "}}".repeat(MANY))),
        of("trim marks", "{{- 1 -}}".repeat(MANY)),
        of("a long string", format!("{{{{ \"{}\" | len }}}}", "a".repeat(1 << 20))),
        of("a long number", format!("{{{{ {} }}}}", "1".repeat(1 << 20))),
        of("a long exponent", format!("{{{{ 1e{} }}}}", "1".repeat(1 << 20))),
        of("a long complex number", format!("{{{{ 1{} }}}}", "+1".repeat(1 << 19))),
        of("a long name", format!("{{{{ {} }}}}", "a".repeat(1 << 20))),
        of("a long format", format!("{{{{ printf \"{}\" }}}}", "%d".repeat(MANY))),
        of("a long format of indices", format!("{{{{ printf \"{}\" 1 }}}}", "%[1]d".repeat(MANY))),
        of("a long format of brackets", format!("{{{{ printf \"{}\" 1 }}}}", "%[".repeat(MANY))),
    ]
}

/// Those that have a long text of another language.
fn documents() -> Vec<Hostile> {
    vec![
        of("deep JSON", format!("{{{{ fromJson `{}` }}}}", "[".repeat(MANY))),
        of("deep JSON that closes", format!("{{{{ fromJson `{}` }}}}", nested("[", "1", "]", MANY))),
        of("JSON of many empty texts", format!("{{{{ fromJson `[{}1]` | len }}}}", "\"\",".repeat(MANY))),
        of("JSON of many names", {
            let entries: String = (0..MANY).map(|i| format!("\"{i}\":0,")).collect();
            format!("{{{{ fromJson `{{{entries}\"\":0}}` | len }}}}")
        }),
        of("JSON of many objects", format!("{{{{ fromJson `[{}1]` | len }}}}", "{\"\":0},".repeat(MANY / 4))),
        of("YAML of many empty texts", format!("{{{{ fromYaml `a: [{}1]` | len }}}}", "'',".repeat(MANY))),
        of("YAML of many names", {
            let entries: String = (0..MANY).map(|i| format!("{i}: 0\n")).collect();
            format!("{{{{ fromYaml `{entries}` | len }}}}")
        }),
        of("deep YAML", format!("{{{{ fromYaml `a: {}` }}}}", nested("[", "1", "]", MANY / 10))),
        of("YAML that names itself", {
            let lines: String = (1..30)
                .map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(",")))
                .collect();
            format!("{{{{ fromYaml `a0: &a0 [x]\n{lines}` | toJson }}}}")
        }),
        of("a deep pattern", format!("{{{{ regexMatch `{}` \"a\" }}}}", nested("(", "a", ")", MANY))),
        of("a wide pattern", format!("{{{{ regexMatch `{}` .long }}}}", "a?".repeat(MANY))),
    ]
}

/// How many of a part there are, where nothing else is said.
const MANY: usize = 200_000;

fn of(name: &str, template: String) -> Hostile {
    Hostile { name: name.to_owned(), template }
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    [open.repeat(depth), inner.to_owned(), close.repeat(depth)].concat()
}

/// Those that are short.
const WRITTEN: &[(&str, &str)] = &[
    ("a template that calls itself", r#"{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}"#),
    ("the template that calls itself", r#"{{ template "hostile" . }}"#),
    (
        "templates that call each other",
        r#"{{ define "a" }}{{ template "b" }}{{ end }}{{ define "b" }}{{ template "a" }}{{ end }}{{ template "a" }}"#,
    ),
    (
        "a template that calls itself twice",
        r#"{{ define "a" }}{{ if lt . 90 }}{{ template "a" (int (add1 .)) }}{{ template "a" (int (add1 .)) }}{{ end }}{{ end }}{{ template "a" 0 }}"#,
    ),
    (
        "ranges of ranges",
        "{{ range until 1000 }}{{ range until 1000 }}{{ range until 1000 }}{{ end }}{{ end }}{{ end }}",
    ),
    ("a range that prints", "{{ range until 100000 }}{{ $.long }}{{ end }}"),
    ("a range over a large integer", "{{ range 9223372036854775807 }}{{ end }}"),
    ("a range that goes on", "{{ range 9223372036854775807 }}{{ continue }}{{ end }}"),
    ("a range that declares", "{{ range $i := 9223372036854775807 }}{{ $x := $i }}{{ end }}"),
    (
        "a range over a dict that grows",
        r#"{{ $d := dict "a" 1 }}{{ range until 1000000 }}{{ range $k, $v := $d }}{{ $_ := set $d (print $k "x") 1 }}{{ end }}{{ end }}"#,
    ),
    (
        "signatures",
        r#"{{ $k := genPrivateKey "ecdsa" }}{{ range 100000000 }}{{ $_ := genCAWithKey "a" 1 $k }}{{ end }}"#,
    ),
    (
        "signatures as many as allowed, and then a range",
        r#"{{ $k := genPrivateKey "ecdsa" }}{{ range 5 }}{{ $_ := genCAWithKey "a" 1 $k }}{{ end }}{{ range 100000000 }}{{ end }}"#,
    ),
    (
        "stores as many as allowed, and then a range",
        r#"{{ $k := genPrivateKey "ecdsa" }}{{ $c := (genCAWithKey "a" 1 $k).Cert }}{{ $_ := pemToPkcs12Pass $c $k "p" }}{{ range 100000000 }}{{ end }}"#,
    ),
    (
        "stores",
        r#"{{ $k := genPrivateKey "ed25519" }}{{ $c := (genCAWithKey "a" 1 $k).Cert }}{{ range 100000000 }}{{ $_ := pemToPkcs12 $c $k }}{{ end }}"#,
    ),
    ("keys on a curve", r#"{{ range 100000000 }}{{ $_ := genPrivateKey "ecdsa" }}{{ end }}"#),
    ("keys on another curve", r#"{{ range 100000000 }}{{ $_ := genPrivateKey "ed25519" }}{{ end }}"#),
    ("DSA keys", r#"{{ range 100000000 }}{{ $_ := genPrivateKey "dsa" }}{{ end }}"#),
    ("RSA keys", r#"{{ range 100000000 }}{{ $_ := genPrivateKey "rsa" }}{{ end }}"#),
    ("authorities", r#"{{ range 100000000 }}{{ $_ := genCA "a" 1 }}{{ end }}"#),
    ("hashes", r#"{{ range 100000000 }}{{ $_ := bcrypt "a" }}{{ end }}"#),
    ("derivations", r#"{{ range 100000000 }}{{ $_ := derivePassword 1 "pin" "a" "b" "c" }}{{ end }}"#),
    ("what is locked", r#"{{ range 100000000 }}{{ $_ := encryptAES "a" $.long }}{{ end }}"#),
    ("until", "{{ until 1000000000 }}"),
    ("until of less than nothing", "{{ until -1000000000 }}"),
    ("many texts of numbers", "{{ toStrings (until 100000) | len }}"),
    ("many parts", r#"{{ split "" .long | len }}"#),
    ("many matches", r#"{{ regexFindAll "" .long -1 | len }}"#),
    ("many pieces", r#"{{ regexSplit "" .long -1 | len }}"#),
    ("many lists of one", "{{ chunk 1 (until 100000) | len }}"),
    (
        "many keys of dicts",
        r#"{{ range until 1000 }}{{ $x := keys (split "" (trunc 1000 $.long)) }}{{ end }}"#,
    ),
    ("untilStep", "{{ untilStep 0 9223372036854775807 1 }}"),
    ("untilStep without a step", "{{ untilStep 0 10 0 }}"),
    ("seq", "{{ seq 1 1000000000 }}"),
    ("seq that counts back", "{{ seq 1000000000 -1 1 }}"),
    ("until again and again", "{{ range until 1000 }}{{ $x := until 100000 }}{{ end }}"),
    ("repeat", r#"{{ repeat 1000000000 "a" }}"#),
    ("repeat of what is long", "{{ repeat 100000 .long }}"),
    ("repeat of less than nothing", r#"{{ repeat -1 "a" }}"#),
    ("repeat of the repeated", r#"{{ repeat 10000 (repeat 10000 "a") }}"#),
    ("repeat that overflows", r#"{{ repeat 9223372036854775807 "aaaa" }}"#),
    ("repeat of nothing", r#"{{ repeat 9223372036854775807 "" }}"#),
    ("indent", "{{ indent 1000000000 .long }}"),
    ("nindent", r#"{{ nindent 9223372036854775807 "a" }}"#),
    ("indent of many lines", r#"{{ indent 1000 (repeat 100000 "\n") }}"#),
    ("a wide number", r#"{{ printf "%999999999d" 1 }}"#),
    ("a wide number as wide as is allowed", r#"{{ printf "%1000000d" 1 }}"#),
    ("a number of many digits", r#"{{ printf "%.9999999d" 1 }}"#),
    ("a float of many digits", r#"{{ printf "%.1000000f" 1.5 }}"#),
    ("a float of many digits, often", r#"{{ range until 1000 }}{{ $x := printf "%.999999f" 1.5 }}{{ end }}"#),
    ("a width as an argument", r#"{{ printf "%*d" 1000000 1 }}"#),
    ("a wide width as an argument", r#"{{ printf "%*d" 9223372036854775807 1 }}"#),
    (
        "many widths",
        r#"{{ printf "%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d" 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 }}"#,
    ),
    ("widths of each item", r#"{{ printf "%1000000d" (until 100000) }}"#),
    (
        "a text that doubles",
        r#"{{ $s := "aaaaaaaa" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}{{ $s }}"#,
    ),
    (
        "a text that grows",
        r#"{{ $s := "" }}{{ range until 1000000 }}{{ $s = print $s "aaaaaaaaaaaaaaaa" }}{{ end }}"#,
    ),
    (
        "a text that doubles by printf",
        r#"{{ $s := "aaaaaaaa" }}{{ range until 60 }}{{ $s = printf "%s%s" $s $s }}{{ end }}"#,
    ),
    (
        "a text that doubles by replace",
        r#"{{ $s := "aaaaaaaa" }}{{ range until 60 }}{{ $s = replace "a" "aa" $s }}{{ end }}"#,
    ),
    (
        "a text that doubles by quote",
        r#"{{ $s := "\"\"\"\"" }}{{ range until 60 }}{{ $s = quote $s }}{{ end }}"#,
    ),
    (
        "a text that doubles by html",
        r#"{{ $s := "&&&&" }}{{ range until 1000 }}{{ $s = html $s $s }}{{ end }}"#,
    ),
    (
        "a text that grows by urlquery",
        r#"{{ $s := "\xff" }}{{ range until 1000 }}{{ $s = urlquery $s }}{{ end }}"#,
    ),
    (
        "a text that grows by b64enc",
        r#"{{ $s := .long }}{{ range until 1000 }}{{ $s = b64enc $s }}{{ end }}"#,
    ),
    ("a text that grows by toJson", r#"{{ $s := "\"" }}{{ range until 1000 }}{{ $s = toJson $s }}{{ end }}"#),
    (
        "a text that is cut and joined",
        r#"{{ $s := .long }}{{ range until 1000 }}{{ $s = splitList "" $s | join "aa" }}{{ end }}"#,
    ),
    ("a list that doubles", "{{ $l := list 1 2 3 4 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}"),
    ("a list that grows", "{{ $l := list }}{{ range until 1000000 }}{{ $l = append $l 1 }}{{ end }}"),
    ("a deep list", "{{ $l := list }}{{ range until 1000000 }}{{ $l = list $l }}{{ end }}"),
    ("a deep dict", r#"{{ $d := dict }}{{ range until 1000000 }}{{ $d = dict "a" $d }}{{ end }}"#),
    (
        "a deep dict that is printed",
        r#"{{ $d := dict }}{{ range until 10000 }}{{ $d = dict "a" $d }}{{ end }}{{ $d }}"#,
    ),
    (
        "a deep dict as JSON",
        r#"{{ $d := dict }}{{ range until 10000 }}{{ $d = dict "a" $d }}{{ end }}{{ toJson $d }}"#,
    ),
    (
        "a deep dict as YAML",
        r#"{{ $d := dict }}{{ range until 10000 }}{{ $d = dict "a" $d }}{{ end }}{{ toYaml $d }}"#,
    ),
    (
        "a deep dict that is copied",
        r#"{{ $d := dict }}{{ range until 10000 }}{{ $d = dict "a" $d }}{{ end }}{{ $e := deepCopy $d }}"#,
    ),
    (
        "a deep dict that is compared",
        r#"{{ $d := dict }}{{ $e := dict }}{{ range until 10000 }}{{ $d = dict "a" $d }}{{ $e = dict "a" $e }}{{ end }}{{ deepEqual $d $e }}"#,
    ),
    (
        "deep dicts that are merged",
        r#"{{ $d := dict }}{{ $e := dict }}{{ range until 10000 }}{{ $d = dict "a" $d }}{{ $e = dict "a" $e }}{{ end }}{{ $f := merge $d $e }}"#,
    ),
    (
        "lists and dicts in each other",
        r#"{{ $d := dict }}{{ range until 10000 }}{{ $d = list (dict "a" $d) }}{{ end }}{{ $d }}"#,
    ),
    (
        "a list that holds itself twice, printed",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ $l }}",
    ),
    (
        "a list that holds itself twice, as JSON",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}",
    ),
    (
        "a list that holds itself twice, compared",
        "{{ $l := list 1 }}{{ $m := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}",
    ),
    (
        "a list that holds itself twice, copied",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ $m := deepCopy $l }}",
    ),
    (
        "a list that holds itself twice, uniq",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ uniq (list $l $l) }}",
    ),
    (
        "a dict that holds itself twice, printed",
        r#"{{ $l := dict }}{{ range until 60 }}{{ $l = dict "a" $l "b" $l }}{{ end }}{{ $l }}"#,
    ),
    ("a dict in itself, printed", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $d }}"#),
    ("a dict in itself, by printf", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ printf "%#v" $d }}"#),
    ("a dict in itself, as JSON", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toJson $d }}"#),
    ("a dict in itself, as pretty JSON", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toPrettyJson $d }}"#),
    ("a dict in itself, as YAML", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toYaml $d }}"#),
    ("a dict in itself, copied", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $e := deepCopy $d }}"#),
    (
        "a dict in itself, compared",
        r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $e := dict }}{{ $_ := set $e "a" $e }}{{ deepEqual $d $e }}"#,
    ),
    (
        "a dict in itself, merged",
        r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $e := merge (dict "a" (dict "b" 1)) $d }}"#,
    ),
    (
        "a dict in itself, merged with itself",
        r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $e := mergeOverwrite $d $d }}"#,
    ),
    (
        "a dict in itself, by many ways",
        r#"{{ $d := dict }}{{ range until 50 }}{{ $_ := set $d (print .) $d }}{{ end }}{{ $d }}"#,
    ),
    ("a dict in itself, as a text", r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toString $d | quote }}"#),
    ("dicts in a ring", r#"{{ $a := dict }}{{ $b := dict "a" $a }}{{ $_ := set $a "b" $b }}{{ $a }}"#),
    ("many dicts in rings", r#"{{ range until 100000 }}{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ end }}"#),
    ("a pattern that backtracks", "{{ regexMatch .pattern .long }}"),
    ("a pattern that counts", r#"{{ regexMatch "((a{1,1000}){1,1000}){1,1000}" "a" }}"#),
    ("a pattern that matches nothing everywhere", r#"{{ regexReplaceAll "" .long "aaaaaaaaaaaaaaaa" }}"#),
    ("a pattern that matches everywhere", r#"{{ regexFindAll "a" (repeat 100 .long) -1 }}"#),
    ("a pattern that is replaced by more", r#"{{ regexReplaceAll "a" .long (repeat 1000 "${0}") }}"#),
    ("a pattern that splits everywhere", r#"{{ regexSplit "" .long -1 }}"#),
    ("a pattern again and again", r#"{{ range until 100000 }}{{ regexMatch "a+b" $.long }}{{ end }}"#),
    ("a pattern of all runes", r#"{{ regexMatch "(\\pL|\\PL){500}x" .long }}"#),
    ("a constraint of spaces", r#"{{ semverCompare (repeat 100000 " ") "1" }}"#),
    ("a constraint of bars", r#"{{ semverCompare (repeat 200000 "|") "1" }}"#),
    ("a constraint of one version", r#"{{ semverCompare (repeat 100000 "1") "1" }}"#),
    ("a constraint of ranges", r#"{{ semverCompare (repeat 50000 "1 - 2 ") "1" }}"#),
    (
        "a constraint of bars, often",
        r#"{{ $c := repeat 1000 "|" }}{{ range until 1000 }}{{ $x := semverCompare $c "1" }}{{ end }}"#,
    ),
    ("random letters", "{{ randAlphaNum 1000000000 }}"),
    ("random bytes", "{{ randBytes 1000000000 }}"),
    ("a wide wrap", r#"{{ wrapWith 1 (repeat 1000 "a") .long }}"#),
    ("a sort", "{{ sortAlpha (splitList \"\" (repeat 10 .long)) }}"),
    ("uniq of many", "{{ uniq (until 100000) }}"),
    ("has in many, often", "{{ $l := until 10000 }}{{ range $l }}{{ has -1 $l }}{{ end }}"),
    ("without of many", "{{ $l := until 10000 }}{{ range $l }}{{ $x := without $l 1 2 3 }}{{ end }}"),
    ("chunks of many", "{{ chunk 1 (until 1000000) }}"),
    ("a division by zero", "{{ div 1 0 }}"),
    ("a remainder by zero", "{{ mod 1 0 }}"),
    ("a division that overflows", "{{ div -9223372036854775808 -1 }}"),
    ("a remainder that overflows", "{{ mod -9223372036854775808 -1 }}"),
    ("a product that overflows", "{{ mul 9223372036854775807 9223372036854775807 }}"),
    ("a rounding to many digits", "{{ round 1.5 1000000000 }}"),
    ("a rounding to less than none", "{{ round 1.5 -1000000000 }}"),
    ("a substring out of bounds", r#"{{ substr -5 9223372036854775807 "abc" }}"#),
    ("a slice out of bounds", "{{ slice (list 1 2 3) 2 9223372036854775807 }}"),
    ("an index out of bounds", "{{ index (list 1 2 3) 9223372036854775807 }}"),
    ("an abbreviation out of bounds", r#"{{ abbrevboth 9223372036854775807 9223372036854775807 "abc" }}"#),
    ("a truncation out of bounds", r#"{{ trunc -9223372036854775808 "abc" }}"#),
    ("a chunk of nothing", "{{ chunk 0 (list 1 2 3) }}"),
    ("a date far away", r#"{{ date "2006" 9223372036854775807 }}"#),
    ("a long duration", r#"{{ durationRound "9223372036854775807h" }}"#),
    ("a date moved far away", r#"{{ now | dateModify "2562047h" | dateModify "2562047h" }}"#),
    ("a random number of nothing", "{{ randInt 5 5 }}"),
    ("a password that fails", "{{ fail .password }}"),
];
