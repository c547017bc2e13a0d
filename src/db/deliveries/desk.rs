//! What the next step of a contact's deliveries depends on.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{
        ActivityId, ActivityKind, ConnectionId, ContactId, DeliveryId, DeliveryKind, DeliveryState,
        MemberId, OrganizationId,
        intake::{Address, Number},
    },
    policy::Plan,
};

#[derive(Debug, Clone, FromRow)]
pub struct Head {
    pub delivery_id: DeliveryId,
    #[sqlx(try_from = "String")]
    pub kind: DeliveryKind,
    pub activity_id: Option<ActivityId>,
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    pub cause: Option<String>,
    pub attempts: i32,
    pub looks: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub give_up_at: DateTime<Utc>,
    pub chosen: Option<String>,
    pub remarks: Vec<String>,
    pub marker: Uuid,
    pub last: i32,
    pub remote_id: Option<String>,
    pub organization_remote_id: Option<String>,
    pub requested_by: Option<MemberId>,
    pub action: Option<Value>,
}

/// Whose a delivery is.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Belongs {
    pub connection_id: ConnectionId,
    pub contact_id: ContactId,
}

pub async fn belongs(tx: &mut TenantTx, id: DeliveryId) -> Result<Option<Belongs>, DbError> {
    Ok(sqlx::query_as("select connection_id, contact_id from delivery where delivery_id = $1")
        .bind(id)
        .fetch_optional(tx.conn())
        .await?)
}

