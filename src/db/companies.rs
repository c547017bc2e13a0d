//! A company's own row, and what a change of plan does to it.

use crate::{
    db::{DbError, TenantTx},
    domain::ConnectionId,
    policy::Plan,
};

#[derive(sqlx::FromRow)]
struct PlanRow {
    #[sqlx(try_from = "String")]
    plan: Plan,
}

/// The plan as stored: the entitlement, whatever a session or a page still believes.
pub async fn plan(tx: &mut TenantTx) -> Result<Plan, DbError> {
    let row: PlanRow = sqlx::query_as("select plan from company").fetch_one(tx.conn()).await?;
    Ok(row.plan)
}

/// The same, keeping others from changing it meanwhile; contacts may be written all the same.
pub async fn lock_plan(tx: &mut TenantTx) -> Result<Plan, DbError> {
    let row: PlanRow =
        sqlx::query_as("select plan from company for no key update").fetch_one(tx.conn()).await?;
    Ok(row.plan)
}

pub async fn set_plan(tx: &mut TenantTx, plan: Plan) -> Result<(), DbError> {
    sqlx::query("update company set plan = $1").bind(plan.word()).execute(tx.conn()).await?;
    Ok(())
}

/// Connections on which something could run, with their provider.
pub async fn running_connections(
    tx: &mut TenantTx,
) -> Result<Vec<(ConnectionId, String)>, DbError> {
    Ok(sqlx::query_as(
        "select connection_id, provider from connection
         where state in ('active', 'needs_reconnect') order by provider",
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn paused_providers(tx: &mut TenantTx) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar(
        "select provider from connection where state = 'paused' order by provider",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What a company decides about its leads.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Settings {
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// The warmness from which a contact is warm.
    pub warm_threshold: i16,
    /// Whether a contact that becomes mapped brings along what was logged before.
    pub push_earlier: bool,
}

pub async fn settings(tx: &mut TenantTx) -> Result<Settings, DbError> {
    Ok(sqlx::query_as("select name, country, warm_threshold, push_earlier from company")
        .fetch_one(tx.conn())
        .await?)
}

/// The same, keeping others from changing it meanwhile; contacts may be written all the same.
pub async fn lock_settings(tx: &mut TenantTx) -> Result<Settings, DbError> {
    Ok(sqlx::query_as(
        "select name, country, warm_threshold, push_earlier from company for no key update",
    )
    .fetch_one(tx.conn())
    .await?)
}

pub async fn set_settings(tx: &mut TenantTx, settings: &Settings) -> Result<(), DbError> {
    sqlx::query("update company set warm_threshold = $1, push_earlier = $2")
        .bind(settings.warm_threshold)
        .bind(settings.push_earlier)
        .execute(tx.conn())
        .await?;
    Ok(())
}
