//! Brings a database up to date: history first, then the standing policies.

use sqlx::{
    PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::db::{Db, DbError};

static HISTORY: Migrator = sqlx::migrate!();

const POLICIES: &[&str] = &[
    include_str!("../../policies/rls/010_protect.sql"),
    include_str!("../../policies/rls/020_tenant_tables.sql"),
    include_str!("../../policies/rls/030_own_only.sql"),
    include_str!("../../policies/rls/040_runner.sql"),
    include_str!("../../policies/rls/050_door.sql"),
    include_str!("../../policies/rls/060_search.sql"),
];

/// Runs pending migrations as the owner, then re-applies every policy in one transaction.
///
/// Given a password, the login role gets it: for databases that Tandem itself looks after.
pub async fn migrate(owner: PgConnectOptions, login_password: Option<&str>) -> Result<(), DbError> {
    let owner = owner.options([("client_min_messages", "warning")]);
    let pool: PgPool = PgPoolOptions::new().max_connections(1).connect_with(owner).await?;
    HISTORY.run(&pool).await.map_err(|error| DbError::Query(error.into()))?;

    let mut tx = pool.begin().await?;
    for &policy in POLICIES {
        sqlx::raw_sql(policy).execute(&mut *tx).await?;
    }
    // The login may learn which migrations ran, so that `serve` can refuse an old schema.
    sqlx::raw_sql("grant select on _sqlx_migrations to tandem_login").execute(&mut *tx).await?;
    tx.commit().await?;

    if let Some(password) = login_password {
        // `alter role` takes no parameters: Postgres itself quotes the text.
        let statement: String =
            sqlx::query_scalar("select format('alter role tandem_login password %L', $1::text)")
                .bind(password)
                .fetch_one(&pool)
                .await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}

/// Versions in this binary that the database has not seen.
pub async fn pending_migrations(db: &Db) -> Result<Vec<i64>, DbError> {
    let applied: Vec<i64> =
        sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
            .fetch_all(&db.pool)
            .await?;
    Ok(HISTORY.iter().map(|step| step.version).filter(|step| !applied.contains(step)).collect())
}

/// Makes a database if the cluster has none of that name.
pub async fn create_database(owner: PgConnectOptions, name: &str) -> Result<(), DbError> {
    let pool: PgPool = PgPoolOptions::new().max_connections(1).connect_with(owner).await?;
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(name)
            .fetch_one(&pool)
            .await?;
    if !there {
        // `create database` takes no parameters: Postgres itself quotes the name.
        let statement: String = sqlx::query_scalar("select format('create database %I', $1::text)")
            .bind(name)
            .fetch_one(&pool)
            .await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}
