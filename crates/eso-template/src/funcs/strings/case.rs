//! Texts in other cases. Each byte that is no UTF-8 becomes U+FFFD, as in Go.

use super::{latin1, words};
use crate::{
    Fault, Scope, Text,
    function::{Function, function},
    unicode::{self, DIGIT, LETTER, LOWER, TITLE, UPPER},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("upper", upper).example(r#"{{ upper "hello" }}"#, "HELLO"),
        function("lower", lower).example(r#"{{ lower "HELLO" }}"#, "hello"),
        function("title", title).example(r#"{{ title "hello world" }}"#, "Hello World"),
        function("untitle", untitle).example(r#"{{ untitle "Hello World" }}"#, "hello world"),
        function("swapcase", swap_case).example(r#"{{ swapcase "This Is" }}"#, "tHIS iS"),
        function("initials", initials).example(r#"{{ initials "First Try" }}"#, "FT"),
        function("camelcase", camel_case).example(r#"{{ camelcase "http_server" }}"#, "HttpServer"),
        function("snakecase", snake_case).example(r#"{{ snakecase "FirstName" }}"#, "first_name"),
        function("kebabcase", kebab_case).example(r#"{{ kebabcase "FirstName" }}"#, "first-name"),
    ]
}

/// Asks for the memory of the text in another case, and for the steps to look each rune up.
fn ask(scope: &mut Scope<'_>, text: &[u8]) -> Result<(), Fault> {
    // A byte that is no UTF-8 becomes three.
    let longest = if str::from_utf8(text).is_ok() { text.len() } else { text.len().saturating_mul(3) };
    scope.afford(longest)?;
    scope.spend(text.len() as u64 / 4)
}

fn upper(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    Ok(unicode::map(&text, unicode::upper))
}

fn lower(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    Ok(unicode::map(&text, unicode::lower))
}

/// The first of each word as a title has it; words are parted as Go's `strings.Title` does.
fn title(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    let mut before = ' ';
    Ok(unicode::map(&text, |rune| {
        let first = parts_words(before);
        before = rune;
        if first { unicode::title(rune) } else { rune }
    }))
}

fn parts_words(rune: char) -> bool {
    match rune {
        '0'..='9' | 'a'..='z' | 'A'..='Z' | '_' => false,
        '\0'..='\x7f' => true,
        rune => !LETTER.has(rune) && !DIGIT.has(rune) && rune.is_whitespace(),
    }
}

fn untitle(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    let mut begins = true;
    Ok(unicode::map(&text, |rune| match rune.is_whitespace() {
        true => {
            begins = true;
            rune
        }
        false if std::mem::take(&mut begins) => unicode::lower(rune),
        false => rune,
    }))
}

/// A small letter that begins a word becomes its title case, and does not end the begin where it is none.
fn swap_case(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    let mut begins = true;
    Ok(unicode::map(&text, |rune| {
        if UPPER.has(rune) || TITLE.has(rune) {
            begins = false;
            unicode::lower(rune)
        } else if LOWER.has(rune) {
            if std::mem::take(&mut begins) { unicode::title(rune) } else { unicode::upper(rune) }
        } else {
            begins = rune.is_whitespace();
            rune
        }
    }))
}

/// The first character of each word, with bytes read as Latin-1: that is what sprig does.
fn initials(text: Text) -> String {
    let mut gap = true;
    latin1(&text)
        .filter(|character| {
            let first = gap && !character.is_whitespace();
            gap = character.is_whitespace();
            first
        })
        .collect()
}

fn snake_case(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    Ok(words::joined_in_lower_case(&text, '_'))
}

fn kebab_case(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    Ok(words::joined_in_lower_case(&text, '-'))
}

/// Words without what connects them, each begun by a capital. What connects nothing, at the begin, at the end and of
/// several in a row all but one, stays.
fn camel_case(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    ask(scope, &text)?;
    let mut written = Vec::with_capacity(text.len());
    let mut runes = unicode::runes(&text);
    let first = loop {
        match runes.next() {
            // Where all connects nothing, the last of it comes twice: that is what sprig does.
            None => {
                let last = unicode::last(&written).map(|(rune, _)| rune);
                last.into_iter().for_each(|rune| unicode::push(&mut written, rune));
                return Ok(written);
            }
            Some(rune) if words::connects(rune) => unicode::push(&mut written, rune),
            Some(rune) => break rune,
        }
    };
    // Capitals that follow a capital become small until something else comes.
    let mut lowers = UPPER.has(first);
    let mut held = unicode::upper(first);
    for rune in runes {
        let mut next = rune;
        match (words::connects(held), words::connects(rune)) {
            (true, true) => unicode::push(&mut written, held),
            (true, false) => {
                lowers = UPPER.has(rune);
                next = unicode::upper(rune);
            }
            (false, _) => {
                lowers = lowers && UPPER.has(rune);
                next = if lowers { unicode::lower(rune) } else { rune };
                unicode::push(&mut written, held);
            }
        }
        held = next;
    }
    unicode::push(&mut written, held);
    Ok(written)
}
