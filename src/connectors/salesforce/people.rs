//! The two kinds of records that a person can be. The first characters of an id tell which.

use super::{
    LEAD, batches, by_id, contact_fields,
    decode::{self, Walk},
    fields, map,
    soql::{is_id_of, quoted},
};
use crate::{
    connectors::{Api, CrmError, From, Page},
    domain::{PersonKind, RemoteId, RemotePerson},
};

/// More people with one address are no longer a question of who it is.
const MOST: usize = 200;

pub(super) const fn object(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Contact => "Contact",
        PersonKind::Lead => "Lead",
    }
}

pub(super) const fn prefix(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Contact => "003",
        PersonKind::Lead => "00Q",
    }
}

/// What is no lead is asked for as a contact.
pub(super) fn kind(id: &RemoteId) -> PersonKind {
    if is_id_of(prefix(PersonKind::Lead), id) { PersonKind::Lead } else { PersonKind::Contact }
}

/// Each kind is asked for only where one of its ids is among them.
pub(super) async fn by_ids(
    api: &Api,
    ids: &[RemoteId],
    most: usize,
) -> Result<Page<RemotePerson>, CrmError> {
    let (leads, contacts): (Vec<RemoteId>, Vec<RemoteId>) =
        ids.iter().cloned().partition(|id| kind(id) == PersonKind::Lead);
    let (leads, contacts) = (batches(&leads, most), batches(&contacts, most));
    let mut all = Page::default();
    if !contacts.is_empty() {
        let fields = contact_fields(api, &From::default()).await?;
        all = by_id(api, &fields, "Contact", &contacts, map::person).await?;
    }
    if !leads.is_empty() {
        let mut more = by_id(api, LEAD, "Lead", &leads, map::person).await?;
        all.items.append(&mut more.items);
        all.quarantined.append(&mut more.quarantined);
    }
    Ok(all)
}

/// Leads with an address that nobody has converted yet.
pub(super) async fn leads(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let email = email.trim();
    if email.is_empty() {
        return Ok(Vec::new());
    }
    let email = quoted(email);
    let text = format!(
        "SELECT {LEAD} FROM Lead WHERE Email = {email} AND IsConverted = false ORDER BY Id \
         LIMIT {MOST}"
    );
    let read = |body: &[u8]| decode::page(body, Walk::Id, usize::MAX, map::person);
    let found = fields::query(api, false, &text, read).await?.items;
    Ok(found.into_iter().filter(|person| !person.deleted).collect())
}
