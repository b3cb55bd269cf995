//! Random templates: mostly well formed, of all actions, operators, constants and of the functions that answer the same
//! each time.

use super::odd;

/// Makes templates, the same ones for the same seed.
#[derive(Debug)]
pub(crate) struct Maker {
    state: u64,
    /// How many parts the template may still have.
    parts: usize,
}

/// Functions, each with what it is mostly given: any value, a text (`s`), a number, a list, a dict, a bool.
const FUNCTIONS: &[(&str, &str)] = &[
    ("and", "aa"),
    ("or", "aa"),
    ("not", "a"),
    ("len", "s"),
    ("len", "l"),
    ("index", "ln"),
    ("index", "ds"),
    ("print", "aaa"),
    ("println", "aa"),
    ("html", "a"),
    ("js", "s"),
    ("urlquery", "s"),
    ("eq", "ss"),
    ("eq", "nn"),
    ("ne", "ss"),
    ("lt", "nn"),
    ("le", "ss"),
    ("gt", "nn"),
    ("ge", "ss"),
    ("upper", "s"),
    ("lower", "s"),
    ("title", "s"),
    ("untitle", "s"),
    ("trim", "s"),
    ("trimAll", "ss"),
    ("trimSuffix", "ss"),
    ("trimPrefix", "ss"),
    ("nospace", "s"),
    ("initials", "s"),
    ("swapcase", "s"),
    ("snakecase", "s"),
    ("camelcase", "s"),
    ("kebabcase", "s"),
    ("wrap", "ns"),
    ("wrapWith", "nss"),
    ("contains", "ss"),
    ("hasPrefix", "ss"),
    ("hasSuffix", "ss"),
    ("quote", "aa"),
    ("squote", "aa"),
    ("cat", "aa"),
    ("indent", "ns"),
    ("nindent", "ns"),
    ("replace", "sss"),
    ("plural", "ssn"),
    ("sha256sum", "s"),
    ("toString", "a"),
    ("atoi", "s"),
    ("int64", "a"),
    ("int", "a"),
    ("float64", "a"),
    ("toDecimal", "a"),
    ("split", "ss"),
    ("splitList", "ss"),
    ("splitn", "sns"),
    ("toStrings", "l"),
    ("until", "n"),
    ("untilStep", "nnn"),
    ("add1", "a"),
    ("add", "aa"),
    ("sub", "aa"),
    ("div", "an"),
    ("mod", "an"),
    ("mul", "aa"),
    ("max", "aa"),
    ("min", "aa"),
    ("maxf", "aa"),
    ("minf", "aa"),
    ("addf", "aa"),
    ("subf", "aa"),
    ("mulf", "aa"),
    ("divf", "aa"),
    ("ceil", "a"),
    ("floor", "a"),
    ("round", "an"),
    ("join", "sl"),
    ("sortAlpha", "l"),
    ("default", "aa"),
    ("empty", "a"),
    ("coalesce", "aaa"),
    ("all", "aa"),
    ("any", "aa"),
    ("compact", "l"),
    ("fromJson", "s"),
    ("toJson", "a"),
    ("toPrettyJson", "a"),
    ("toRawJson", "a"),
    ("ternary", "aab"),
    ("typeOf", "a"),
    ("kindOf", "a"),
    ("kindIs", "sa"),
    ("typeIs", "sa"),
    ("deepEqual", "aa"),
    ("base", "s"),
    ("dir", "s"),
    ("clean", "s"),
    ("ext", "s"),
    ("isAbs", "s"),
    ("b64enc", "s"),
    ("b64dec", "s"),
    ("b32enc", "s"),
    ("b32dec", "s"),
    ("list", "aa"),
    ("dict", "sasa"),
    ("get", "ds"),
    ("hasKey", "ds"),
    ("first", "l"),
    ("last", "l"),
    ("rest", "l"),
    ("initial", "l"),
    ("append", "la"),
    ("prepend", "la"),
    ("reverse", "l"),
    ("uniq", "l"),
    ("without", "laa"),
    ("has", "al"),
    ("slice", "lnn"),
    ("concat", "ll"),
    ("chunk", "nl"),
    ("dig", "ssd"),
    ("regexMatch", "ss"),
    ("regexFind", "ss"),
    ("regexFindAll", "ssn"),
    ("regexReplaceAll", "sss"),
    ("regexSplit", "ssn"),
    ("trunc", "ns"),
    ("substr", "nns"),
    ("abbrev", "ns"),
    ("repeat", "ns"),
    ("toYaml", "a"),
    ("pick", "ds"),
    ("omit", "ds"),
    ("pluck", "sd"),
    ("merge", "dd"),
    ("mergeOverwrite", "dd"),
    ("deepCopy", "a"),
    ("set", "dsa"),
    ("unset", "ds"),
    ("semver", "s"),
    ("semverCompare", "ss"),
    ("urlParse", "s"),
    ("adler32sum", "s"),
    ("duration", "s"),
    ("durationRound", "s"),
    ("printf", "s"),
    ("hexdec", "s"),
    ("seq", "nn"),
    ("biggest", "aa"),
    ("tuple", "aa"),
    ("hello", ""),
    ("osBase", "s"),
];

