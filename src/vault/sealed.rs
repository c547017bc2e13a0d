//! The sealed form: `1 | key id (16) | nonce (12) | ciphertext | tag (16)`, AES-256-GCM.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use rand::RngExt;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Key, VaultError};

const VERSION: u8 = 1;
const HEADER: usize = 1 + 16 + 12;

/// Which data key sealed this: the id in its header.
pub fn key_of(sealed: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(sealed.get(1..17)?).ok().filter(|_| sealed[0] == VERSION)
}

/// Each part with its length before it, so that no two lists of parts read the same.
pub(super) fn bind(parts: &[&[u8]]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(160);
    for part in parts {
        bound.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}

pub(super) fn seal(key: &Key, key_id: Uuid, aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; 12] = rand::rng().random();
    let cipher = Aes256Gcm::new((&**key).into());
    let body = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg, aad })
        .map_err(|_| VaultError::Refused)?;
    Ok([&[VERSION], key_id.as_bytes().as_slice(), &nonce, &body].concat())
}

pub(super) fn open(
    key: &Key,
    key_id: Uuid,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (head, body) = sealed.split_at_checked(HEADER).ok_or(VaultError::Refused)?;
    if head[0] != VERSION || head[1..17] != *key_id.as_bytes() {
        return Err(VaultError::Refused);
    }
    let nonce: [u8; 12] = head[17..].try_into().map_err(|_| VaultError::Refused)?;
    let cipher = Aes256Gcm::new((&**key).into());
    cipher
        .decrypt(&Nonce::from(nonce), Payload { msg: body, aad })
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Refused)
}
