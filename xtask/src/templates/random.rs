//! Random templates: mostly well formed, of all actions, operators, constants and of the functions that answer the same
//! each time.

/// Makes templates, the same ones for the same seed.
#[derive(Debug)]
pub(crate) struct Maker {
    state: u64,
    /// How many parts the template may still have.
    parts: usize,
}

/// Functions, each with how many arguments it is tried with.
const FUNCTIONS: &[(&str, usize)] = &[
    ("and", 2),
    ("or", 2),
    ("not", 1),
    ("len", 1),
    ("index", 2),
    ("print", 3),
    ("println", 2),
    ("html", 1),
    ("js", 1),
    ("urlquery", 1),
    ("eq", 2),
    ("ne", 2),
    ("lt", 2),
    ("le", 2),
    ("gt", 2),
    ("ge", 2),
    ("upper", 1),
    ("lower", 1),
    ("title", 1),
    ("untitle", 1),
    ("trim", 1),
    ("trimAll", 2),
    ("trimSuffix", 2),
    ("trimPrefix", 2),
    ("nospace", 1),
    ("initials", 1),
    ("swapcase", 1),
    ("snakecase", 1),
    ("camelcase", 1),
    ("kebabcase", 1),
    ("wrap", 2),
    ("wrapWith", 3),
    ("contains", 2),
    ("hasPrefix", 2),
    ("hasSuffix", 2),
    ("quote", 2),
    ("squote", 2),
    ("cat", 2),
    ("indent", 2),
    ("nindent", 2),
    ("replace", 3),
    ("plural", 3),
    ("sha256sum", 1),
    ("toString", 1),
    ("atoi", 1),
    ("int64", 1),
    ("int", 1),
    ("float64", 1),
    ("toDecimal", 1),
    ("split", 2),
    ("splitList", 2),
    ("splitn", 3),
    ("toStrings", 1),
    ("until", 1),
    ("add1", 1),
    ("add", 2),
    ("sub", 2),
    ("div", 2),
    ("mod", 2),
    ("mul", 2),
    ("max", 2),
    ("min", 2),
    ("ceil", 1),
    ("floor", 1),
    ("round", 2),
    ("join", 2),
    ("sortAlpha", 1),
    ("default", 2),
    ("empty", 1),
    ("coalesce", 2),
    ("all", 2),
    ("any", 2),
    ("compact", 1),
    ("fromJson", 1),
    ("toJson", 1),
    ("toPrettyJson", 1),
    ("toRawJson", 1),
    ("ternary", 3),
    ("typeOf", 1),
    ("kindOf", 1),
    ("kindIs", 2),
    ("deepEqual", 2),
    ("base", 1),
    ("dir", 1),
    ("clean", 1),
    ("ext", 1),
    ("b64enc", 1),
    ("b64dec", 1),
    ("b32enc", 1),
    ("list", 2),
    ("dict", 2),
    ("get", 2),
    ("hasKey", 2),
    ("keys", 1),
    ("values", 1),
    ("first", 1),
    ("last", 1),
    ("rest", 1),
    ("initial", 1),
    ("append", 2),
    ("prepend", 2),
    ("reverse", 1),
    ("uniq", 1),
    ("without", 2),
    ("has", 2),
    ("slice", 3),
    ("concat", 2),
    ("chunk", 2),
    ("dig", 3),
    ("regexMatch", 2),
    ("trunc", 2),
    ("substr", 3),
    ("abbrev", 2),
    ("repeat", 2),
    ("toYaml", 1),
    ("pick", 2),
    ("omit", 2),
    ("pluck", 2),
    ("semver", 1),
];

const CONSTANTS: &[&str] = &[
    "1",
    "0",
    "-3",
    "2.5",
    "1e3",
    "0x1F",
    "017",
    "1_000",
    "'a'",
    "1i",
    "true",
    "false",
    "nil",
    r#""""#,
    r#""a b""#,
    r#""1.5""#,
    r#""héy""#,
    r#""\xff\n""#,
    "`raw`",
    r#"",""#,
    "\"user\"",
    "\"a\"",
];

const FIELDS: &[&str] = &[
    ".",
    "$",
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
    ".missing",
    ".user.x",
    "(fromJson .json)",
    "(fromJson .json).c",
    "(fromJson .json).b",
    "(fromJson .nested).list",
    "(list 1 \"a\" 2.5 nil)",
    "(dict \"a\" 1 \"b\" \"x\")",
    "$x",
    "$y",
    "(until 3)",
    "(splitList \",\" .list)",
];

const TEXTS: &[&str] = &["", " ", "x", "\n", " a \n b ", "{", "}", "é"];

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, parts: 0 }
    }

    /// The next template.
    pub(crate) fn template(&mut self) -> String {
        self.parts = 12;
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
        (0..1 + self.below(3)).map(|_| self.node(depth)).collect()
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
        let (name, arguments) = FUNCTIONS[self.below(FUNCTIONS.len())];
        let arguments = if self.one_in(20) { self.below(4) } else { arguments.saturating_sub(fewer) };
        (0..arguments).fold(name.to_owned(), |call, _| format!("{call} {}", self.operand()))
    }

    fn operand(&mut self) -> String {
        match self.below(10) {
            0..=3 => self.choose(CONSTANTS).to_owned(),
            4..=7 => self.choose(FIELDS).to_owned(),
            8 => format!("({})", self.call(0)),
            _ => format!("({} | {})", self.choose(FIELDS).to_owned(), self.call(1)),
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

    fn choose<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn below(&mut self, end: usize) -> usize {
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
        let made = |seed| (0..50).map(|_| seed).map(|seed| Maker::new(seed).template()).collect::<Vec<_>>();
        assert_eq!(made(1), made(1));
        assert_ne!(Maker::new(1).template(), Maker::new(2).template());
    }
}
