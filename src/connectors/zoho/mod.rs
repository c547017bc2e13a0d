//! Zoho CRM, version 8 of its API.
//!
//! - Nine data centres, each with hosts of its own. The callback names the accounts server and the grant
//!   the API's host: both are looked up in a fixed list, or they would be handed our secret and the token.
//! - Scopes are separated by commas in the authorize URL. A refresh token comes only with
//!   `access_type=offline`, and `prompt=consent` makes a second consent bring one too. It never changes.
//! - Ten access tokens in ten minutes per refresh token, fifteen alive at once: all processes share one,
//!   and "too many requests" from the token endpoint is waited for; the grant lives on.
//! - Errors of the token endpoint and of single records come inside 200, 202 and 207.
//! - No `Retry-After`. What is limited is requests at once, so our window is as many requests as ten at once
//!   can be. Credits are counted over rolling 24 hours, and told only once half are used.
//! - Ids have nineteen digits and come as text.
//! - Lists want their fields named, at most 50 of them: 34 of the account's own are read, the others are
//!   not. Page tokens live a day, and lists end after 100,000 records; queries by id go on from there.
//! - Nothing is an empty answer (204). Searches lag by minutes, queries do not.
//! - Deleted records leave lists silently, and so do converted leads ([`leads`]).
//! - Labels are the tags of contacts. A tag's name is its id here: adding one that is gone makes it again.

mod centres;
mod coql;
mod cursor;
mod deals;
mod decode;
mod dialect;
mod hooks;
mod leads;
mod map;
mod read;
mod wire;
mod write;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

use super::{
    Api, ClientAuth, Connector, Costs, CrmError, Cursor, From, Hooks, Lane, Manifest, Page, Scope,
    Window, Writer,
};
use crate::domain::{
    Account, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
};
use read::{DEALS, ORGANIZATIONS, PERSONS, ask};

pub(super) struct Zoho;

/// Separated by commas, as the authorize URL has them: the names of [`MANIFEST`]'s scopes.
const SCOPES: &str = "ZohoCRM.modules.contacts.READ,ZohoCRM.modules.contacts.CREATE,\
    ZohoCRM.modules.contacts.UPDATE,ZohoCRM.modules.accounts.READ,ZohoCRM.modules.accounts.CREATE,\
    ZohoCRM.modules.deals.READ,ZohoCRM.users.READ,ZohoCRM.org.READ,ZohoCRM.coql.READ,\
    ZohoSearch.securesearch.READ,ZohoCRM.settings.fields.READ,ZohoCRM.settings.tags.READ,\
    ZohoCRM.settings.modules.READ,ZohoCRM.settings.layouts.READ,ZohoCRM.settings.pipeline.READ,\
    ZohoCRM.settings.fields.CREATE,ZohoCRM.settings.tags.CREATE,ZohoCRM.modules.tasks.ALL,\
    ZohoCRM.modules.calls.ALL,ZohoCRM.modules.events.ALL,ZohoCRM.modules.notes.READ,\
    ZohoCRM.modules.notes.CREATE,ZohoCRM.modules.deals.CREATE,ZohoCRM.modules.deals.UPDATE,\
    ZohoCRM.modules.leads.READ,ZohoCRM.modules.leads.CREATE,ZohoCRM.modules.leads.UPDATE,\
    ZohoCRM.notifications.ALL";

const fn needed(name: &'static str, words: &'static str) -> Scope {
    Scope { name, words, required: true }
}

const fn wanted(name: &'static str, words: &'static str) -> Scope {
    Scope { name, words, required: false }
}

