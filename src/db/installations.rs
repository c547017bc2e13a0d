//! Rows of `pending_installation`, at the door: installs that belong to no company yet.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use crate::{
    db::{DbError, DoorTx},
    domain::{Account, InstallationId, RemoteId, TokenHash},
};

/// An install as it came, with its tokens sealed.
#[derive(Debug)]
pub struct NewInstallation<'a> {
    pub installation_id: InstallationId,
    pub browser: &'a TokenHash,
    pub provider: &'a str,
    pub account: &'a Account,
    pub api_base: &'a str,
    pub granted_scopes: &'a [String],
    pub access_token: &'a [u8],
    pub refresh_token: Option<&'a [u8]>,
    pub master_id: &'a str,
    pub token_expires_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert(
    tx: &mut DoorTx,
    new: &NewInstallation<'_>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "insert into pending_installation
             (installation_id, browser_hash, provider, account_id, account_name, account_domain,
              account_country, account_user_id, account_user, account_admin, api_base,
              granted_scopes, access_token, refresh_token, master_id, token_expires_at, created_at,
              expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(new.installation_id)
    .bind(new.browser.bytes())
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
    .bind(new.access_token)
    .bind(new.refresh_token)
    .bind(new.master_id)
    .bind(new.token_expires_at)
    .bind(now)
    .bind(new.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How the installation of a browser stands.
#[derive(Debug, Clone, FromRow)]
pub struct Standing {
    pub installation_id: InstallationId,
    pub provider: String,
    pub expires_at: DateTime<Utc>,
    pub ended: Option<String>,
}

pub async fn of_browser(tx: &mut DoorTx, browser: &TokenHash) -> Result<Option<Standing>, DbError> {
    Ok(sqlx::query_as(
        "select installation_id, provider, expires_at, ended from pending_installation
         where browser_hash = $1",
    )
    .bind(browser.bytes())
    .fetch_optional(tx.conn())
    .await?)
}

/// An installation that has not ended, with its tokens sealed.
#[derive(Debug, Clone)]
pub struct Pending {
    pub installation_id: InstallationId,
    pub provider: String,
    pub account: Account,
    pub api_base: String,
    pub granted_scopes: Vec<String>,
    pub access_token: Vec<u8>,
    pub refresh_token: Option<Vec<u8>>,
    pub master_id: String,
    pub token_expires_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub attempts: i32,
}

#[derive(FromRow)]
struct Row {
    installation_id: InstallationId,
    provider: String,
    account_id: String,
    account_name: Option<String>,
    account_domain: Option<String>,
    account_country: Option<String>,
    account_user_id: String,
    account_user: Option<String>,
    account_admin: Option<bool>,
    api_base: Option<String>,
    granted_scopes: Option<Vec<String>>,
    access_token: Vec<u8>,
    refresh_token: Option<Vec<u8>>,
    master_id: String,
    token_expires_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    attempts: i32,
}

impl From<Row> for Pending {
    fn from(row: Row) -> Self {
        Self {
            installation_id: row.installation_id,
            provider: row.provider,
            account: Account {
                id: format!("{}:{}", row.account_id, row.account_user_id),
                company_id: RemoteId(row.account_id),
                user_id: RemoteId(row.account_user_id),
                name: row.account_name.unwrap_or_default(),
                domain: row.account_domain,
                user_name: row.account_user,
                user_email: None,
                country: row.account_country,
                admin: row.account_admin.unwrap_or(false),
            },
            api_base: row.api_base.unwrap_or_default(),
            granted_scopes: row.granted_scopes.unwrap_or_default(),
            access_token: row.access_token,
            refresh_token: row.refresh_token,
            master_id: row.master_id,
            token_expires_at: row.token_expires_at,
            expires_at: row.expires_at,
            attempts: row.attempts,
        }
    }
}

pub async fn get(tx: &mut DoorTx, id: InstallationId) -> Result<Option<Pending>, DbError> {
    let row: Option<Row> = sqlx::query_as(
        "select * from pending_installation where installation_id = $1 and ended is null",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Pending::from))
}

/// The right to end one that is still good; `None` when another has it, or it is too late.
pub async fn take(
    tx: &mut DoorTx,
    id: InstallationId,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Pending>, DbError> {
    let row: Option<Row> = sqlx::query_as(
        "update pending_installation set lease_until = $3
         where installation_id = $1 and ended is null and expires_at > $2
           and (lease_until is null or lease_until <= $2)
         returning *",
    )
    .bind(id)
    .bind(now)
    .bind(now + lease)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Pending::from))
}

/// Gives the right back: nothing was done, and it waits on.
pub async fn let_go(tx: &mut DoorTx, id: InstallationId) -> Result<(), DbError> {
    sqlx::query(
        "update pending_installation set lease_until = null
         where installation_id = $1 and ended is null",
    )
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one whose time is over, to give its grant back. The next try may come in a minute, then in
/// twice the time after each.
pub async fn take_expired(tx: &mut DoorTx, now: DateTime<Utc>) -> Result<Option<Pending>, DbError> {
    let row: Option<Row> = sqlx::query_as(
        "update pending_installation
         set lease_until = $1 + make_interval(mins => (1 << least(attempts, 6))),
             attempts = attempts + 1
         where installation_id = (
             select installation_id from pending_installation
             where ended is null and expires_at <= $1
               and (lease_until is null or lease_until <= $1)
             order by expires_at limit 1
             for update skip locked
         )
         returning *",
    )
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Pending::from))
}

