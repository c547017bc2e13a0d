//! One contact at a time; pages of an import are `db::intake`.

mod bulk;
mod export;
mod list;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    db::{DbError, TenantTx},
    domain::{
        ContactId, DeliveryId, MemberId, OrganizationId,
        intake::{Address, ContactFields, IdentifierKind, Number},
    },
};

pub use bulk::{Chosen, Tag, add_tag, delete_many, lock_chosen, remove_tag, set_owner, tags};
pub use export::{Exported, export};
pub(in crate::db) use list::narrow;
pub use list::{Filter, Order, Owner, Position, Sort, count, list};

/// A contact as it is shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Contact {
    pub contact_id: ContactId,
    pub full_name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Json<Vec<Address>>,
    pub phones: Json<Vec<Number>>,
    pub organization_id: Option<OrganizationId>,
    pub organization_name: Option<String>,
    pub owner_member_id: Option<MemberId>,
    pub owner_name: Option<String>,
    pub warmness: i16,
    pub source: Option<String>,
    pub tags: Vec<String>,
    pub custom_fields: Json<BTreeMap<String, Value>>,
    pub edited: Vec<String>,
    pub linked: Json<Vec<Link>>,
    pub leads: Json<Vec<ContactLead>>,
    pub last_contacted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// What [`Sort::Name`] sorts by.
    pub sort_name: String,
}

/// The record at a provider that a contact is linked with.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Link {
    pub provider: String,
    pub account_domain: Option<String>,
    pub remote_id: String,
    /// `linked` or `gone`.
    pub state: String,
    pub last_synced_at: DateTime<Utc>,
}

/// What became of a contact as a warm lead at one provider.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct ContactLead {
    pub provider: String,
    pub delivery_id: DeliveryId,
    pub state: String,
    pub cause: Option<String>,
    pub reason: Option<String>,
    pub next_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// Columns of [`Contact`]; links in the order they were made.
pub(in crate::db) const SHOWN: &str =
    "contact.contact_id, contact.full_name, contact.first_name, contact.last_name,
    contact.emails, contact.phones, contact.organization_id, contact.organization_name,
    contact.owner_member_id, owner.name as owner_name, contact.warmness, contact.source,
    contact.tags, contact.custom_fields, contact.edited, contact.last_contacted_at,
    contact.created_at, contact.updated_at, contact.sort_name,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'provider', connection.provider, 'account_domain', connection.account_domain,
            'remote_id', mapping.remote_id, 'state', mapping.state,
            'last_synced_at', mapping.last_synced_at
        ) order by mapping.is_primary desc, connection.provider, mapping.remote_id)
        from mapping
        join connection using (company_id, connection_id)
        where mapping.company_id = contact.company_id and mapping.contact_id = contact.contact_id
          and mapping.kind = 'person'
    ), '[]') as linked,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'provider', delivery.provider, 'delivery_id', delivery.delivery_id,
            'state', delivery.state, 'cause', delivery.cause, 'reason', delivery.reason,
            'next_at', delivery.next_at, 'updated_at', delivery.updated_at
        ) order by delivery.provider)
        from delivery
        where delivery.company_id = contact.company_id
          and delivery.contact_id = contact.contact_id and delivery.kind = 'warm_lead'
    ), '[]') as leads
    from contact
    left join member owner
      on owner.company_id = contact.company_id and owner.member_id = contact.owner_member_id ";

/// `None` for a contact that is not there, is another company's, or is not the member's to see.
pub async fn get(tx: &mut TenantTx, id: ContactId) -> Result<Option<Contact>, DbError> {
    let mut query = sqlx::QueryBuilder::new("select ");
    query.push(SHOWN).push("where contact.contact_id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(tx.conn()).await?)
}

/// Those of these that the key may see, in no order.
pub async fn some(tx: &mut TenantTx, ids: &[ContactId]) -> Result<Vec<Contact>, DbError> {
    let mut query = sqlx::QueryBuilder::new("select ");
    query.push(SHOWN).push("where contact.contact_id = any(").push_bind(ids).push(")");
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
}

/// The part that a member edits, locked until the transaction ends.
pub async fn lock(
    tx: &mut TenantTx,
    id: ContactId,
) -> Result<Option<(ContactFields, i16, Vec<String>)>, DbError> {
    #[derive(sqlx::FromRow)]
    struct Locked {
        full_name: String,
        first_name: Option<String>,
        last_name: Option<String>,
        emails: Json<Vec<Address>>,
        phones: Json<Vec<Number>>,
        organization_id: Option<OrganizationId>,
        organization_name: Option<String>,
        owner_member_id: Option<MemberId>,
        source: Option<String>,
        tags: Vec<String>,
        custom_fields: Json<BTreeMap<String, Value>>,
        warmness: i16,
        edited: Vec<String>,
    }
    let row: Option<Locked> = sqlx::query_as(
        "select full_name, first_name, last_name, emails, phones, organization_id,
                organization_name, owner_member_id, source, tags, custom_fields, warmness, edited
         from contact where contact_id = $1 for update",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let fields = ContactFields {
            full_name: row.full_name,
            first_name: row.first_name,
            last_name: row.last_name,
            emails: row.emails.0,
            phones: row.phones.0,
            organization_id: row.organization_id,
            organization_name: row.organization_name,
            owner_member_id: row.owner_member_id,
            source: row.source,
            tags: row.tags,
            custom_fields: row.custom_fields.0,
        };
        (fields, row.warmness, row.edited)
    }))
}

