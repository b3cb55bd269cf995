//! A DSA key of 2048 and 256 bits, for who still asks for one.
//!
//! The numbers that all keys share are fixed (docs/decisions/0005-template-crypto.md): who makes them anew for each
//! key, as Go does, waits for seconds. They are those of FIPS 186-4 A.1.1.2 with SHA-256 of the seed
//! 3835820c285b0aad410c93625ec949a2a26554a4676ca774022d617773e4a522 with the counter 347, and of A.2.1 with h = 2; a
//! test makes them of these again.

use crypto_bigint::{
    Odd, U256, U2048,
    modular::{FixedMontyForm, FixedMontyParams},
};
use zeroize::Zeroizing;

use super::{
    der,
    private_key::{PrivateKey, TRIES},
};
use crate::Scope;

/// Makes a key.
pub(crate) fn generate(scope: &mut Scope<'_>) -> Option<PrivateKey> {
    let (prime, order) = (U2048::from_be_hex(PRIME), U256::from_be_hex(ORDER));
    let secret = secret(scope, &order)?;
    let modulus = Odd::new(prime).expect("the prime must be odd");
    let parameters = FixedMontyParams::new_vartime(modulus);
    let generator = FixedMontyForm::new(&U2048::from_be_hex(GENERATOR), &parameters);
    // In a time that says nothing of the secret.
    let public = generator.pow(&*secret).retrieve();
    let number = |number: &U2048| der::integer(number.to_be_bytes().as_ref());
    let secret = Zeroizing::new(der::integer(secret.to_be_bytes().as_ref()));
    let key = der::sequence(&[
        &der::integer(&[]),
        &number(&prime),
        &der::integer(order.to_be_bytes().as_ref()),
        &number(&U2048::from_be_hex(GENERATOR)),
        &number(&public),
        &secret,
    ]);
    Some(PrivateKey::Dsa(Zeroizing::new(key)))
}

/// A number from 1 up to the order, each as likely as any other.
fn secret(scope: &mut Scope<'_>, order: &U256) -> Option<Zeroizing<U256>> {
    (0..TRIES).find_map(|_| {
        let mut bytes = Zeroizing::new([0; 32]);
        scope.fill(&mut bytes[..]);
        let secret = Zeroizing::new(U256::from_be_slice(&bytes[..]));
        (U256::ZERO < *secret && *secret < *order).then_some(secret)
    })
}

const PRIME: &str = "CCF7015C0E0E342876FE6215A90A171447638E1C76FA6676340FAB065C311D1DC6E1ACF6DC22FE84D4CA67CCCB6E1D1B\
     49B3DCCC49D7AFB46FE10FDAEEA409519963FCB41B4AFA62B48694E134EC2F556E65DC4A1CD13BEF6D95E392A925FFEE\
     59B9A0250D8CEDAD1F4BE74538EA4FFC0CC1B76C90FAEF83619B232A0A66C8FA9CEF3EC169DAFC03841C78F34B3B4002\
     BD1E398203983393760C2AA6F31B1C93A39D6A053870541D8B200949FAFDD850D4ACB0AA6D5AD8CBFEE347E390ECE715\
     641829E48B6E998D22D2F15FE86957DC90CE15C0E73BACA54E0A36FD8371561269685A90AA53572F308106A5D85E8C2D\
     977A95805B5A30781A0493D85922F16B";

const ORDER: &str = "C0DF20188D12C154895A1AB09B42008D0AB002762EA0991B8C7AB5FEF6495EF9";

const GENERATOR: &str = "5B55BE63CFDA9AD4E1C2428C60B62E1559803C673605AF2FC98EE046FD6D738460155CE1971503AE726AD77781E87842\
     468384CEB8A90295A5F661DEDB0BF2C3DF730454ED1F999463F762D8A9368E393CF7133E48EE1A898773DC48CC7D4B51\
     B5C0BB3871CEA123FA4AEF336853FADEAF68F55FD116EFDD4C6A0A27BC0A1E5087150F3660AAE35A5B0E05B3B2BFC5B5\
     F967FAE93CE0B85B533BCA25994471F4ADA95165243518CD18CAE818D561B7A40F60C0EA2C46F5DF97D71F8A08D2D460\
     4D10DDAAA816D9D90BB721B8CDFA569EF50F45D69FF9A1F1CB6D7BAC506F938EDC1873AD5FD403FC0A3B1ACFCA5E232F\
     1A6EDF6EA787D2F837758C548E1BA9FF";

#[cfg(test)]
mod tests;
