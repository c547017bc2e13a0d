//! Records of a kind: pages of lists, and batches of ids.

use std::collections::HashMap;

use serde_json::json;

use super::{
    COMPANIES_READ, CONTACTS_READ, DEALS_READ, PAGE, ask, decode,
    place::{At, Own, Place},
    posted, wire,
};
use crate::{
    connectors::{Api, CrmError, Page},
    domain::RemoteId,
};

/// Associations that one request reads.
const MOST_TIES: usize = 1_000;

/// What is read as whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Contacts,
    Companies,
    Deals,
}

impl Kind {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Contacts => "/crm/objects/2026-09/contacts",
            Self::Companies => "/crm/objects/2026-09/companies",
            Self::Deals => "/crm/objects/2026-09/deals",
        }
    }

    pub(super) const fn scope(self) -> &'static str {
        match self {
            Self::Contacts => CONTACTS_READ,
            Self::Companies => COMPANIES_READ,
            Self::Deals => DEALS_READ,
        }
    }

    /// The property that says when a record changed last.
    pub(super) const fn modified(self) -> &'static str {
        match self {
            Self::Contacts => "lastmodifieddate",
            Self::Companies | Self::Deals => "hs_lastmodifieddate",
        }
    }

    const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Contacts => &[
                "email",
                "hs_additional_emails",
                "firstname",
                "lastname",
                "phone",
                "mobilephone",
                "hubspot_owner_id",
                "hs_lead_status",
                "createdate",
                "lastmodifieddate",
            ],
            Self::Companies => &[
                "name",
                "domain",
                "website",
                "address",
                "zip",
                "city",
                "country",
                "hubspot_owner_id",
                "createdate",
                "hs_lastmodifieddate",
            ],
            Self::Deals => &[
                "dealname",
                "amount",
                "deal_currency_code",
                "dealstage",
                "pipeline",
                "hs_is_closed",
                "hs_is_closed_won",
                "hubspot_owner_id",
                "hs_lastmodifieddate",
            ],
        }
    }

    /// Kinds that its records are tied to, and the type id of the primary tie.
    const fn ties(self) -> &'static [(&'static str, Option<u16>)] {
        match self {
            Self::Contacts => &[("companies", Some(1))],
            Self::Companies => &[],
            Self::Deals => &[("contacts", None), ("companies", Some(5))],
        }
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
            Self::Deals => "deals",
        }
    }

    fn asked(self, own: &Own) -> Vec<String> {
        let own = own.names().filter(|name| !self.properties().contains(name));
        self.properties().iter().copied().chain(own).map(ToOwned::to_owned).collect()
    }
}

/// A page of a list, which goes by id.
pub(super) async fn list<T>(
    api: &Api,
    kind: Kind,
    limit: Option<u16>,
    after: Option<String>,
    own: Own,
    map: impl Fn(wire::Record, &Own) -> Option<T> + Send + Sync,
) -> Result<Page<T>, CrmError> {
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE).to_string();
    let properties = kind.asked(&own).join(",");
    let ties = kind.ties().iter().map(|(to, _)| *to).collect::<Vec<_>>().join(",");
    let mut query = vec![("limit", limit.as_str()), ("properties", properties.as_str())];
    if !ties.is_empty() {
        query.push(("associations", ties.as_str()));
    }
    query.extend(after.as_deref().map(|after| ("after", after)));
    let ask = ask(kind.path(), &query, kind.scope());
    let read = api.read(&ask, |body| decode::records(body, |record| map(record, &own))).await;
    let read = match read {
        // What they gave out themselves is refused when it has become too old.
        Err(CrmError::Refused { status: 400, .. }) if after.is_some() => {
            return Err(CrmError::CursorRefused);
        }
        read => read?,
    };
    let next = read.after.map(|after| Place { at: At::List(Some(after)), own });
    Ok(Page {
        items: read.items,
        quarantined: read.quarantined,
        next: next.and_then(|place| place.cursor()),
    })
}