/// A contact that a member wrote; its identifiers follow with [`claim`].
pub async fn insert(
    tx: &mut TenantTx,
    id: ContactId,
    fields: &ContactFields,
    warmness: i16,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into contact
             (company_id, contact_id, full_name, first_name, last_name, emails, phones,
              organization_id, organization_name, owner_member_id, source, tags, custom_fields,
              search, warmness, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
    )
    .bind(company_id)
    .bind(id)
    .bind(&fields.full_name)
    .bind(&fields.first_name)
    .bind(&fields.last_name)
    .bind(Json(&fields.emails))
    .bind(Json(&fields.phones))
    .bind(fields.organization_id)
    .bind(&fields.organization_name)
    .bind(fields.owner_member_id)
    .bind(&fields.source)
    .bind(&fields.tags)
    .bind(Json(&fields.custom_fields))
    .bind(fields.search_text())
    .bind(warmness)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what a member changed; `edited` are all fields that any member ever edited.
pub async fn update(
    tx: &mut TenantTx,
    id: ContactId,
    fields: &ContactFields,
    warmness: i16,
    edited: &[String],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update contact
         set full_name = $2, first_name = $3, last_name = $4, emails = $5, phones = $6,
             organization_id = $7, organization_name = $8, owner_member_id = $9, tags = $10,
             search = $11, warmness = $12, edited = $13, updated_at = $14
         where contact_id = $1",
    )
    .bind(id)
    .bind(&fields.full_name)
    .bind(&fields.first_name)
    .bind(&fields.last_name)
    .bind(Json(&fields.emails))
    .bind(Json(&fields.phones))
    .bind(fields.organization_id)
    .bind(&fields.organization_name)
    .bind(fields.owner_member_id)
    .bind(&fields.tags)
    .bind(fields.search_text())
    .bind(warmness)
    .bind(edited)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes it with its identifiers and links; whether there was one.
pub async fn delete(tx: &mut TenantTx, id: ContactId) -> Result<bool, DbError> {
    let deleted = sqlx::query("delete from contact where contact_id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Makes the identifiers of a contact those of its addresses and numbers. An e-mail that another
/// contact of the company holds is a conflict on `identifier_pkey`, whoever may see that contact.
pub async fn claim(
    tx: &mut TenantTx,
    id: ContactId,
    fields: &ContactFields,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    let mut wanted = fields.identifiers();
    // In one order everywhere, so that two writers wait for each other instead of dying.
    wanted.sort();
    let (kinds, values): (Vec<&str>, Vec<&str>) = wanted
        .iter()
        .map(|identifier| (identifier.kind.as_str(), identifier.value.as_str()))
        .unzip();
    sqlx::query(
        "delete from identifier
         where contact_id = $1
           and (kind, value) not in (select * from unnest($2::text[], $3::text[]))",
    )
    .bind(id)
    .bind(&kinds)
    .bind(&values)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into identifier (company_id, kind, value, holder, contact_id)
         select $1, kind, value,
                case kind when 'email' then '00000000-0000-0000-0000-000000000000' else $2 end, $2
         from unnest($3::text[], $4::text[]) as wanted (kind, value)
         where not exists (
             select from identifier mine
             where mine.contact_id = $2 and mine.kind = wanted.kind and mine.value = wanted.value
         )",
    )
    .bind(company_id)
    .bind(id)
    .bind(&kinds)
    .bind(&values)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The contact that holds one of these addresses, if the key may see it.
pub async fn holder_of_email(
    tx: &mut TenantTx,
    fields: &ContactFields,
    but: Option<ContactId>,
) -> Result<Option<ContactId>, DbError> {
    let emails: Vec<String> = fields
        .identifiers()
        .into_iter()
        .filter(|identifier| identifier.kind == IdentifierKind::Email)
        .map(|identifier| identifier.value)
        .collect();
    Ok(sqlx::query_scalar(
        "select contact_id from identifier
         where kind = 'email' and value = any($1) and ($2::uuid is null or contact_id <> $2)
         order by value limit 1",
    )
    .bind(emails)
    .bind(but)
    .fetch_optional(tx.conn())
    .await?)
}
