//! Lists: by id with page tokens, by id with queries beyond them, and by time of change.
//!
//! A query brings ids in an order that we choose, and the records are then read by id: what lists show and
//! queries do not (tags) is the same everywhere, and a record that changed in between is read as it is now.

use serde_json::json;

use super::{
    MANIFEST,
    coql::{self, ROWS},
    cursor::{Known, Mark, Place},
    decode::{self, Listed},
    dialect, map, wire,
};
use crate::{
    connectors::{Api, Cost, CrmError, From, Lane, Page, api::Ask, lenient::Record},
    domain::{CustomField, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson},
};

/// Fields of a list; more are refused.
const MOST_FIELDS: usize = 50;
/// So many of the account's own, and so many bytes of their names, so that a cursor can carry them.
pub(super) const MOST_OWN: usize = MOST_FIELDS - PERSON_FIELDS.len();
pub(super) const MOST_BYTES: usize = 1_800;
/// Pages of lists that are read to their end; ends one that goes in circles.
pub(super) const MOST_PAGES: usize = 50;

const PERSON_FIELDS: [&str; 16] = [
    "First_Name",
    "Last_Name",
    "Full_Name",
    "Email",
    "Secondary_Email",
    "Phone",
    "Mobile",
    "Home_Phone",
    "Other_Phone",
    "Asst_Phone",
    "Account_Name",
    "Owner",
    "Tag",
    "Modified_Time",
    "Created_Time",
    "id",
];
const ORGANIZATION_FIELDS: &str = "id,Account_Name,Owner,Website,Billing_Street,Billing_City,\
    Billing_Code,Billing_Country,Modified_Time,Created_Time";
const DEAL_FIELDS: &str = "id,Deal_Name,Stage,Pipeline,Amount,Currency,Contact_Name,Account_Name,Owner,\
    Modified_Time,Created_Time";

/// A module as it is read: what is asked of its records, and what is made of them.
pub(super) struct Book<W, T> {
    pub(super) module: &'static str,
    pub(super) scope: &'static str,
    pub(super) fields: fn(&Known) -> String,
    pub(super) map: fn(W, &Known) -> Option<(RemoteId, T)>,
}

pub(super) static PERSONS: Book<wire::Contact, RemotePerson> = Book {
    module: "Contacts",
    scope: "ZohoCRM.modules.contacts.READ",
    fields: person_fields,
    map: |wire, _| map::person(wire),
};

pub(super) static ORGANIZATIONS: Book<wire::Account, RemoteOrganization> = Book {
    module: "Accounts",
    scope: "ZohoCRM.modules.accounts.READ",
    fields: |_| ORGANIZATION_FIELDS.to_owned(),
    map: |wire, _| map::organization(wire),
};

pub(super) static DEALS: Book<wire::Deal, RemoteDeal> = Book {
    module: "Deals",
    scope: "ZohoCRM.modules.deals.READ",
    fields: |_| DEAL_FIELDS.to_owned(),
    map: map::deal,
};

pub(super) fn person_fields(known: &Known) -> String {
    let own = known.fields.iter().map(String::as_str);
    PERSON_FIELDS.into_iter().chain(own).collect::<Vec<_>>().join(",")
}

pub(super) fn ask<'a>(
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    tokens: u32,
    scope: &'static str,
) -> Ask<'a> {
    let cost = Cost { tokens, lane: Lane::General };
    Ask { dialect: &dialect::WORDS, path, query, cost, scope, body: None, headers: &[] }
}

