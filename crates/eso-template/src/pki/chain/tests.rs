//! Chains of certificates.

use super::*;
use crate::fixtures::datum;

#[track_caller]
fn check(name: &str, expected: Result<&[&str], NoChain>) {
    let found = ordered(datum(name).as_bytes());
    let found = found.map(|chain| chain.iter().map(Certificate::shown_subject).collect::<Vec<_>>());
    assert_eq!(
        found,
        expected.map(|names| names.iter().map(|name| format!("CN={name}")).collect()),
        "{name}"
    );
}

#[test]
fn a_chain_goes_from_the_leaf_to_the_root() {
    check("chain", Ok(&["leaf", "inter", "root"]));
    check("ordered", Ok(&["leaf", "inter", "root"]));
    check("noroot", Ok(&["leaf", "inter"]));
    check("leaf", Ok(&["leaf"]));
    check("root", Ok(&["root"]));
}

#[test]
fn certificates_of_two_chains_are_none() {
    check("two", Err(NoChain::NoLeaf));
}

#[test]
fn without_identifiers_each_is_taken_for_the_signer_of_the_other() {
    check("noids", Err(NoChain::NoLeaf));
}

#[test]
fn what_is_no_certificate_is_told_apart() {
    check("withkey", Err(NoChain::NoCertificate));
    assert_eq!(ordered(b""), Err(NoChain::NoLeaf));
    assert_eq!(ordered(b"no pem"), Err(NoChain::NoLeaf));
}

#[test]
fn a_certificate_that_is_there_twice_has_no_leaf() {
    let root = datum("root");
    assert_eq!(ordered(format!("{root}{root}").as_bytes()), Err(NoChain::NoLeaf));
}
