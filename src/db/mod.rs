//! The only room that speaks SQL.
//!
//! A query needs a connection, a connection comes only from a key, and a key exists only after the
//! database has been told whose it is: [`TenantTx`] sees one company's rows, [`RunnerTx`] the queue
//! of all companies and nothing else, [`DoorTx`] what must be read before a company is known.

pub mod accounts;
pub mod activities;
pub mod api_keys;
pub mod audit;
pub mod bare;
pub mod billing;
pub mod book;
pub mod budget_use;
pub mod campaigns;
pub mod companies;
pub mod connections;
pub mod contacts;
pub mod csv;
pub mod deals;
pub mod deliveries;
pub mod directory;
pub mod door_mail;
pub mod entries;
mod error;
pub mod holders;
pub mod hooks;
pub mod idempotency;
pub mod installations;
pub mod installers;
pub mod intake;
pub mod invitations;
pub mod jobs;
mod keys;
pub mod members;
mod migrate;
pub mod organizations;
pub mod polls;
pub mod reminders;
pub mod reports;
pub mod rotation;
pub mod runs;
pub mod saved_filters;
pub mod second_factors;
pub mod sessions;
mod start;
pub mod suggestions;
pub mod tokens;

use std::time::Duration;

use sqlx::{
    Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use error::DbError;
pub use keys::{DoorTx, RunnerTx, Scope, TenantTx};
pub use migrate::{create_database, migrate, pending_migrations};
pub use start::StartError;

/// The connection pool; the field is private so that no raw connection leaves this room.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Connects as the login role, which by itself may read nothing.
    pub async fn connect(options: PgConnectOptions, connections: u32) -> Result<Self, DbError> {
        let options = options
            .options([
                ("client_min_messages", "error"),
                ("idle_in_transaction_session_timeout", "15s"),
                ("lock_timeout", "10s"),
                ("statement_timeout", "60s"),
            ])
            .application_name("tandem");
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            // A cancelled `begin()` can hand an open transaction back to the pool (sqlx 0.9.0):
            // the next borrower would lose its writes, or see another company's rows. A rollback
            // without a transaction is a warning in the server's log each time, so one begins.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.execute("begin; rollback; reset all").await?;
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        let db = Self { pool };
        db.ping().await?;
        Ok(db)
    }

    /// One round trip; fails when the database is away.
    pub async fn ping(&self) -> Result<(), DbError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Ends every connection; open transactions roll back.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
