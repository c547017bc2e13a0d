//! What an import reads and writes, a page at a time: a constant number of statements, whatever
//! the page's size.
//!
//! Records are looked up one by one inside a statement (`cross join lateral ... limit`), not by
//! `= any(...)`: for a company that statistics do not know yet, PostgreSQL expects a handful of
//! rows and reads all of the company's instead, which makes a first import quadratic.

mod seen;
mod write;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{
        ConnectionId, ContactId, MemberId, OrganizationId, RemoteId,
        intake::{
            Candidate, ContactFields, Identifier, IdentifierKind, OrganizationRef, PersonMapping,
            Resolved,
        },
    },
};

pub use seen::{Kind, mark_gone, note_seen, promote, seen, unseen};
pub use write::{Held, insert_contacts, move_identifiers, update_contacts, upsert_mappings};

/// How this page's persons are mapped already.
pub async fn person_mappings(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    ids: &[&str],
) -> Result<HashMap<RemoteId, PersonMapping>, DbError> {
    let rows: Vec<(String, ContactId, i64, bool, bool)> = sqlx::query_as(
        "select wanted.remote_id, contact_id, fingerprint, is_primary, state = 'gone'
         from unnest($2::text[]) as wanted (remote_id)
         cross join lateral (
             select contact_id, fingerprint, is_primary, state
             from mapping
             where connection_id = $1 and kind = 'person'
               and mapping.remote_id = wanted.remote_id
             limit 1
         ) as known",
    )
    .bind(connection_id)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(remote_id, contact_id, fingerprint, is_primary, gone)| {
            (RemoteId(remote_id), PersonMapping { contact_id, fingerprint, is_primary, gone })
        })
        .collect())
}

/// How a page of persons stands to the book.
#[derive(Debug, Default)]
pub struct Stand {
    /// For each person: nothing that we would store has changed.
    pub same: Vec<bool>,
    /// How the others are mapped, where they are.
    pub known: HashMap<RemoteId, PersonMapping>,
}

/// Places of those that are the same; places and mappings of the others, side by side.
type Compared = (Vec<i32>, Vec<i32>, Vec<Uuid>, Vec<i64>, Vec<bool>, Vec<bool>);

/// Compares persons with what was last taken in of them. The answer is one row, however many there
/// are: of most pages, all persons are new or none has changed.
pub async fn compare_persons(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    persons: &[(Resolved, i64)],
) -> Result<Stand, DbError> {
    let ids: Vec<&str> = persons.iter().map(|(person, _)| person.remote_id.as_str()).collect();
    // Whoever is deleted over there is never the same.
    let prints: Vec<Option<i64>> =
        persons.iter().map(|(person, print)| (!person.deleted).then_some(*print)).collect();
    let (same, others, contacts, stored, primary, gone): Compared = sqlx::query_as(
        "with known as (
             select place::int as place, contact_id, fingerprint, is_primary,
                    state = 'gone' as gone,
                    (fingerprint = print and state = 'linked') is true as same
             from unnest($2::text[], $3::bigint[]) with ordinality
                  as wanted (remote_id, print, place)
             cross join lateral (
                 select contact_id, fingerprint, is_primary, state
                 from mapping
                 where connection_id = $1 and kind = 'person'
                   and mapping.remote_id = wanted.remote_id
                 limit 1
             ) as known
         )
         select coalesce(array_agg(place) filter (where same), '{}'),
                coalesce(array_agg(place) filter (where not same), '{}'),
                coalesce(array_agg(contact_id) filter (where not same), '{}'),
                coalesce(array_agg(fingerprint) filter (where not same), '{}'),
                coalesce(array_agg(is_primary) filter (where not same), '{}'),
                coalesce(array_agg(gone) filter (where not same), '{}')
         from known",
    )
    .bind(connection_id)
    .bind(ids)
    .bind(prints)
    .fetch_one(tx.conn())
    .await?;
    let at = |place: i32| usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
    let mut stand = Stand { same: vec![false; persons.len()], ..Stand::default() };
    for place in same.into_iter().filter_map(at) {
        if let Some(same) = stand.same.get_mut(place) {
            *same = true;
        }
    }
    let others = others.into_iter().zip(contacts).zip(stored).zip(primary).zip(gone);
    for ((((place, contact_id), fingerprint), is_primary), gone) in others {
        if let Some((person, _)) = at(place).and_then(|place| persons.get(place)) {
            let contact_id = ContactId::from_uuid(contact_id);
            let mapping = PersonMapping { contact_id, fingerprint, is_primary, gone };
            stand.known.insert(person.remote_id.clone(), mapping);
        }
    }
    Ok(stand)
}

