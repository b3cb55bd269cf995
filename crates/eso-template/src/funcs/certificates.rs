//! Certificates: made, chosen from chains, and asked what they are for.

use std::net::IpAddr;

use super::{
    dates::{Duration, Time},
    encoding::base64,
    keys::{generate_rsa_2048, of_pem, traditional},
};
use crate::{
    Fault, Scope, Text, Value,
    function::{Function, Int, function},
    pki::{
        certificate::Certificate,
        chain::{NoChain, ordered},
        issue::{Request, Signer, issue},
        pem,
        private_key::PrivateKey,
    },
    value::{Element, List, Map, Object},
};

pub(super) fn functions() -> Vec<Function> {
    let sans = r#"{{ $k := genPrivateKey "ecdsa" }}{{ certSANs (genSelfSignedCertWithKey "a" (list "10.1.2.3") (list "a.b") 1 $k).Cert }}"#;
    let signed = r#"{{ $k := genPrivateKey "ecdsa" }}{{ $ca := genCAWithKey "ca" 1 $k }}{{ (genSignedCertWithKey "a" nil nil 1 $ca $k).Key | eq $k }}"#;
    let leaf =
        r#"{{ $k := genPrivateKey "ecdsa" }}{{ (genCAWithKey "ca" 1 $k).Cert | filterCertChain "leaf" }}"#;
    let begin = "-----BEGIN CERTIFICATE-----";
    vec![
        function("genCA", authority).example(r#"{{ (genCA "ca" 365).Cert | trunc 27 }}"#, begin),
        function("genCAWithKey", authority_with_key)
            .example(r#"{{ $k := genPrivateKey "ecdsa" }}{{ (genCAWithKey "ca" 365 $k).Cert | trunc 27 }}"#, begin),
        function("genSelfSignedCert", self_signed)
            .example(r#"{{ (genSelfSignedCert "a" nil (list "a.b") 365).Cert | trunc 27 }}"#, begin),
        function("genSelfSignedCertWithKey", self_signed_with_key).example(sans, "[a.b 10.1.2.3]"),
        function("genSignedCert", signed_by)
            .example(r#"{{ $ca := genCA "ca" 365 }}{{ (genSignedCert "a" nil nil 90 $ca).Cert | trunc 27 }}"#, begin),
        function("genSignedCertWithKey", signed_by_with_key).example(signed, "true"),
        function("buildCustomCert", build)
            .example(r#"{{ $c := genCA "ca" 1 }}{{ (buildCustomCert (b64enc $c.Cert) (b64enc $c.Key)).Cert | eq $c.Cert }}"#, "true"),
        function("filterPEM", filter_pem)
            .example(r#"{{ genPrivateKey "ecdsa" | filterPEM "CERTIFICATE" | quote }}"#, r#""""#),
        function("filterCertChain", filter_chain).example(leaf, ""),
        function("certSANs", alternatives)
            .example(r#"{{ certSANs (genSelfSignedCert "a" nil (list "a.b") 1).Cert }}"#, "[a.b]"),
    ]
}

/// A certificate and its key, in PEM.
#[derive(Debug)]
struct Pair {
    certificate: Text,
    key: Text,
}

impl Object for Pair {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn show(&self) -> Text {
        [b"{", &self.certificate[..], b" ", &self.key, b"}"].concat().into()
    }

    fn plain(&self) -> Value {
        let fields = [("Cert", &self.certificate), ("Key", &self.key)];
        let fields = fields.map(|(name, text)| (name.into(), Value::String(text.clone())));
        Value::Map(Map::new(Element::Any, fields.into()))
    }

    fn get(&self, _scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let text = match name {
            "Cert" => &self.certificate,
            "Key" => &self.key,
            _ => return None,
        };
        Some(match arguments {
            [] => Ok(Value::String(text.clone())),
            _ => Err(Fault::wrong("a field takes no arguments")),
        })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// What a new certificate is for.
struct Purpose {
    name: Text,
    addresses: Option<List>,
    hosts: Option<List>,
    days: Int,
    is_authority: bool,
}

fn authority(scope: &mut Scope<'_>, name: Text, days: Int) -> Result<Value, Fault> {
    let key = generate_rsa_2048(scope)?;
    make(scope, &Purpose { name, addresses: None, hosts: None, days, is_authority: true }, &key, None)
}

fn authority_with_key(scope: &mut Scope<'_>, name: Text, days: Int, key: Text) -> Result<Value, Fault> {
    let key = of_pem(&key)?;
    make(scope, &Purpose { name, addresses: None, hosts: None, days, is_authority: true }, &key, None)
}

fn self_signed(
    scope: &mut Scope<'_>,
    name: Text,
    addresses: Option<List>,
    hosts: Option<List>,
    days: Int,
) -> Result<Value, Fault> {
    let key = generate_rsa_2048(scope)?;
    make(scope, &Purpose { name, addresses, hosts, days, is_authority: false }, &key, None)
}

fn self_signed_with_key(
    scope: &mut Scope<'_>,
    name: Text,
    addresses: Option<List>,
    hosts: Option<List>,
    days: Int,
    key: Text,
) -> Result<Value, Fault> {
    let key = of_pem(&key)?;
    make(scope, &Purpose { name, addresses, hosts, days, is_authority: false }, &key, None)
}

fn signed_by(
    scope: &mut Scope<'_>,
    name: Text,
    addresses: Option<List>,
    hosts: Option<List>,
    days: Int,
    signer: Value,
) -> Result<Value, Fault> {
    let key = generate_rsa_2048(scope)?;
    make(scope, &Purpose { name, addresses, hosts, days, is_authority: false }, &key, Some(&signer))
}

fn signed_by_with_key(
    scope: &mut Scope<'_>,
    name: Text,
    addresses: Option<List>,
    hosts: Option<List>,
    days: Int,
    signer: Value,
    key: Text,
) -> Result<Value, Fault> {
    let key = of_pem(&key)?;
    make(scope, &Purpose { name, addresses, hosts, days, is_authority: false }, &key, Some(&signer))
}

/// What a signature takes of the effort.
const SIGN_EFFORT: u32 = 1;

/// Makes a certificate that is signed by another, or by itself.
fn make(
    scope: &mut Scope<'_>,
    purpose: &Purpose,
    key: &PrivateKey,
    signer: Option<&Value>,
) -> Result<Value, Fault> {
    scope.strain(SIGN_EFFORT)?;
    let signer = signer.map(pair).transpose()?;
    let signer = signer.as_ref().map(|(certificate, key)| Signer { certificate, key });
    let request = request(scope, purpose)?;
    let whole = issue(scope, &request, key, signer.as_ref())?;
    let certificate = pem::encode("CERTIFICATE", &whole).into();
    Ok(Value::object(Pair { certificate, key: traditional(key).into() }))
}

/// The certificate and the key of who signs.
fn pair(signer: &Value) -> Result<(Certificate, PrivateKey), Fault> {
    let pair: &Pair =
        signer.downcast().ok_or(Fault::wrong("who signs must be a certificate with its key"))?;
    Ok((first_certificate(&pair.certificate)?, of_pem(&pair.key)?))
}

fn request<'p>(scope: &mut Scope<'_>, purpose: &'p Purpose) -> Result<Request<'p>, Fault> {
    const DAY: i64 = 86_400_000_000_000;
    const NOT_TEXT: Fault =
        Fault::Wrong(std::borrow::Cow::Borrowed("addresses and names of hosts are texts"));
    let texts = |list: &Option<List>| {
        let items = list.as_ref().map_or(&[][..], List::items).iter();
        let text = |item: &Value| match item {
            Value::String(text) => Ok(text.runes().into_owned()),
            _ => Err(NOT_TEXT),
        };
        items.map(text).collect::<Result<Vec<String>, Fault>>()
    };
    let address = |text: String| text.parse::<IpAddr>().map_err(|_| Fault::wrong("this is no address"));
    let addresses = texts(&purpose.addresses)?.into_iter().map(address).collect::<Result<_, _>>()?;
    let now = Time::of(scope.now());
    let show = |time: &Time| String::from_utf8_lossy(&time.format(b"20060102150405")).into_owned();
    let common_name = str::from_utf8(&purpose.name);
    Ok(Request {
        common_name: common_name.map_err(|_| Fault::wrong("a certificate is for a name in UTF-8"))?,
        addresses,
        hosts: texts(&purpose.hosts)?,
        not_before: show(&now),
        not_after: show(&now.later(Duration(DAY.wrapping_mul(purpose.days.0)))),
        is_authority: purpose.is_authority,
    })
}

/// A certificate and a key in base 64, as a pair; only whether they can be read is looked at.
fn build(certificate: Text, key: Text) -> Result<Value, Fault> {
    let decoded = |text: &[u8]| base64(text).map(Text::from).map_err(|_| Fault::wrong("this is no base 64"));
    let (certificate, key) = (decoded(&certificate)?, decoded(&key)?);
    first_certificate(&certificate)?;
    of_pem(&key)?;
    Ok(Value::object(Pair { certificate, key }))
}

/// The certificate of the first block.
pub(super) fn first_certificate(text: &[u8]) -> Result<Certificate, Fault> {
    let (block, _) =
        pem::decode(text).ok_or(Fault::wrong("there is no PEM in what should be a certificate"))?;
    Certificate::parse(&block.content).ok_or(Fault::wrong("the certificate cannot be read"))
}

/// The blocks of a kind, in any case. A text without such blocks must not end in anything else.
fn filter_pem(scope: &mut Scope<'_>, kind: Text, text: Text) -> Result<Vec<u8>, Fault> {
    scope.spend(text.len() as u64 / 8)?;
    let (blocks, rest) = pem::all(&text);
    let chosen = blocks.iter().filter(|block| block.kind.eq_ignore_ascii_case(&kind));
    let chosen: Vec<u8> = chosen.flat_map(pem::Block::encode).collect();
    match chosen.is_empty() && !rest.is_empty() {
        true => Err(Fault::wrong("the text has what is no PEM")),
        false => Ok(chosen),
    }
}

/// The leaf, the root, or what is between them; empty where there is none.
fn filter_chain(scope: &mut Scope<'_>, kind: Text, text: Text) -> Result<Vec<u8>, Fault> {
    scope.spend(text.len() as u64 / 8)?;
    let chain = ordered(&text).map_err(|no_chain| match no_chain {
        NoChain::NoCertificate => Fault::wrong("a block of the PEM is no certificate"),
        NoChain::NoLeaf => Fault::wrong("the certificates make no chain with one leaf"),
    })?;
    Ok(match (&kind[..], &chain[..]) {
        (b"leaf", [leaf, ..]) if !leaf.is_root() => leaf.pem(),
        (b"intermediate", [_, others @ ..]) => others
            .iter()
            .take_while(|certificate| !certificate.is_root())
            .flat_map(Certificate::pem)
            .collect(),
        (b"root", [.., root]) if root.is_root() => root.pem(),
        _ => Vec::new(),
    })
}

/// The hosts, addresses, mails and URLs that the first certificate is for.
fn alternatives(scope: &mut Scope<'_>, text: Text) -> Result<Value, Fault> {
    let alternatives = first_certificate(&text)?.alternatives;
    let kinds = [alternatives.hosts, alternatives.addresses, alternatives.mails, alternatives.urls];
    scope.strings(kinds.into_iter().flatten().map(Text::from))
}

#[cfg(test)]
mod tests;