impl<W, T> Book<W, T>
where
    W: for<'de> Record<'de>,
    T: Send,
{
    /// One page of a reading that is at `mark`.
    pub(super) async fn page(
        &self,
        api: &Api,
        from: &From,
        first: impl Future<Output = Result<Known, CrmError>> + Send,
    ) -> Result<Page<T>, CrmError> {
        let limit = from.limit.unwrap_or(ROWS).clamp(1, ROWS);
        let mark = from.cursor.as_ref().map(Mark::read).transpose()?;
        let (place, known) = match mark {
            Some(mark) => (Some(mark.place), mark.known),
            None => (None, first.await?),
        };
        match (place, from.updated_since) {
            (None, None) => self.listed(api, known, None, limit).await,
            (Some(Place::Token { last, token }), None) => {
                match self.listed(api, known.clone(), Some((last, &token)), limit).await {
                    // It lives a day: go on behind the last record that came.
                    Err(CrmError::CursorRefused) => self.after(api, known, last, limit).await,
                    other => other,
                }
            }
            (Some(Place::After { last }), None) => self.after(api, known, last, limit).await,
            (None, Some(since)) => {
                let criteria = format!("Modified_Time >= '{}'", coql::time(since));
                self.changed(api, known, &criteria, limit).await
            }
            (Some(Place::Changed { at, last }), Some(_)) => {
                self.changed(api, known, &coql::changed_after(at, last), limit).await
            }
            // A cursor of one reading in another.
            (Some(_), _) => Err(CrmError::CursorRefused),
        }
    }

    async fn listed(
        &self,
        api: &Api,
        known: Known,
        at: Option<(u64, &str)>,
        limit: u16,
    ) -> Result<Page<T>, CrmError> {
        let (fields, limit) = ((self.fields)(&known), limit.to_string());
        let mut query = vec![
            ("fields", fields.as_str()),
            ("sort_by", "id"),
            ("sort_order", "asc"),
            ("per_page", limit.as_str()),
        ];
        query.extend(at.map(|(_, token)| ("page_token", token)));
        let path = format!("/crm/v8/{}", self.module);
        let ask = ask(&path, &query, MANIFEST.costs.list, self.scope);
        let read = |body: &[u8]| decode::page(body, |wire| (self.map)(wire, &known));
        let page = api.read(&ask, read).await?;
        let place = match (page.more, page.token.clone()) {
            (false, _) => None,
            (true, token) => {
                let last = page.last.or(at.map(|(last, _)| last));
                let last =
                    last.ok_or(CrmError::Unreadable { what: "no record of it has an id" })?;
                Some(token.map_or(Place::After { last }, |token| Place::Token { last, token }))
            }
        };
        finished(page, place, known)
    }

    /// By id, in the order of ids.
    async fn after(
        &self,
        api: &Api,
        known: Known,
        last: u64,
        limit: u16,
    ) -> Result<Page<T>, CrmError> {
        let criteria = format!("id > '{last}'");
        let (rows, more) = self.find(api, &criteria, "id asc", limit).await?;
        let ids: Vec<RemoteId> = rows.into_iter().filter_map(|row| row.id.0).collect();
        let place = ids.last().and_then(decode::number).filter(|_| more);
        let page = self.by_ids(api, &known, &ids).await?;
        finished(page, place.map(|last| Place::After { last }), known)
    }

    /// By time of change, and by id within a second.
    async fn changed(
        &self,
        api: &Api,
        known: Known,
        criteria: &str,
        limit: u16,
    ) -> Result<Page<T>, CrmError> {
        let (rows, more) = self.find(api, criteria, "Modified_Time asc, id asc", limit).await?;
        let last = rows.last().filter(|_| more).and_then(|row| {
            Some(Place::Changed { at: row.modified.0?, last: decode::number(row.id.0.as_ref()?)? })
        });
        let ids: Vec<RemoteId> = rows.into_iter().filter_map(|row| row.id.0).collect();
        let page = self.by_ids(api, &known, &ids).await?;
        finished(page, last, known)
    }

    /// Ids and times of the records that a query means.
    pub(super) async fn find(
        &self,
        api: &Api,
        criteria: &str,
        order: &str,
        limit: u16,
    ) -> Result<(Vec<wire::Found>, bool), CrmError> {
        find(api, self.module, criteria, order, limit).await
    }

    /// Whole records, in the order of the ids; those that are gone are absent.
    pub(super) async fn by_ids(
        &self,
        api: &Api,
        known: &Known,
        ids: &[RemoteId],
    ) -> Result<Listed<T>, CrmError> {
        let mut all: Listed<T> = Listed::none();
        let mut placed: Vec<(u64, T)> = Vec::with_capacity(ids.len());
        let fields = (self.fields)(known);
        // What is no id over there cannot exist there, and asking would be refused.
        let ids: Vec<u64> = ids.iter().filter_map(decode::number).filter(|id| *id > 0).collect();
        for ids in ids.chunks(usize::from(MANIFEST.ids_size)) {
            let ids = ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
            let query = [("ids", ids.as_str()), ("fields", fields.as_str())];
            let path = format!("/crm/v8/{}", self.module);
            let ask = ask(&path, &query, MANIFEST.costs.list, self.scope);
            let numbered = |wire| {
                let (id, item) = (self.map)(wire, known)?;
                let number = decode::number(&id)?;
                Some((id, (number, item)))
            };
            let mut page = api.read(&ask, |body| decode::page(body, numbered)).await?;
            placed.append(&mut page.items);
            all.quarantined.append(&mut page.quarantined);
        }
        let order: std::collections::HashMap<u64, usize> =
            ids.iter().enumerate().map(|(nth, id)| (*id, nth)).collect();
        placed.sort_by_key(|(id, _)| order.get(id).copied());
        all.items = placed.into_iter().map(|(_, item)| item).collect();
        Ok(all)
    }
}

