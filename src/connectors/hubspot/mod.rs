//! HubSpot, through the dated API `2026-09`.
//!
//! - An app is installed per portal, and its token sees what the app's scopes allow, whoever said
//!   yes: the portal is the account, and no call says whose token it is.
//! - Values of properties are text, and only those asked for come. A customer's own properties are
//!   asked for by name, so a read begins with their names, which the cursor carries on.
//! - Lists go by id, a hundred at once, with associations; batches of ids come without, so these are
//!   read apart. A contact's company is the primary one.
//! - Lists know no order by change: a delta searches for ids, and reads them as batches. A query
//!   brings 10,000 results and pages shift while records change, so [`changes`] never turns a page:
//!   each question begins at the last time seen.
//! - A contact's addresses are unique. Who has one is found by it, consistently; the search lags.
//! - `hubspot_owner_id` is an owner's id; a user's is refused. Owners who left are archived.
//! - Labels are the options of the lead status (decision 39).
//! - Deals of a contact are not counted by state: numbers of open and closed deals are unknown.

mod changes;
mod decode;
mod dialect;
mod hooks;
mod map;
mod place;
mod records;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Api, ClientAuth, Connector, Cost, Costs, CrmError, Cursor, From, Hooks, HostRule, Lane,
    Manifest, Page, Scope, Window, Writer, api::Ask,
};
use crate::domain::{
    Account, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
};

use self::{
    place::{At, Own, Place},
    records::Kind,
};

pub(super) struct HubSpot;

/// The largest page of lists, and of batches.
const PAGE: u16 = 100;
/// The largest page of searches, and the most that one query brings in all its pages.
const SEARCH_PAGE: u16 = 200;
const MOST_RESULTS: u64 = 10_000;
/// Far more owners than an account can have; ends a cursor that goes in circles.
const MAX_OWNER_PAGES: usize = 50;

const CONTACTS_READ: &str = "crm.objects.contacts.read";
const CONTACTS_WRITE: &str = "crm.objects.contacts.write";
const COMPANIES_READ: &str = "crm.objects.companies.read";
const COMPANIES_WRITE: &str = "crm.objects.companies.write";
const DEALS_READ: &str = "crm.objects.deals.read";
const DEALS_WRITE: &str = "crm.objects.deals.write";
const OWNERS_READ: &str = "crm.objects.owners.read";
const SCHEMAS_WRITE: &str = "crm.schemas.contacts.write";

const CONTACT_PROPERTIES: &str = "/crm/properties/2026-09/contacts";
const OWNERS: &str = "/crm/owners/2026-09";

static MANIFEST: Manifest = Manifest {
    slug: "hubspot",
    name: "HubSpot",
    color: "#c93a00",
    authorize_url: "https://app.hubspot.com/oauth/authorize",
    token_url: "https://api.hubapi.com/oauth/2026-09/token",
    revoke_url: "https://api.hubapi.com/oauth/2026-09/token/revoke",
    default_api_url: "https://api.hubapi.com",
    hosts: &[HostRule::Exactly("api.hubapi.com")],
    login_hosts: &[],
    own_login: None,
    before: &[],
    not_installed: &[],
    login_of: |_| None,
    client_auth: ClientAuth::Body,
    authorize_extra: &[],
    // All that is planned, at once: a scope added later is a new review and a new consent.
    scopes: &[
        Scope { name: "oauth", words: "See which account it is", required: true },
        Scope {
            name: CONTACTS_READ,
            words: "Read contacts, and the tasks, calls, notes and meetings that we made",
            required: true,
        },
        Scope {
            name: CONTACTS_WRITE,
            words: "Create or mark contacts that turn warm, and copy activities of your team",
            required: true,
        },
        Scope { name: COMPANIES_READ, words: "Read companies", required: true },
        Scope {
            name: COMPANIES_WRITE,
            words: "Create the company of a contact that turns warm",
            required: true,
        },
        Scope {
            name: DEALS_READ,
            words: "Read deals, to show them beside their contacts",
            required: true,
        },
        Scope {
            name: OWNERS_READ,
            words: "Read the list of owners, to keep each contact's owner",
            required: true,
        },
        Scope {
            name: DEALS_WRITE,
            words: "Create and change the deals that your team asks Tandem to",
            required: false,
        },
        Scope {
            name: SCHEMAS_WRITE,
            words: "Add the lead status for warm leads and our reference field",
            required: false,
        },
    ],
    scopes_in_url: true,
    never: &[
        "e-mails and mailboxes",
        "files, lists and marketing",
        "changing deals that nobody asked it to change",
        "deleting contacts, companies or deals",
        "users, permissions and billing",
    ],
    // Never documented for ordinary apps; the state, bound to the session, is the protection.
    pkce: false,
    deliveries: 16,
    // 110 in ten seconds, taken evenly: a window that is used up at once would make everybody wait for
    // longer than people and deliveries are patient. [`dialect`] reads their headers the same way.
    burst: Window { requests: 110 / dialect::PARTS, per: Duration::from_secs(2) },
    burst_is_theirs: true,
    search_burst: Window { requests: 5, per: Duration::from_secs(1) },
    // There is no daily limit for such apps: as many as the other allows in a day.
    daily_tokens: 950_400,
    unit: "request",
    allows: "The vendor allows 110 requests in ten seconds for each account, and in a day as many \
             as that comes to.",
    page_size: PAGE,
    ids_size: PAGE,
    plan_feature: "crm_standard",
    custom_prefix: "hs_",
    costs: Costs {
        list: 1,
        search: 1,
        fields: 1,
        users: 1,
        account: 1,
        record: 1,
        write: 1,
        delete: 1,
        kinds: 1,
    },
};

