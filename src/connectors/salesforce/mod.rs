//! Salesforce, through its REST API.
//!
//! - The host of an org arrives with each token (`instance_url`), and may change. People sign in at
//!   the common host, at that of sandboxes, or at their own My Domain, which some orgs insist on;
//!   tokens are renewed at the org's own host.
//! - PKCE is wanted beside the secret. Each refresh brings a new refresh token, and using an old one
//!   ends the grant: the flow of tokens writes the new one down before anything uses it.
//! - Nobody says how long an access token lives; 401 is the truth.
//! - Persons are contacts, organizations accounts, deals opportunities. Leads, a kind of their own
//!   here, are not imported; one is made of whom a member calls unqualified (decision 40), and is read
//!   by its id ([`people`]). A converted one is read as deleted: its contact is another record.
//! - Lists are queries (SOQL) that walk by keys: a full read by id, which edits do not disturb, a
//!   delta by `SystemModstamp` and id, which automation moves too. A delta sees the deleted of the last
//!   fifteen days; a full read does not.
//! - Texts in queries are escaped; names come from descriptions and are checked ([`soql`]).
//! - A query that names an unknown field is refused: each page of contacts asks which there are.
//! - More contacts than some ten thousand come by a job that the org runs by itself ([`bulk`]).
//! - The day's requests are all apps' together, and a used-up day is a 403.
//! - Times have an offset without a colon. Ids are case-sensitive; the first three characters of one
//!   say of what kind it is, so the id of an activity tells tasks from events.
//! - A contact has one address for e-mails and four places for numbers; a last name is required.
//! - An org with one currency does not name it in its deals, and neither do we then.

mod bulk;
mod decode;
mod dialect;
mod fields;
mod map;
mod people;
mod search;
mod soql;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;

use self::{
    decode::Walk,
    soql::{Place, batches, instant},
};
use super::{
    Api, ClientAuth, Connector, Cost, Costs, CrmError, Cursor, From, HostRule, Lane, Manifest,
    OwnLogin, Page, Scope, Window, Writer, api::Ask,
};
use crate::domain::{
    Account, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
};

pub(super) struct Salesforce;

/// Rows of a page of a query.
const PAGE: u16 = 2_000;
/// Ids in a list: with their quotes they fill a third of the longest address.
const IDS: u16 = 200;
/// 40,000 users; ends a walk that goes in circles.
const MOST_USER_PAGES: usize = 20;
/// All orgs have it.
const VERSION: &str = "v66.0";
const SCOPE: &str = "api";

const CONTACT: &str = "Id, IsDeleted, Name, FirstName, LastName, Email, Phone, MobilePhone, \
                       HomePhone, OtherPhone, AccountId, OwnerId, CreatedDate, SystemModstamp";
const ACCOUNT: &str = "Id, IsDeleted, Name, OwnerId, Website, BillingStreet, BillingPostalCode, \
                       BillingCity, BillingCountry, CreatedDate, SystemModstamp";
const LEAD: &str = "Id, IsDeleted, Name, FirstName, LastName, Email, Phone, MobilePhone, IsConverted, \
                    OwnerId, CreatedDate, SystemModstamp";
const OPPORTUNITY: &str = "Id, IsDeleted, Name, AccountId, OwnerId, Amount, StageName, IsClosed, \
                           IsWon, SystemModstamp, (SELECT ContactId FROM OpportunityContactRoles \
                           ORDER BY IsPrimary DESC LIMIT 1)";

/// An org's own host, with the kinds of sandboxes that have one label more.
const HOSTS: &[HostRule] = &[
    HostRule::Under("my.salesforce.com"),
    HostRule::Under("sandbox.my.salesforce.com"),
    HostRule::Under("develop.my.salesforce.com"),
    HostRule::Under("scratch.my.salesforce.com"),
    HostRule::Exactly("login.salesforce.com"),
];