/// Ids and times of change of the records of a module that a query means.
pub(super) async fn find(
    api: &Api,
    module: &str,
    criteria: &str,
    order: &str,
    limit: u16,
) -> Result<(Vec<wire::Found>, bool), CrmError> {
    let query = coql::select(module, criteria, order, limit);
    let mut asked = ask("/crm/v8/coql", &[], MANIFEST.costs.search, "ZohoCRM.coql.READ");
    asked.cost.lane = Lane::Search;
    asked.body = Some(json!({ "select_query": query }));
    api.read(&asked, decode::found).await
}

fn finished<T>(page: Listed<T>, place: Option<Place>, known: Known) -> Result<Page<T>, CrmError> {
    let next = place.map(|place| Mark { place, known }.cursor()).transpose()?;
    Ok(Page { items: page.items, quarantined: page.quarantined, next })
}

/// The account's own fields of contacts.
pub(super) async fn own_fields(api: &Api) -> Result<Vec<(String, CustomField)>, CrmError> {
    own_fields_of(api, PERSONS.module).await
}

pub(super) async fn own_fields_of(
    api: &Api,
    module: &str,
) -> Result<Vec<(String, CustomField)>, CrmError> {
    let query = [("module", module)];
    let ask = ask(
        "/crm/v8/settings/fields",
        &query,
        MANIFEST.costs.fields,
        "ZohoCRM.settings.fields.READ",
    );
    let (fields, _) = api.read(&ask, decode::list).await?;
    Ok(fields.into_iter().filter_map(map::own_field).collect())
}

/// What reading contacts needs to know. Our own field comes first, so that it is never left out.
pub(super) async fn of_persons(api: &Api) -> Result<Known, CrmError> {
    let mut own = own_fields(api).await?;
    own.sort_by_key(|(_, field)| field.name != super::write::REFERENCE);
    let mut bytes = 0;
    let fits = |name: &String| {
        bytes += name.len() + 3;
        bytes <= MOST_BYTES
    };
    let fields = own.into_iter().map(|(name, _)| name).take(MOST_OWN).take_while(fits).collect();
    Ok(Known { fields, ..Known::default() })
}

/// All users, the inactive and the deleted too.
pub(super) async fn users(api: &Api) -> Result<Vec<wire::User>, CrmError> {
    let mut all = Vec::new();
    for page in 1..=MOST_PAGES {
        let page = page.to_string();
        let query = [("type", "AllUsers"), ("page", page.as_str()), ("per_page", "200")];
        let ask = ask("/crm/v8/users", &query, MANIFEST.costs.users, "ZohoCRM.users.READ");
        let (mut some, more) = api.read(&ask, decode::list).await?;
        all.append(&mut some);
        if !more {
            return Ok(all);
        }
    }
    Err(CrmError::Unreadable { what: "its list of users does not end" })
}
