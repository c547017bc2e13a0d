//! Installs that nobody confirmed: the grant is given back and the row emptied.

use crate::{
    connectors::OAuthError,
    db::{
        self, DbError,
        installations::{End, Pending},
    },
    flows::{SharedHub, grant},
};

use super::{REMEMBERED, sealed};

/// With the pauses between them, half an hour of a provider being down.
const MOST_ATTEMPTS: i32 = 6;

/// Gives back the grants of all whose time is over; returns how many ended.
pub async fn give_back_expired(hub: &SharedHub) -> Result<usize, DbError> {
    let mut ended = 0;
    while let Some(pending) = take(hub).await? {
        let id = pending.installation_id;
        if let Err(error) = revoke(hub, &pending).await {
            let again = pending.attempts < MOST_ATTEMPTS;
            tracing::warn!(
                installation_id = %id, attempt = pending.attempts, again, %error,
                "the grant of an install that nobody confirmed was not given back"
            );
            if again {
                continue;
            }
        }
        let mut tx = hub.db.door().await?;
        db::installations::end(&mut tx, id, End::Expired).await?;
        tx.commit().await?;
        ended += 1;
    }
    Ok(ended)
}

/// The next one; whoever dies with it leaves it to the next look, after a while.
async fn take(hub: &SharedHub) -> Result<Option<Pending>, DbError> {
    let mut tx = hub.db.door().await?;
    let taken = db::installations::take_expired(&mut tx, hub.clock.now()).await?;
    tx.commit().await?;
    Ok(taken)
}

async fn revoke(hub: &SharedHub, pending: &Pending) -> Result<(), OAuthError> {
    let Some(provider) = hub.providers.get(&pending.provider) else { return Ok(()) };
    let Some(credentials) = &provider.credentials else { return Ok(()) };
    // A master key that is gone: there is nothing left to give back with.
    let Ok(granted) = sealed::open(hub, provider, pending) else { return Ok(()) };
    let Some(token) = &granted.grant.refresh_token else { return Ok(()) };
    let id = Some(pending.installation_id);
    match grant::is_shared(hub, provider, &pending.account, id).await {
        // Something else lives on this user's install, which a revocation would end.
        Ok(true) => Ok(()),
        Ok(false) => grant::revoke(provider, credentials, token, &granted.base).await,
        Err(_) => Err(OAuthError::Down { what: "our own database was away" }),
    }
}

/// Forgets how installs ended that are older than any browser's cookie.
pub async fn sweep(hub: &SharedHub) -> Result<(), DbError> {
    let mut tx = hub.db.door().await?;
    db::installations::sweep(&mut tx, hub.clock.now() - REMEMBERED).await?;
    tx.commit().await
}
