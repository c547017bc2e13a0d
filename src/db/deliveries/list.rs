//! Reading deliveries: lists with their counts, and the story of one.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder, types::Json};

use crate::{
    db::{DbError, TenantTx},
    domain::{
        ActivityId, Cause, ConnectionId, ContactId, DeliveryId, DeliveryKind, DeliveryState,
        MemberId, Trigger,
    },
};

/// Beyond this nobody waits for an exact number.
const MOST_COUNTED: i64 = 50_000;

/// A delivery as it is shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Delivery {
    pub delivery_id: DeliveryId,
    pub connection_id: ConnectionId,
    pub provider: String,
    pub account_domain: Option<String>,
    #[sqlx(try_from = "String")]
    pub kind: DeliveryKind,
    pub contact_id: ContactId,
    /// `None` for a contact that is gone, or that the member may not see.
    pub contact_name: Option<String>,
    pub activity_id: Option<ActivityId>,
    pub activity_kind: Option<String>,
    pub activity_subject: Option<String>,
    /// A word of [`crate::domain::action::ActionKind`].
    pub action: Option<String>,
    pub action_subject: Option<String>,
    #[sqlx(try_from = "String")]
    pub trigger: Trigger,
    pub requested_by: Option<MemberId>,
    pub requested_by_name: Option<String>,
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    /// A word of [`Cause`].
    pub cause: Option<String>,
    pub reason: Option<String>,
    pub fields: Option<Json<Vec<Objected>>>,
    pub candidates: Option<Json<Vec<Candidate>>>,
    pub chosen: Option<String>,
    pub attempts: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub give_up_at: DateTime<Utc>,
    pub remote_id: Option<String>,
    pub organization_remote_id: Option<String>,
    /// One of its attempts made the person.
    pub person_created: bool,
    pub remarks: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// What a CRM objects to.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Objected {
    pub field: Option<String>,
    pub words: String,
}

/// Somebody at the CRM whom the contact may be.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Candidate {
    pub remote_id: String,
    pub name: Option<String>,
    pub url: Option<String>,
}

/// One attempt of a delivery.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Attempt {
    pub n: i32,
    pub step: String,
    pub outcome: String,
    pub status: Option<i32>,
    pub remote_id: Option<String>,
    pub reason: Option<String>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Conditions that all must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub provider: Option<String>,
    pub state: Option<DeliveryState>,
    pub cause: Option<Cause>,
    pub contact: Option<ContactId>,
    pub kind: Option<DeliveryKind>,
}

/// How many there are of a state and cause.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Count {
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    pub cause: Option<String>,
    pub count: i64,
}

/// Counts of a list, and whether there are more than were counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub open: Vec<Count>,
    pub delivered: i64,
    pub at_least: bool,
}

const SHOWN: &str = "select delivery.delivery_id, delivery.connection_id, delivery.provider,
    connection.account_domain, delivery.kind, delivery.contact_id,
    contact.full_name as contact_name, delivery.activity_id, activity.kind as activity_kind,
    activity.subject as activity_subject, delivery.action ->> 'action' as action,
    coalesce(delivery.action -> 'task' ->> 'subject', delivery.action -> 'deal' ->> 'title')
        as action_subject, delivery.trigger, delivery.requested_by,
    member.name as requested_by_name, delivery.state, delivery.cause, delivery.reason,
    delivery.fields, delivery.candidates, delivery.chosen, delivery.attempts, delivery.next_at,
    delivery.give_up_at, delivery.remote_id, delivery.organization_remote_id, delivery.remarks,
    delivery.created_at, delivery.updated_at, delivery.delivered_at,
    exists (
        select from delivery_attempt made
        where made.company_id = delivery.company_id and made.delivery_id = delivery.delivery_id
          and made.step = 'person' and made.outcome in ('done', 'found')
    ) as person_created
    from delivery
    join connection using (company_id, connection_id)
    left join contact
      on contact.company_id = delivery.company_id and contact.contact_id = delivery.contact_id
    left join activity
      on activity.company_id = delivery.company_id and activity.activity_id = delivery.activity_id
    left join member
      on member.company_id = delivery.company_id and member.member_id = delivery.requested_by
    where true";

