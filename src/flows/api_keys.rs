//! Makes and takes back the keys of scripts.
//!
//! A key acts as the member who made it: it sees what that member sees, and never more than its
//! own role allows. It goes when the member goes.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    db::{self, DbError, Scope, api_keys::NewApiKey},
    domain::{ApiKey, ApiKeyId},
    flows::{Hub, SealError, idempotency::Witness, sign_in::Place},
    policy::{self, Role},
};

/// Keys of one company. Far more than scripts anybody keeps an eye on, and few enough to list.
pub const MOST: i64 = 50;

/// A key to make.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was made, with its secret: for whoever asked, and nobody else.
pub struct Made {
    pub key_id: ApiKeyId,
    pub secret: ApiKey,
}

#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    #[error("the role is above the member's own")]
    RoleAbove,
    #[error("the company has {MOST} keys already")]
    TooMany,
    /// Not there, another company's, or not the member's to take back.
    #[error("there is no such key")]
    NotFound,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A key for the member who asks. `witness` is shown the secret; nobody can show it again.
pub async fn create(
    hub: &Hub,
    place: Place,
    own: Role,
    wanted: &Wanted,
    witness: &mut dyn Witness<Made>,
) -> Result<(), ApiKeyError> {
    if !policy::is_within(wanted.role, own) {
        return Err(ApiKeyError::RoleAbove);
    }
    let key = ApiKey::fresh(!hub.is_development());
    let key_id = ApiKeyId::fresh();
    let mut tx = hub.db.tenant(place.company_id, Scope::All).await?;
    // Two at once must not both be the last one.
    db::companies::lock_plan(&mut tx).await?;
    if db::api_keys::count(&mut tx).await? >= MOST {
        return Err(ApiKeyError::TooMany);
    }
    let new = NewApiKey {
        key_id,
        member_id: place.member_id,
        name: &wanted.name,
        role: wanted.role,
        hint: key.hint(),
        secret: key.hash(),
        expires_at: wanted.expires_at,
    };
    db::api_keys::insert(&mut tx, &new, hub.clock.now()).await?;
    let detail = json!({ "role": wanted.role.word(), "expires_at": wanted.expires_at });
    let (member, subject) = (Some(place.member_id), Some(key_id.uuid()));
    db::audit::append(&mut tx, member, "api_key.created", subject, &detail).await?;
    witness.see(&mut tx, &Made { key_id, secret: key }).await?;
    Ok(tx.commit().await?)
}

/// Takes a key back; every token it was exchanged for dies with it. `anybodys` for whoever looks
/// after the team, otherwise the member's own only.
pub async fn revoke(
    hub: &Hub,
    place: Place,
    key_id: ApiKeyId,
    anybodys: bool,
) -> Result<(), ApiKeyError> {
    let mut tx = hub.db.tenant(place.company_id, Scope::All).await?;
    let of = (!anybodys).then_some(place.member_id);
    if !db::api_keys::delete(&mut tx, key_id, of).await? {
        return Err(ApiKeyError::NotFound);
    }
    let (member, subject) = (Some(place.member_id), Some(key_id.uuid()));
    db::audit::append(&mut tx, member, "api_key.revoked", subject, &json!({})).await?;
    Ok(tx.commit().await?)
}
