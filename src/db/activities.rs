//! Rows of `activity`, and what of them stands at which CRM.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder, types::Json};

use crate::{
    db::{DbError, TenantTx},
    domain::{ActivityId, ActivityKind, CampaignId, ContactId, DeliveryId, MemberId},
};

/// What a member writes of an activity.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Fields {
    #[sqlx(try_from = "String")]
    pub kind: ActivityKind,
    /// Empty means the default of the kind.
    pub subject: String,
    pub note: String,
    pub due_at: DateTime<Utc>,
    pub has_time: bool,
    pub duration_minutes: Option<i32>,
    pub done: bool,
    /// Of a meeting: agreed upon, or it took place. Without it, it was only asked for.
    pub booked: bool,
    /// What it was done for.
    pub campaign_id: Option<CampaignId>,
}

/// An activity as it is shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Activity {
    pub activity_id: ActivityId,
    pub contact_id: ContactId,
    pub contact_name: String,
    pub member_id: Option<MemberId>,
    pub member_name: Option<String>,
    pub campaign_name: Option<String>,
    #[sqlx(flatten)]
    pub fields: Fields,
    /// Whether the note is longer than what is here.
    pub note_cut: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub copies: Json<Vec<Replica>>,
}

/// An activity at one connection: what the CRM has, and the last delivery about it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Replica {
    pub provider: String,
    pub account_domain: Option<String>,
    pub remote_id: Option<String>,
    /// The version that the CRM has.
    pub version: Option<i32>,
    pub last_synced_at: Option<DateTime<Utc>>,
    pub delivery_id: Option<DeliveryId>,
    pub state: Option<String>,
    pub cause: Option<String>,
    pub reason: Option<String>,
}

/// Conditions that all must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub contact: Option<ContactId>,
    /// Who logged it.
    pub member: Option<MemberId>,
    pub campaign: Option<CampaignId>,
    pub kind: Option<ActivityKind>,
    pub done: Option<bool>,
    /// Due then or later.
    pub from: Option<DateTime<Utc>>,
    /// Due before.
    pub to: Option<DateTime<Utc>>,
}

/// Characters of a note in a list.
const NOTE_IN_LIST: i32 = 1_000;

const SHOWN: &str = "activity.activity_id, activity.contact_id, contact.full_name as contact_name,
    activity.member_id, member.name as member_name, activity.kind, activity.subject,
    activity.due_at, activity.has_time, activity.duration_minutes, activity.done, activity.booked,
    activity.campaign_id, campaign.name as campaign_name, activity.version, activity.created_at, activity.updated_at,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'provider', connection.provider, 'account_domain', connection.account_domain,
            'remote_id', there.remote_id, 'version', there.version,
            'last_synced_at', there.last_synced_at, 'delivery_id', last.delivery_id,
            'state', last.state, 'cause', last.cause, 'reason', last.reason
        ) order by connection.provider)
        from connection
        left join activity_mapping there
          on there.company_id = connection.company_id
         and there.connection_id = connection.connection_id
         and there.activity_id = activity.activity_id
        left join lateral (
            select delivery_id, state, cause, reason from delivery
            where delivery.company_id = activity.company_id
              and delivery.activity_id = activity.activity_id
              and delivery.connection_id = connection.connection_id
            order by seq desc limit 1
        ) last on true
        where connection.company_id = activity.company_id
          and (there.activity_id is not null or last.delivery_id is not null)
    ), '[]') as copies
    from activity
    join contact using (company_id, contact_id)
    left join member
      on member.company_id = activity.company_id and member.member_id = activity.member_id
    left join campaign
      on campaign.company_id = activity.company_id and campaign.campaign_id = activity.campaign_id ";

