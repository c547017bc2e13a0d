//! Writes a planned page.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{
        ConnectionId, ContactId, MemberId, OrganizationId,
        intake::{ContactFields, Identifier, IdentifierKind, PlannedMapping},
    },
};

/// The columns of several contacts, side by side, as `unnest` wants them.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    full_name: Vec<String>,
    first_name: Vec<Option<String>>,
    last_name: Vec<Option<String>>,
    emails: Vec<Value>,
    phones: Vec<Value>,
    organization_id: Vec<Option<Uuid>>,
    organization_name: Vec<Option<String>>,
    owner: Vec<Option<Uuid>>,
    source: Vec<Option<String>>,
    tags: Vec<Value>,
    custom_fields: Vec<Value>,
    search: Vec<String>,
}

impl Columns {
    fn of(contacts: &[(ContactId, ContactFields)]) -> Self {
        let json = |value: Result<Value, serde_json::Error>| value.unwrap_or(Value::Null);
        let mut columns = Self::default();
        for (id, fields) in contacts {
            columns.ids.push(id.uuid());
            columns.full_name.push(fields.full_name.clone());
            columns.first_name.push(fields.first_name.clone());
            columns.last_name.push(fields.last_name.clone());
            columns.emails.push(json(serde_json::to_value(&fields.emails)));
            columns.phones.push(json(serde_json::to_value(&fields.phones)));
            columns.organization_id.push(fields.organization_id.map(OrganizationId::uuid));
            columns.organization_name.push(fields.organization_name.clone());
            columns.owner.push(fields.owner_member_id.map(MemberId::uuid));
            columns.source.push(fields.source.clone());
            columns.tags.push(Value::from(fields.tags.clone()));
            columns.custom_fields.push(json(serde_json::to_value(&fields.custom_fields)));
            columns.search.push(fields.search_text());
        }
        columns
    }
}

/// Adds contacts and counts them; the caller holds the book.
pub async fn insert_contacts(
    tx: &mut TenantTx,
    contacts: &[(ContactId, ContactFields)],
) -> Result<(), DbError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let company_id = tx.company_id();
    let new = Columns::of(contacts);
    sqlx::query(
        "insert into contact
             (company_id, contact_id, full_name, first_name, last_name, emails, phones,
              organization_id, organization_name, owner_member_id, source, tags, custom_fields,
              search)
         select $1, id, full_name, first_name, last_name, emails, phones, organization_id,
                organization_name, owner, source,
                array(select jsonb_array_elements_text(tags)), custom_fields, search
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[],
                     $8::uuid[], $9::text[], $10::uuid[], $11::text[], $12::jsonb[], $13::jsonb[],
                     $14::text[])
              as new (id, full_name, first_name, last_name, emails, phones, organization_id,
                      organization_name, owner, source, tags, custom_fields, search)",
    )
    .bind(company_id)
    .bind(new.ids)
    .bind(new.full_name)
    .bind(new.first_name)
    .bind(new.last_name)
    .bind(new.emails)
    .bind(new.phones)
    .bind(new.organization_id)
    .bind(new.organization_name)
    .bind(new.owner)
    .bind(new.source)
    .bind(new.tags)
    .bind(new.custom_fields)
    .bind(new.search)
    .execute(tx.conn())
    .await?;
    sqlx::query("update book set contacts = contacts + $1")
        .bind(i64::try_from(contacts.len()).unwrap_or(i64::MAX))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Brings contacts to what the plan says.
pub async fn update_contacts(
    tx: &mut TenantTx,
    contacts: &[(ContactId, ContactFields)],
) -> Result<(), DbError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let new = Columns::of(contacts);
    sqlx::query(
        "update contact
         set full_name = new.full_name, first_name = new.first_name, last_name = new.last_name,
             emails = new.emails, phones = new.phones, organization_id = new.organization_id,
             organization_name = new.organization_name, owner_member_id = new.owner,
             tags = array(select jsonb_array_elements_text(new.tags)),
             custom_fields = new.custom_fields, search = new.search, updated_at = now()
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[],
                     $7::uuid[], $8::text[], $9::uuid[], $10::jsonb[], $11::jsonb[], $12::text[])
              as new (id, full_name, first_name, last_name, emails, phones, organization_id,
                      organization_name, owner, tags, custom_fields, search)
         where contact.contact_id = new.id",
    )
    .bind(new.ids)
    .bind(new.full_name)
    .bind(new.first_name)
    .bind(new.last_name)
    .bind(new.emails)
    .bind(new.phones)
    .bind(new.organization_id)
    .bind(new.organization_name)
    .bind(new.owner)
    .bind(new.tags)
    .bind(new.custom_fields)
    .bind(new.search)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives identifiers back and claims new ones. An e-mail that another contact holds stays there:
