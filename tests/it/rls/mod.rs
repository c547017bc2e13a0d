//! One company never sees, changes or guesses anything of another.

mod catalogue;
mod keys;
pub(crate) mod pool;
mod rows;

use sqlx::{Connection, PgConnection};
use tandem::domain::{CompanyId, MemberId};

use crate::harness::TestHub;

/// A connection of our own as the login of production, for what no key would let us ask.
pub(crate) struct Raw(PgConnection);

impl Raw {
    pub(crate) async fn new(hub: &TestHub) -> Self {
        Self(PgConnection::connect_with(&hub.database.login()).await.unwrap())
    }

    /// Begins as a role, with the settings that a key of it makes.
    pub(crate) async fn begin(
        &mut self,
        role: &str,
        company: Option<CompanyId>,
        own: Option<MemberId>,
    ) {
        self.run("begin").await.unwrap();
        sqlx::query("select set_config('role', $1, true)")
            .bind(role)
            .execute(&mut self.0)
            .await
            .unwrap();
        if let Some(company) = company {
            sqlx::query(
                "select set_config('tandem.company_id', $1, true),
                        set_config('tandem.scope', $2, true),
                        set_config('tandem.member_id', $3, true)",
            )
            .bind(company.to_string())
            .bind(if own.is_some() { "own" } else { "all" })
            .bind(own.map(|id| id.to_string()).unwrap_or_default())
            .execute(&mut self.0)
            .await
            .unwrap();
        }
    }

    /// The whole company's, as a worker sees it.
    pub(crate) async fn tenant(&mut self, company: CompanyId) {
        self.begin("tandem_tenant", Some(company), None).await;
    }

    pub(crate) async fn rollback(&mut self) {
        self.run("rollback").await.unwrap();
    }

    /// Rows that a statement touched.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<u64, sqlx::Error> {
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await?;
        Ok(done.rows_affected())
    }

    /// The same inside a savepoint, so that a refusal does not end the transaction.
    pub(crate) async fn attempt(&mut self, sql: &str) -> Result<u64, String> {
        self.run("savepoint attempt").await.unwrap();
        let done = self.run(sql).await.map_err(|error| error.to_string());
        let end = if done.is_ok() { "release attempt" } else { "rollback to attempt" };
        self.run(end).await.unwrap();
        done
    }

    pub(crate) async fn count(&mut self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut self.0)
            .await
            .unwrap()
    }
}