/// Records by id, with what they are tied to. What is gone is absent.
pub(super) async fn batch<T: Send>(
    api: &Api,
    kind: Kind,
    ids: &[RemoteId],
    own: &Own,
    map: impl Fn(wire::Record, &Own) -> Option<T> + Send + Sync,
) -> Result<Page<T>, CrmError> {
    let mut all = Page::default();
    let mut known: Vec<&str> = ids.iter().map(RemoteId::as_str).filter(|id| is_id(id)).collect();
    known.sort_unstable();
    // An id that comes twice is refused.
    known.dedup();
    for ids in known.chunks(usize::from(PAGE)) {
        let ties = ties(api, kind, ids).await?;
        let inputs: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        let mut page = by(api, kind, None, inputs, own, |mut record: wire::Record, own: &Own| {
            if let Some(id) = &record.id.0 {
                record.associations.0 = Some(ties.of(id));
            }
            map(record, own)
        })
        .await?;
        all.items.append(&mut page.items);
        all.quarantined.append(&mut page.quarantined);
    }
    Ok(all)
}

/// Records by a property that only one may have, or by id; without what they are tied to.
pub(super) async fn by<T>(
    api: &Api,
    kind: Kind,
    property: Option<&str>,
    inputs: Vec<serde_json::Value>,
    own: &Own,
    map: impl Fn(wire::Record, &Own) -> Option<T> + Send + Sync,
) -> Result<Page<T>, CrmError> {
    let mut body = json!({
        "inputs": inputs, "properties": kind.asked(own), "propertiesWithHistory": [],
    });
    if let Some(property) = property {
        body["idProperty"] = json!(property);
    }
    let path = format!("{}/batch/read", kind.path());
    let ask = posted(&path, body, kind.scope());
    let read = api.read(&ask, |body| decode::records(body, |record| map(record, own))).await?;
    Ok(Page { items: read.items, quarantined: read.quarantined, next: None })
}

/// Ids over there are numbers, written as text and beyond what a double counts.
pub(super) fn is_id(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// To which contact and company each record is tied.
#[derive(Default)]
struct Ties {
    contacts: HashMap<RemoteId, RemoteId>,
    companies: HashMap<RemoteId, RemoteId>,
}

impl Ties {
    fn of(&self, id: &RemoteId) -> wire::Associations {
        wire::Associations {
            contacts: linked(self.contacts.get(id)),
            companies: linked(self.companies.get(id)),
        }
    }
}

/// As a list shows it.
fn linked(to: Option<&RemoteId>) -> crate::connectors::lenient::Row<wire::Linked> {
    use crate::connectors::lenient::{Id, List, Row};
    let link = to.map(|to| Row(Some(wire::Link { id: Id(Some(to.clone())), ..<_>::default() })));
    Row(Some(wire::Linked { results: List(link.into_iter().collect()) }))
}

async fn ties(api: &Api, kind: Kind, ids: &[&str]) -> Result<Ties, CrmError> {
    let mut all = Ties::default();
    for (to, primary) in kind.ties() {
        let found = tied(api, kind.plural(), to, ids, *primary).await?;
        let found = found.into_iter().collect();
        if *to == "contacts" {
            all.contacts = found;
        } else {
            all.companies = found;
        }
    }
    Ok(all)
}

/// What each is tied to.
async fn tied(
    api: &Api,
    from: &str,
    to: &str,
    ids: &[&str],
    primary: Option<u16>,
) -> Result<Vec<(RemoteId, RemoteId)>, CrmError> {
    debug_assert!(ids.len() <= MOST_TIES, "a batch of records is smaller");
    let path = format!("/crm/associations/2026-09/{from}/{to}/batch/read");
    let inputs: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let scope = if to == "companies" { COMPANIES_READ } else { CONTACTS_READ };
    let ask = posted(&path, json!({ "inputs": inputs }), scope);
    api.read(&ask, |body| decode::ties(body, primary)).await
}