/// The organizations of the book behind these remote ones.
pub async fn organizations(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    ids: &[&str],
) -> Result<HashMap<RemoteId, OrganizationRef>, DbError> {
    let rows: Vec<(String, OrganizationId, String)> = sqlx::query_as(
        "select wanted.remote_id, organization_id, name
         from unnest($2::text[]) as wanted (remote_id)
         cross join lateral (
             select organization_id, name
             from mapping join organization using (company_id, organization_id)
             where connection_id = $1 and kind = 'organization'
               and mapping.remote_id = wanted.remote_id
             limit 1
         ) as known",
    )
    .bind(connection_id)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(remote_id, id, name)| (RemoteId(remote_id), OrganizationRef { id, name }))
        .collect())
}

/// Who holds these identifiers.
pub async fn holders(
    tx: &mut TenantTx,
    identifiers: &[Identifier],
) -> Result<HashMap<Identifier, Vec<ContactId>>, DbError> {
    let mut found: HashMap<Identifier, Vec<ContactId>> = HashMap::new();
    for kind in [IdentifierKind::Email, IdentifierKind::Phone] {
        let values: Vec<&str> = identifiers
            .iter()
            .filter(|identifier| identifier.kind == kind)
            .map(|identifier| identifier.value.as_str())
            .collect();
        if values.is_empty() {
            continue;
        }
        let rows: Vec<(String, ContactId)> = sqlx::query_as(
            // `offset 0` keeps the planner from turning the look-ups into one scan.
            "select wanted.value, contact_id
             from (select distinct unnest($2::text[]) as value) as wanted
             cross join lateral (
                 select contact_id from identifier
                 where kind = $1 and identifier.value = wanted.value
                 offset 0
             ) as holder",
        )
        .bind(kind.as_str())
        .bind(values)
        .fetch_all(tx.conn())
        .await?;
        for (value, contact_id) in rows {
            found.entry(Identifier { kind, value }).or_default().push(contact_id);
        }
    }
    Ok(found)
}

#[derive(FromRow)]
struct CandidateRow {
    contact_id: ContactId,
    full_name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    emails: Value,
    phones: Value,
    organization_id: Option<OrganizationId>,
    organization_name: Option<String>,
    owner_member_id: Option<MemberId>,
    source: Option<String>,
    tags: Vec<String>,
    custom_fields: Value,
    edited: Vec<String>,
    mapped: i64,
}

/// Locks contacts in one order for everybody, so that what a member writes meanwhile is neither
/// overwritten nor half seen: whoever comes second reads what the first has written.
pub async fn lock_contacts(tx: &mut TenantTx, ids: &[ContactId]) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query(
        "select from contact where contact_id = any($1) order by contact_id for no key update",
    )
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The contacts that a page may touch, as an import sees them.
pub async fn candidates(
    tx: &mut TenantTx,
    connection_id: Option<ConnectionId>,
    ids: &[ContactId],
) -> Result<HashMap<ContactId, Candidate>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<CandidateRow> = sqlx::query_as(
        "select contact_id, full_name, first_name, last_name, emails, phones, organization_id,
                organization_name, owner_member_id, source, tags, custom_fields, edited,
                (select count(*) from mapping
                 where mapping.company_id = contact.company_id
                   and mapping.contact_id = contact.contact_id
                   and connection_id = $1 and kind = 'person' and state = 'linked') as mapped
         from contact
         where contact_id = any($2)",
    )
    .bind(connection_id)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.contact_id, row.into())).collect())
}

impl From<CandidateRow> for Candidate {
    fn from(row: CandidateRow) -> Self {
        let custom: BTreeMap<String, Value> =
            serde_json::from_value(row.custom_fields).unwrap_or_default();
        Self {
            fields: ContactFields {
                full_name: row.full_name,
                first_name: row.first_name,
                last_name: row.last_name,
                emails: serde_json::from_value(row.emails).unwrap_or_default(),
                phones: serde_json::from_value(row.phones).unwrap_or_default(),
                organization_id: row.organization_id,
                organization_name: row.organization_name,
                owner_member_id: row.owner_member_id,
                source: row.source,
                tags: row.tags,
                custom_fields: custom,
            },
            edited: row.edited,
            mapped: u32::try_from(row.mapped).unwrap_or(u32::MAX),
        }
    }
}