const ANY: &[&str] = &[
    "1",
    "0",
    "-3",
    "2.5",
    "1e3",
    "0x1F",
    "'a'",
    "1i",
    "true",
    "nil",
    ".",
    "$",
    ".missing",
    ".user.x",
    "$x",
    "$y",
    "(fromJson .json)",
    "(fromJson .nested)",
    "(fromJson .json).c.d",
    "(index .list 1)",
];

const STRINGS: &[&str] = &[
    r#""""#,
    r#""a b""#,
    r#""1.5""#,
    r#""0x1f""#,
    r#""héy-wörld foo_bar""#,
    r#""\xff\n""#,
    "`raw`",
    r#"",""#,
    r#""user""#,
    r#""a""#,
    r#""[a-c]+""#,
    ".user",
    ".num",
    ".empty",
    ".list",
    ".multi",
    ".json",
    ".ver",
    ".bytes",
    ".unicode",
    ".float",
    ".spaces",
    ".b64",
    ".url",
    ".path",
    ".hex",
    ".negative",
    r#""1h30m""#,
];

const NUMBERS: &[&str] =
    &["0", "1", "2", "3", "5", "-1", "-4", "10", "017", "1_0", "'\\n'", "(len .user)", "(int64 4)"];

const LISTS: &[&str] = &[
    r#"(list 1 "a" 2.5 nil)"#,
    "list",
    "(list)",
    "(until 4)",
    r#"(splitList "," .list)"#,
    "(fromJson .json).b",
    "(fromJson .nested).list",
    r#"(list "b" "a" "b" "")"#,
    "(list (list 1 2) 3)",
    "(list true false 0)",
];

const DICTS: &[&str] = &[
    r#"(dict "a" 1 "b" "x")"#,
    "dict",
    "(fromJson .json)",
    "(fromJson .json).c",
    r#"(dict "a" (dict "b" nil "user" 1.5))"#,
    r#"(split "," .list)"#,
    "$",
];

const BOOLS: &[&str] = &["true", "false", "(eq 1 1)", "(not .user)"];

