//! Whom a campaign reaches out to.

use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

use crate::{
    db::{DbError, TenantTx},
    domain::{ActivityKind, CampaignId, ContactId, MemberId, UnknownWord},
};

/// A contact in a campaign, as it is shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Placed {
    pub contact_id: ContactId,
    pub full_name: String,
    pub organization_name: Option<String>,
    pub owner_member_id: Option<MemberId>,
    pub owner_name: Option<String>,
    pub warmness: i16,
    outreach: Option<String>,
    pub note: String,
    pub added_at: DateTime<Utc>,
    /// When something of this campaign was last done with the contact.
    pub contacted_at: Option<DateTime<Utc>>,
    pub meetings_requested: i64,
    pub meetings_booked: i64,
}

impl Placed {
    pub fn outreach(&self) -> Result<Option<ActivityKind>, UnknownWord> {
        self.outreach.clone().map(ActivityKind::try_from).transpose()
    }
}

/// Where a page ended.
pub type Position = (DateTime<Utc>, ContactId);

/// What of an activity belongs to a campaign (both are joined): it names it, or it names none and was
/// done between the campaign's days; without a first day, since the contact was added. The same rule
/// keeps the counts of `campaign_contact` (`tandem_recount_placed`).
pub(in crate::db) const COUNTS: &str = "activity.company_id = placed.company_id
    and activity.contact_id = placed.contact_id
    and (
        activity.campaign_id = placed.campaign_id
        or activity.campaign_id is null
           and activity.due_at >= coalesce(campaign.starts_on::timestamp at time zone 'UTC', placed.added_at)
           and (campaign.ends_on is null
                or activity.due_at < (campaign.ends_on + 1)::timestamp at time zone 'UTC')
    )";

/// The page is cut first, and what was done with its contacts is looked up for them alone.
async fn shown(
    tx: &mut TenantTx,
    id: CampaignId,
    only: Option<ContactId>,
    after: Option<Position>,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Placed>, DbError> {
    let mut query = QueryBuilder::new(
        "with placed as materialized (
             select * from campaign_contact where campaign_id = ",
    );
    query.push_bind(id);
    if let Some(contact_id) = only {
        query.push(" and contact_id = ").push_bind(contact_id);
    }
    if let Some((at, contact_id)) = after {
        query.push(" and added_at <= ").push_bind(at);
        query.push(" and (added_at < ").push_bind(at);
        query.push(" or contact_id > ").push_bind(contact_id).push(")");
    }
    query.push(" order by added_at desc, contact_id limit ").push_bind(most);
    query.push(
        ")
         select placed.contact_id, contact.full_name, contact.organization_name,
                contact.owner_member_id, owner.name as owner_name, contact.warmness,
                placed.outreach, placed.note, placed.added_at,
                done.contacted_at, done.meetings_requested, done.meetings_booked
         from placed
         join campaign using (company_id, campaign_id)
         join contact using (company_id, contact_id)
         left join member owner
           on owner.company_id = contact.company_id and owner.member_id = contact.owner_member_id
         cross join lateral (
             select max(due_at) filter (where done and due_at <= ",
    );
    query.push_bind(now).push(
        ") as contacted_at,
                    count(*) filter (where kind = 'MEETING') as meetings_requested,
                    count(*) filter (where booked) as meetings_booked
             from activity
             where ",
    );
    query.push(COUNTS).push(") done order by placed.added_at desc, placed.contact_id");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// One page, the last added first.
pub async fn contacts(
    tx: &mut TenantTx,
    id: CampaignId,
    after: Option<Position>,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Placed>, DbError> {
    shown(tx, id, None, after, most, now).await
}

/// One of them; `None` for a contact that is not in the campaign, or not the member's to see.
pub async fn placed(
    tx: &mut TenantTx,
    id: CampaignId,
    contact_id: ContactId,
    now: DateTime<Utc>,
) -> Result<Option<Placed>, DbError> {
    Ok(shown(tx, id, Some(contact_id), None, 1, now).await?.pop())
}

/// Writes how a contact is to be reached; whether it is in the campaign.
pub async fn place(
    tx: &mut TenantTx,
    id: CampaignId,
    contact_id: ContactId,
    outreach: Option<Option<ActivityKind>>,
    note: Option<&str>,
) -> Result<bool, DbError> {
    let changed = sqlx::query(
        "update campaign_contact
         set outreach = case when $3 then $4 else outreach end, note = coalesce($5, note)
         where campaign_id = $1 and contact_id = $2",
    )
    .bind(id)
    .bind(contact_id)
    .bind(outreach.is_some())
    .bind(outreach.flatten().map(ActivityKind::word))
    .bind(note)
    .execute(tx.conn())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Takes a contact out; whether it was in.
pub async fn remove(
    tx: &mut TenantTx,
    id: CampaignId,
    contact_id: ContactId,
) -> Result<bool, DbError> {
    let removed =
        sqlx::query("delete from campaign_contact where campaign_id = $1 and contact_id = $2")
            .bind(id)
            .bind(contact_id)
            .execute(tx.conn())
            .await?;
    Ok(removed.rows_affected() == 1)
}