/// `None` for one that is not there, is another company's, or whose contact is not the member's.
pub async fn get(tx: &mut TenantTx, id: ActivityId) -> Result<Option<Activity>, DbError> {
    let mut query = QueryBuilder::new("select activity.note, false as note_cut, ");
    query.push(SHOWN).push("where activity.activity_id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// One page, the latest due first; notes are cut.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<(DateTime<Utc>, ActivityId)>,
    most: i64,
) -> Result<Vec<Activity>, DbError> {
    let mut query = QueryBuilder::new("select left(activity.note, ");
    query.push_bind(NOTE_IN_LIST).push(") as note, length(activity.note) > ");
    query.push_bind(NOTE_IN_LIST).push(" as note_cut, ").push(SHOWN).push("where true");
    narrow(&mut query, filter);
    if let Some((due_at, id)) = after {
        query.push(" and activity.due_at <= ").push_bind(due_at);
        query.push(" and (activity.due_at < ").push_bind(due_at);
        query.push(" or activity.activity_id > ").push_bind(id).push(")");
    }
    query.push(" order by activity.due_at desc, activity.activity_id limit ").push_bind(most);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(contact) = filter.contact {
        query.push(" and activity.contact_id = ").push_bind(contact);
    }
    if let Some(member) = filter.member {
        query.push(" and activity.member_id = ").push_bind(member);
    }
    if let Some(campaign) = filter.campaign {
        query.push(" and activity.campaign_id = ").push_bind(campaign);
    }
    if let Some(kind) = filter.kind {
        query.push(" and activity.kind = ").push_bind(kind.word());
    }
    if let Some(done) = filter.done {
        query.push(" and activity.done = ").push_bind(done);
    }
    if let Some(from) = filter.from {
        query.push(" and activity.due_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and activity.due_at < ").push_bind(to);
    }
}

/// The contact that an activity is about; it never changes.
pub async fn contact_of(tx: &mut TenantTx, id: ActivityId) -> Result<Option<ContactId>, DbError> {
    Ok(sqlx::query_scalar("select contact_id from activity where activity_id = $1")
        .bind(id)
        .fetch_optional(tx.conn())
        .await?)
}

/// Locks those of these contacts that the key may see until the transaction ends, in one order
/// everywhere; whoever writes about a contact, but nothing of it, needs no more.
pub async fn lock_contacts(
    tx: &mut TenantTx,
    ids: &[ContactId],
) -> Result<Vec<(ContactId, i16)>, DbError> {
    Ok(sqlx::query_as(
        "select contact_id, warmness from contact
         where contact_id = any($1) order by contact_id for no key update",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?)
}

/// What is to be changed, locked.
pub async fn lock(tx: &mut TenantTx, id: ActivityId) -> Result<Option<Fields>, DbError> {
    Ok(sqlx::query_as(
        "select kind, subject, note, due_at, has_time, duration_minutes, done, booked, campaign_id
         from activity where activity_id = $1 for update",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn insert(
    tx: &mut TenantTx,
    id: ActivityId,
    contact_id: ContactId,
    member_id: MemberId,
    fields: &Fields,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into activity
             (company_id, activity_id, contact_id, member_id, kind, subject, note, due_at, has_time,
              duration_minutes, done, booked, campaign_id, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $14, $12, $12)",
    )
    .bind(company_id)
    .bind(id)
    .bind(contact_id)
    .bind(member_id)
    .bind(fields.kind.word())
    .bind(&fields.subject)
    .bind(&fields.note)
    .bind(fields.due_at)
    .bind(fields.has_time)
    .bind(fields.duration_minutes)
    .bind(fields.done)
    .bind(now)
    .bind(fields.booked)
    .bind(fields.campaign_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes it; as its next version when something changed that a CRM has of it.
pub async fn update(
    tx: &mut TenantTx,
    id: ActivityId,
    fields: &Fields,
    is_told: bool,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update activity
         set kind = $2, subject = $3, note = $4, due_at = $5, has_time = $6, duration_minutes = $7,
             done = $8, version = version + $12, updated_at = $9, booked = $10, campaign_id = $11
         where activity_id = $1",
    )
    .bind(id)
    .bind(fields.kind.word())
    .bind(&fields.subject)
    .bind(&fields.note)
    .bind(fields.due_at)
    .bind(fields.has_time)
    .bind(fields.duration_minutes)
    .bind(fields.done)
    .bind(now)
    .bind(fields.booked)
    .bind(fields.campaign_id)
    .bind(i32::from(is_told))
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn delete(tx: &mut TenantTx, id: ActivityId) -> Result<(), DbError> {
    sqlx::query("delete from activity where activity_id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// Says when the contact was last contacted, after one of its activities was written. `was` is when
/// that activity had said so before: a mistake that is corrected or deleted counts no more.
pub async fn contacted(
    tx: &mut TenantTx,
    contact_id: ContactId,
    was: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update contact
         set last_contacted_at = found.at
         from (
             select greatest(
                 (select nullif(last_contacted_at, $2) from contact where contact_id = $1),
                 (select max(due_at) from activity
                  where contact_id = $1 and done and due_at <= $3)
             ) as at
         ) found
         where contact_id = $1 and last_contacted_at is distinct from found.at",
    )
    .bind(contact_id)
    .bind(was)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a meeting with the contact is booked.
pub async fn has_meeting_ahead(
    tx: &mut TenantTx,
    contact_id: ContactId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (
             select from activity
             where contact_id = $1 and kind = 'MEETING' and not done and due_at > $2
         )",
    )
    .bind(contact_id)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

/// How often somebody tried to bring an activity to a CRM, and when last.
pub async fn attempts(
    tx: &mut TenantTx,
    id: ActivityId,
) -> Result<(i64, Option<DateTime<Utc>>), DbError> {
    Ok(sqlx::query_as(
        "select count(*), max(started_at)
         from delivery join delivery_attempt using (company_id, delivery_id)
         where activity_id = $1",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}
