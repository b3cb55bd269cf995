//! What is in a store.

use super::{
    super::{
        certificate::Certificate,
        der::{INTEGER, OCTETS, OID, Reader, SEQUENCE, context},
        private_key::PrivateKey,
    },
    Password,
    cipher::{UNKNOWN, WRONG_PASSWORD, is_sealed, unlock},
    identifier,
};
use crate::{Fault, Scope};

/// A key with its certificates.
pub(crate) struct Store {
    pub(crate) key: PrivateKey,
    /// At least one, in the order of the store.
    pub(crate) certificates: Vec<Certificate>,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    key: Option<PrivateKey>,
    certificates: Vec<Certificate>,
}

/// Opens a store. It must have one key, and one certificate at least.
pub(crate) fn read(scope: &mut Scope<'_>, text: &[u8], password: &str) -> Result<Store, Fault> {
    let password = Password::new(password).ok_or(WRONG_PASSWORD)?;
    let (content, seal) = outer(text).ok_or(UNKNOWN)?;
    let password = checked(scope, content, seal, password)?;
    let safes = Reader::within(content).and_then(contents).filter(|safes| matches!(safes.len(), 1 | 2));
    let mut found = Found::default();
    for (kind, safe) in safes.ok_or(UNKNOWN)? {
        match kind {
            identifier::DATA => {
                let bags = Reader(safe).expect(OCTETS).ok_or(UNKNOWN)?;
                found.bags(scope, bags, &password)?;
            }
            identifier::ENCRYPTED_DATA => {
                let (algorithm, locked) = encrypted(safe).ok_or(UNKNOWN)?;
                let bags = unlock(scope, algorithm, locked, &password)?;
                found.bags(scope, &bags, &password)?;
            }
            _ => return Err(UNKNOWN),
        }
    }
    let Found { key, certificates } = found;
    let key = key.ok_or(Fault::wrong("the PKCS#12 has no private key"))?;
    match certificates.is_empty() {
        true => Err(Fault::wrong("the PKCS#12 has no certificate")),
        false => Ok(Store { key, certificates }),
    }
}

/// The content of a store, and its seal.
fn outer(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut store = Reader::within(text)?;
    if store.number()? != 3 {
        return None;
    }
    let (kind, content) = information(store.sequence()?)?;
    let content = Reader(content).expect(OCTETS).filter(|_| kind == identifier::DATA)?;
    match store.end() {
        Some(()) => Some((content, None)),
        None => {
            let seal = store.next().filter(|seal| seal.tag == SEQUENCE)?;
            store.end().map(|()| (content, Some(seal.whole)))
        }
    }
}

/// The password that a store is sealed with: the one that is given, or none at all where that is empty.
fn checked(
    scope: &mut Scope<'_>,
    content: &[u8],
    seal: Option<&[u8]>,
    password: Password,
) -> Result<Password, Fault> {
    let Some(seal) = seal else {
        return if password.is_empty() { Ok(password) } else { Err(WRONG_PASSWORD) };
    };
    if is_sealed(scope, seal, content, &password)? {
        return Ok(password);
    }
    let nothing = Password::nothing();
    match password.is_empty() && is_sealed(scope, seal, content, &nothing)? {
        true => Ok(nothing),
        false => Err(WRONG_PASSWORD),
    }
}

/// A kind of content, and the content.
fn information(mut information: Reader<'_>) -> Option<(&[u8], &[u8])> {
    let kind = information.expect(OID)?;
    let content = information.expect(context(0))?;
    information.end().map(|()| (kind, content))
}

fn contents(mut safes: Reader<'_>) -> Option<Vec<(&[u8], &[u8])>> {
    let mut contents = Vec::new();
    while safes.end().is_none() {
        contents.push(information(safes.sequence()?)?);
    }
    Some(contents)
}

/// How a safe is locked, and what is locked.
fn encrypted(safe: &[u8]) -> Option<(Reader<'_>, &[u8])> {
    let mut data = Reader::within(safe)?;
    if data.expect(INTEGER)? != [0] {
        return None;
    }
    let mut content = data.sequence()?;
    content.expect(OID)?;
    let algorithm = content.sequence()?;
    Some((algorithm, content.expect(0x80)?))
}

impl Found {
    fn bags(&mut self, scope: &mut Scope<'_>, bags: &[u8], password: &Password) -> Result<(), Fault> {
        let mut bags = Reader::within(bags).ok_or(UNKNOWN)?;
        while bags.end().is_none() {
            scope.spend(16)?;
            let mut bag = bags.sequence().ok_or(UNKNOWN)?;
            let (Some(kind), Some(content)) = (bag.expect(OID), bag.expect(context(0))) else {
                return Err(UNKNOWN);
            };
            match kind {
                identifier::CERTIFICATE_BAG => self.certificates.push(certificate(content).ok_or(UNKNOWN)?),
                identifier::KEY_BAG => self.key(PrivateKey::from_pkcs8(content))?,
                identifier::SHROUDED_KEY_BAG => {
                    let (algorithm, locked) = shrouded(content).ok_or(UNKNOWN)?;
                    let opened = unlock(scope, algorithm, locked, password)?;
                    self.key(PrivateKey::from_pkcs8(&opened))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn key(&mut self, key: Option<PrivateKey>) -> Result<(), Fault> {
        let key = key.ok_or(Fault::wrong("the PKCS#12 has a private key that is not known"))?;
        match self.key.replace(key) {
            None => Ok(()),
            Some(_) => Err(Fault::wrong("the PKCS#12 has more than one private key")),
        }
    }
}

fn certificate(content: &[u8]) -> Option<Certificate> {
    let mut bag = Reader::within(content)?;
    if bag.expect(OID)? != identifier::X509 {
        return None;
    }
    Certificate::parse(Reader(bag.expect(context(0))?).expect(OCTETS)?)
}

fn shrouded(content: &[u8]) -> Option<(Reader<'_>, &[u8])> {
    let mut key = Reader::within(content)?;
    let algorithm = key.sequence()?;
    let locked = key.expect(OCTETS)?;
    key.end().map(|()| (algorithm, locked))
}
