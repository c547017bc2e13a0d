//! `Stripe-Signature`: whether these bytes were sent by Stripe, and just now.
//!
//! `t=<seconds>,v1=<hex>[,v1=<hex>...]`: HMAC-SHA-256 over `<t>.<body>` with the endpoint's secret. While a
//! secret is rolled there are two `v1`; other schemes (`v0` of test events) prove nothing.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Seconds between Stripe's clock and ours, either way: older is a replay, newer is no clock of theirs.
const TOLERANCE: u64 = 300;
/// Bytes of the header; two signatures are 150.
const LONGEST: usize = 2_048;
/// A rolled secret has two.
const MOST_SIGNATURES: usize = 8;

/// Why it is not believed. For our log; whoever sent it learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error("the header is missing or malformed")]
    Malformed,
    #[error("it was signed at another time")]
    OutOfTime,
    #[error("no signature is ours")]
    Forged,
}

/// Over the raw bytes, before anything of them is parsed.
pub fn verify(
    header: &str,
    body: &[u8],
    secret: &SecretString,
    now: DateTime<Utc>,
) -> Result<(), NotSigned> {
    let header = Header::parse(header).ok_or(NotSigned::Malformed)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| NotSigned::Forged)?;
    mac.update(header.signed_at.as_bytes());
    mac.update(b".");
    mac.update(body);
    // Each is tried, and each in constant time, whichever was right.
    let right = header
        .signatures
        .iter()
        .fold(false, |right, signature| right | mac.clone().verify_slice(signature).is_ok());
    if !right {
        return Err(NotSigned::Forged);
    }
    let seconds: i64 = header.signed_at.parse().map_err(|_| NotSigned::Malformed)?;
    if now.timestamp().abs_diff(seconds) > TOLERANCE {
        return Err(NotSigned::OutOfTime);
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Header<'a> {
    /// As it was written: these digits are what was signed.
    signed_at: &'a str,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (mut signed_at, mut signatures) = (None, Vec::new());
        for part in text.split(',') {
            let (scheme, value) = part.split_once('=')?;
            match scheme.trim() {
                // Two times: which one was signed?
                "t" if signed_at.is_some() => return None,
                "t" => signed_at = Some(value).filter(|value| is_number(value)),
                "v1" => {
                    let mut signature = [0; 32];
                    hex::decode_to_slice(value, &mut signature).ok()?;
                    signatures.push(signature);
                }
                _ => {}
            }
        }
        let counted = (1..=MOST_SIGNATURES).contains(&signatures.len());
        Some(Self { signed_at: signed_at.filter(|_| counted)?, signatures })
    }
}

fn is_number(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
