//! Rows of `connection` and `oauth_state`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, MemberId, RunId},
};

/// A connection, without its tokens.
#[derive(Debug, Clone, FromRow)]
pub struct Connection {
    pub connection_id: ConnectionId,
    pub provider: String,
    pub state: String,
    pub state_reason: Option<String>,
    pub account_id: String,
    pub account_name: String,
    pub account_domain: Option<String>,
    pub account_country: Option<String>,
    pub account_user_id: String,
    pub account_user: Option<String>,
    pub account_admin: bool,
    /// Where its data is.
    pub api_base: String,
    pub granted_scopes: Vec<String>,
    pub connected_by: Option<MemberId>,
    pub connected_by_name: Option<String>,
    pub connected_at: DateTime<Utc>,
    pub token_refreshed_at: Option<DateTime<Utc>>,
    pub budget: Option<Value>,
    pub budget_at: Option<DateTime<Utc>>,
    pub remote_users: Option<Value>,
    pub remote_users_at: Option<DateTime<Utc>>,
    pub remote_fields: Option<Value>,
    pub watermark: Option<DateTime<Utc>>,
    pub persons_estimate: Option<i64>,
    /// When the provider said that its user took the app out.
    pub uninstalled_at: Option<DateTime<Utc>>,
    /// How the provider tells of changes by itself: `on`, `off` or `failing`.
    pub hooks_state: Option<String>,
    pub hooks_reason: Option<String>,
    pub hooks_until: Option<DateTime<Utc>>,
    pub hooks_due_at: Option<DateTime<Utc>>,
    pub hooks_missed: bool,
}

