//! The three keys, and nothing that opens a row without one.

use sqlx::{PgConnection, Postgres, Transaction};

use crate::{
    db::{Db, DbError},
    domain::{CompanyId, MemberId},
};

/// Which contacts of the company a key may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's: workers, and roles that see all.
    All,
    /// The member's own.
    Own(MemberId),
}

/// When PostgreSQL plans a prepared statement.
#[derive(Debug, Clone, Copy)]
enum Plans {
    /// As it thinks best, call by call.
    Auto,
    /// Once per connection, whatever the parameters are.
    Once,
}

impl Db {
    /// Opens a transaction that sees and writes `company_id`'s rows and no others.
    pub async fn tenant(&self, company_id: CompanyId, scope: Scope) -> Result<TenantTx, DbError> {
        TenantTx::open(self.pool.begin().await?, company_id, scope, Plans::Auto).await
    }

    /// The same, for reading: Postgres refuses a write.
    pub async fn tenant_reading(
        &self,
        company_id: CompanyId,
        scope: Scope,
    ) -> Result<TenantTx, DbError> {
        let tx = self.pool.begin_with("begin read only").await?;
        TenantTx::open(tx, company_id, scope, Plans::Auto).await
    }

    /// The same for statements that reach their rows by key: each connection plans them once.
    ///
    /// Left to itself, PostgreSQL plans a statement for every call as long as the parameters seem
    /// to promise something better, and those with `not exists` or a list never stop promising; of
    /// a delivery's work it was a quarter. Not for lists and filters, which need their parameters.
    pub async fn tenant_by_key(
        &self,
        company_id: CompanyId,
        scope: Scope,
    ) -> Result<TenantTx, DbError> {
        TenantTx::open(self.pool.begin().await?, company_id, scope, Plans::Once).await
    }

    /// [`tenant_by_key`](Self::tenant_by_key), for reading.
    pub async fn tenant_reading_by_key(
        &self,
        company_id: CompanyId,
        scope: Scope,
    ) -> Result<TenantTx, DbError> {
        let tx = self.pool.begin_with("begin read only").await?;
        TenantTx::open(tx, company_id, scope, Plans::Once).await
    }

    /// Opens a transaction that sees the queue of all companies and nothing else.
    pub async fn runner(&self) -> Result<RunnerTx, DbError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("select set_config('role', 'tandem_runner', true)").execute(&mut *tx).await?;
        Ok(RunnerTx { tx })
    }

    /// Opens a transaction for what must be read before a company is known.
    pub async fn door(&self) -> Result<DoorTx, DbError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("select set_config('role', 'tandem_door', true)").execute(&mut *tx).await?;
        Ok(DoorTx { tx })
    }
}

/// A transaction bound to one company; dropped without [`commit`](Self::commit), it rolls back.
#[must_use = "a transaction does nothing until it is committed"]
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    company_id: CompanyId,
}

impl TenantTx {
    async fn open(
        mut tx: Transaction<'static, Postgres>,
        company_id: CompanyId,
        scope: Scope,
        plans: Plans,
    ) -> Result<Self, DbError> {
        let (scope, member) = match scope {
            Scope::All => ("all", String::new()),
            Scope::Own(member) => ("own", member.to_string()),
        };
        sqlx::query(
            "select set_config('role', 'tandem_tenant', true),
                    set_config('tandem.company_id', $1, true),
                    set_config('tandem.scope', $2, true),
                    set_config('tandem.member_id', $3, true),
                    set_config('plan_cache_mode', $4, true)",
        )
        .bind(company_id.to_string())
        .bind(scope)
        .bind(member)
        .bind(match plans {
            Plans::Auto => "auto",
            Plans::Once => "force_generic_plan",
        })
        .execute(&mut *tx)
        .await?;
        Ok(Self { tx, company_id })
    }

    pub fn company_id(&self) -> CompanyId {
        self.company_id
    }

    pub async fn commit(self) -> Result<(), DbError> {
        Ok(self.tx.commit().await?)
    }

    pub(in crate::db) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// A transaction bound to the queue.
#[must_use = "a transaction does nothing until it is committed"]
#[derive(Debug)]
pub struct RunnerTx {
    tx: Transaction<'static, Postgres>,
}

impl RunnerTx {
    pub async fn commit(self) -> Result<(), DbError> {
        Ok(self.tx.commit().await?)
    }

    pub(in crate::db) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// A transaction at the door: users, sessions, sign-ups.
#[must_use = "a transaction does nothing until it is committed"]
#[derive(Debug)]
pub struct DoorTx {
    tx: Transaction<'static, Postgres>,
}

impl DoorTx {
    pub async fn commit(self) -> Result<(), DbError> {
        Ok(self.tx.commit().await?)
    }

    pub(in crate::db) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
