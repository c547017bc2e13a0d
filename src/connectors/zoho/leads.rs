//! Leads: people of whom nobody knows yet whether they fit, in a module of their own.
//!
//! - They are not imported. One is made of whom a member calls unqualified, and is read by its id.
//! - Numbers of modules cannot be told apart, so the id of a lead carries its module (`Leads/57...`).
//! - What was converted is in no list any more: it is read as gone, and its contact is another record.

use super::{
    coql,
    cursor::Known,
    decode::{self, Listed},
    map,
    read::{self, Book},
    wire,
};
use crate::{
    connectors::{Api, CrmError, Page},
    domain::{PersonKind, Quarantined, RemoteId, RemotePerson},
};

pub(super) const MODULE: &str = "Leads";
pub(super) const READ: &str = "ZohoCRM.modules.leads.READ";
pub(super) const CREATE: &str = "ZohoCRM.modules.leads.CREATE";
pub(super) const UPDATE: &str = "ZohoCRM.modules.leads.UPDATE";
/// All of them, or no lead is made: what cannot be read again cannot be looked for.
pub(super) const SCOPES: &[&str] = &[READ, CREATE, UPDATE];

const FIELDS: &str = "id,First_Name,Last_Name,Full_Name,Email,Secondary_Email,Phone,Mobile,Owner,\
    Modified_Time,Created_Time";

static LEADS: Book<wire::Contact, RemotePerson> = Book {
    module: MODULE,
    scope: READ,
    fields: |known| {
        [FIELDS]
            .into_iter()
            .chain(known.fields.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(",")
    },
    map: |wire, _| map::person(wire),
};

/// The number of a lead; `None` for whatever else an id stands for.
pub(super) fn number(id: &RemoteId) -> Option<u64> {
    let number = id.as_str().strip_prefix(MODULE)?.strip_prefix('/')?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|id: &u64| digits && *id > 0)
}

pub(super) fn kind(id: &RemoteId) -> PersonKind {
    if number(id).is_some() { PersonKind::Lead } else { PersonKind::Contact }
}

/// An id with its module in front.
pub(super) fn id(number: &RemoteId) -> RemoteId {
    RemoteId(format!("{MODULE}/{number}"))
}

/// The account's name for our mark of leads, where they have the field.
pub(super) async fn mark(api: &Api) -> Result<Option<String>, CrmError> {
    let own = read::own_fields_of(api, MODULE).await?;
    let named = own.into_iter().find(|(_, field)| field.name.trim() == super::write::REFERENCE);
    Ok(named.map(|(name, _)| name))
}

/// Whole leads by their numbers, with our mark where its field is named.
pub(super) async fn by_numbers(
    api: &Api,
    mark: Option<String>,
    numbers: &[RemoteId],
) -> Result<Listed<RemotePerson>, CrmError> {
    let known = Known { fields: mark.into_iter().collect(), ..Known::default() };
    let mut found = LEADS.by_ids(api, &known, numbers).await?;
    for person in &mut found.items {
        person.id = id(&person.id);
    }
    Ok(found)
}

/// Those of these ids that are leads, added to a page. Whom we may not see any more is not gone.
pub(super) async fn add(
    api: &Api,
    ids: &[RemoteId],
    page: &mut Page<RemotePerson>,
) -> Result<(), CrmError> {
    let numbers: Vec<RemoteId> =
        ids.iter().filter_map(number).map(|number| RemoteId(number.to_string())).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    match by_numbers(api, None, &numbers).await {
        Ok(mut found) => {
            page.items.append(&mut found.items);
            page.quarantined.append(&mut found.quarantined);
        }
        Err(CrmError::MissingScope { .. }) => {
            let reason = "the connection may not read leads";
            page.quarantined.extend(numbers.iter().map(|number| Quarantined {
                id: Some(id(number)),
                reason: reason.to_owned(),
                raw: String::new(),
            }));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Leads with an address.
pub(super) async fn with_email(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let wanted = email.trim().to_lowercase();
    let fields = ["Email", "Secondary_Email"].map(|field| coql::holds(field, &wanted));
    let [Some(first), Some(second)] = fields else { return Ok(Vec::new()) };
    let criteria = coql::either(&first, &second);
    let (rows, _) = LEADS.find(api, &criteria, "id asc", coql::ROWS).await?;
    let numbers: Vec<RemoteId> = rows.into_iter().filter_map(|row| row.id.0).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = by_numbers(api, None, &numbers).await?.items;
    found.retain(|person| {
        let mut own = person.emails.iter().map(|own| own.value.trim().to_lowercase());
        own.any(|own| own == wanted)
    });
    Ok(found)
}

/// One that lives.
pub(super) async fn living(api: &Api, lead: u64) -> Result<RemotePerson, CrmError> {
    let found = by_numbers(api, None, &[RemoteId(lead.to_string())]).await?;
    found.items.into_iter().next().ok_or(CrmError::Missing)
}

/// A number as the path of a record has it.
pub(super) fn plain(id: &RemoteId) -> Option<u64> {
    number(id).or_else(|| decode::number(id))
}
