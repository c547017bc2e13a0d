//! Who is signed in, and in which company.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::{CompanyId, MemberId, TokenHash, UserId},
    policy::{Plan, Role},
};

/// A session ends this long after its last request, and in any case at its `expires_at`.
const IDLE: TimeDelta = TimeDelta::hours(12);
/// `seen_at` may lag by this much, so that reading writes at most once a minute.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What a request may know about who sent it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionRow {
    pub user_id: UserId,
    pub company_id: CompanyId,
    pub member_id: MemberId,
    #[sqlx(try_from = "String")]
    pub role: Role,
    #[sqlx(try_from = "String")]
    pub plan: Plan,
    /// Of the company, ISO 3166 alpha-2.
    pub country: String,
    seen_at: DateTime<Utc>,
}

pub struct NewSession {
    pub token: TokenHash,
    pub user_id: UserId,
    pub company_id: CompanyId,
    pub member_id: MemberId,
    pub expires_at: DateTime<Utc>,
}

/// The session with this token, if it has not ended; notes that it was seen. Commits by itself.
pub async fn find(
    mut tx: DoorTx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>, DbError> {
    let found = read(&mut tx, token, now).await?;
    if found.as_ref().is_some_and(|session| session.seen_at < now - SEEN_EVERY) {
        sqlx::query("update session set seen_at = $2 where token_hash = $1 and seen_at < $2")
            .bind(token.bytes())
            .bind(now)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
    }
    Ok(found)
}

/// The same without being seen.
pub async fn look(
    mut tx: DoorTx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>, DbError> {
    read(&mut tx, token, now).await
}

async fn read(
    tx: &mut DoorTx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>, DbError> {
    Ok(sqlx::query_as(
        "select session.user_id, session.company_id, session.member_id, session.seen_at,
                member.role, company.plan, company.country
         from session
         join member using (company_id, member_id)
         join company using (company_id)
         where session.token_hash = $1 and session.expires_at > $2 and session.seen_at > $3",
    )
    .bind(token.bytes())
    .bind(now)
    .bind(now - IDLE)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn insert(
    tx: &mut DoorTx,
    session: &NewSession,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "insert into session
             (token_hash, user_id, company_id, member_id, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(session.token.bytes())
    .bind(session.user_id)
    .bind(session.company_id)
    .bind(session.member_id)
    .bind(now)
    .bind(session.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends one session.
pub async fn end(tx: &mut DoorTx, token: &TokenHash) -> Result<(), DbError> {
    sqlx::query("delete from session where token_hash = $1")
        .bind(token.bytes())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends every session of a user, in all companies.
pub async fn end_all(tx: &mut DoorTx, user_id: UserId) -> Result<(), DbError> {
    sqlx::query("delete from session where user_id = $1").bind(user_id).execute(tx.conn()).await?;
    Ok(())
}

/// A session as its owner sees it among others.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Open {
    pub session_id: uuid::Uuid,
    pub company_name: String,
    /// What its browser says it is.
    pub agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Everything somebody is signed in with, in all companies; the newest seen first.
pub async fn list(
    tx: &mut DoorTx,
    user_id: UserId,
    own: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Vec<Open>, DbError> {
    Ok(sqlx::query_as(
        "select session_id, company.name as company_name, agent, session.created_at, seen_at,
                token_hash = $2 as current
         from session
         join company using (company_id)
         where user_id = $1 and expires_at > $3 and seen_at > $4
         order by token_hash = $2 desc, seen_at desc, session_id
         limit 200",
    )
    .bind(user_id)
    .bind(own.bytes())
    .bind(now)
    .bind(now - IDLE)
    .fetch_all(tx.conn())
    .await?)
}

/// Says what a session's browser is.
pub async fn describe(tx: &mut DoorTx, token: &TokenHash, agent: &str) -> Result<(), DbError> {
    sqlx::query("update session set agent = $2 where token_hash = $1")
        .bind(token.bytes())
        .bind(agent)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A session that somebody has ended from another.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Ended {
    pub session_id: uuid::Uuid,
    pub company_id: CompanyId,
    pub member_id: MemberId,
}

pub async fn end_one(
    tx: &mut DoorTx,
    user_id: UserId,
    session_id: uuid::Uuid,
) -> Result<Vec<Ended>, DbError> {
    Ok(sqlx::query_as(
        "delete from session where user_id = $1 and session_id = $2
         returning session_id, company_id, member_id",
    )
    .bind(user_id)
    .bind(session_id)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn end_others(
    tx: &mut DoorTx,
    user_id: UserId,
    own: &TokenHash,
) -> Result<Vec<Ended>, DbError> {
    Ok(sqlx::query_as(
        "delete from session where user_id = $1 and token_hash <> $2
         returning session_id, company_id, member_id",
    )
    .bind(user_id)
    .bind(own.bytes())
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets what has ended; returns how many.
pub async fn sweep(tx: &mut DoorTx, now: DateTime<Utc>) -> Result<u64, DbError> {
    let swept = sqlx::query("delete from session where expires_at <= $1 or seen_at <= $2")
        .bind(now)
        .bind(now - IDLE)
        .execute(tx.conn())
        .await?;
    Ok(swept.rows_affected())
}

/// What the company of a session counts and should look at.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Usage {
    pub contacts: i64,
    pub seats: i64,
}

pub async fn usage(tx: &mut TenantTx) -> Result<Usage, DbError> {
    Ok(sqlx::query_as(
        "select (select contacts from book) as contacts, (select count(*) from member) as seats",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A connection that somebody has to do something about.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Attention {
    /// `needs_reconnect`, `paused` or `uninstalled`.
    pub state: String,
    pub provider: String,
}

/// What was uninstalled at the CRM is told for a week: somebody may have meant it.
const UNINSTALLED: TimeDelta = TimeDelta::days(7);

pub async fn attention(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Vec<Attention>, DbError> {
    Ok(sqlx::query_as(
        "select case state when 'disconnected' then 'uninstalled' else state end as state, provider
         from connection
         where state in ('needs_reconnect', 'paused')
            -- One that somebody disconnected here has no reason.
            or state = 'disconnected' and state_reason is not null and uninstalled_at > $1
         order by provider",
    )
    .bind(now - UNINSTALLED)
    .fetch_all(tx.conn())
    .await?)
}
