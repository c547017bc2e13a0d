//! Access tokens of scripts: JWTs that an API key is exchanged for (RFC 8725, RFC 9068).
//!
//! One algorithm, HS256: whoever checks a token is whoever issued it, so no public key is needed.
//! Keys are derived from the master keys, and `kid` is looked up in that table and nowhere else. A
//! token says which API key it stands for; what it opens is read from the key's row at each use, so
//! that it dies with the key, with its maker's membership, and with their role.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    db::{self, DbError, api_keys::Holder},
    domain::{ApiKey, ApiKeyId},
    flows::Hub,
    policy,
    vault::VaultError,
};

/// How long a token lives at most.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Clocks of our machines may differ by this much; a token's end is taken to the second.
const SKEW: TimeDelta = TimeDelta::seconds(30);
const ALGORITHM: Algorithm = Algorithm::HS256;
/// RFC 9068: no other kind of JWT can stand in for an access token.
const TYPE: &str = "at+jwt";
const PURPOSE: &str = "tandem access token v1";
/// Ours have about 500.
const LONGEST: usize = 2_048;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The API key.
    sub: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

/// A token as the script gets it.
pub struct AccessToken {
    pub jwt: String,
    pub lifetime: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No such key, an expired one, or one whose maker is no longer what it stands for.
    #[error("the key opens nothing")]
    Refused,
    #[error("no token could be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Exchanges a key for a token.
pub async fn issue(hub: &Hub, key: &ApiKey) -> Result<AccessToken, ExchangeError> {
    let now = hub.clock.now();
    let mut tx = hub.db.door().await?;
    let known = db::api_keys::with_secret(&mut tx, &key.hash()).await?;
    let key_id = known.ok_or(ExchangeError::Refused)?;
    let holder = db::api_keys::holder(&mut tx, key_id, now).await?.filter(is_still_within);
    holder.ok_or(ExchangeError::Refused)?;
    db::api_keys::note_use(&mut tx, key_id, now).await?;
    tx.commit().await?;

    let claims = Claims {
        iss: issuer(hub),
        aud: audience(hub),
        sub: key_id.uuid(),
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: (now + LIFETIME).timestamp(),
        jti: Uuid::new_v4(),
    };
    let master = hub.vault.masters().active();
    let secret = hub.vault.masters().derive(master, PURPOSE)?;
    let key = EncodingKey::from_secret(&*secret);
    let jwt = jsonwebtoken::encode(&header(&*secret), &claims, &key)?;
    Ok(AccessToken { jwt, lifetime: LIFETIME })
}

/// Whom a token lets in now; `None` for whatever is not a living token of ours.
pub async fn holder(hub: &Hub, jwt: &str) -> Result<Option<Holder>, DbError> {
    let now = hub.clock.now();
    let Some(key_id) = read(hub, jwt, now) else { return Ok(None) };
    again(hub, key_id).await
}

/// Whom the key lets in now.
pub async fn again(hub: &Hub, key_id: ApiKeyId) -> Result<Option<Holder>, DbError> {
    let mut tx = hub.db.door().await?;
    let holder = db::api_keys::holder(&mut tx, key_id, hub.clock.now()).await?;
    Ok(holder.filter(is_still_within))
}

/// A key never does more than its maker may: after a demotion below its role it does nothing.
fn is_still_within(holder: &Holder) -> bool {
    policy::is_within(holder.session.role, holder.member_role)
}

/// The key that a genuine token names. Every check is ours and none is the caller's choice.
fn read(hub: &Hub, jwt: &str, now: DateTime<Utc>) -> Option<ApiKeyId> {
    if jwt.len() > LONGEST {
        return None;
    }
    let header = jsonwebtoken::decode_header(jwt).ok()?;
    let masters = hub.vault.masters();
    // The whole header must be one that we write: no other algorithm, type or critical extension,
    // and no key or address of a key (`jwk`, `jku`, `x5u`, `x5c`).
    let secret = masters
        .ids()
        .filter_map(|id| masters.derive(id, PURPOSE).ok())
        .find(|secret| self::header(&**secret) == header)?;
    let mut validation = Validation::new(ALGORITHM);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    validation.set_issuer(&[issuer(hub)]);
    validation.set_audience(&[audience(hub)]);
    // Times are judged below, by our clock: the library asks the machine's.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let key = DecodingKey::from_secret(&*secret);
    let claims = jsonwebtoken::decode::<Claims>(jwt, &key, &validation).ok()?.claims;
    let time = |seconds: i64| DateTime::from_timestamp(seconds, 0);
    let (issued, begins, ends) = (time(claims.iat)?, time(claims.nbf)?, time(claims.exp)?);
    let lives = begins <= now + SKEW && issued <= now + SKEW && now < ends;
    (lives && ends - issued <= LIFETIME).then(|| ApiKeyId::from_uuid(claims.sub))
}

fn issuer(hub: &Hub) -> String {
    hub.origin()
}

fn audience(hub: &Hub) -> String {
    format!("{}/api", hub.origin())
}

/// `kid` names the signing key without telling anything of it, or of the master key it comes from.
fn header(secret: &[u8]) -> Header {
    let mut header = Header::new(ALGORITHM);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(hex::encode(&Sha256::digest(secret)[..8]));
    header
}
