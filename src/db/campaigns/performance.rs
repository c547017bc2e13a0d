//! What came of campaigns: kept for each of their contacts by whatever changes it.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, TenantTx},
    domain::CampaignId,
};

/// Over the contacts that the key may see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Performance {
    pub contacts: i64,
    /// Contacts with whom anything was done.
    pub contacted: i64,
    /// Meetings, agreed upon or only asked for.
    pub meetings_requested: i64,
    /// Meetings that are agreed upon or took place.
    pub meetings_booked: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    campaign_id: CampaignId,
    #[sqlx(flatten)]
    performance: Performance,
}

/// Of each of these campaigns that has contacts, in one statement.
pub async fn performance(
    tx: &mut TenantTx,
    ids: &[CampaignId],
    now: DateTime<Utc>,
) -> Result<Vec<(CampaignId, Performance)>, DbError> {
    let rows: Vec<Row> = sqlx::query_as(
        "select campaign_id,
                count(*) as contacts,
                count(*) filter (where first_done_at <= $2) as contacted,
                coalesce(sum(meetings_requested), 0)::bigint as meetings_requested,
                coalesce(sum(meetings_booked), 0)::bigint as meetings_booked
         from campaign_contact
         where campaign_id = any($1)
         group by campaign_id",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.campaign_id, row.performance)).collect())
}