static MANIFEST: Manifest = Manifest {
    slug: "zoho",
    name: "Zoho CRM",
    color: "#c8202f",
    authorize_url: "https://accounts.zoho.com/oauth/v2/auth",
    token_url: "https://accounts.zoho.com/oauth/v2/token",
    revoke_url: "https://accounts.zoho.com/oauth/v2/token/revoke",
    default_api_url: "https://www.zohoapis.com",
    hosts: &centres::API_HOSTS,
    login_hosts: &centres::LOGIN_HOSTS,
    own_login: None,
    before: &[],
    not_installed: &[],
    login_of: centres::login_of,
    client_auth: ClientAuth::Body,
    authorize_extra: &[("scope", SCOPES), ("access_type", "offline"), ("prompt", "consent")],
    scopes: &[
        needed("ZohoCRM.modules.contacts.READ", "Read contacts"),
        needed("ZohoCRM.modules.contacts.CREATE", "Create contacts for people who turn warm"),
        needed("ZohoCRM.modules.contacts.UPDATE", "Tag contacts of people who turn warm"),
        needed("ZohoCRM.modules.accounts.READ", "Read accounts: the companies of contacts"),
        needed("ZohoCRM.modules.accounts.CREATE", "Create accounts for people who turn warm"),
        needed("ZohoCRM.modules.deals.READ", "Read deals, to show how many a person has"),
        needed("ZohoCRM.users.READ", "Read the list of users, to keep each person's owner"),
        needed("ZohoCRM.org.READ", "See which organization it is"),
        needed("ZohoCRM.coql.READ", "Ask for what has changed"),
        needed("ZohoSearch.securesearch.READ", "Search contacts"),
        needed("ZohoCRM.settings.fields.READ", "Read the names of your own fields"),
        needed("ZohoCRM.settings.tags.READ", "Read the names of tags"),
        needed("ZohoCRM.settings.modules.READ", "See which kinds of activity there are"),
        needed("ZohoCRM.settings.layouts.READ", "See how deals are set up"),
        needed("ZohoCRM.settings.pipeline.READ", "See which stages of deals are won or lost"),
        wanted("ZohoCRM.settings.fields.CREATE", "Add our reference field to contacts"),
        wanted("ZohoCRM.settings.tags.CREATE", "Add the tag for warm leads"),
        wanted("ZohoCRM.modules.tasks.ALL", "Copy tasks that your team logs in Tandem"),
        wanted("ZohoCRM.modules.calls.ALL", "Copy calls that your team logs in Tandem"),
        wanted("ZohoCRM.modules.events.ALL", "Copy meetings that your team logs in Tandem"),
        wanted("ZohoCRM.modules.notes.READ", "See whether a note of ours has arrived"),
        wanted("ZohoCRM.modules.notes.CREATE", "Add notes when somebody of your team asks for it"),
        wanted(
            "ZohoCRM.modules.deals.CREATE",
            "Create deals when somebody of your team asks for it",
        ),
        wanted(
            "ZohoCRM.modules.deals.UPDATE",
            "Change deals when somebody of your team asks for it",
        ),
        wanted(leads::READ, "Find a lead that somebody of your team made or looks for"),
        wanted(leads::CREATE, "Create leads when somebody of your team asks for it"),
        wanted(leads::UPDATE, "Change leads when somebody of your team asks for it"),
        wanted("ZohoCRM.notifications.ALL", "Hear of changes as they happen"),
    ],
    // They are, but separated by commas.
    scopes_in_url: false,
    never: &[
        "e-mails and mailboxes",
        "files, and leads that nobody of your team made or looks for",
        "deleting contacts, leads, accounts or deals",
        "users, permissions and billing",
    ],
    pkce: false,
    deliveries: 16,
    // Ten at once in the Standard edition, and an answer takes some tenths of a second.
    burst: Window { requests: 50, per: Duration::from_secs(2) },
    burst_is_theirs: false,
    search_burst: Window { requests: 40, per: Duration::from_secs(2) },
    // Of the Standard edition without its users. An organization of the free one, with a tenth of that,
    // is told by the header once half of its credits are used.
    daily_tokens: 50_000,
    unit: "credit",
    allows: "The vendor allows its Standard edition ten requests at once and 50,000 credits a day; \
             ours of 25 a second is what ten at once come to.",
    page_size: coql::ROWS,
    ids_size: 100,
    plan_feature: "crm_standard",
    custom_prefix: "zo_",
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

impl Zoho {
    async fn org(api: &Api) -> Result<wire::Org, CrmError> {
        let ask = ask("/crm/v8/org", &[], MANIFEST.costs.account, "ZohoCRM.org.READ");
        api.read(&ask, decode::object).await
    }
}

#[async_trait]
impl Connector for Zoho {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn account(&self, api: &Api) -> Result<Account, CrmError> {
        let query = [("type", "CurrentUser")];
        let asked = ask("/crm/v8/users", &query, MANIFEST.costs.account, "ZohoCRM.users.READ");
        let user: wire::User = api.read(&asked, decode::object).await?;
        let org = Self::org(api).await?;
        let base = api.base().await?;
        let web = centres::web_of(base.as_str()).unwrap_or("crm.zoho.com");
        let unreadable = CrmError::Unreadable { what: "it lacks the account's ids" };
        map::account(org, user, web).ok_or(unreadable)
    }

    async fn users(&self, api: &Api) -> Result<Vec<RemoteUser>, CrmError> {
        Ok(read::users(api).await?.into_iter().filter_map(map::user).collect())
    }

    async fn fields(&self, api: &Api) -> Result<Fields, CrmError> {
        let query = [("module", "Contacts")];
        let scope = "ZohoCRM.settings.tags.READ";
        let ask = ask("/crm/v8/settings/tags", &query, MANIFEST.costs.fields, scope);
        let (tags, _) = api.read(&ask, decode::list::<wire::Named>).await?;
        let names = tags.into_iter().filter_map(|tag| tag.name.0);
        let labels: BTreeMap<_, _> = names.map(|name| (name.clone(), name)).collect();
        Ok(Fields { labels, custom: read::own_fields(api).await?.into_iter().collect() })
    }

    async fn persons(&self, api: &Api, from: &From) -> Result<Page<RemotePerson>, CrmError> {
        PERSONS.page(api, from, read::of_persons(api)).await
    }

    async fn organizations(
        &self,
        api: &Api,
        from: &From,
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        ORGANIZATIONS.page(api, from, async { Ok(cursor::Known::default()) }).await
    }

    async fn deals(&self, api: &Api, from: &From) -> Result<Page<RemoteDeal>, CrmError> {
        DEALS.page(api, from, deals::of_deals(api)).await
    }

    async fn persons_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemotePerson>, CrmError> {
        if ids.is_empty() {
            return Ok(Page::default());
        }
        let mut all = Page::default();
        if ids.iter().any(|id| leads::number(id).is_none()) {
            let known = read::of_persons(api).await?;
            let page = PERSONS.by_ids(api, &known, ids).await?;
            (all.items, all.quarantined) = (page.items, page.quarantined);
        }
        leads::add(api, ids, &mut all).await?;
        Ok(all)
    }

    async fn organizations_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        let page = ORGANIZATIONS.by_ids(api, &cursor::Known::default(), ids).await?;
        Ok(Page { items: page.items, quarantined: page.quarantined, next: None })
    }

    async fn search_persons(
        &self,
        api: &Api,
        term: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RemotePerson>, CrmError> {
        let term: String = term.trim().chars().take(100).collect();
        // Shorter words are refused.
        if term.chars().count() < 2 {
            return Ok(Page::default());
        }
        let digits = term.chars().filter(char::is_ascii_digit).count();
        let number = term.chars().all(|c| c.is_ascii_digit() || " +-()/.".contains(c));
        let kind = match term.split_once('@') {
            Some((local, host)) if !local.is_empty() && host.contains('.') => "email",
            None if number && digits >= 5 => "phone",
            _ => "word",
        };
        let page = match cursor {
            None => 1,
            // Searches end after 2,000 records.
            Some(cursor) => match cursor.as_str().parse::<u16>() {
                Ok(page) if (2..=20).contains(&page) => page,
                _ => return Err(CrmError::CursorRefused),
            },
        };
        let (fields, number) =
            (read::person_fields(&read::of_persons(api).await?), page.to_string());
        let query = [
            (kind, term.as_str()),
            ("fields", fields.as_str()),
            ("per_page", "100"),
            ("page", number.as_str()),
        ];
        let path = "/crm/v8/Contacts/search";
        let mut asked = ask(path, &query, MANIFEST.costs.search, "ZohoSearch.securesearch.READ");
        asked.cost.lane = Lane::Search;
        let found = api.read(&asked, |body| decode::page(body, map::person)).await?;
        let next =
            (found.more && page < 20).then(|| Cursor::parse(&(page + 1).to_string())).flatten();
        Ok(Page { items: found.items, quarantined: found.quarantined, next })
    }

    fn person_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        match leads::number(id) {
            Some(number) => map::record_url(domain, leads::MODULE, &number.to_string()),
            None => map::record_url(domain, PERSONS.module, id.as_str()),
        }
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }

    fn hooks(&self) -> Option<Hooks> {
        Some(Hooks::PerConnection(&Zoho))
    }
}
