//! Pipedrive, through API v2 where it exists and v1 where it is the only way.
//!
//! - The API host differs per company, arrives with each token, and may change.
//! - Scopes are set at the app, not in the authorize URL; the answer separates them by commas.
//! - Installs are per user: (company, user) is the account, and a token sees what its user sees.
//! - Users exist only in v1; persons, organizations, deals and fields are v2 with cursors.
//! - The price is per request, not per row: always ask for 500.
//! - Unknown query parameters and times with parts of seconds are refused.
//! - A full read goes by id, which edits do not disturb; a delta by change time.
//! - Deleted objects leave the lists silently; `ids` silently omits what is gone.
//! - A search hit is a fragment with plain addresses, so each is fetched whole.
//! - "Scope and URL mismatch" is said of missing scopes and of unknown paths alike.

mod decode;
mod dialect;
mod hooks;
mod map;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};

use super::{
    Api, ClientAuth, Connector, Cost, Costs, CrmError, Cursor, From, Hooks, HostRule, Lane,
    Manifest, Page, Scope, Window, Writer, api::Ask,
};
use crate::domain::{
    Account, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
};

pub(super) struct Pipedrive;

/// The largest page of lists, and of `ids` and searches.
const PAGE: u16 = 500;
const IDS: u16 = 100;
/// Far more fields than an account can have; ends a cursor that goes in circles.
const MAX_FIELD_PAGES: usize = 20;

const PERSONS: &str = "/api/v2/persons";
const ORGANIZATIONS: &str = "/api/v2/organizations";
const DEALS: &str = "/api/v2/deals";
/// Not sent unless asked for.
const COUNTS: (&str, &str) = ("include_fields", "open_deals_count,closed_deals_count");

static MANIFEST: Manifest = Manifest {
    slug: "pipedrive",
    name: "Pipedrive",
    color: "#017737",
    authorize_url: "https://oauth.pipedrive.com/oauth/authorize",
    token_url: "https://oauth.pipedrive.com/oauth/token",
    revoke_url: "https://oauth.pipedrive.com/oauth/revoke",
    default_api_url: "https://api.pipedrive.com",
    hosts: &[HostRule::Under("pipedrive.com")],
    login_hosts: &[],
    own_login: None,
    before: &[],
    not_installed: &[],
    login_of: |_| None,
    client_auth: ClientAuth::Basic,
    authorize_extra: &[],
    // All that is planned, at once: a scope added later is a new review and a new consent.
    scopes: &[
        Scope {
            name: "base",
            words: "See who you are and which company the account belongs to",
            required: true,
        },
        Scope {
            name: "contacts:full",
            words: "Read people and organizations, and create or update those that turn warm",
            required: true,
        },
        Scope {
            name: "deals:read",
            words: "Read deals, to show how many a person has",
            required: true,
        },
        Scope {
            name: "deals:full",
            words: "Create and change the deals that your team asks Tandem to",
            required: false,
        },
        Scope {
            name: "users:read",
            words: "Read the list of users, to keep each person's owner",
            required: true,
        },
        Scope {
            name: "activities:full",
            words: "Copy activities that your team logs in Tandem",
            required: false,
        },
        Scope { name: "webhooks:full", words: "Hear of changes as they happen", required: false },
        Scope {
            name: "contact-fields:full",
            words: "Add the label for warm leads and our reference field",
            required: false,
        },
    ],
    scopes_in_url: false,
    never: &[
        "e-mails and mailboxes",
        "files, and notes that others wrote",
        "changing deals that nobody asked it to change",
        "deleting people, organizations or deals",
        "users, permissions and billing",
    ],
    pkce: false,
    deliveries: 16,
    // Of the smallest plan; headers tell the real one.
    burst: Window { requests: 80, per: Duration::from_secs(2) },
    burst_is_theirs: true,
    search_burst: Window { requests: 10, per: Duration::from_secs(2) },
    daily_tokens: 30_000,
    unit: "token",
    allows: "The vendor allows its smallest plan 80 requests in two seconds and 30,000 tokens \
             a day, of which a page of 500 costs 10.",
    page_size: PAGE,
    ids_size: IDS,
    plan_feature: "crm_standard",
    custom_prefix: "pd_",
    costs: Costs {
        list: 10,
        search: 20,
        fields: 10,
        users: 20,
        account: 2,
        record: 1,
        write: 5,
        delete: 3,
        kinds: 20,
    },
};

#[async_trait]
impl Connector for Pipedrive {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn account(&self, api: &Api) -> Result<Account, CrmError> {
        let ask = ask("/api/v1/users/me", &[], MANIFEST.costs.account, "base");
        api.read(&ask, |body| {
            map::account(decode::object(body)?).ok_or("it lacks the account's ids")
        })
        .await
    }

    async fn users(&self, api: &Api) -> Result<Vec<RemoteUser>, CrmError> {
        let ask = ask("/api/v1/users", &[], MANIFEST.costs.users, "users:read");
        Ok(api.read(&ask, |body| decode::page(body, map::user)).await?.items)
    }