/// How an installation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Used,
    Expired,
    Declined,
    Uninstalled,
}

impl End {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Uninstalled => "uninstalled",
        }
    }
}

/// What an ended one no longer has.
macro_rules! emptied {
    () => {
        "account_id = null, account_name = null, account_domain = null, account_country = null,
         account_user_id = null, account_user = null, account_admin = null, api_base = null,
         granted_scopes = null, access_token = null, refresh_token = null, master_id = null,
         token_expires_at = null, lease_until = null"
    };
}

/// Destroys its tokens and whose they were; how it ended is kept a while for its browser.
pub async fn end(tx: &mut DoorTx, id: InstallationId, how: End) -> Result<(), DbError> {
    sqlx::query(concat!(
        "update pending_installation set ended = $2, ",
        emptied!(),
        " where installation_id = $1 and ended is null"
    ))
    .bind(id)
    .bind(how.word())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The user uninstalled it before anybody said where it belongs; those that began after `before`
/// are newer installs.
pub async fn end_of_user(
    tx: &mut DoorTx,
    provider: &str,
    (account_id, account_user_id): (&str, &str),
    before: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    sqlx::query(concat!(
        "update pending_installation set ended = 'uninstalled', ",
        emptied!(),
        " where provider = $1 and account_id = $2 and account_user_id = $3 and ended is null
            and ($4::timestamptz is null or created_at <= $4)"
    ))
    .bind(provider)
    .bind(account_id)
    .bind(account_user_id)
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether an installation of this user waits, apart from one.
pub async fn is_waiting(
    tx: &mut DoorTx,
    provider: &str,
    account: &Account,
    but: Option<InstallationId>,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (
             select from pending_installation
             where provider = $1 and account_id = $2 and account_user_id = $3 and ended is null
               and installation_id is distinct from $4
         )",
    )
    .bind(provider)
    .bind(account.company_id.as_str())
    .bind(account.user_id.as_str())
    .bind(but)
    .fetch_one(tx.conn())
    .await?)
}

/// Forgets those that ended and began before then.
pub async fn sweep(tx: &mut DoorTx, before: DateTime<Utc>) -> Result<u64, DbError> {
    let swept =
        sqlx::query("delete from pending_installation where ended is not null and created_at < $1")
            .bind(before)
            .execute(tx.conn())
            .await?;
    Ok(swept.rows_affected())
}

/// Those that another master key than `active` has sealed.
pub async fn not_under(tx: &mut DoorTx, active: &str) -> Result<Vec<Pending>, DbError> {
    let rows: Vec<Row> = sqlx::query_as(
        "select * from pending_installation where ended is null and master_id <> $1
         order by installation_id for update",
    )
    .bind(active)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Pending::from).collect())
}

/// Sealed again for the same place.
pub async fn reseal(
    tx: &mut DoorTx,
    id: InstallationId,
    (access, refresh): (&[u8], Option<&[u8]>),
    master_id: &str,
) -> Result<(), DbError> {
    sqlx::query(
        "update pending_installation
         set access_token = $2, refresh_token = $3, master_id = $4
         where installation_id = $1 and ended is null",
    )
    .bind(id)
    .bind(access)
    .bind(refresh)
    .bind(master_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}
