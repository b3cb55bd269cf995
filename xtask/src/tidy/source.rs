//! One source file, as the rules see it.

use std::{collections::BTreeSet, fs};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Block, ImplItemFn, ItemFn, ItemMod, ItemUse, Path, Signature, TraitItemFn, UseTree,
    spanned::Spanned as _,
    visit::{self, Visit},
};

/// What is known of a source file. Tests in it are left out of all but the first line.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path from the root of the repository.
    pub(super) path: String,
    /// Whether it begins by saying what it is for.
    pub(super) opens_with_doc: bool,
    /// How many of its lines hold code.
    pub(super) lines_of_code: usize,
    /// Whether it looks into a secret value.
    pub(super) reveals: bool,
    /// The paths that it names, as `std::fs::read`; an import of several is one for each.
    pub(super) names: BTreeSet<String>,
    functions: Vec<Function>,
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    length: usize,
}

impl Source {
    /// Reads a file below `root`.
    pub(super) fn read(root: &std::path::Path, path: &std::path::Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let path =
            path.strip_prefix(root).expect("a source must lie in the repository").display().to_string();
        Self::parse(path, &text)
    }

    /// The functions of more than `lines` lines, each as `path:line name`.
    pub(super) fn longer_functions(&self, lines: usize) -> Vec<String> {
        let long = self.functions.iter().filter(|function| function.length > lines);
        long.map(|function| format!("{}:{} {}", self.path, function.line, function.name)).collect()
    }

    /// How long each function is.
    pub(super) fn function_lengths(&self) -> Vec<usize> {
        self.functions.iter().map(|function| function.length).collect()
    }

    fn parse(path: String, text: &str) -> Self {
        let opens_with_doc = text.starts_with("//!");
        if is_test(&path) {
            let names = BTreeSet::new();
            return Self {
                path,
                opens_with_doc,
                lines_of_code: 0,
                reveals: false,
                names,
                functions: Vec::new(),
            };
        }
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader::default();
        reader.visit_file(&file);
        let mut tokens = Tokens::default();
        tokens.read(text.parse().expect("what was parsed must be tokens"));
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                tokens.lines.remove(&(index + 1));
            }
        }
        let is_tested = |line: &usize| reader.tests.iter().any(|test| test.contains(line));
        let lines_of_code = tokens.lines.iter().filter(|line| !is_tested(line)).count();
        let reveals = tokens.reveals.iter().any(|line| !is_tested(line));
        let Reader { functions, names, tests: _ } = reader;
        Self { path, opens_with_doc, lines_of_code, reveals, names, functions }
    }
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// What is read off a file's tokens. Those inside macros are among them, which a parser leaves alone.
#[derive(Debug, Default)]
struct Tokens {
    /// The lines on which tokens stand.
    lines: BTreeSet<usize>,
    /// The lines on which a secret value is looked into.
    reveals: BTreeSet<usize>,
    after_dot: bool,
}

impl Tokens {
    fn read(&mut self, tokens: TokenStream) {
        for token in tokens {
            let (begin, end) = (token.span().start().line, token.span().end().line);
            let after_dot = std::mem::take(&mut self.after_dot);
            match token {
                TokenTree::Group(group) => {
                    self.lines.extend([begin, end]);
                    self.read(group.stream());
                }
                TokenTree::Ident(name) => {
                    self.lines.insert(begin);
                    if after_dot && (name == "expose" || name == "expose_str") {
                        self.reveals.insert(begin);
                    }
                }
                TokenTree::Punct(mark) => {
                    self.lines.insert(begin);
                    self.after_dot = mark.as_char() == '.';
                }
                TokenTree::Literal(_) => self.lines.extend(begin..=end),
            }
        }
    }
}

/// Collects the functions of a file, the paths that it names, and where its tests are.
#[derive(Debug, Default)]
struct Reader {
    functions: Vec<Function>,
    names: BTreeSet<String>,
    tests: Vec<std::ops::RangeInclusive<usize>>,
}

impl Reader {
    fn function(&mut self, signature: &Signature, block: &Block) {
        let line = signature.fn_token.span.start().line;
        let length = block.span().end().line - line + 1;
        self.functions.push(Function { name: signature.ident.to_string(), line, length });
    }

    fn import(&mut self, prefix: &str, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.import(&format!("{prefix}{}::", path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(prefix, tree)),
            UseTree::Name(name) => drop(self.names.insert(format!("{prefix}{}", name.ident))),
            UseTree::Rename(rename) => drop(self.names.insert(format!("{prefix}{}", rename.ident))),
            UseTree::Glob(_) => drop(self.names.insert(format!("{prefix}*"))),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        match module.attrs.iter().any(is_cfg_test) {
            true => self.tests.push(module.span().start().line..=module.span().end().line),
            false => visit::visit_item_mod(self, module),
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.names.insert(segments.join("::"));
        visit::visit_path(self, path);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    let condition = attribute.path().is_ident("cfg").then(|| attribute.parse_args::<syn::Path>().ok());
    condition.flatten().is_some_and(|path| path.is_ident("test"))
}

#[cfg(test)]
mod tests {
    use super::Source;

    const TEXT: &str = "\
//! What it is for.

/// Says hello.
pub fn hello() {
    // A comment is no code.
    let text = \"two
lines\";

    reveal(text.expose());
}

trait Speak {
    fn speak(&self);
    fn twice(&self) {
        self.speak();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn long() {
        value.expose_str();
    }
}
";

    fn source(path: &str, text: &str) -> Source {
        Source::parse(path.to_owned(), text)
    }

    #[test]
    fn code_is_counted_without_comments_blank_lines_and_tests() {
        assert_eq!(source("src/hello.rs", TEXT).lines_of_code, 11);
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace_without_tests() {
        let source = source("src/hello.rs", TEXT);
        assert_eq!(source.function_lengths(), [7, 3]);
        assert_eq!(source.longer_functions(6), ["src/hello.rs:4 hello"]);
    }

    #[test]
    fn revealing_a_value_is_seen_outside_tests_only() {
        assert!(source("src/hello.rs", TEXT).reveals);
        assert!(!source("src/hello/tests.rs", TEXT).reveals);
        assert!(!source("src/hello.rs", &TEXT.replace(".expose()", "")).reveals);
        assert!(source("src/hello.rs", "fn hello() { print!(\"{}\", text.expose_str()) }").reveals);
        assert!(!source("src/hello.rs", "fn expose() { \".expose()\"; }").reveals);
    }

    #[test]
    fn a_file_says_what_it_is_for_in_its_first_line() {
        assert!(source("src/hello.rs", TEXT).opens_with_doc);
        assert!(!source("src/hello/tests.rs", "use super::*;").opens_with_doc);
    }

    #[test]
    fn names_are_found_in_imports_and_where_they_stand_but_not_in_tests() {
        let text = "use std::{fs, net::{TcpStream as Stream, *}};\nfn a() -> kube::Api<b::C> { d::e() }\n\
                    #[cfg(test)]\nmod tests { use std::env; }";
        let names: Vec<String> = source("src/a.rs", text).names.into_iter().collect();
        let expected = ["b::C", "d::e", "kube::Api", "std::fs", "std::net::*", "std::net::TcpStream"];
        assert_eq!(names, expected);
    }
}
