//! The master keys: read from a file, they wrap data keys and never touch the database.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Key, VaultError};

/// The master keys, by id; the first of the file seals, all of them open.
pub struct MasterKeys {
    active: String,
    keys: BTreeMap<String, Key>,
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys(active: {}, {} in all)", self.active, self.keys.len())
    }
}

impl MasterKeys {
    /// Reads lines `id:base64`; empty lines and `#` comments are passed over.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut active = None;
        let mut keys = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let malformed = VaultError::Malformed(index + 1);
            let (id, encoded) = line.split_once(':').ok_or(malformed.clone())?;
            let raw =
                Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_| malformed.clone())?);
            let key: Key =
                Zeroizing::new(raw.as_slice().try_into().map_err(|_| malformed.clone())?);
            if id.is_empty() || id.len() > 64 {
                return Err(malformed);
            }
            if key.iter().all(|byte| *byte == 0) {
                return Err(VaultError::Zero(id.to_owned()));
            }
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(VaultError::Twice(id.to_owned()));
            }
            active.get_or_insert_with(|| id.to_owned());
        }
        Ok(Self { active: active.ok_or(VaultError::NoKey)?, keys })
    }

    /// A new key as a line of the file.
    pub fn fresh_line(id: &str) -> Zeroizing<String> {
        let key: Key = Zeroizing::new(rand::rng().random());
        Zeroizing::new(format!("{id}:{}\n", STANDARD.encode(key.as_slice())))
    }

    pub fn active(&self) -> &str {
        &self.active
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// A key for another purpose than sealing: one block of HKDF-Expand (RFC 5869), for which the
    /// random master key is the pseudorandom key. Whoever learns it has not learnt the master key.
    pub fn derive(&self, id: &str, purpose: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key(id)?.as_slice())
            .map_err(|_| VaultError::Refused)?;
        mac.update(purpose.as_bytes());
        mac.update(&[1]);
        Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    pub(super) fn key(&self, id: &str) -> Result<&Key, VaultError> {
        self.keys.get(id).ok_or_else(|| VaultError::Missing(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_key_file_is_refused_with_its_line() {
        let zero = format!("k1:{}", STANDARD.encode([0; 32]));
        assert_eq!(MasterKeys::parse("").unwrap_err(), VaultError::NoKey);
        assert_eq!(MasterKeys::parse("# x\nk1").unwrap_err(), VaultError::Malformed(2));
        assert_eq!(MasterKeys::parse("k1:AAAA").unwrap_err(), VaultError::Malformed(1));
        assert_eq!(MasterKeys::parse(&zero).unwrap_err(), VaultError::Zero("k1".into()));
    }
}
