//! Secrets of a person, who belongs to no company: there is no data key to seal them with.
//!
//! Each person has a key of their own, derived from the master key and never stored.

use secrecy::SecretString;
use uuid::Uuid;

use super::{Vault, VaultError, bind, open, seal};
use crate::domain::UserId;

/// Where a person's secret belongs; anywhere else it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Personal {
    pub user_id: UserId,
    /// `table.column`.
    pub column: &'static str,
}

impl Personal {
    fn id(self) -> Uuid {
        self.user_id.uuid()
    }

    fn binding(self, master_id: &str) -> Vec<u8> {
        bind(&[
            b"tandem-person-v1",
            self.id().as_bytes(),
            self.column.as_bytes(),
            master_id.as_bytes(),
        ])
    }

    fn purpose(self) -> String {
        format!("tandem-person-v1 {}", self.id())
    }
}

impl Vault {
    /// Seals under the active master key; its id must be kept beside what comes out.
    pub fn seal_personal(&self, place: Personal, secret: &str) -> Result<Vec<u8>, VaultError> {
        let master_id = self.masters.active();
        let key = self.masters.derive(master_id, &place.purpose())?;
        seal(&key, place.id(), &place.binding(master_id), secret.as_bytes())
    }

    pub fn open_personal(
        &self,
        place: Personal,
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
    fn a_secret_opens_for_its_own_person_and_nobody_else() {
        let vault = Vault::new(MasterKeys::parse(&MasterKeys::fresh_line("k1")).unwrap());
        let here = Personal { user_id: UserId::fresh(), column: "second_factor.secret" };
        let sealed = vault.seal_personal(here, "secret").unwrap();
        assert_eq!(vault.open_personal(here, "k1", &sealed).unwrap().expose_secret(), "secret");
        for elsewhere in
            [Personal { user_id: UserId::fresh(), ..here }, Personal { column: "x.y", ..here }]
        {
            let opened = vault.open_personal(elsewhere, "k1", &sealed);
            assert_eq!(opened.unwrap_err(), VaultError::Refused);
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open_personal(here, "k1", &changed).is_err(), "byte {index}");
        }
    }
}
