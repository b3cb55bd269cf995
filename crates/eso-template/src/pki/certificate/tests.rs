//! What certificates say.

use super::*;
use crate::{fixtures::datum, pki::pem};

fn whole(name: &str) -> Vec<u8> {
    pem::decode(datum(name).as_bytes()).unwrap().0.content.to_vec()
}

#[test]
fn a_certificate_is_taken_apart() {
    let (leaf, root) =
        (Certificate::parse(&whole("leaf")).unwrap(), Certificate::parse(&whole("root")).unwrap());
    assert_eq!(leaf.whole, whole("leaf"));
    assert_eq!((leaf.shown_subject(), root.shown_subject()), ("CN=leaf".to_owned(), "CN=root".to_owned()));
    assert_eq!(root.authority, root.own);
    assert_ne!(leaf.authority, leaf.own);
    assert!(root.is_root() && !leaf.is_root());
    assert_eq!(root.alternatives, Alternatives::default());
}

#[test]
fn what_a_certificate_is_for_is_by_kind() {
    let Alternatives { hosts, addresses, mails, urls } =
        Certificate::parse(&whole("leaf")).unwrap().alternatives;
    assert_eq!(hosts, ["a.example", "b.example"]);
    assert_eq!(addresses, ["10.1.2.3"]);
    assert_eq!(mails, ["me@example.org"]);
    assert!(urls.is_empty());
}

#[test]
fn addresses_are_shown_as_go_does() {
    assert_eq!(address(&[10, 0, 0, 1]).as_deref(), Some("10.0.0.1"));
    let mut bytes = [0; 16];
    bytes[15] = 1;
    assert_eq!(address(&bytes).as_deref(), Some("::1"));
    bytes[10..].copy_from_slice(&[0xff, 0xff, 10, 0, 0, 1]);
    assert_eq!(address(&bytes).as_deref(), Some("10.0.0.1"));
    assert_eq!(address(&[1, 2, 3]), None);
}

#[test]
fn no_byte_can_be_cut_off_or_added() {
    let whole = whole("leaf");
    for length in (0..whole.len()).step_by(37) {
        assert_eq!(Certificate::parse(&whole[..length]), None, "{length} bytes");
    }
    assert_eq!(Certificate::parse(&[&whole[..], &[0]].concat()), None);
}

#[test]
fn a_byte_that_is_changed_ends_in_no_panic() {
    let whole = whole("leaf");
    for place in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[place] ^= flip;
            // It may be a certificate still: no signature is checked.
            let _ = Certificate::parse(&changed);
        }
    }
}
