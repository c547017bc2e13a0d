//! Second factors and recovery codes, at the door: they belong to people, not to companies.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, DoorTx},
    domain::{TokenHash, UserId},
};

#[derive(Clone, sqlx::FromRow)]
pub struct SecondFactor {
    pub user_id: UserId,
    pub secret: Vec<u8>,
    pub master_id: String,
    /// Null: it was begun and never finished, and nobody is asked for a code.
    pub confirmed_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "select user_id, secret, master_id, confirmed_at from second_factor ";

pub async fn find(tx: &mut DoorTx, user_id: UserId) -> Result<Option<SecondFactor>, DbError> {
    let mut query = sqlx::QueryBuilder::new(COLUMNS);
    query.push("where user_id = ").push_bind(user_id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// Begins anew, unless there is one that counts already; whether it began.
pub async fn begin(
    tx: &mut DoorTx,
    user_id: UserId,
    (secret, master_id): (&[u8], &str),
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let begun = sqlx::query(
        "insert into second_factor (user_id, secret, master_id, created_at)
         values ($1, $2, $3, $4)
         on conflict (user_id) do update
         set secret = excluded.secret, master_id = excluded.master_id, last_step = 0,
             created_at = excluded.created_at
         where second_factor.confirmed_at is null",
    )
    .bind(user_id)
    .bind(secret)
    .bind(master_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// From now on it counts; whether it was this that made it so.
pub async fn confirm(
    tx: &mut DoorTx,
    user_id: UserId,
    secret: &[u8],
    step: i64,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let confirmed = sqlx::query(
        "update second_factor set confirmed_at = $4, last_step = $3
         where user_id = $1 and secret = $2 and confirmed_at is null",
    )
    .bind(user_id)
    .bind(secret)
    .bind(step)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

/// Uses a code of this step; of two at once, and of those of steps before, one at most counts.
pub async fn use_step(tx: &mut DoorTx, user_id: UserId, step: i64) -> Result<bool, DbError> {
    let used = sqlx::query(
        "update second_factor set last_step = $2 where user_id = $1 and last_step < $2",
    )
    .bind(user_id)
    .bind(step)
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

pub async fn end(tx: &mut DoorTx, user_id: UserId) -> Result<(), DbError> {
    for sql in [
        "delete from second_factor where user_id = $1",
        "delete from recovery_code where user_id = $1",
    ] {
        sqlx::query(sql).bind(user_id).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Puts new codes in the place of all old ones.
pub async fn set_codes(
    tx: &mut DoorTx,
    user_id: UserId,
    codes: &[TokenHash],
) -> Result<(), DbError> {
    sqlx::query("delete from recovery_code where user_id = $1")
        .bind(user_id)
        .execute(tx.conn())
        .await?;
    let hashes: Vec<&[u8]> = codes.iter().map(TokenHash::bytes).collect();
    sqlx::query("insert into recovery_code (user_id, code_hash) select $1, unnest($2::bytea[])")
        .bind(user_id)
        .bind(hashes)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Uses a recovery code up; of two at once one counts.
pub async fn use_code(tx: &mut DoorTx, user_id: UserId, code: &TokenHash) -> Result<bool, DbError> {
    let used = sqlx::query("delete from recovery_code where user_id = $1 and code_hash = $2")
        .bind(user_id)
        .bind(code.bytes())
        .execute(tx.conn())
        .await?;
    Ok(used.rows_affected() == 1)
}

pub async fn codes_left(tx: &mut DoorTx, user_id: UserId) -> Result<u64, DbError> {
    let left: i64 = sqlx::query_scalar("select count(*) from recovery_code where user_id = $1")
        .bind(user_id)
        .fetch_one(tx.conn())
        .await?;
    Ok(left.unsigned_abs())
}

/// Those that another master key than this one has sealed, locked until they are sealed again.
pub async fn not_under(tx: &mut DoorTx, master_id: &str) -> Result<Vec<SecondFactor>, DbError> {
    let mut query = sqlx::QueryBuilder::new(COLUMNS);
    query.push("where master_id <> ").push_bind(master_id).push(" for update");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

pub async fn reseal(
    tx: &mut DoorTx,
    user_id: UserId,
    (secret, master_id): (&[u8], &str),
) -> Result<(), DbError> {
    sqlx::query("update second_factor set secret = $2, master_id = $3 where user_id = $1")
        .bind(user_id)
        .bind(secret)
        .bind(master_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
