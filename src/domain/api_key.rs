//! The form of API keys: a prefix that says whose they are, 178 random bits, a checksum.
//!
//! `tandem_live_` + 30 letters of base62 + 6 letters of CRC-32. Prefix and checksum are for scanners
//! of source code: they find a leaked key with next to no false alarms, and a mistyped key costs no
//! query.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::TokenHash;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Letters of the random part: log2(62^30) = 178 bits.
const RANDOM: usize = 30;
/// 62^6 is more than 2^32.
const CHECKSUM: usize = 6;
/// Letters of the random part that stay readable in lists.
const SHOWN: usize = 4;

/// Where a key is of use; says to a scanner how bad its leak is.
const LIVE: &str = "tandem_live_";
const TEST: &str = "tandem_test_";

/// A key as its owner has it. Shown once; has no `Debug`.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// A new key; `live` ones are of production.
    pub fn fresh(live: bool) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(if live { LIVE } else { TEST });
        for _ in 0..RANDOM {
            text.push(char::from(ALPHABET[rand::random_range(0..ALPHABET.len())]));
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(text)
    }

    /// What somebody says is a key; anything that could not be one is none.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(LIVE).or_else(|| text.strip_prefix(TEST))?;
        if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return None;
        }
        let (signed, given) = text.split_at(text.len() - CHECKSUM);
        (checksum(signed) == given).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// For its owner, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The beginning, to tell keys apart.
    pub fn hint(&self) -> &str {
        &self.0[..LIVE.len() + SHOWN]
    }

    /// What is stored. A plain hash does: 178 random bits cannot be guessed.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(Sha256::digest(self.0.as_bytes()).into())
    }
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut letters = [b'0'; CHECKSUM];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    letters.iter().map(|&letter| char::from(letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognized_by_its_hash() {
        let key = ApiKey::fresh(true);
        let again = ApiKey::parse(key.reveal()).unwrap();
        assert_eq!(key.hash(), again.hash());
        assert_ne!(key.hash(), ApiKey::fresh(true).hash());
        assert_eq!(key.reveal().len(), 48);
        assert!(key.reveal().starts_with(key.hint()) && key.hint().len() == 16);
        assert!(ApiKey::fresh(false).reveal().starts_with("tandem_test_"));
    }

    #[test]
    fn a_mistyped_key_is_none() {
        let key = ApiKey::fresh(true);
        let text = key.reveal();
        for at in 0..text.len() {
            for other in ['x', 'Q', '7', '_', ' ', 'é'] {
                let typo = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(typo == text || ApiKey::parse(&typo).is_none(), "{at} {other}");
            }
            assert!(ApiKey::parse(&text[..at]).is_none());
        }
        assert!(ApiKey::parse(&format!("{text}0")).is_none());
        // A live key does not pass as a test key: the checksum covers the prefix.
        assert!(ApiKey::parse(&text.replace(LIVE, TEST)).is_none());
    }

    #[test]
    fn the_checksum_is_the_one_that_scanners_compute() {
        // The check value of CRC-32 (IEEE 802.3), as every implementation has it.
        assert_eq!(checksum("123456789"), base62(0xcbf4_3926));
    }

    /// The same by another way: with leading zeros, most significant first.
    fn base62(number: u32) -> String {
        (0..6_u32)
            .rev()
            .map(|power| {
                char::from(ALPHABET[(u64::from(number) / 62_u64.pow(power) % 62) as usize])
            })
            .collect()
    }
}
