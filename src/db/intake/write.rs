//! Writes a planned page.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{
        ConnectionId, ContactId, MemberId, OrganizationId,
        intake::{ContactFields, Identifier, IdentifierKind, PlannedMapping},
    },
};

/// The columns of several contacts, side by side, as `unnest` wants them. Documents and lists travel
/// as text: arrays of arrays must be rectangular in Postgres.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    full_name: Vec<String>,
    first_name: Vec<Option<String>>,
    last_name: Vec<Option<String>>,
    emails: Vec<String>,
    phones: Vec<String>,
    organization_id: Vec<Option<Uuid>>,
    organization_name: Vec<Option<String>>,
    owner: Vec<Option<Uuid>>,
    source: Vec<Option<String>>,
    tags: Vec<String>,
    custom_fields: Vec<String>,
    search: Vec<String>,
}

impl Columns {
    fn of(contacts: &[(ContactId, ContactFields)]) -> Self {
        let mut columns = Self::default();
        for (id, fields) in contacts {
            columns.ids.push(id.uuid());
            columns.full_name.push(fields.full_name.clone());
            columns.first_name.push(fields.first_name.clone());
            columns.last_name.push(fields.last_name.clone());
            columns.emails.push(json(&fields.emails));
            columns.phones.push(json(&fields.phones));
            columns.organization_id.push(fields.organization_id.map(OrganizationId::uuid));
            columns.organization_name.push(fields.organization_name.clone());
            columns.owner.push(fields.owner_member_id.map(MemberId::uuid));
            columns.source.push(fields.source.clone());
            columns.tags.push(array_literal(&fields.tags));
            columns.custom_fields.push(json(&fields.custom_fields));
            columns.search.push(fields.search_text());
        }
        columns
    }
}

/// Plain lists and maps of words: nothing that could fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A list of texts as Postgres writes an array.
fn array_literal(texts: &[String]) -> String {
    let mut literal = String::from("{");
    for (index, text) in texts.iter().enumerate() {
        literal.push_str(if index == 0 { "\"" } else { ",\"" });
        for letter in text.chars() {
            if matches!(letter, '"' | '\\') {
                literal.push('\\');
            }
            literal.push(letter);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}

/// Adds contacts and counts them; the caller holds the book.
pub async fn insert_contacts(
    tx: &mut TenantTx,
    contacts: &[(ContactId, ContactFields)],
) -> Result<(), DbError> {
    if contacts.is_empty() {
        return Ok(());
    }
    write_contacts(tx, contacts, "").await?;
    sqlx::query("update book set contacts = contacts + $1")
        .bind(i64::try_from(contacts.len()).unwrap_or(i64::MAX))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Brings contacts to what the plan says; the caller has locked them. Written as an insert that meets
/// each row by its key: for a company without statistics, an update with a join reads all of it.
pub async fn update_contacts(
    tx: &mut TenantTx,
    contacts: &[(ContactId, ContactFields)],
) -> Result<(), DbError> {
    write_contacts(
        tx,
        contacts,
        "on conflict (company_id, contact_id) do update
         set full_name = excluded.full_name, first_name = excluded.first_name,
             last_name = excluded.last_name, emails = excluded.emails, phones = excluded.phones,
             organization_id = excluded.organization_id,
             organization_name = excluded.organization_name,
             owner_member_id = excluded.owner_member_id, tags = excluded.tags,
             custom_fields = excluded.custom_fields, search = excluded.search, updated_at = now()",
    )
    .await
}

async fn write_contacts(
    tx: &mut TenantTx,
    contacts: &[(ContactId, ContactFields)],
    on_conflict: &'static str,
) -> Result<(), DbError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let company_id = tx.company_id();
    let new = Columns::of(contacts);
    let mut insert = QueryBuilder::<Postgres>::new(
        "insert into contact
             (company_id, contact_id, full_name, first_name, last_name, emails, phones,
              organization_id, organization_name, owner_member_id, source, tags, custom_fields,
              search)
         select $1, id, full_name, first_name, last_name, emails::jsonb, phones::jsonb,
                organization_id, organization_name, owner, source, tags::text[],
                custom_fields::jsonb, search
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::uuid[], $9::text[], $10::uuid[], $11::text[], $12::text[], $13::text[],
                     $14::text[])
              as new (id, full_name, first_name, last_name, emails, phones, organization_id,
                      organization_name, owner, source, tags, custom_fields, search) ",
    );
    insert.push(on_conflict);
    insert
        .build()
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
    Ok(())
}

/// What becomes of a claim to an identifier that somebody else turns out to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The page is a conflict. Cheaper: an insert that may meet its row looks for it twice.
    Refuses,
    /// It stays where it is.
    Stays,
}