pub async fn get(tx: &mut TenantTx, id: DeliveryId) -> Result<Option<Delivery>, DbError> {
    let mut query = QueryBuilder::new(SHOWN);
    query.push(" and delivery.delivery_id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// Those of these that the key may see.
pub async fn some(tx: &mut TenantTx, ids: &[DeliveryId]) -> Result<Vec<Delivery>, DbError> {
    let mut query = QueryBuilder::new(SHOWN);
    query.push(" and delivery.delivery_id = any(").push_bind(ids);
    query.push(") order by delivery.updated_at, delivery.delivery_id");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// The warm leads of a contact, the newest first.
pub async fn leads_of(tx: &mut TenantTx, contact_id: ContactId) -> Result<Vec<Delivery>, DbError> {
    let mut query = QueryBuilder::new(SHOWN);
    query.push(" and delivery.kind = 'warm_lead' and delivery.contact_id = ").push_bind(contact_id);
    query.push(" order by delivery.delivery_id desc");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// The person that a contact is at a CRM, the primary one first.
pub async fn person_of(
    tx: &mut TenantTx,
    contact_id: ContactId,
) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar(
        "select remote_id from mapping
         where contact_id = $1 and kind = 'person' and state = 'linked'
         order by is_primary desc, last_synced_at desc limit 1",
    )
    .bind(contact_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// What a live page is told of a delivery.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct Stand {
    pub delivery_id: DeliveryId,
    pub contact_id: ContactId,
    pub state: String,
}

/// How these stand, as far as the transaction has come.
pub async fn states(tx: &mut TenantTx, ids: &[DeliveryId]) -> Result<Vec<Stand>, DbError> {
    Ok(sqlx::query_as(
        "select delivery_id, contact_id, state from delivery
         where delivery_id = any($1) order by delivery_id",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?)
}

/// One page, newest first.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<DeliveryId>,
    most: i64,
) -> Result<Vec<Delivery>, DbError> {
    let mut query = QueryBuilder::new(SHOWN);
    narrow(&mut query, filter);
    stand(&mut query, filter);
    if let Some(before) = before {
        query.push(" and delivery.delivery_id < ").push_bind(before);
    }
    query.push(" order by delivery.delivery_id desc limit ").push_bind(most);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// How many there are by state and cause, whatever state and cause the filter asks for.
pub async fn counts(tx: &mut TenantTx, filter: &Filter) -> Result<Counts, DbError> {
    let mut query = QueryBuilder::new(
        "select state, cause, count(*) as count
         from (select state, cause from delivery where state <> 'delivered'",
    );
    narrow(&mut query, filter);
    query.push(" limit ").push_bind(MOST_COUNTED).push(") counted group by state, cause");
    query.push(" order by state, cause");
    let open: Vec<Count> = query.build_query_as().fetch_all(tx.conn()).await?;
    let mut query =
        QueryBuilder::new("select count(*) from (select from delivery where state = 'delivered'");
    narrow(&mut query, filter);
    query.push(" limit ").push_bind(MOST_COUNTED).push(") counted");
    let delivered: i64 = query.build_query_scalar().fetch_one(tx.conn()).await?;
    let at_least = delivered >= MOST_COUNTED
        || open.iter().map(|count| count.count).sum::<i64>() >= MOST_COUNTED;
    Ok(Counts { open, delivered, at_least })
}

/// The attempts of a delivery, in their order.
pub async fn attempts(tx: &mut TenantTx, id: DeliveryId) -> Result<Vec<Attempt>, DbError> {
    Ok(sqlx::query_as(
        "select n, step, outcome, status, remote_id, reason, started_at, finished_at
         from delivery_attempt where delivery_id = $1 order by n",
    )
    .bind(id)
    .fetch_all(tx.conn())
    .await?)
}

/// What a card says of a connection's deliveries.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct Backlog {
    pub waiting: i64,
    pub failing: i64,
    pub held: i64,
}

/// Counts what has not arrived at a connection; what was withdrawn or superseded is
/// nobody's concern any more.
pub async fn backlog(tx: &mut TenantTx, id: ConnectionId) -> Result<Backlog, DbError> {
    Ok(sqlx::query_as(
        "select
             count(*) filter (where state in ('queued', 'sending', 'retrying', 'unknown'))
                 as waiting,
             count(*) filter (where state = 'failed' or
                 (state = 'dead' and
                  coalesce(cause not in ('withdrawn', 'superseded', 'disconnected'), true)))
                 as failing,
             count(*) filter (where state = 'held') as held
         from (
             select state, cause from delivery
             where connection_id = $1 and state <> 'delivered' limit $2
         ) counted",
    )
    .bind(id)
    .bind(MOST_COUNTED)
    .fetch_one(tx.conn())
    .await?)
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(provider) = &filter.provider {
        query.push(" and delivery.provider = ").push_bind(provider.clone());
    }
    if let Some(contact) = filter.contact {
        query.push(" and delivery.contact_id = ").push_bind(contact);
    }
    if let Some(kind) = filter.kind {
        query.push(" and delivery.kind = ").push_bind(kind.word());
    }
}

fn stand(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(state) = filter.state {
        query.push(" and delivery.state = ").push_bind(state.word());
        if state != DeliveryState::Delivered {
            // As the index has it.
            query.push(" and delivery.state <> 'delivered'");
        }
    }
    if let Some(cause) = filter.cause {
        query.push(" and delivery.cause = ").push_bind(cause.word());
    }
}
