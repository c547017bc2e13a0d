//! Keys that scripts are let in with, and who they stand for.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, DoorTx, TenantTx, sessions::SessionRow},
    domain::{ApiKeyId, MemberId, TokenHash},
    policy::Role,
};

/// A key as its company sees it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ApiKeyRow {
    pub key_id: ApiKeyId,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub hint: String,
    pub member_id: MemberId,
    pub member_name: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

pub struct NewApiKey<'a> {
    pub key_id: ApiKeyId,
    pub member_id: MemberId,
    pub name: &'a str,
    pub role: Role,
    pub hint: &'a str,
    pub secret: TokenHash,
    pub expires_at: Option<DateTime<Utc>>,
}

pub async fn insert(
    tx: &mut TenantTx,
    key: &NewApiKey<'_>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into api_key
             (company_id, key_id, member_id, name, role, hint, secret_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(company_id)
    .bind(key.key_id)
    .bind(key.member_id)
    .bind(key.name)
    .bind(key.role.word())
    .bind(key.hint)
    .bind(key.secret.bytes())
    .bind(now)
    .bind(key.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

const SHOWN: &str = "select key_id, api_key.name, api_key.role, hint, member_id,
            member.name as member_name, api_key.created_at, expires_at, last_used_at
     from api_key
     join member using (company_id, member_id) ";

/// The keys of the company, or of one member of it; newest first. A company has few.
pub async fn list(tx: &mut TenantTx, of: Option<MemberId>) -> Result<Vec<ApiKeyRow>, DbError> {
    let mut query = sqlx::QueryBuilder::new(SHOWN);
    if let Some(member) = of {
        query.push("where member_id = ").push_bind(member);
    }
    query.push(" order by key_id desc");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

pub async fn get(tx: &mut TenantTx, key_id: ApiKeyId) -> Result<Option<ApiKeyRow>, DbError> {
    let mut query = sqlx::QueryBuilder::new(SHOWN);
    query.push("where key_id = ").push_bind(key_id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// How many keys there are, expired ones included: they take up room until they are removed.
pub async fn count(tx: &mut TenantTx) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar("select count(*) from api_key").fetch_one(tx.conn()).await?)
}

/// Removes a key, of one member or of anybody; whether there was one.
pub async fn delete(
    tx: &mut TenantTx,
    key_id: ApiKeyId,
    of: Option<MemberId>,
) -> Result<bool, DbError> {
    let deleted = sqlx::query(
        "delete from api_key where key_id = $1 and ($2::uuid is null or member_id = $2)",
    )
    .bind(key_id)
    .bind(of)
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// What a key opens now, and what its maker is now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Holder {
    pub key_id: ApiKeyId,
    /// With the role of the key.
    #[sqlx(flatten)]
    pub session: SessionRow,
    #[sqlx(try_from = "String")]
    pub member_role: Role,
}

/// Whom a key lets in; an expired key is none.
pub async fn holder(
    tx: &mut DoorTx,
    key_id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<Option<Holder>, DbError> {
    Ok(sqlx::query_as(
        "select api_key.key_id, member.user_id, api_key.company_id, api_key.member_id,
                api_key.role, company.plan, company.country, $2 as seen_at,
                member.role as member_role
         from api_key
         join member using (company_id, member_id)
         join company using (company_id)
         where api_key.key_id = $1 and (api_key.expires_at is null or api_key.expires_at > $2)",
    )
    .bind(key_id)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// The key with this secret.
pub async fn with_secret(tx: &mut DoorTx, secret: &TokenHash) -> Result<Option<ApiKeyId>, DbError> {
    Ok(sqlx::query_scalar("select key_id from api_key where secret_hash = $1")
        .bind(secret.bytes())
        .fetch_optional(tx.conn())
        .await?)
}

pub async fn note_use(
    tx: &mut DoorTx,
    key_id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query("update api_key set last_used_at = $2 where key_id = $1")
        .bind(key_id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}
