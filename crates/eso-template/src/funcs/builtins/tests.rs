//! What the probes cannot tell: which they are, and how many arguments they take.

use super::functions;

#[test]
fn they_are_all_here_but_slice() {
    let names: Vec<_> = functions().iter().map(|function| function.name).collect();
    assert_eq!(
        names,
        [
            "and", "or", "not", "len", "index", "call", "print", "println", "printf", "eq", "ne", "lt", "le",
            "gt", "ge", "html", "js", "urlquery",
        ]
    );
}

#[test]
fn what_takes_any_number_asks_for_the_least() {
    let least =
        |name: &str| functions().iter().find(|function| function.name == name).map(|known| known.least());
    assert_eq!(least("and"), Some(1));
    assert_eq!(least("index"), Some(1));
    assert_eq!(least("print"), Some(0));
    assert_eq!(least("ne"), Some(2));
}
