//! What came of campaigns, counted from activities.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

use super::contacts::COUNTS;
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
    let mut query = QueryBuilder::new(
        "select placed.campaign_id,
                count(distinct placed.contact_id) as contacts,
                count(distinct placed.contact_id)
                    filter (where activity.done and activity.due_at <= ",
    );
    query.push_bind(now).push(
        ") as contacted,
                count(*) filter (where activity.kind = 'MEETING') as meetings_requested,
                count(*) filter (where activity.booked) as meetings_booked
         from campaign
         join campaign_contact placed using (company_id, campaign_id)
         left join activity on ",
    );
    query.push(COUNTS).push(" where campaign.campaign_id = any(").push_bind(ids);
    query.push(") group by placed.campaign_id");
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| (row.campaign_id, row.performance)).collect())
}
