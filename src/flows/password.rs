//! Passwords: what is one, and argon2id off the threads that answer requests.

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once: they take a core and 19 MiB each, and sign-ins can wait a moment.
static TURNS: Semaphore = Semaphore::const_new(2);

const SHORTEST: usize = 10;
const LONGEST: usize = 200;

/// Why a password is refused, as a sentence for the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("Use at least 10 characters.")]
    Short,
    #[error("Use at most 200 characters.")]
    Long,
    #[error("Use something other than your e-mail address.")]
    Email,
}

/// A password that may be set.
pub(super) struct Password(Zeroizing<String>);

impl Password {
    pub(super) fn parse(text: &str, email: &str) -> Result<Self, PasswordError> {
        let length = text.chars().count();
        if length < SHORTEST {
            return Err(PasswordError::Short);
        }
        if length > LONGEST {
            return Err(PasswordError::Long);
        }
        let (text_low, email_low) = (text.to_lowercase(), email.to_lowercase());
        if text_low == email_low || email_low.split('@').next() == Some(text_low.as_str()) {
            return Err(PasswordError::Email);
        }
        Ok(Self(normal(text)))
    }

    /// A PHC string.
    pub(super) async fn hash(self) -> String {
        work(move || {
            hasher()
                .hash_password(self.0.as_bytes())
                .expect("the parameters are constants and the system has randomness")
                .to_string()
        })
        .await
    }
}

/// Whether this is the password; the same work whether there is a hash or not.
pub(super) async fn verify(text: &str, hash: Option<String>) -> bool {
    let (text, known) = (normal(text), hash.is_some());
    let matches = work(move || {
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        PasswordHash::new(&hash)
            .is_ok_and(|hash| hasher().verify_password(text.as_bytes(), &hash).is_ok())
    })
    .await;
    matches && known
}

/// The hash of a password that nobody has.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    hasher()
        .hash_password(&rand::random::<[u8; 32]>())
        .expect("the parameters are constants and the system has randomness")
        .to_string()
});

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// One spelling per password: keyboards compose accents differently.
fn normal(text: &str) -> Zeroizing<String> {
    // A longer one than can be set cannot match, and must not cost more either.
    Zeroizing::new(text.chars().take(LONGEST + 1).nfc().collect())
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = TURNS.acquire().await.expect("nobody closes it");
    let job = move || {
        let done = job();
        drop(turn);
        done
    };
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => done,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_the_address() {
        let refused = |text: &str| Password::parse(text, "anna.lindqvist@example.com").err();
        assert_eq!(refused("short"), Some(PasswordError::Short));
        assert_eq!(refused(&"x".repeat(201)), Some(PasswordError::Long));
        assert_eq!(refused("Anna.Lindqvist@example.com"), Some(PasswordError::Email));
        assert_eq!(refused("anna.lindqvist"), Some(PasswordError::Email));
        assert_eq!(refused("ünïcödé pw"), None);
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_in_either_spelling_of_an_accent() {
        let hash = Password::parse("caf\u{e9} au lait", "a@b.example").unwrap().hash().await;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("cafe\u{301} au lait", Some(hash.clone())).await);
        assert!(!verify("cafe au lait", Some(hash)).await);
        assert!(!verify("anything at all", None).await);
    }
}
