//! A connection as the owner of the private cluster: no role is put on, no policy looks, and the
//! company stands in each statement. The bench's alone; the service never has such an address.

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, QueryBuilder, postgres::PgConnectOptions,
};

use crate::{
    db::{
        DbError,
        contacts::{Contact, SHOWN},
    },
    domain::{CompanyId, ContactId},
};

/// As many matches of a search are looked at as the service looks at.
const MOST_MATCHES: i32 = 10_000;

/// Rows that a database wrote to one table since its statistics began.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Writes {
    pub table_name: String,
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
}

/// A read without isolation.
#[derive(Debug, Clone)]
pub enum Plain {
    /// The newest contacts behind one.
    Page(ContactId),
    One(ContactId),
    /// Lower-cased text that is no pattern.
    Search(String),
}

#[derive(Debug)]
pub struct Owner {
    connection: PgConnection,
}

impl Owner {
    pub async fn connect(options: PgConnectOptions) -> Result<Self, DbError> {
        // Cleaning up is slow and meant to be; nobody needs to read about it.
        let options =
            options.options([("client_min_messages", "error")]).disable_statement_logging();
        Ok(Self { connection: PgConnection::connect_with(&options).await? })
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    pub async fn close(self) -> Result<(), DbError> {
        Ok(self.connection.close().await?)
    }

    pub async fn backend(&mut self) -> Result<u32, DbError> {
        let pid: i32 =
            sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut self.connection).await?;
        Ok(pid.unsigned_abs())
    }

    /// Deliveries that still have something to do, and those that are done.
    pub async fn deliveries(&mut self) -> Result<(i64, i64), DbError> {
        Ok(sqlx::query_as(
            "select count(*) filter (where state in ('queued', 'sending', 'retrying', 'unknown')),
                    count(*) filter (where state = 'delivered')
             from delivery",
        )
        .fetch_one(&mut self.connection)
        .await?)
    }

    /// What Postgres says about one of its settings.
    pub async fn setting(&mut self, name: &str) -> Result<String, DbError> {
        Ok(sqlx::query_scalar("select current_setting($1)")
            .bind(name)
            .fetch_one(&mut self.connection)
            .await?)
    }

    /// Does what would be done in the background some minutes after an import, so that what is
    /// measured next does not pay for it.
    pub async fn settle(&mut self) -> Result<(), DbError> {
        sqlx::raw_sql("vacuum (analyze)").execute(&mut self.connection).await?;
        sqlx::raw_sql("checkpoint").execute(&mut self.connection).await?;
        Ok(())
    }

    /// Ends the sessions of an application and waits until they are gone: Postgres counts what a
    /// session wrote when it ends at the latest. A pool makes new ones when it needs them.
    pub async fn end_sessions(&mut self, application: &str) -> Result<(), DbError> {
        sqlx::query(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity
             where datname = current_database() and application_name = $1
               and pid <> pg_backend_pid()",
        )
        .bind(application)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// What was written to each table of the book, as Postgres counts.
    pub async fn writes(&mut self) -> Result<Vec<Writes>, DbError> {
        sqlx::query("select pg_stat_clear_snapshot()").execute(&mut self.connection).await?;
        Ok(sqlx::query_as(
            "select relname::text as table_name, n_tup_ins as inserted, n_tup_upd as updated,
                    n_tup_del as deleted
             from pg_stat_user_tables
             where relname in ('contact', 'identifier', 'mapping', 'organization', 'remote_deal')
             order by relname",
        )
        .fetch_all(&mut self.connection)
        .await?)
    }

    pub async fn drop_database(&mut self, name: &str) -> Result<(), DbError> {
        let statement: String = sqlx::query_scalar(
            "select format('drop database if exists %I with (force)', $1::text)",
        )
        .bind(name)
        .fetch_one(&mut self.connection)
        .await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut self.connection).await?;
        Ok(())
    }

    /// The statement of the service with the company in it; `search` may use the index at once.
    pub async fn read(
        &mut self,
        company_id: CompanyId,
        read: &Plain,
        most: i64,
    ) -> Result<Vec<Contact>, DbError> {
        let mut query = QueryBuilder::new("select ");
        query.push(SHOWN).push("where contact.company_id = ").push_bind(company_id);
        // What differs from call to call is planned with its values, as in the service's function.
        let mut kept = true;
        match read {
            Plain::Page(id) => {
                query.push(" and contact.contact_id < ").push_bind(*id);
            }
            Plain::One(id) => {
                query.push(" and contact.contact_id = ").push_bind(*id);
            }
            Plain::Search(text) => {
                kept = false;
                query
                    .push(" and contact.contact_id in (select contact_id from contact where company_id = ")
                    .push_bind(company_id)
                    .push(" and search like ")
                    .push_bind(format!("%{text}%"))
                    .push(" order by contact_id desc limit ")
                    .push_bind(MOST_MATCHES)
                    .push(")");
            }
        }
        query.push(" order by contact.contact_id desc limit ").push_bind(most);
        Ok(query.build_query_as().persistent(kept).fetch_all(&mut self.connection).await?)
    }

    pub async fn begin(&mut self) -> Result<(), DbError> {
        sqlx::raw_sql("begin read only").execute(&mut self.connection).await?;
        Ok(())
    }

    pub async fn commit(&mut self) -> Result<(), DbError> {
        sqlx::raw_sql("commit").execute(&mut self.connection).await?;
        Ok(())
    }
}