/// the primary key refuses a second holder.
pub async fn move_identifiers(
    tx: &mut TenantTx,
    releases: &[(Identifier, ContactId)],
    claims: &[(Identifier, ContactId)],
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    if !releases.is_empty() {
        let (kinds, values, contacts) = split(releases);
        sqlx::query(
            "delete from identifier
             using unnest($1::text[], $2::text[], $3::uuid[]) as old (kind, value, contact_id)
             where identifier.kind = old.kind and identifier.value = old.value
               and identifier.contact_id = old.contact_id",
        )
        .bind(kinds)
        .bind(values)
        .bind(contacts)
        .execute(tx.conn())
        .await?;
    }
    if !claims.is_empty() {
        let mut claims = claims.to_vec();
        // One order for everybody: two claimers cannot wait for each other.
        claims.sort();
        let (kinds, values, contacts) = split(&claims);
        let holders: Vec<Uuid> = claims
            .iter()
            .map(|(identifier, contact_id)| match identifier.kind {
                IdentifierKind::Email => Uuid::nil(),
                IdentifierKind::Phone => contact_id.uuid(),
            })
            .collect();
        sqlx::query(
            "insert into identifier (company_id, kind, value, holder, contact_id)
             select $1, kind, value, holder, contact_id
             from unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[])
                  as new (kind, value, holder, contact_id)
             on conflict do nothing",
        )
        .bind(company_id)
        .bind(kinds)
        .bind(values)
        .bind(holders)
        .bind(contacts)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

fn split(pairs: &[(Identifier, ContactId)]) -> (Vec<&str>, Vec<&str>, Vec<Uuid>) {
    let kinds = pairs.iter().map(|(identifier, _)| identifier.kind.as_str()).collect();
    let values = pairs.iter().map(|(identifier, _)| identifier.value.as_str()).collect();
    let contacts = pairs.iter().map(|(_, contact)| contact.uuid()).collect();
    (kinds, values, contacts)
}

/// Writes mappings. One that exists for another contact stays: the primary key has decided.
pub async fn upsert_mappings(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    mappings: &[PlannedMapping],
) -> Result<(), DbError> {
    if mappings.is_empty() {
        return Ok(());
    }
    let company_id = tx.company_id();
    let remote: Vec<&str> = mappings.iter().map(|new| new.remote_id.as_str()).collect();
    let contacts: Vec<Uuid> = mappings.iter().map(|new| new.contact_id.uuid()).collect();
    let prints: Vec<i64> = mappings.iter().map(|new| new.fingerprint).collect();
    let primary: Vec<bool> = mappings.iter().map(|new| new.is_primary).collect();
    let states: Vec<&str> =
        mappings.iter().map(|new| if new.gone { "gone" } else { "linked" }).collect();
    let updated: Vec<_> = mappings.iter().map(|new| new.remote_updated_at).collect();
    let written = sqlx::query(
        "insert into mapping
             (company_id, connection_id, kind, remote_id, contact_id, fingerprint, is_primary,
              state, remote_updated_at)
         select $1, $2, 'person', remote_id, contact_id, fingerprint, is_primary, state, updated_at
         from unnest($3::text[], $4::uuid[], $5::bigint[], $6::boolean[], $7::text[],
                     $8::timestamptz[])
              as new (remote_id, contact_id, fingerprint, is_primary, state, updated_at)
         on conflict (company_id, connection_id, kind, remote_id) do update
         set fingerprint = excluded.fingerprint, state = excluded.state,
             is_primary = excluded.is_primary,
             remote_updated_at = excluded.remote_updated_at, last_synced_at = now()
         where mapping.contact_id = excluded.contact_id",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(remote)
    .bind(contacts)
    .bind(prints)
    .bind(primary)
    .bind(states)
    .bind(updated)
    .execute(tx.conn())
    .await?;
    if written.rows_affected() < mappings.len() as u64 {
        // Somebody mapped one of these meanwhile: take the page again, it is judged anew.
        return Err(DbError::Conflict { constraint: "mapping_pkey".to_owned() });
    }
    Ok(())
}
