//! Chance that follows from what a template is rendered over: who renders it again over the same gets the same, so that a
//! push which changes nothing writes nothing. Nobody else can tell it, for it begins with a key of the process.

use std::fmt;

use eso_core::value::SecretBytes;
use sha3::{Digest as _, Sha3_256};
use zeroize::Zeroizing;

use super::SourceSecret;
use crate::template::Sources;

/// What chance follows from. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(redacted)")
    }
}

impl Seed {
    /// One that begins with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*key))
    }

    /// One that follows from this too.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Self {
        let hash = Sha3_256::new().chain_update(*self.0).chain_update(bytes);
        Self(Zeroizing::new(hash.finalize().into()))
    }

    /// One that follows from what templates stand in too.
    #[must_use]
    pub fn with_sources(self, sources: &Sources) -> Self {
        sources.iter().fold(self, |seed, (name, held)| {
            let seed = seed.with(name.to_string().as_bytes());
            held.iter().flatten().fold(seed, with_entry)
        })
    }

    /// One that follows from a Secret too.
    #[must_use]
    pub fn with_secret(self, secret: &SourceSecret) -> Self {
        secret.entries.iter().fold(self.with(secret.name.as_bytes()), with_entry)
    }

    /// A number of it, which says nothing of what it follows from.
    pub fn fingerprint(&self) -> u64 {
        let bytes: [u8; 32] = *self.clone().with(b"fingerprint").0;
        u64::from_be_bytes(*bytes.first_chunk().expect("32 bytes must have 8"))
    }

    /// Fills buffers with what follows from it.
    pub fn random(&self) -> impl FnMut(&mut [u8]) + use<> {
        let (seed, mut block) = (self.clone(), 0_u64);
        move |buffer| {
            for part in buffer.chunks_mut(32) {
                let bytes = seed.clone().with(&block.to_be_bytes()).0;
                part.copy_from_slice(&bytes[..part.len()]);
                block += 1;
            }
        }
    }
}

fn with_entry(seed: Seed, (key, value): (&String, &SecretBytes)) -> Seed {
    seed.with(key.as_bytes()).with(value.expose())
}

#[cfg(test)]
mod tests {
    use super::Seed;
    use crate::push::fixtures::secret;

    fn drawn(seed: &Seed) -> Vec<u8> {
        let mut random = seed.random();
        let mut bytes = vec![0; 70];
        random(&mut bytes[..40]);
        random(&mut bytes[40..]);
        bytes
    }

    #[test]
    fn the_same_follows_from_the_same_and_another_from_another() {
        let seed = || Seed::new(&[7; 32]).with(b"1");
        let over = |value| seed().with_secret(&secret("app", &[("a", value)]));
        assert_eq!(drawn(&over("x")), drawn(&over("x")));
        assert_eq!(over("x").fingerprint(), over("x").fingerprint());
        assert_ne!(drawn(&over("x")), drawn(&over("y")));
        assert_ne!(over("x").fingerprint(), over("y").fingerprint());
        assert_ne!(drawn(&Seed::new(&[8; 32]).with(b"1")), drawn(&seed()));
        let bytes = drawn(&seed());
        assert_ne!(bytes[..32], bytes[32..64], "each block is another");
    }

    #[test]
    fn nothing_of_a_seed_is_shown() {
        assert_eq!(format!("{:?}", Seed::new(&[7; 32])), "Seed(redacted)");
    }
}
