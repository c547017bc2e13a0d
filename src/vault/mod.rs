//! Seals and opens tokens: envelope encryption with a data key per company.
//!
//! A master key (from a file; it never touches the database) wraps each company's data key; data
//! keys seal tokens with AES-256-GCM. Associated data binds every ciphertext to its company,
//! connection, provider, column and generation, so a ciphertext moved anywhere else does not open.
//! There is no plaintext fallback.

mod masters;
mod pending;
mod personal;
mod sealed;

use rand::RngExt;
use secrecy::SecretString;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::{CompanyId, ConnectionId};

pub use masters::MasterKeys;
pub use pending::Waiting;
pub use personal::Personal;
pub use sealed::key_of;
use sealed::{bind, open, seal};

/// Why something could not be sealed or opened. Never carries key, text or ciphertext.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("the master key file holds no key: each line must read `id:base64 of 32 bytes`")]
    NoKey,
    #[error("line {0} of the master key file is not `id:base64 of 32 bytes`")]
    Malformed(usize),
    #[error("master key `{0}` is all zero")]
    Zero(String),
    #[error("master key `{0}` appears twice")]
    Twice(String),
    #[error("master key `{0}` is not loaded: add its line to the master key file")]
    Missing(String),
    #[error("master key `{0}` is not the key that this database was sealed with")]
    Wrong(String),
    #[error("a sealed value did not open: it was moved, changed, or sealed with another key")]
    Refused,
}

type Key = Zeroizing<[u8; 32]>;

/// A data key as it is stored.
#[derive(Debug, Clone)]
pub struct WrappedKey {
    pub dek_id: Uuid,
    pub wrapped: Vec<u8>,
    pub master_id: String,
}

/// A company's data key, open; lives as long as one use.
pub struct DataKey {
    company_id: CompanyId,
    dek_id: Uuid,
    key: Key,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DataKey({})", self.dek_id)
    }
}

/// Where a sealed value belongs; anywhere else it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub connection_id: ConnectionId,
    pub provider: &'a str,
    /// `table.column`.
    pub column: &'a str,
    pub generation: i64,
}

/// Seals under the master keys it was made with.
#[derive(Debug)]
pub struct Vault {
    masters: MasterKeys,
}

impl Vault {
    pub fn new(masters: MasterKeys) -> Self {
        Self { masters }
    }

    pub fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    /// A new data key for a company, wrapped under the active master key.
    pub fn new_data_key(&self, company_id: CompanyId) -> Result<WrappedKey, VaultError> {
        let key: Key = Zeroizing::new(rand::rng().random());
        self.wrap(company_id, Uuid::now_v7(), &key)
    }

    pub fn open_data_key(
        &self,
        company_id: CompanyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, VaultError> {
        let binding = wrapping(company_id, wrapped.dek_id, &wrapped.master_id);
        let master = self.masters.key(&wrapped.master_id)?;
        let raw = open(master, wrapped.dek_id, &binding, &wrapped.wrapped)?;
        let key: Key = Zeroizing::new(raw.as_slice().try_into().map_err(|_| VaultError::Refused)?);
        Ok(DataKey { company_id, dek_id: wrapped.dek_id, key })
    }

    /// The same data key under the active master key; no token is touched.
    pub fn rewrap(
        &self,
        company_id: CompanyId,
        old: &WrappedKey,
    ) -> Result<WrappedKey, VaultError> {
        let open = self.open_data_key(company_id, old)?;
        self.wrap(company_id, old.dek_id, &open.key)
    }

    /// A known text under a master key: tells later whether the key is the right one.
    pub fn canary(&self, master_id: &str) -> Result<Vec<u8>, VaultError> {
        let master = self.masters.key(master_id)?;
        seal(master, Uuid::nil(), &canary_binding(master_id), b"tandem")
    }

    pub fn check_canary(&self, master_id: &str, sealed: &[u8]) -> Result<(), VaultError> {
        let master = self.masters.key(master_id)?;
        open(master, Uuid::nil(), &canary_binding(master_id), sealed)
            .map(drop)
            .map_err(|_| VaultError::Wrong(master_id.to_owned()))
    }

    fn wrap(
        &self,
        company_id: CompanyId,
        dek_id: Uuid,
        key: &Key,
    ) -> Result<WrappedKey, VaultError> {
        let master_id = self.masters.active().to_owned();
        let binding = wrapping(company_id, dek_id, &master_id);
        let wrapped = seal(self.masters.key(&master_id)?, dek_id, &binding, key.as_slice())?;
        Ok(WrappedKey { dek_id, wrapped, master_id })
    }
}

impl DataKey {
    pub fn dek_id(&self) -> Uuid {
        self.dek_id
    }

