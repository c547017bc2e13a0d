//! What lets somebody in who has lost their authenticator: written down once, used once.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::TokenHash;

/// Crockford's base32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 80 bits: a plain hash does, for nobody guesses that many.
const LENGTH: usize = 16;

/// Sixteen letters in groups of four; has no `Debug`.
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    pub fn fresh() -> Self {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        for _ in 0..LENGTH {
            text.push(char::from(ALPHABET[rand::random_range(0..ALPHABET.len())]));
        }
        Self(text)
    }

    /// What somebody typed from paper: however grouped and written, with the letters that are easily
    /// mistaken read as what they stand for.
    pub fn parse(text: &str) -> Option<Self> {
        let mut kept = Zeroizing::new(String::with_capacity(LENGTH));
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
            let letter = match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            if kept.len() == LENGTH || !u8::try_from(letter).is_ok_and(|b| ALPHABET.contains(&b)) {
                return None;
            }
            kept.push(letter);
        }
        (kept.len() == LENGTH).then_some(Self(kept))
    }

    /// For its owner, once.
    pub fn reveal(&self) -> Zeroizing<String> {
        let groups = self.0.as_bytes().chunks(4).map(String::from_utf8_lossy);
        Zeroizing::new(groups.collect::<Vec<_>>().join("-"))
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(Sha256::digest(self.0.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_recognized_however_it_is_written_and_nothing_else_is() {
        let code = RecoveryCode(Zeroizing::new("01abcdefghjkmnpq".to_owned()));
        assert_eq!(*code.reveal(), "01ab-cdef-ghjk-mnpq");
        for text in ["01ab-cdef-ghjk-mnpq", " OIAB CDEF GHJK MNPQ ", "olab-cdefghjkmnpq"] {
            assert_eq!(RecoveryCode::parse(text).unwrap().hash(), code.hash(), "{text}");
        }
        for text in ["", "01ab-cdef-ghjk-mnp", "01ab-cdef-ghjk-mnpqr", "01ab-cdef-ghjk-mnpu", "ü"]
        {
            assert!(RecoveryCode::parse(text).is_none(), "{text}");
        }
        let fresh = RecoveryCode::fresh();
        assert_eq!(RecoveryCode::parse(&fresh.reveal()).unwrap().hash(), fresh.hash());
    }
}