/// Gives identifiers back and claims new ones. An e-mail belongs to one contact: the primary key
/// refuses a second holder.
pub async fn move_identifiers(
    tx: &mut TenantTx,
    releases: &[(Identifier, ContactId)],
    claims: &[(Identifier, ContactId)],
    held: Held,
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
        let mut insert = QueryBuilder::<Postgres>::new(
            "insert into identifier (company_id, kind, value, holder, contact_id)
             select $1, kind, value, holder, contact_id
             from unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[])
                  as new (kind, value, holder, contact_id) ",
        );
        if held == Held::Stays {
            insert.push("on conflict do nothing");
        }
        let insert = insert.build();
        insert
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

/// Writes mappings: new ones, then those that were known.
pub async fn upsert_mappings(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    mappings: &[PlannedMapping],
) -> Result<(), DbError> {
    let (new, known): (Vec<_>, Vec<_>) = mappings.iter().partition(|mapping| mapping.is_new);
    // One that somebody mapped meanwhile is a conflict: the page is judged anew.
    write_mappings(tx, connection_id, &new, "").await?;
    // One that exists for another contact stays: the primary key has decided.
    let written = write_mappings(
        tx,
        connection_id,
        &known,
        "on conflict (company_id, connection_id, kind, remote_id) do update
         set fingerprint = excluded.fingerprint, state = excluded.state,
             is_primary = excluded.is_primary,
             remote_updated_at = excluded.remote_updated_at, last_synced_at = now()
         where mapping.contact_id = excluded.contact_id",
    )
    .await?;
    if written < known.len() as u64 {
        // Somebody mapped one of these meanwhile: take the page again, it is judged anew.
        return Err(DbError::Conflict { constraint: "mapping_pkey".to_owned() });
    }
    Ok(())
}

/// How many were written.
async fn write_mappings(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    mappings: &[&PlannedMapping],
    on_conflict: &'static str,
) -> Result<u64, DbError> {
    if mappings.is_empty() {
        return Ok(0);
    }
    let company_id = tx.company_id();
    let remote: Vec<&str> = mappings.iter().map(|new| new.remote_id.as_str()).collect();
    let contacts: Vec<Uuid> = mappings.iter().map(|new| new.contact_id.uuid()).collect();
    let prints: Vec<i64> = mappings.iter().map(|new| new.fingerprint).collect();
    let primary: Vec<bool> = mappings.iter().map(|new| new.is_primary).collect();
    let states: Vec<&str> =
        mappings.iter().map(|new| if new.gone { "gone" } else { "linked" }).collect();
    let updated: Vec<_> = mappings.iter().map(|new| new.remote_updated_at).collect();
    let mut insert = QueryBuilder::<Postgres>::new(
        "insert into mapping
             (company_id, connection_id, kind, remote_id, contact_id, fingerprint, is_primary,
              state, remote_updated_at)
         select $1, $2, 'person', remote_id, contact_id, fingerprint, is_primary, state, updated_at
         from unnest($3::text[], $4::uuid[], $5::bigint[], $6::boolean[], $7::text[],
                     $8::timestamptz[])
              as new (remote_id, contact_id, fingerprint, is_primary, state, updated_at) ",
    );
    insert.push(on_conflict);
    let written = insert
        .build()
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
    Ok(written.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::array_literal;

    #[test]
    fn texts_in_an_array_may_hold_anything() {
        let texts = ["a b", "q\"\\", "{,}", ""].map(str::to_owned);
        assert_eq!(array_literal(&texts), r#"{"a b","q\"\\","{,}",""}"#);
        assert_eq!(array_literal(&[]), "{}");
    }
}
