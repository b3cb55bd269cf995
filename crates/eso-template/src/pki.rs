//! Keys, certificates and stores of them: read and written by hand where it is a matter of form, and left to AWS-LC
//! where it is one of mathematics.

pub(crate) mod certificate;
pub(crate) mod chain;
mod der;
pub(crate) mod dsa;
pub(crate) mod issue;
pub(crate) mod jwk;
mod name;
pub(crate) mod pem;
pub(crate) mod pkcs12;
pub(crate) mod private_key;