#[async_trait]
impl Connector for HubSpot {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn account(&self, api: &Api) -> Result<Account, CrmError> {
        let ask = ask("/account-info/2026-09/details", &[], "oauth");
        api.read(&ask, |body| map::account(decode::one(body)?).ok_or("it lacks the portal's id"))
            .await
    }

    /// Those who left too: they are archived, and still own records.
    async fn users(&self, api: &Api) -> Result<Vec<RemoteUser>, CrmError> {
        let mut all = Vec::new();
        for archived in ["false", "true"] {
            let mut after: Option<String> = None;
            for turned in 0.. {
                if turned == MAX_OWNER_PAGES {
                    return Err(CrmError::Unreadable { what: "its list of owners does not end" });
                }
                let mut query = vec![("limit", "100"), ("archived", archived)];
                query.extend(after.as_deref().map(|after| ("after", after)));
                let ask = ask(OWNERS, &query, OWNERS_READ);
                let (page, next) = api.read(&ask, |body| decode::list(body, map::user)).await?;
                all.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(all)
    }

    async fn fields(&self, api: &Api) -> Result<Fields, CrmError> {
        Ok(map::fields(properties(api).await?))
    }

    async fn persons(&self, api: &Api, from: &From) -> Result<Page<RemotePerson>, CrmError> {
        let place = match Place::of(from)? {
            // Later pages know the names from their cursor.
            place if from.cursor.is_some() => place,
            place => Place { own: own(api).await?, ..place },
        };
        read(api, Kind::Contacts, from, place, map::person).await
    }

    async fn organizations(
        &self,
        api: &Api,
        from: &From,
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        let place = Place::of(from)?;
        read(api, Kind::Companies, from, place, |record, _| map::organization(record)).await
    }

    async fn deals(&self, api: &Api, from: &From) -> Result<Page<RemoteDeal>, CrmError> {
        let place = Place::of(from)?;
        read(api, Kind::Deals, from, place, |record, _| map::deal(record)).await
    }

    async fn persons_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemotePerson>, CrmError> {
        if ids.is_empty() {
            return Ok(Page::default());
        }
        let own = own(api).await?;
        records::batch(api, Kind::Contacts, ids, &own, map::person).await
    }

    async fn organizations_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        let map = |record, _: &Own| map::organization(record);
        records::batch(api, Kind::Companies, ids, &Own::default(), map).await
    }

    async fn search_persons(
        &self,
        api: &Api,
        term: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RemotePerson>, CrmError> {
        let term: String = term.trim().chars().take(200).collect();
        if term.is_empty() {
            return Ok(Page::default());
        }
        let after = place::hits_after(cursor)?;
        let mut body = json!({ "query": term, "limit": PAGE, "properties": ["hs_object_id"] });
        if after > 0 {
            body["after"] = json!(after.to_string());
        }
        let (ids, more) = search(api, Kind::Contacts, body, decode::ids).await?;
        let mut page = self.persons_by_id(api, &ids).await?;
        page.items.sort_by_cached_key(|person| ids.iter().position(|id| *id == person.id));
        let next = after + u64::from(PAGE);
        // What lies beyond is refused over there.
        page.next =
            if more && next + u64::from(PAGE) <= MOST_RESULTS { place::hits(next) } else { None };
        Ok(page)
    }

    fn person_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, "0-1", id.as_str())
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }

    fn hooks(&self) -> Option<Hooks> {
        Some(Hooks::PerApp(&HubSpot))
    }
}

/// A page of a kind: by id, or by change time when `from` says since when.
async fn read<T: Send>(
    api: &Api,
    kind: Kind,
    from: &From,
    place: Place,
    map: impl Fn(wire::Record, &Own) -> Option<T> + Send + Sync,
) -> Result<Page<T>, CrmError> {
    match place.at.clone() {
        At::List(after) => records::list(api, kind, from.limit, after, place.own, map).await,
        at @ (At::Since(_) | At::Tie(..)) => {
            changes::page(api, kind, from.limit, at, place.own, map).await
        }
    }
}

/// The definitions of all properties of contacts.
async fn properties(api: &Api) -> Result<Vec<wire::Property>, CrmError> {
    let ask = ask(CONTACT_PROPERTIES, &[], CONTACTS_READ);
    Ok(api.read(&ask, |body| decode::list(body, Some)).await?.0)
}

/// The names of the properties that the customer added to contacts.
async fn own(api: &Api) -> Result<Own, CrmError> {
    Ok(Own::of(&properties(api).await?))
}

/// Searches have a window of their own.
async fn search<T>(
    api: &Api,
    kind: Kind,
    body: Value,
    read: impl Fn(&[u8]) -> Result<T, &'static str> + Send + Sync,
) -> Result<T, CrmError> {
    let path = format!("{}/search", kind.path());
    let mut ask = posted(&path, body, kind.scope());
    ask.cost.lane = Lane::Search;
    api.read(&ask, read).await
}

const COST: Cost = Cost { tokens: 1, lane: Lane::General };

fn ask<'a>(path: &'a str, query: &'a [(&'a str, &'a str)], scope: &'static str) -> Ask<'a> {
    Ask { dialect: &dialect::WORDS, path, query, cost: COST, scope, body: None, headers: &[] }
}

/// A question that is posted.
fn posted<'a>(path: &'a str, body: Value, scope: &'static str) -> Ask<'a> {
    Ask { body: Some(body), ..ask(path, &[], scope) }
}
