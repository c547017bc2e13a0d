//! Secrets that we hand out and recognize again without keeping them: sessions, links in mails.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// 256 random bits in base64url. Shown once, to whom it is for; has no `Debug`.
#[derive(Clone)]
pub struct OpaqueToken(Zeroizing<String>);

impl OpaqueToken {
    pub fn fresh() -> Self {
        let bits = Zeroizing::new(rand::random::<[u8; 32]>());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bits.as_slice())))
    }

    /// What somebody says is a token; anything that could not be one is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bits = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        (bits.len() == 32).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// For the cookie or the link, and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored. A plain hash does: 256 random bits cannot be guessed.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// SHA-256 of an [`OpaqueToken`] or an [`ApiKey`](super::ApiKey).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) const fn of(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognized_by_its_hash_and_nothing_else_parses() {
        let token = OpaqueToken::fresh();
        let again = OpaqueToken::parse(token.reveal()).unwrap();
        assert_eq!(token.hash(), again.hash());
        assert_ne!(token.hash(), OpaqueToken::fresh().hash());
        let cut = &token.reveal()[1..];
        for text in ["", "x", cut, "a=b", "../../etc"] {
            assert!(OpaqueToken::parse(text).is_none(), "{text}");
        }
    }
}
