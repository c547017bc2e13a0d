//! Tokens that wait: sealed as they come, opened when they go, sealed again when the master key is
//! replaced meanwhile.

use secrecy::ExposeSecret;

use crate::{
    connectors::Grant,
    db::{self, installations::Pending},
    domain::InstallationId,
    flows::{Hub, Provider, SealError, grant::Granted},
    vault::{Vault, VaultError, Waiting},
};

use super::left;

const ACCESS: &str = "pending_installation.access_token";
const REFRESH: &str = "pending_installation.refresh_token";

/// `(access, refresh)`, under the active master key.
pub(super) fn seal(
    hub: &Hub,
    installation_id: InstallationId,
    provider: &str,
    grant: &Grant,
) -> Result<(Vec<u8>, Option<Vec<u8>>), VaultError> {
    let place = |column| Waiting { installation_id, provider, column };
    let seal = |column, secret: &str| hub.vault.seal_waiting(place(column), secret);
    let access = seal(ACCESS, grant.access_token.expose_secret())?;
    let refresh = grant.refresh_token.as_ref();
    let refresh = refresh.map(|token| seal(REFRESH, token.expose_secret())).transpose()?;
    Ok((access, refresh))
}

/// The grant as it came.
pub(super) fn open(
    hub: &Hub,
    provider: &Provider,
    pending: &Pending,
) -> Result<Granted, VaultError> {
    let open = |column, sealed: &[u8]| {
        let installation_id = pending.installation_id;
        let place = Waiting { installation_id, provider: &pending.provider, column };
        hub.vault.open_waiting(place, &pending.master_id, sealed)
    };
    let refresh = pending.refresh_token.as_deref();
    // Judged when it came; a row that somebody changed names no host of the provider's.
    let base = provider.endpoints.api_base(&pending.api_base).map_err(|_| VaultError::Refused)?;
    Ok(Granted {
        grant: Grant {
            access_token: open(ACCESS, &pending.access_token)?,
            refresh_token: refresh.map(|sealed| open(REFRESH, sealed)).transpose()?,
            expires_in: left(pending.token_expires_at, hub.clock.now()),
            scopes: pending.granted_scopes.clone(),
            api_domain: Some(base.clone()),
        },
        base,
        account: pending.account.clone(),
    })
}

/// Seals what waits under the active master key, so that nothing needs the old one; returns how many.
pub(in crate::flows) async fn reseal(hub: &Hub) -> Result<usize, SealError> {
    let active = hub.vault.masters().active();
    let mut tx = hub.db.door().await?;
    let old = db::installations::not_under(&mut tx, active).await?;
    for pending in &old {
        let again = |column, sealed: &[u8]| again(&hub.vault, pending, column, sealed);
        let access = again(ACCESS, &pending.access_token)?;
        let refresh = pending.refresh_token.as_deref();
        let refresh = refresh.map(|sealed| again(REFRESH, sealed)).transpose()?;
        let sealed = (access.as_slice(), refresh.as_deref());
        db::installations::reseal(&mut tx, pending.installation_id, sealed, active).await?;
    }
    tx.commit().await?;
    Ok(old.len())
}

fn again(
    vault: &Vault,
    pending: &Pending,
    column: &str,
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let installation_id = pending.installation_id;
    let place = Waiting { installation_id, provider: &pending.provider, column };
    let secret = vault.open_waiting(place, &pending.master_id, sealed)?;
    vault.seal_waiting(place, secret.expose_secret())
}
