//! Sealing a new grant under the company's data key, and opening what is to be revoked.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{
    connectors::Grant,
    db::{self, DbError, Scope, TenantTx, connections::Connection},
    domain::{CompanyId, ConnectionId},
    flows::{Hub, Provider, SharedHub},
    vault::{self, DataKey, Place, VaultError},
};

use super::{ACCESS, REFRESH, stored::Stored};

const VERIFIER: &str = "oauth_state.verifier";

/// Why nothing could be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// The company's data key, made at first use.
pub(in crate::flows) async fn data_key(hub: &Hub, tx: &mut TenantTx) -> Result<DataKey, SealError> {
    let company_id = tx.company_id();
    if let Some(wrapped) = db::tokens::active_key(tx).await? {
        return Ok(hub.vault.open_data_key(company_id, &wrapped)?);
    }
    db::tokens::insert_key(tx, &hub.vault.new_data_key(company_id)?).await?;
    let wrapped = db::tokens::active_key(tx).await?.ok_or(VaultError::Refused)?;
    Ok(hub.vault.open_data_key(company_id, &wrapped)?)
}

/// The first tokens of a connection, or those of a new consent: `(access, refresh)`, sealed.
pub(in crate::flows) async fn seal_grant(
    hub: &Hub,
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    provider: &'static str,
    generation: i64,
    grant: &Grant,
) -> Result<(Vec<u8>, Option<Vec<u8>>), SealError> {
    let key = data_key(hub, tx).await?;
    let place = |column| Place { connection_id, provider, column, generation };
    let access = key.seal(place(ACCESS), grant.access_token.expose_secret())?;
    let refresh = match &grant.refresh_token {
        Some(token) => Some(key.seal(place(REFRESH), token.expose_secret())?),
        None => None,
    };
    Ok((access, refresh))
}

/// The PKCE verifier of a consent, under the company's data key.
pub(in crate::flows) async fn seal_verifier(
    hub: &Hub,
    tx: &mut TenantTx,
    state_hash: &[u8; 32],
    provider: &'static str,
    verifier: &SecretString,
) -> Result<Vec<u8>, SealError> {
    let key = data_key(hub, tx).await?;
    Ok(key.seal(of_state(state_hash, provider), verifier.expose_secret())?)
}

pub(in crate::flows) async fn open_verifier(
    hub: &Hub,
    tx: &mut TenantTx,
    state_hash: &[u8; 32],
    provider: &'static str,
    sealed: &[u8],
) -> Result<SecretString, SealError> {
    let dek_id = vault::key_of(sealed).ok_or(VaultError::Refused)?;
    let wrapped = db::tokens::data_key(tx, dek_id).await?.ok_or(VaultError::Refused)?;
    let key = hub.vault.open_data_key(tx.company_id(), &wrapped)?;
    Ok(key.open(of_state(state_hash, provider), sealed)?)
}

/// A verifier opens with its own state only: there is no connection yet, so the state's hash stands in
/// the connection's place.
fn of_state(state_hash: &[u8; 32], provider: &'static str) -> Place<'static> {
    let (id, _) = state_hash.split_at(16);
    let connection_id = ConnectionId::from_uuid(Uuid::from_slice(id).unwrap_or_default());
    Place { connection_id, provider, column: VERIFIER, generation: 0 }
}

/// The refresh token, to be revoked, and the account's API; `None` when there is none to open.
pub(in crate::flows) async fn refresh_token(
    hub: &SharedHub,
    company_id: CompanyId,
    connection: &Connection,
    provider: &Provider,
) -> Option<(SecretString, String)> {
    let store = Stored {
        hub: Arc::clone(hub),
        company_id,
        connection_id: connection.connection_id,
        provider: provider.clone(),
    };
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await.ok()?;
    let row = db::tokens::sealed(&mut tx, connection.connection_id).await.ok()??;
    let sealed = row.refresh_token?;
    let token = store.open(&mut tx, &sealed, REFRESH, row.token_gen).await.ok()?;
    Some((token, row.api_base))
}
