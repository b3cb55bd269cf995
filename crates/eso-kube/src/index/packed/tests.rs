//! What is packed comes out as it was.

use eso_testkit::objects::object;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Packed, WORDS};

#[track_caller]
fn check(value: &Value) {
    assert_eq!(Packed::of(value).read(), Some(value.clone()));
}

#[test]
fn every_shape_comes_out_as_it_was() {
    check(&Value::Null);
    check(&json!({ "control": "\u{1}\u{2}\u{1a}\u{1f}\n\"\\", "digits": 12345678901234567890_u64 }));
    check(&object("app").key("first", "db#first").key("second", "db").extract("all").json());
    WORDS.iter().for_each(|word| check(&json!({ "word": word, *word: [word, word] })));
    assert_eq!(Packed::default().read::<Value>(), None);
}

#[test]
fn no_word_hides_behind_a_part_of_it() {
    for (index, word) in WORDS.iter().enumerate() {
        let earlier = &WORDS[..index];
        assert!(!earlier.iter().any(|part| word.contains(part)), "{word} is never found");
        assert!(!word.bytes().any(|byte| byte < b' '));
    }
    assert!(WORDS.len() < usize::from(b' '), "there are no more control characters");
}

#[test]
fn a_usual_object_takes_half_the_room() {
    let value = object("app").key("first", "db#first").key("second", "db#second").every("1h").json();
    let (packed, plain) = (Packed::of(&value).len(), value.to_string().len());
    assert!(packed * 2 < plain + 80, "{packed} of {plain}");
}

proptest! {
    #[test]
    fn any_text_comes_out_as_it_was(text in any::<String>(), start in 0..WORDS.len()) {
        check(&json!({ text.clone(): [format!("{}{text}", WORDS[start])] }));
    }
}