static MANIFEST: Manifest = Manifest {
    slug: "salesforce",
    name: "Salesforce",
    color: "#0b5cab",
    authorize_url: "https://login.salesforce.com/services/oauth2/authorize",
    token_url: "https://login.salesforce.com/services/oauth2/token",
    revoke_url: "https://login.salesforce.com/services/oauth2/revoke",
    // Every grant names its org's host; this one answers to nobody's data.
    default_api_url: "https://login.salesforce.com",
    hosts: HOSTS,
    login_hosts: &[
        HostRule::Exactly("login.salesforce.com"),
        HostRule::Exactly("test.salesforce.com"),
        HostRule::Under("my.salesforce.com"),
        HostRule::Under("sandbox.my.salesforce.com"),
        HostRule::Under("develop.my.salesforce.com"),
        HostRule::Under("scratch.my.salesforce.com"),
    ],
    own_login: Some(OwnLogin {
        name: "My Domain",
        example: "acme.my.salesforce.com",
        words: "Only where your org lets nobody sign in at login.salesforce.com, or for a sandbox. \
                It is the address that you see when you are signed in there.",
    }),
    before: &[
        "An administrator of your Salesforce org installs the Tandem app there first: since \
         September 2025 Salesforce lets nobody connect an app that is not installed in the org.",
        "If that is not you, ask them first, and connect once they say that it is there.",
        "Connect as a user whose profile has \u{201c}API Enabled\u{201d}. Tandem sees what that \
         user sees.",
    ],
    // Neither is in the vendor's reference of errors; both are what its clients report.
    not_installed: &["OAUTH_APP_BLOCKED", "OAUTH_APPROVAL_ERROR_GENERIC"],
    // An org renews its tokens itself, wherever its people signed in.
    login_of: |base| Some(base.to_owned()),
    client_auth: ClientAuth::Body,
    authorize_extra: &[],
    scopes: &[
        Scope {
            name: "api",
            words: "Read people, organizations, deals and users and what your team searches for, \
                    create or update people that turn warm, and copy what your team logs in Tandem \
                    or asks it to do",
            required: true,
        },
        Scope {
            name: "refresh_token",
            words: "Stay connected while nobody is there",
            required: true,
        },
        Scope {
            name: "openid",
            words: "See who you are and which org you belong to",
            required: true,
        },
    ],
    scopes_in_url: true,
    never: &[
        "leads, unless somebody searches for them or makes one; cases and campaigns",
        "e-mails, files and notes",
        "deleting deals, people or organizations",
        "users, permissions and billing",
    ],
    pkce: true,
    deliveries: 200,
    // There is no window of seconds over there; this one is a matter of manners.
    burst: Window { requests: 60, per: Duration::from_secs(2) },
    burst_is_theirs: false,
    search_burst: Window { requests: 20, per: Duration::from_secs(2) },
    // Of the smallest org with an API; all apps of the org share it.
    daily_tokens: 15_000,
    unit: "request",
    allows: "The vendor allows the smallest org 15,000 requests a day, for all its apps together; \
             it has no window, and ours of 30 a second is a matter of manners.",
    page_size: PAGE,
    ids_size: IDS,
    plan_feature: "crm_salesforce",
    custom_prefix: "sf_",
    // Each request is one. A page of contacts or deals is a description and a query.
    costs: Costs {
        list: 2,
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
impl Connector for Salesforce {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn account(&self, api: &Api) -> Result<Account, CrmError> {
        let who = who(api).await?;
        let text = "SELECT Name, Country FROM Organization LIMIT 1";
        let org = fields::query(api, false, text, |body| {
            let orgs = decode::list::<wire::Organization>(body)?;
            orgs.into_iter().next().ok_or("it names no org")
        });
        let ids = CrmError::Unreadable { what: "it lacks the org's ids" };
        map::account(who, org.await?).ok_or(ids)
    }

    async fn users(&self, api: &Api) -> Result<Vec<RemoteUser>, CrmError> {
        let (mut all, mut from) = (Vec::new(), From::default());
        for _ in 0..MOST_USER_PAGES {
            // Guests and members of communities own no contacts.
            let list = List { fields: "Id, Name, Email, IsActive, SystemModstamp", of: "User" };
            let mut page = list.page(api, &from, Some("UserType = 'Standard'"), map::user).await?;
            all.append(&mut page.items);
            from.cursor = page.next;
            if from.cursor.is_none() {
                return Ok(all);
            }
        }
        Err(CrmError::Unreadable { what: "its list of users does not end" })
    }

    async fn fields(&self, api: &Api) -> Result<Fields, CrmError> {
        fields::read(api).await
    }

    async fn persons(&self, api: &Api, from: &From) -> Result<Page<RemotePerson>, CrmError> {
        if let Some(job) = bulk::Job::of(from)? {
            return job.page(api).await;
        }
        let fields = contact_fields(api, from).await?;
        let list = List { fields: &fields, of: "Contact" };
        let page = list.page(api, from, None, map::person).await?;
        Ok(bulk::instead(api, from, page).await)
    }

    async fn organizations(
        &self,
        api: &Api,
        from: &From,
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        List { fields: ACCOUNT, of: "Account" }.page(api, from, None, map::organization).await
    }

    async fn deals(&self, api: &Api, from: &From) -> Result<Page<RemoteDeal>, CrmError> {
        List::place(from)?;
        let described = fields::describe(api, "Opportunity").await?;
        let mut names = described.fields.0.into_iter().filter_map(|row| row.0?.name.0);
        let priced = names.any(|name| name == "CurrencyIsoCode");
        let fields =
            if priced { format!("CurrencyIsoCode, {OPPORTUNITY}") } else { OPPORTUNITY.to_owned() };
        List { fields: &fields, of: "Opportunity" }.page(api, from, None, map::deal).await
    }

    async fn persons_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemotePerson>, CrmError> {
        people::by_ids(api, ids, usize::from(IDS)).await
    }

    async fn organizations_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        by_id(api, ACCOUNT, "Account", &batches(ids, usize::from(IDS)), map::organization).await
    }

    async fn search_persons(
        &self,
        api: &Api,
        term: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RemotePerson>, CrmError> {
        write::find::search(api, term, cursor).await
    }

    fn person_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, id)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

/// Who the token stands for. The identity service is not counted among the day's requests.
async fn who(api: &Api) -> Result<wire::Who, CrmError> {
    let mut ask = ask("/services/oauth2/userinfo", &[]);
    ask.cost.tokens = 0;
    ask.scope = "openid";
    api.read(&ask, decode::object).await
}

/// Names of all that a person is made of. Refuses a cursor that is none before anything is asked.
async fn contact_fields(api: &Api, from: &From) -> Result<String, CrmError> {
    List::place(from)?;
    let custom = fields::custom(api).await?;
    Ok([CONTACT].into_iter().chain(fields::names(&custom)).collect::<Vec<_>>().join(", "))
}

/// A kind of records, page by page.
struct List<'a> {
    fields: &'a str,
    of: &'static str,
}

impl List<'_> {
    /// Where a page begins. A cursor of a full read is none of a delta's.
    fn place(from: &From) -> Result<Option<Place>, CrmError> {
        let Some(cursor) = &from.cursor else { return Ok(None) };
        let place = Place::read(cursor).ok_or(CrmError::CursorRefused)?;
        let delta = matches!(place, Place::Change(..));
        if delta == from.updated_since.is_some() {
            Ok(Some(place))
        } else {
            Err(CrmError::CursorRefused)
        }
    }

    async fn page<W, T>(
        &self,
        api: &Api,
        from: &From,
        only: Option<&str>,
        map: impl Fn(W) -> Option<T> + Send + Sync,
    ) -> Result<Page<T>, CrmError>
    where
        W: for<'de> super::lenient::Record<'de>,
    {
        let limit = from.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let begin = match (Self::place(from)?, from.updated_since) {
            (Some(place), _) => Some(place.after()),
            (None, Some(since)) => Some(format!("SystemModstamp >= {}", instant(since))),
            (None, None) => None,
        };
        let conditions: Vec<String> = begin
            .into_iter()
            .chain(only.map(str::to_owned))
            .map(|one| format!("({one})"))
            .collect();
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let (walk, order) = match from.updated_since {
            Some(_) => (Walk::Change, "SystemModstamp, Id"),
            None => (Walk::Id, "Id"),
        };
        let Self { fields, of } = self;
        let text = format!("SELECT {fields} FROM {of}{filter} ORDER BY {order} LIMIT {limit}");
        let read = |body: &[u8]| decode::page(body, walk, usize::from(limit), &map);
        fields::query(api, walk == Walk::Change, &text, read).await
    }
}

/// Those of these ids that are there, deleted ones not.
async fn by_id<W, T>(
    api: &Api,
    fields: &str,
    of: &str,
    batches: &[String],
    map: impl Fn(W) -> Option<T> + Send + Sync,
) -> Result<Page<T>, CrmError>
where
    W: for<'de> super::lenient::Record<'de>,
    T: Send,
{
    let mut all = Page::default();
    for ids in batches {
        let text = format!("SELECT {fields} FROM {of} WHERE Id IN ({ids})");
        // All of them fit into one page.
        let read = |body: &[u8]| decode::page(body, Walk::Id, usize::MAX, &map);
        let mut page = fields::query(api, false, &text, read).await?;
        all.items.append(&mut page.items);
        all.quarantined.append(&mut page.quarantined);
    }
    Ok(all)
}

fn path(of: &str) -> String {
    format!("/services/data/{VERSION}/{of}")
}

fn ask<'a>(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Ask<'a> {
    let cost = Cost { tokens: 1, lane: Lane::General };
    Ask { dialect: &dialect::WORDS, path, query, cost, scope: SCOPE, body: None, headers: &[] }
}
