//! What must be true of a database before Tandem serves from it.

use sqlx::postgres::PgConnectOptions;

use crate::db::{Db, DbError, pending_migrations};

/// Oldest server with the row-security fixes we rely on (CVE-2025-8713 and before).
const OLDEST_SERVER: i32 = 150_014;

/// A reason not to start, as a sentence for whoever operates Tandem.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "cannot reach the database: {reason}. Check DATABASE_URL and that Postgres is running."
    )]
    Away { reason: String, passes: bool },
    #[error("PostgreSQL {0} is too old: Tandem needs 15.14 or later.")]
    TooOld(String),
    #[error(
        "the login role `{role}` is too strong ({why}): row-level security would not bind it. \
         Use a role such as `tandem_login` that owns nothing."
    )]
    TooStrong { role: String, why: String },
    #[error(
        "the login role `{0}` may not act as the roles of Tandem. Run `tandem migrate` as the owner."
    )]
    TooWeak(String),
    #[error("the database is {0} migration(s) behind. Run `tandem migrate` first.")]
    Behind(usize),
    #[error("the database was never migrated. Run `tandem migrate` first.")]
    Empty,
    #[error("the database did not answer as expected")]
    Db(#[from] DbError),
}

impl StartError {
    /// Whether a later start may succeed without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Away { passes, .. } => *passes,
            Self::Db(error) => error.is_passing(),
            _ => false,
        }
    }
}

impl Db {
    /// Connects, and refuses a database that is away, too old, behind, or that would not isolate.
    pub async fn start(options: PgConnectOptions, connections: u32) -> Result<Self, StartError> {
        let db = match Self::connect(options, connections).await {
            Ok(db) => db,
            // The server's own sentence names no secret; sqlx's would name the URL's parts.
            Err(DbError::Unavailable(error)) => {
                return Err(StartError::Away { reason: reason(&error), passes: true });
            }
            // Another password, no such database: somebody has to do something.
            Err(DbError::Query(error)) => {
                return Err(StartError::Away { reason: reason(&error), passes: false });
            }
            Err(error) => return Err(error.into()),
        };
        db.refuse_old_server().await?;
        db.refuse_strong_login().await?;
        match pending_migrations(&db).await {
            Ok(pending) if pending.is_empty() => Ok(db),
            Ok(pending) => Err(StartError::Behind(pending.len())),
            Err(error) if error.is_passing() => Err(error.into()),
            Err(_) => Err(StartError::Empty),
        }
    }

    async fn refuse_old_server(&self) -> Result<(), StartError> {
        let (number, text): (i32, String) = sqlx::query_as(
            "select current_setting('server_version_num')::int, current_setting('server_version')",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(DbError::from)?;
        if number < OLDEST_SERVER { Err(StartError::TooOld(text)) } else { Ok(()) }
    }

    async fn refuse_strong_login(&self) -> Result<(), StartError> {
        let (role, superuser, bypasses, owns, acts): (String, bool, bool, bool, bool) =
            sqlx::query_as(
                "select current_user::text, role.rolsuper, role.rolbypassrls,
                        exists (select from pg_class
                                where relowner = role.oid and relkind in ('r', 'p', 'v', 'm')
                                  and relnamespace = 'public'::regnamespace),
                        coalesce(bool_and(pg_has_role(current_user, needed.oid, 'member')), false)
                 from pg_roles role
                 left join pg_roles needed
                   on needed.rolname in ('tandem_tenant', 'tandem_runner', 'tandem_door')
                 where role.rolname = current_user
                 group by role.oid, role.rolsuper, role.rolbypassrls",
            )
            .fetch_one(&self.pool)
            .await
            .map_err(DbError::from)?;
        let why = match (superuser, bypasses, owns) {
            (true, _, _) => "it is a superuser",
            (_, true, _) => "it has BYPASSRLS",
            (_, _, true) => "it owns tables",
            _ if !acts => return Err(StartError::TooWeak(role)),
            _ => return Ok(()),
        };
        Err(StartError::TooStrong { role, why: why.to_owned() })
    }
}

fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(cause) => cause.message().to_owned(),
        sqlx::Error::PoolTimedOut => "it did not answer in time".to_owned(),
        sqlx::Error::Io(cause) => cause.kind().to_string(),
        _ => "the connection failed".to_owned(),
    }
}
