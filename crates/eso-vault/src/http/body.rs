//! Bodies, which may hold values and credentials: each is kept once, and wiped when nobody needs it any more.
//!
//! Not promised: what TLS and HTTP libraries copy on the way.

use bytes::Bytes;
use zeroize::Zeroizing;

use super::Failure;

/// The largest answer that is read, in bytes: twice what fits into a Kubernetes Secret, and what Vault itself keeps.
const LIMIT: usize = 2 << 20;

/// The body of a request. A clone shares it.
pub(super) fn sent(body: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(body))
}

/// The body of an answer, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Received(Zeroizing<Vec<u8>>);

impl Received {
    /// Takes what comes next, or fails where that is too much. What it grows out of is wiped.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let Self(body) = self;
        let length = body.len() + chunk.len();
        if length > LIMIT {
            return Err(Failure::TooLarge);
        }
        if length > body.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(length.max(2 * body.capacity())));
            larger.extend_from_slice(body);
            *body = larger;
        }
        body.extend_from_slice(chunk);
        Ok(())
    }

    /// All of it, for whoever wipes it.
    pub(super) fn whole(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, Received, sent};
    use crate::http::Failure;

    #[test]
    fn an_answer_is_all_its_parts_in_order_up_to_the_limit() {
        let mut received = Received::default();
        for chunk in [&b"first "[..], b"", b"second ", &[b'x'; 5_000]] {
            assert_eq!(received.take(chunk), Ok(()));
        }
        assert_eq!(received.take(&vec![b' '; LIMIT]), Err(Failure::TooLarge));
        assert_eq!(received.whole(), [&b"first second "[..], &[b'x'; 5_000]].concat());
        let mut full = Received::default();
        assert_eq!(full.take(&vec![b' '; LIMIT]), Ok(()));
        assert_eq!(full.take(b"x"), Err(Failure::TooLarge));
    }

    #[test]
    fn a_request_that_is_sent_once_more_has_the_same_body_and_no_copy_of_it() {
        let body = sent(b"secret".to_vec());
        assert_eq!(body.clone().as_ptr(), body.as_ptr());
        assert_eq!(body, "secret");
    }
}