/// The first of a contact's deliveries at a connection that has not ended.
pub async fn head(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
) -> Result<Option<Head>, DbError> {
    Ok(sqlx::query_as(
        "select delivery_id, kind, activity_id, state, cause, attempts, looks, next_at, give_up_at,
                chosen, remarks, marker, remote_id, organization_remote_id, requested_by, action,
                coalesce((
                    select max(n) from delivery_attempt
                    where delivery_attempt.company_id = delivery.company_id
                      and delivery_attempt.delivery_id = delivery.delivery_id
                ), 0) as last
         from delivery
         where connection_id = $1 and contact_id = $2
           and state not in ('delivered', 'failed', 'dead')
         order by seq
         limit 1",
    )
    .bind(connection_id)
    .bind(contact_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// An attempt of which nobody has written how it ended.
#[derive(Debug, Clone, FromRow)]
pub struct OpenAttempt {
    pub delivery_id: DeliveryId,
    pub n: i32,
    pub effect: Value,
    pub started_at: DateTime<Utc>,
    pub sending: bool,
    pub subject: Option<Uuid>,
    pub activity_id: Option<ActivityId>,
    pub version: Option<i32>,
}

/// The oldest such attempt of this delivery, or of another one of the same activity.
pub async fn open_attempt(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    delivery_id: DeliveryId,
    activity_id: Option<ActivityId>,
) -> Result<Option<OpenAttempt>, DbError> {
    Ok(sqlx::query_as(
        "select delivery_id, n, effect, started_at, outcome = 'sending' as sending, subject,
                delivery.activity_id, version
         from delivery
         join delivery_attempt using (company_id, delivery_id)
         where connection_id = $1 and outcome in ('sending', 'unknown')
           and (delivery_id = $2 or activity_id = $3)
         order by started_at, n
         limit 1",
    )
    .bind(connection_id)
    .bind(delivery_id)
    .bind(activity_id)
    .fetch_optional(tx.conn())
    .await?)
}

#[derive(Debug, Clone, FromRow)]
pub struct Addressee {
    pub full_name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Json<Vec<Address>>,
    pub phones: Json<Vec<Number>>,
    pub owner_member_id: Option<MemberId>,
    pub updated_at: DateTime<Utc>,
    pub organization_id: Option<OrganizationId>,
    pub organization_name: Option<String>,
    pub website: Option<String>,
    pub country: Option<String>,
    pub organization_remote_id: Option<String>,
    pub person_remote_id: Option<String>,
}

/// The contact, its organization, and both at the connection.
pub async fn addressee(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
) -> Result<Option<Addressee>, DbError> {
    Ok(sqlx::query_as(
        "select full_name, first_name, last_name, emails, phones, owner_member_id,
                contact.updated_at, organization_id, organization.name as organization_name,
                website, country,
                (select remote_id from mapping
                 where mapping.organization_id = contact.organization_id and connection_id = $1
                   and kind = 'organization' and state = 'linked'
                 order by last_synced_at, remote_id limit 1) as organization_remote_id,
                (select remote_id from mapping
                 where mapping.contact_id = contact.contact_id and connection_id = $1
                   and kind = 'person' and state = 'linked'
                 order by is_primary desc, remote_id limit 1) as person_remote_id
         from contact
         left join organization using (company_id, organization_id)
         where contact_id = $2",
    )
    .bind(connection_id)
    .bind(contact_id)
    .fetch_optional(tx.conn())
    .await?)
}

#[derive(Debug, Clone, FromRow)]
pub struct Deed {
    pub member_id: Option<MemberId>,
    #[sqlx(try_from = "String")]
    pub kind: ActivityKind,
    pub subject: String,
    pub note: String,
    pub due_at: DateTime<Utc>,
    pub has_time: bool,
    pub duration_minutes: Option<i32>,
    pub done: bool,
    pub version: i32,
}

pub async fn deed(tx: &mut TenantTx, id: ActivityId) -> Result<Option<Deed>, DbError> {
    Ok(sqlx::query_as(
        "select member_id, kind, subject, note, due_at, has_time, duration_minutes, done, version
         from activity where activity_id = $1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The activity at the connection, and the version it has there.
pub async fn sent_activity(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    id: ActivityId,
) -> Result<Option<(String, i32)>, DbError> {
    Ok(sqlx::query_as(
        "select remote_id, version from activity_mapping
         where connection_id = $1 and activity_id = $2",
    )
    .bind(connection_id)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

#[derive(Debug, Clone, FromRow)]
pub struct Sender {
    pub member_id: MemberId,
    pub email: String,
    pub remote_user_id: Option<String>,
}

/// A member, with the user at the connection as found before.
pub async fn sender(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    member_id: MemberId,
) -> Result<Option<Sender>, DbError> {
    Ok(sqlx::query_as(
        "select member.member_id, email, remote_user_id
         from member
         left join member_remote_user remote
           on remote.company_id = member.company_id and remote.member_id = member.member_id
          and connection_id = $1
         where member.member_id = $2",
    )
    .bind(connection_id)
    .bind(member_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// What is known of the account without asking it.
#[derive(Debug, Clone, FromRow)]
pub struct Account {
    pub provider: String,
    pub state: String,
    #[sqlx(try_from = "String")]
    pub plan: Plan,
    pub account_user_id: String,
    pub remote_users: Option<Value>,
    pub remote_users_at: Option<DateTime<Utc>>,
    pub remote_fields: Option<Value>,
    pub remote_types: Option<Value>,
    pub remote_types_at: Option<DateTime<Utc>>,
    pub reference_refused_at: Option<DateTime<Utc>>,
    pub circuit_failures: i32,
    pub circuit_opened: i32,
    pub circuit_until: Option<DateTime<Utc>>,
}

pub async fn account(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<Option<Account>, DbError> {
    Ok(sqlx::query_as(
        "select provider, state, plan, account_user_id, remote_users, remote_users_at,
                remote_fields, remote_types, remote_types_at, reference_refused_at,
                circuit_failures, circuit_opened, circuit_until
         from connection
         join company using (company_id)
         where connection_id = $1",
    )
    .bind(connection_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Those of these records that belong to other contacts, organizations or activities of ours, or were
/// left by other deliveries of these `actions`.
pub async fn taken(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    kind: &str,
    mine: Option<Uuid>,
    actions: &[&str],
    ids: &[&str],
) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar(
        "select remote_id from mapping
         where connection_id = $1 and kind = $2 and remote_id = any($4)
           and coalesce(contact_id, organization_id) is distinct from $3
         union all
         select remote_id from activity_mapping
         where $2 = 'activity' and connection_id = $1 and remote_id = any($4)
           and activity_id is distinct from $3
         union all
         select remote_id from delivery
         where kind = 'action' and connection_id = $1 and remote_id = any($4)
           and delivery_id is distinct from $3 and action ->> 'action' = any($5)",
    )
    .bind(connection_id)
    .bind(kind)
    .bind(mine)
    .bind(ids)
    .bind(actions)
    .fetch_all(tx.conn())
    .await?)
}
