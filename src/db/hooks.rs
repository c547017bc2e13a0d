//! Rows of `hook_channel` and `hook_event`: what CRMs were asked to tell, and what they told.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::{CompanyId, ConnectionId, RemoteId},
};

/// Whose address was called, found by the token in it.
#[derive(Debug, Clone, FromRow)]
pub struct Called {
    pub company_id: CompanyId,
    pub connection_id: ConnectionId,
    pub account_id: String,
    pub secret_hash: Vec<u8>,
}

pub async fn called(
    tx: &mut DoorTx,
    provider: &str,
    token_hash: &[u8],
) -> Result<Option<Called>, DbError> {
    Ok(sqlx::query_as(
        "select company_id, connection_id, account_id, secret_hash
         from hook_channel join connection using (company_id, connection_id)
         where token_hash = $2 and provider = $1 and state <> 'disconnected'",
    )
    .bind(provider)
    .bind(token_hash)
    .fetch_optional(tx.conn())
    .await?)
}

/// A hint, as it is kept.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    pub event_key: &'a [u8],
    pub remote_id: Option<&'a str>,
    pub gone: bool,
    pub happened_at: Option<DateTime<Utc>>,
}

/// Takes hints into the inbox; how many of them are new.
pub async fn hear(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    events: &[NewEvent<'_>],
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    let company_id = tx.company_id();
    let keys: Vec<&[u8]> = events.iter().map(|event| event.event_key).collect();
    let ids: Vec<Option<&str>> = events.iter().map(|event| event.remote_id).collect();
    let gone: Vec<bool> = events.iter().map(|event| event.gone).collect();
    let times: Vec<Option<DateTime<Utc>>> = events.iter().map(|event| event.happened_at).collect();
    let heard = sqlx::query(
        "insert into hook_event
             (company_id, connection_id, event_key, remote_id, happened_at, gone, received_at)
         select $1, $2, event_key, remote_id, happened_at, gone, $7
         from unnest($3::bytea[], $4::text[], $5::timestamptz[], $6::bool[])
              as new (event_key, remote_id, happened_at, gone)
         -- In one order, so that two calls with the same events do not wait for each other.
         order by event_key
         on conflict (company_id, connection_id, event_key) do nothing",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(keys)
    .bind(ids)
    .bind(times)
    .bind(gone)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(heard.rows_affected())
}

/// What waits.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Each once, however often it was told of; first those of whom it is told that they are gone.
    pub persons: Vec<RemoteId>,
    /// How many of them are gone.
    pub gone: usize,
    /// More are waiting than were asked for.
    pub more: bool,
    /// Something happened, and nobody knows to whom.
    pub unread: bool,
}

/// What waits of a connection, the oldest first: at most so many persons.
pub async fn waiting(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    most: usize,
) -> Result<Waiting, DbError> {
    let rows: Vec<(Option<String>, bool)> = sqlx::query_as(
        "select remote_id, bool_or(gone) from hook_event
         where connection_id = $1 and taken_at is null
         group by remote_id order by bool_or(gone) desc, min(received_at), remote_id limit $2",
    )
    .bind(connection_id)
    .bind(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(2))
    .fetch_all(tx.conn())
    .await?;
    let unread = rows.iter().any(|(id, _)| id.is_none());
    let persons = || rows.iter().filter_map(|(id, gone)| Some((id.clone()?, *gone)));
    Ok(Waiting {
        persons: persons().take(most).map(|(id, _)| RemoteId(id)).collect(),
        gone: persons().take(most).filter(|(_, gone)| *gone).count(),
        more: persons().count() > most,
        unread,
    })
}

/// Which hints are taken.
#[derive(Debug, Clone, Copy)]
pub enum Take<'a> {
    Of(&'a [RemoteId]),
    /// Those that cannot be read.
    Unread,
    /// What is found in a list of what has changed, whoever it was.
    AllButTheGone,
}

/// Marks hints as taken; what comes later waits anew.
pub async fn take(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    which: Take<'_>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let ids: Option<Vec<&str>> = match which {
        Take::Of(persons) => Some(persons.iter().map(RemoteId::as_str).collect()),
        Take::Unread => Some(Vec::new()),
        Take::AllButTheGone => None,
    };
    let unread = !matches!(which, Take::Of(_));
    sqlx::query(
        "update hook_event set taken_at = $3
         where connection_id = $1 and taken_at is null
           and (remote_id = any($2) or ($4 and remote_id is null)
                or ($2::text[] is null and not gone))",
    )
    .bind(connection_id)
    .bind(ids)
    .bind(now)
    .bind(unread)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When the CRM last told something.
pub async fn last_heard(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar(
        "select received_at from hook_event where connection_id = $1
         order by received_at desc limit 1",
    )
    .bind(connection_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Forgets events that no CRM repeats any more. Whether one of them was never taken up.
pub async fn sweep(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    before: DateTime<Utc>,
) -> Result<bool, DbError> {
    let waited: Vec<bool> = sqlx::query_scalar(
        "delete from hook_event where connection_id = $1 and received_at <= $2
         returning taken_at is null",
    )
    .bind(connection_id)
    .bind(before)
    .fetch_all(tx.conn())
    .await?;
    Ok(waited.contains(&true))
}

/// What was asked for and where the CRM is to call.
#[derive(Debug, Clone, FromRow)]
pub struct Channel {
    pub channel_id: Uuid,
    pub remote_id: Option<String>,
    pub until: Option<DateTime<Utc>>,
    pub asked_at: DateTime<Utc>,
}

/// Newest first.
pub async fn channels(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<Vec<Channel>, DbError> {
    Ok(sqlx::query_as(
        "select channel_id, remote_id, until, asked_at from hook_channel
         where connection_id = $1 order by asked_at desc, channel_id desc",
    )
    .bind(connection_id)
    .fetch_all(tx.conn())
    .await?)
}

/// Written before the CRM is asked: it may call before its answer has come. One that was asked for before
/// and never answered is given up.
pub async fn ask(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    channel_id: Uuid,
    (token_hash, secret_hash): (&[u8], &[u8]),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query("delete from hook_channel where connection_id = $1 and remote_id is null")
        .bind(connection_id)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "insert into hook_channel
             (company_id, connection_id, channel_id, token_hash, secret_hash, asked_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(channel_id)
    .bind(token_hash)
    .bind(secret_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The CRM has agreed; every other channel of the connection goes. `false` when this one is gone: the
/// connection has ended meanwhile.
pub async fn opened(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    channel_id: Uuid,
    remote_id: &str,
    until: Option<DateTime<Utc>>,
) -> Result<bool, DbError> {
    let opened = sqlx::query(
        "update hook_channel set remote_id = $3, until = $4
         where connection_id = $1 and channel_id = $2",
    )
    .bind(connection_id)
    .bind(channel_id)
    .bind(remote_id)
    .bind(until)
    .execute(tx.conn())
    .await?;
    sqlx::query("delete from hook_channel where connection_id = $1 and channel_id <> $2")
        .bind(connection_id)
        .bind(channel_id)
        .execute(tx.conn())
        .await?;
    Ok(opened.rows_affected() == 1)
}

/// Whoever calls is told nothing from now on. What was told is forgotten.
pub async fn forget(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<(), DbError> {
    for statement in [
        "delete from hook_channel where connection_id = $1",
        "delete from hook_event where connection_id = $1",
        "update connection
         set hooks_state = null, hooks_reason = null, hooks_until = null, hooks_due_at = null,
             hooks_missed = false
         where connection_id = $1",
    ] {
        sqlx::query(statement).bind(connection_id).execute(tx.conn()).await?;
    }
    Ok(())
}

/// How a connection hears, for people and for whoever looks after it.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub until: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
}

pub async fn stand(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    standing: Standing<'_>,
) -> Result<(), DbError> {
    sqlx::query(
        "update connection
         set hooks_state = $2, hooks_reason = $3, hooks_until = $4, hooks_due_at = $5
         where connection_id = $1 and state <> 'disconnected'",
    )
    .bind(connection_id)
    .bind(standing.state)
    .bind(standing.reason)
    .bind(standing.until)
    .bind(standing.due_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes whether changes may have happened that nobody told.
pub async fn note_missed(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    missed: bool,
) -> Result<(), DbError> {
    sqlx::query("update connection set hooks_missed = $2 where connection_id = $1")
        .bind(connection_id)
        .bind(missed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A connection that somebody may have to look after.
#[derive(Debug, Clone, FromRow)]
pub struct Looked {
    pub connection_id: ConnectionId,
    pub provider: String,
    /// Nothing was agreed yet, or it is time to look again.
    pub due: bool,
    /// Hints wait.
    pub waiting: bool,
}

pub async fn look(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Vec<Looked>, DbError> {
    Ok(sqlx::query_as(
        "select connection_id, provider,
                hooks_state is null or coalesce(hooks_due_at <= $1, false) as due,
                hooks_missed or exists (
                    select from hook_event
                    where hook_event.company_id = connection.company_id
                      and hook_event.connection_id = connection.connection_id
                      and taken_at is null
                ) as waiting
         from connection where state = 'active'",
    )
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}
