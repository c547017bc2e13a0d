//! Tokens of an install that belongs to no company yet: there is no data key to seal them with.
//!
//! Each installation has a key of its own, derived from the master key and never stored, so that the
//! master key itself seals nothing of strangers, however many come.

use secrecy::SecretString;
use uuid::Uuid;

use super::{Vault, VaultError, bind, open, seal};
use crate::domain::InstallationId;

/// Where the token of an installation belongs; anywhere else it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    pub installation_id: InstallationId,
    pub provider: &'a str,
    /// `table.column`.
    pub column: &'a str,
}

impl Waiting<'_> {
    fn id(&self) -> Uuid {
        self.installation_id.uuid()
    }

    fn binding(&self, master_id: &str) -> Vec<u8> {
        bind(&[
            b"tandem-installation-v1",
            self.id().as_bytes(),
            self.provider.as_bytes(),
            self.column.as_bytes(),
            master_id.as_bytes(),
        ])
    }

    fn purpose(&self) -> String {
        format!("tandem-installation-v1 {}", self.id())
    }
}

impl Vault {
    /// Seals under the active master key; its id must be kept beside what comes out.
    pub fn seal_waiting(&self, place: Waiting<'_>, secret: &str) -> Result<Vec<u8>, VaultError> {
        let master_id = self.masters.active();
        let key = self.masters.derive(master_id, &place.purpose())?;
        seal(&key, place.id(), &place.binding(master_id), secret.as_bytes())
    }

    pub fn open_waiting(
        &self,
        place: Waiting<'_>,
        master_id: &str,
        sealed: &[u8],
    ) -> Result<SecretString, VaultError> {
        let key = self.masters.derive(master_id, &place.purpose())?;
        let raw = open(&key, place.id(), &place.binding(master_id), sealed)?;
        let text = std::str::from_utf8(&raw).map_err(|_| VaultError::Refused)?;
        Ok(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::vault::MasterKeys;

    #[test]
    fn what_waits_opens_for_its_own_installation_and_no_other() {
        let line = MasterKeys::fresh_line("k1");
        let vault = Vault::new(MasterKeys::parse(&line).unwrap());
        let here = Waiting {
            installation_id: InstallationId::fresh(),
            provider: "acme",
            column: "pending_installation.access_token",
        };
        let sealed = vault.seal_waiting(here, "secret").unwrap();
        assert_eq!(vault.open_waiting(here, "k1", &sealed).unwrap().expose_secret(), "secret");
        for elsewhere in [
            Waiting { installation_id: InstallationId::fresh(), ..here },
            Waiting { provider: "other", ..here },
            Waiting { column: "pending_installation.refresh_token", ..here },
        ] {
            let opened = vault.open_waiting(elsewhere, "k1", &sealed);
            assert_eq!(opened.unwrap_err(), VaultError::Refused);
        }
        let missing = vault.open_waiting(here, "k2", &sealed).unwrap_err();
        assert_eq!(missing, VaultError::Missing("k2".into()));
        // Another key of the same name.
        let impostor = Vault::new(MasterKeys::parse(&MasterKeys::fresh_line("k1")).unwrap());
        assert_eq!(impostor.open_waiting(here, "k1", &sealed).unwrap_err(), VaultError::Refused);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open_waiting(here, "k1", &changed).is_err(), "byte {index}");
        }
    }
}