    pub fn seal(&self, place: Place<'_>, secret: &str) -> Result<Vec<u8>, VaultError> {
        seal(&self.key, self.dek_id, &self.binding(place), secret.as_bytes())
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let raw = open(&self.key, self.dek_id, &self.binding(place), sealed)?;
        let text = std::str::from_utf8(&raw).map_err(|_| VaultError::Refused)?;
        Ok(SecretString::from(text))
    }

    /// What `old` has sealed, sealed under this key for the same place; nobody sees it in between.
    pub fn seal_again(
        &self,
        old: &Self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let raw = open(&old.key, old.dek_id, &old.binding(place), sealed)?;
        seal(&self.key, self.dek_id, &self.binding(place), &raw)
    }

    fn binding(&self, place: Place<'_>) -> Vec<u8> {
        bind(&[
            b"tandem-token-v1",
            self.company_id.uuid().as_bytes(),
            place.connection_id.uuid().as_bytes(),
            place.provider.as_bytes(),
            place.column.as_bytes(),
            &place.generation.to_be_bytes(),
            self.dek_id.as_bytes(),
        ])
    }
}

fn wrapping(company_id: CompanyId, dek_id: Uuid, master_id: &str) -> Vec<u8> {
    bind(&[b"tandem-dek-v1", company_id.uuid().as_bytes(), dek_id.as_bytes(), master_id.as_bytes()])
}

fn canary_binding(master_id: &str) -> Vec<u8> {
    bind(&[b"tandem-canary-v1", master_id.as_bytes()])
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn vault(ids: &[&str]) -> Vault {
        let lines: String = ids.iter().map(|id| MasterKeys::fresh_line(id).to_string()).collect();
        Vault::new(MasterKeys::parse(&lines).unwrap())
    }

    fn place(connection_id: ConnectionId) -> Place<'static> {
        Place { connection_id, provider: "acme", column: "connection.access_token", generation: 7 }
    }

    #[test]
    fn a_token_opens_only_where_it_belongs() {
        let vault = vault(&["k1"]);
        let (company, other) = (CompanyId::fresh(), CompanyId::fresh());
        let wrapped = vault.new_data_key(company).unwrap();
        let key = vault.open_data_key(company, &wrapped).unwrap();
        let connection = ConnectionId::fresh();
        let here = place(connection);
        let sealed = key.seal(here, "secret").unwrap();

        assert_eq!(key.open(here, &sealed).unwrap().expose_secret(), "secret");
        for elsewhere in [
            Place { connection_id: ConnectionId::fresh(), ..here },
            Place { provider: "other", ..here },
            Place { column: "connection.refresh_token", ..here },
            Place { generation: 8, ..here },
        ] {
            assert_eq!(key.open(elsewhere, &sealed).unwrap_err(), VaultError::Refused);
        }
        // The wrapped key itself is bound to its company.
        assert_eq!(vault.open_data_key(other, &wrapped).unwrap_err(), VaultError::Refused);
        assert_eq!(key_of(&sealed), Some(wrapped.dek_id));
    }

    #[test]
    fn one_changed_bit_does_not_open() {
        let vault = vault(&["k1"]);
        let company = CompanyId::fresh();
        let key = vault.open_data_key(company, &vault.new_data_key(company).unwrap()).unwrap();
        let here = place(ConnectionId::fresh());
        let sealed = key.seal(here, "secret").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key.open(here, &changed).is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(here, &sealed[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn rotation_keeps_tokens_and_needs_the_old_key_until_it_is_done() {
        let (old, new) = (MasterKeys::fresh_line("old"), MasterKeys::fresh_line("new"));
        let company = CompanyId::fresh();
        let before = Vault::new(MasterKeys::parse(&old).unwrap());
        let wrapped = before.new_data_key(company).unwrap();
        let here = place(ConnectionId::fresh());
        let sealed = before.open_data_key(company, &wrapped).unwrap().seal(here, "secret").unwrap();

        let both = Vault::new(MasterKeys::parse(&format!("{}{}", *new, *old)).unwrap());
        let rewrapped = both.rewrap(company, &wrapped).unwrap();
        let after = Vault::new(MasterKeys::parse(&new).unwrap());

        let key = after.open_data_key(company, &rewrapped).unwrap();
        assert_eq!(key.open(here, &sealed).unwrap().expose_secret(), "secret");
        let lost = after.open_data_key(company, &wrapped).unwrap_err();
        assert_eq!(lost, VaultError::Missing("old".into()));
    }

    #[test]
    fn a_wrong_key_is_told_from_a_right_one() {
        let first = vault(&["k1"]);
        let canary = first.canary("k1").unwrap();
        assert_eq!(first.check_canary("k1", &canary), Ok(()));
        let impostor = vault(&["k1"]).check_canary("k1", &canary);
        assert_eq!(impostor, Err(VaultError::Wrong("k1".into())));
    }
}