/// The connection to a provider, whatever its state.
pub async fn find(tx: &mut TenantTx, provider: &str) -> Result<Option<Connection>, DbError> {
    Ok(sqlx::query_as(
        "select connection.*, member.name as connected_by_name
         from connection
         left join member
           on member.company_id = connection.company_id and member_id = connected_by
         where provider = $1",
    )
    .bind(provider)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn get(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<Connection>, DbError> {
    Ok(sqlx::query_as(
        "select connection.*, member.name as connected_by_name
         from connection
         left join member
           on member.company_id = connection.company_id and member_id = connected_by
         where connection_id = $1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn list(tx: &mut TenantTx) -> Result<Vec<Connection>, DbError> {
    Ok(sqlx::query_as(
        "select connection.*, member.name as connected_by_name
         from connection
         left join member
           on member.company_id = connection.company_id and member_id = connected_by
         order by provider",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What a card shows beside the connection.
#[derive(Debug, Clone, FromRow)]
pub struct Standing {
    pub contacts_linked: i64,
    pub last_run: Option<RunId>,
    pub last_run_state: Option<String>,
    pub last_run_finished: Option<DateTime<Utc>>,
    pub running: Option<RunId>,
}

pub async fn standing(tx: &mut TenantTx, id: ConnectionId) -> Result<Standing, DbError> {
    Ok(sqlx::query_as(
        "select
             -- Kept by the mappings themselves, for the whole company; whoever sees the own contacts
             -- only has few enough to count.
             case when current_setting('tandem.scope') = 'all' then
                 coalesce(
                     (select contacts_linked from connection_count where connection_id = $1), 0)
             else
                 (select count(*) from contact
                  where owner_member_id = nullif(current_setting('tandem.member_id'), '')::uuid
                    and exists (
                        select from mapping
                        where mapping.company_id = contact.company_id
                          and mapping.contact_id = contact.contact_id
                          and connection_id = $1 and kind = 'person' and state = 'linked'
                    ))
             end as contacts_linked,
             last.run_id as last_run, last.state as last_run_state,
             last.finished_at as last_run_finished,
             (select run_id from sync_run
              where connection_id = $1 and state in ('queued', 'running', 'waiting')
                -- Nobody waits for those that a change at the CRM or the clock began.
                and not by_hook and not by_clock
              order by run_id desc limit 1) as running
         from (values (1)) one
         left join lateral (
             select run_id, state, finished_at from sync_run
             where connection_id = $1 and state in ('completed', 'failed', 'cancelled')
             order by run_id desc limit 1
         ) last on true",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}

/// A consent that was asked for and has not come back.
#[derive(Debug)]
pub struct NewState<'a> {
    pub state_hash: &'a [u8],
    pub session_hash: &'a [u8],
    pub member_id: MemberId,
    pub provider: &'a str,
    pub verifier: Option<&'a [u8]>,
    /// Where people sign in, when it is not the provider's usual host.
    pub login: Option<&'a str>,
    pub expires_at: DateTime<Utc>,
}

/// Consents that one member may have open; older ones are forgotten, so that pressing the button
/// over and over fills no table.
const MOST_OPEN: i64 = 20;

/// Remembers a consent; forgets those that ended long ago.
pub async fn insert_state(tx: &mut TenantTx, state: &NewState<'_>) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query("delete from oauth_state where expires_at < now() - interval '1 day'")
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "insert into oauth_state
             (company_id, state_hash, session_hash, member_id, provider, verifier, expires_at, login)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(company_id)
    .bind(state.state_hash)
    .bind(state.session_hash)
    .bind(state.member_id)
    .bind(state.provider)
    .bind(state.verifier)
    .bind(state.expires_at)
    .bind(state.login)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "delete from oauth_state
         where state_hash in (
             select state_hash from oauth_state where member_id = $1
             order by created_at desc, state_hash offset $2
         )",
    )
    .bind(state.member_id)
    .bind(MOST_OPEN)
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[derive(Debug, Clone, FromRow)]
pub struct State {
    pub session_hash: Vec<u8>,
    pub member_id: MemberId,
    pub provider: String,
    pub verifier: Option<Vec<u8>>,
    pub login: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

pub async fn state(tx: &mut TenantTx, state_hash: &[u8]) -> Result<Option<State>, DbError> {
    Ok(sqlx::query_as("select * from oauth_state where state_hash = $1")
        .bind(state_hash)
        .fetch_optional(tx.conn())
        .await?)
}

/// Uses a state up; `false` when somebody was faster or it expired.
pub async fn use_state(
    tx: &mut TenantTx,
    state_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let used = sqlx::query(
        "update oauth_state set used_at = $2
         where state_hash = $1 and used_at is null and expires_at > $2",
    )
    .bind(state_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// What a consent brought, with the tokens sealed.
#[derive(Debug)]
pub struct Connected<'a> {
    pub connection_id: ConnectionId,
    pub provider: &'a str,
    pub account: &'a crate::domain::Account,
    pub api_base: &'a str,
    pub granted_scopes: &'a [String],
    pub connected_by: MemberId,
    pub access_token: &'a [u8],
    pub refresh_token: Option<&'a [u8]>,
    pub token_gen: i64,
    pub token_expires_at: DateTime<Utc>,
}

/// Makes or renews the connection; mappings survive because its id does.
pub async fn upsert(tx: &mut TenantTx, new: &Connected<'_>) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into connection
             (company_id, connection_id, provider, state, account_id, account_name, account_domain,
              account_country, account_user_id, account_user, account_admin, api_base,
              granted_scopes, connected_by, connected_at, access_token, refresh_token, token_gen,
              token_expires_at, token_refreshed_at)
         values ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now(), $14, $15,
                 $16, $17, now())
         on conflict (company_id, connection_id) do update
         set state = 'active', state_reason = null,
             account_id = excluded.account_id, account_name = excluded.account_name,
             account_domain = excluded.account_domain,
             account_country = excluded.account_country,
             account_user_id = excluded.account_user_id, account_user = excluded.account_user,
             account_admin = excluded.account_admin, api_base = excluded.api_base,
             granted_scopes = excluded.granted_scopes, connected_by = excluded.connected_by,
             connected_at = now(), access_token = excluded.access_token,
             refresh_token = excluded.refresh_token, token_gen = excluded.token_gen,
             token_expires_at = excluded.token_expires_at, token_refreshed_at = now(),
             lease_gen = connection.lease_gen + 1, lease_until = null",
    )
    .bind(company_id)
    .bind(new.connection_id)
    .bind(new.provider)
    .bind(new.account.company_id.as_str())
    .bind(&new.account.name)
    .bind(&new.account.domain)
    .bind(&new.account.country)
    .bind(new.account.user_id.as_str())
    .bind(new.account.user_name.as_deref().or(new.account.user_email.as_deref()))
    .bind(new.account.admin)
    .bind(new.api_base)
    .bind(new.granted_scopes)
    .bind(new.connected_by)
    .bind(new.access_token)
    .bind(new.refresh_token)
    .bind(new.token_gen)
    .bind(new.token_expires_at)
    .execute(tx.conn())
    .await?;
    // A new consent is newer than any late answer.
    sqlx::query("update refresh_attempt set orphan = null where connection_id = $1")
        .bind(new.connection_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Moves a connection to a state in which nothing runs; tokens stay.
pub async fn set_state(
    tx: &mut TenantTx,
    id: ConnectionId,
    state: &str,
    reason: Option<&str>,
) -> Result<bool, DbError> {
    let done = sqlx::query(
        "update connection set state = $2, state_reason = $3
         where connection_id = $1 and state <> $2 and state <> 'disconnected'",
    )
    .bind(id)
    .bind(state)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Destroys the tokens, late answers of refreshes included; data and mappings stay.
pub async fn disconnect(tx: &mut TenantTx, id: ConnectionId) -> Result<(), DbError> {
    sqlx::query("update refresh_attempt set orphan = null where connection_id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "update connection
         set state = 'disconnected', state_reason = null, access_token = null,
             refresh_token = null, token_gen = token_gen + 1, token_expires_at = null,
             lease_gen = lease_gen + 1, lease_until = null
         where connection_id = $1",
    )
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The provider said that its user took the app out: why the connection has ended.
pub async fn note_uninstall(
    tx: &mut TenantTx,
    id: ConnectionId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update connection set state_reason = $2, uninstalled_at = $3
         where connection_id = $1 and state = 'disconnected'",
    )
    .bind(id)
    .bind(reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the connection and every mapping; the contacts stay. Returns how many mappings went.
pub async fn delete(tx: &mut TenantTx, id: ConnectionId) -> Result<i64, DbError> {
    let mappings: i64 = sqlx::query_scalar("select count(*) from mapping where connection_id = $1")
        .bind(id)
        .fetch_one(tx.conn())
        .await?;
    sqlx::query("delete from connection where connection_id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(mappings)
}

/// What the last reading of users and fields brought.
pub async fn remember_words(
    tx: &mut TenantTx,
    id: ConnectionId,
    users: Option<&Value>,
    fields: Option<&Value>,
) -> Result<(), DbError> {
    sqlx::query(
        "update connection
         set remote_users = coalesce($2, remote_users), remote_fields = coalesce($3, remote_fields),
             remote_users_at = case when $2::jsonb is null then remote_users_at else now() end
         where connection_id = $1",
    )
    .bind(id)
    .bind(users)
    .bind(fields)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Budget as last seen: Redis may forget it, the company's account does not.
pub async fn remember_budget(
    tx: &mut TenantTx,
    id: ConnectionId,
    budget: &Value,
) -> Result<(), DbError> {
    sqlx::query("update connection set budget = $2, budget_at = now() where connection_id = $1")
        .bind(id)
        .bind(budget)
        .execute(tx.conn())
        .await?;
    Ok(())
}