    async fn fields(&self, api: &Api) -> Result<Fields, CrmError> {
        let mut fields = Vec::new();
        let mut cursor: Option<Cursor> = None;
        for _ in 0..MAX_FIELD_PAGES {
            let mut query = vec![("limit", "500")];
            query.extend(cursor.as_ref().map(|cursor| ("cursor", cursor.as_str())));
            let ask = ask("/api/v2/personFields", &query, MANIFEST.costs.fields, "contacts:full");
            let (mut some, next) = api.read(&ask, decode::list).await?;
            fields.append(&mut some);
            cursor = next;
            if cursor.is_none() {
                return Ok(map::fields(fields));
            }
        }
        Err(CrmError::Unreadable { what: "its list of fields does not end" })
    }

    async fn persons(&self, api: &Api, from: &From) -> Result<Page<RemotePerson>, CrmError> {
        let asked = Listing::of(from);
        let mut query = asked.query(from);
        query.push(COUNTS);
        let ask = ask(PERSONS, &query, MANIFEST.costs.list, "contacts:full");
        api.read(&ask, |body| decode::page(body, map::person)).await
    }

    async fn organizations(
        &self,
        api: &Api,
        from: &From,
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        let asked = Listing::of(from);
        let query = asked.query(from);
        let ask = ask(ORGANIZATIONS, &query, MANIFEST.costs.list, "contacts:full");
        api.read(&ask, |body| decode::page(body, map::organization)).await
    }

    async fn deals(&self, api: &Api, from: &From) -> Result<Page<RemoteDeal>, CrmError> {
        let asked = Listing::of(from);
        let query = asked.query(from);
        let ask = ask(DEALS, &query, MANIFEST.costs.list, "deals:read");
        api.read(&ask, |body| decode::page(body, map::deal)).await
    }

    async fn persons_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemotePerson>, CrmError> {
        let mut all = Page::default();
        for ids in batches(ids) {
            let query = [("ids", ids.as_str()), ("limit", "500"), COUNTS];
            let ask = ask(PERSONS, &query, MANIFEST.costs.list, "contacts:full");
            let mut page = api.read(&ask, |body| decode::page(body, map::person)).await?;
            all.items.append(&mut page.items);
            all.quarantined.append(&mut page.quarantined);
        }
        Ok(all)
    }

    async fn organizations_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        let mut all = Page::default();
        for ids in batches(ids) {
            let query = [("ids", ids.as_str()), ("limit", "500")];
            let ask = ask(ORGANIZATIONS, &query, MANIFEST.costs.list, "contacts:full");
            let mut page = api.read(&ask, |body| decode::page(body, map::organization)).await?;
            all.items.append(&mut page.items);
            all.quarantined.append(&mut page.quarantined);
        }
        Ok(all)
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
        // More than 100 is refused here, whatever is documented.
        let mut query = vec![("term", term.as_str()), ("limit", "100")];
        query.push(("fields", "name,email,phone"));
        if term.chars().count() < 2 {
            // The shortest term is two characters, unless the whole value is meant.
            query.push(("exact_match", "true"));
        }
        query.extend(cursor.map(|cursor| ("cursor", cursor.as_str())));
        let mut asked =
            ask("/api/v2/persons/search", &query, MANIFEST.costs.search, "contacts:full");
        asked.cost.lane = Lane::Search;
        let (ids, next) = api.read(&asked, decode::hits).await?;
        let mut page = self.persons_by_id(api, &ids).await?;
        page.items.sort_by_cached_key(|person| ids.iter().position(|id| *id == person.id));
        page.next = next;
        Ok(page)
    }

    fn person_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::person_url(domain, id)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }

    fn hooks(&self) -> Option<Hooks> {
        Some(Hooks::PerConnection(&Pipedrive))
    }
}

fn ask<'a>(
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    tokens: u32,
    scope: &'static str,
) -> Ask<'a> {
    let cost = Cost { tokens, lane: Lane::General };
    Ask { dialect: &dialect::WORDS, path, query, cost, scope, body: None, headers: &[] }
}

/// The texts that a list's query borrows.
struct Listing {
    limit: String,
    since: Option<String>,
}

impl Listing {
    fn of(from: &From) -> Self {
        let limit = from.limit.unwrap_or(PAGE).clamp(1, PAGE);
        Self { limit: limit.to_string(), since: from.updated_since.map(whole_seconds) }
    }

    fn query<'a>(&'a self, from: &'a From) -> Vec<(&'a str, &'a str)> {
        let by = if self.since.is_some() { "update_time" } else { "id" };
        let mut query =
            vec![("limit", self.limit.as_str()), ("sort_by", by), ("sort_direction", "asc")];
        query.extend(self.since.as_ref().map(|since| ("updated_since", since.as_str())));
        query.extend(from.cursor.as_ref().map(|cursor| ("cursor", cursor.as_str())));
        query
    }
}

fn whole_seconds(time: DateTime<Utc>) -> String {
    time.trunc_subsecs(0).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// At most 100 ids each. What is no id over there cannot exist there, and asking would be refused.
fn batches(ids: &[RemoteId]) -> Vec<String> {
    let known: Vec<&str> = ids
        .iter()
        .map(RemoteId::as_str)
        .filter(|id| !id.is_empty() && id.len() <= 19 && id.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    known.chunks(usize::from(IDS)).map(|ids| ids.join(",")).collect()
}