const TEXTS: &[&str] = &["", " ", "x", "\n", " a \n b ", "{", "}", "é"];

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, parts: 0 }
    }

    /// The next template.
    pub(crate) fn template(&mut self) -> String {
        if self.one_in(3) {
            return odd::template(self);
        }
        self.parts = 7;
        let mut template = self.nodes(0);
        if self.one_in(3) {
            template =
                format!("{{{{ $x := {} }}}}{{{{ $y := {} }}}}{template}", self.operand(), self.operand());
        }
        if self.one_in(6) {
            self.garble(&mut template);
        }
        template
    }

    fn nodes(&mut self, depth: usize) -> String {
        (0..1 + self.below(2)).map(|_| self.node(depth)).collect()
    }

    fn node(&mut self, depth: usize) -> String {
        self.parts = self.parts.saturating_sub(1);
        let text = self.choose(TEXTS).to_owned();
        if self.parts == 0 || depth > 3 {
            return text;
        }
        let (left, right) =
            (if self.one_in(6) { "{{- " } else { "{{ " }, if self.one_in(6) { " -}}" } else { " }}" });
        let end = format!("{left}end{right}");
        let inner = depth + 1;
        match self.below(14) {
            0 => format!("{left}if {}{right}{}{end}", self.pipeline(), self.nodes(inner)),
            1 => format!(
                "{left}if {}{right}{}{left}else{right}{}{end}",
                self.pipeline(),
                self.nodes(inner),
                self.nodes(inner)
            ),
            2 => format!(
                "{left}with {}{right}{}{left}else with {}{right}{}{end}",
                self.pipeline(),
                self.nodes(inner),
                self.pipeline(),
                self.nodes(inner)
            ),
            3 => format!(
                "{left}range $i, $x := {}{right}{{{{ $i }}}}{}{end}",
                self.pipeline(),
                self.nodes(inner)
            ),
            4 => format!(
                "{left}range {}{right}{}{left}else{right}{}{end}",
                self.pipeline(),
                self.nodes(inner),
                self.nodes(inner)
            ),
            5 => format!(
                "{left}range {}{right}{{{{ if {} }}}}{}{{{{ end }}}}{}{end}",
                self.pipeline(),
                self.pipeline(),
                self.choose(&["{{ break }}", "{{ continue }}"]).to_owned(),
                self.nodes(inner)
            ),
            6 => format!("{left}$x = {}{right}", self.pipeline()),
            7 => format!("{left}$y := {}{right}", self.pipeline()),
            8 => format!(
                "{left}block \"b{}\" {}{right}{}{end}",
                self.state % 1000,
                self.pipeline(),
                self.nodes(inner)
            ),
            9 => self.printf(),
            _ => format!("{left}{}{right}{text}", self.pipeline()),
        }
    }

    fn printf(&mut self) -> String {
        let format: String = (0..1 + self.below(3))
            .map(|_| {
                let flags: String =
                    (0..self.below(3)).map(|_| self.choose(&["#", "0", "+", "-", " "])).collect();
                let width = self.choose(&["", "", "5", "12", "*", "[1]"]);
                let precision = self.choose(&["", "", ".2", ".0", ".", ".*", ".[2]"]);
                let verb = self.choose(&[
                    "v", "d", "s", "q", "x", "X", "f", "g", "e", "t", "T", "c", "U", "o", "b", "z", "%", "",
                ]);
                format!("%{flags}{width}{precision}{verb}|")
            })
            .collect();
        let operands: String = (0..self.below(4)).map(|_| format!(" {}", self.operand())).collect();
        format!("{{{{ printf \"{format}\"{operands} }}}}")
    }

    fn pipeline(&mut self) -> String {
        let first = match self.one_in(3) {
            true => self.operand(),
            false => self.call(0),
        };
        (0..self.below(3)).fold(first, |pipeline, _| format!("{pipeline} | {}", self.call(1)))
    }

    /// A call with so many arguments fewer than it takes.
    fn call(&mut self, fewer: usize) -> String {
        let (name, kinds) = FUNCTIONS[self.below(FUNCTIONS.len())];
        let given = kinds.len().saturating_sub(fewer);
        let given = if self.one_in(40) { self.below(4) } else { given };
        kinds.chars().chain("aaa".chars()).take(given).fold(name.to_owned(), |call, kind| {
            let operand = self.of_kind(kind);
            format!("{call} {operand}")
        })
    }

    fn operand(&mut self) -> String {
        let kind = char::from(b"assnnld"[self.below(7)]);
        self.of_kind(kind)
    }

    fn of_kind(&mut self, kind: char) -> String {
        let constants = match kind {
            _ if self.one_in(80) => ANY,
            's' => STRINGS,
            'n' => NUMBERS,
            'l' => LISTS,
            'd' => DICTS,
            'b' => BOOLS,
            _ => return self.any(),
        };
        self.choose(constants).to_owned()
    }

    fn any(&mut self) -> String {
        match self.below(8) {
            0..=1 => self.choose(ANY).to_owned(),
            2..=4 => self.operand(),
            5 => format!("({})", self.call(0)),
            6 => format!("({} | {})", self.operand(), self.call(1)),
            _ => {
                self.choose(&["(print 1.5)", "(len .multi)", "(quote .user)", "(list 1 2 | len)"]).to_owned()
            }
        }
    }

    /// Changes a character, so that the words are no longer right.
    fn garble(&mut self, template: &mut String) {
        let mut characters: Vec<char> = template.chars().collect();
        if characters.is_empty() {
            return;
        }
        let place = self.below(characters.len());
        match self.below(3) {
            0 => drop(characters.remove(place)),
            1 => characters.insert(place, char::from(b"{}()|.$\"'`:=,- \n%0eax"[self.below(21)])),
            _ => characters[place] = char::from(b"{}()|.$\"'`:=,- \n%0eax"[self.below(21)]),
        }
        *template = characters.into_iter().collect();
    }

    pub(super) fn choose<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// A number less than `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // xorshift64*: what is drawn must differ, and not be hard to guess.
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let drawn = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap_or(0) % end
    }
}

#[cfg(test)]
mod tests {
    use super::Maker;

    #[test]
    fn a_seed_makes_the_same_templates() {
        let made =
            |first: u64| (first..first + 50).map(|seed| Maker::new(seed).template()).collect::<Vec<_>>();
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(51));
    }
}
