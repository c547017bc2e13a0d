//! What is there before we write: people by address, organizations by name, and what a term finds.
//!
//! Queries see what was written a moment ago; only the search index lags.

use crate::{
    connectors::{
        Api, Connector, CrmError, Cursor, From, Lane, Page,
        salesforce::{
            ACCOUNT, MANIFEST, Salesforce, ask, contact_fields,
            decode::{self, Walk},
            fields, map, path,
            soql::quoted,
            wire,
        },
    },
    domain::{RemoteId, RemoteOrganization, RemotePerson},
};

use super::text::one_line;

/// More people with one address are no longer a question of who it is.
const MOST: usize = 200;
/// Hits of a page, and the last place from which a page of them can begin.
const HITS: usize = 100;
const LAST: usize = 2_000;

pub(super) async fn persons(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let email = email.trim();
    if email.is_empty() {
        return Ok(Vec::new());
    }
    let names = contact_fields(api, &From::default()).await?;
    let email = quoted(email);
    let text =
        format!("SELECT {names} FROM Contact WHERE Email = {email} ORDER BY Id LIMIT {MOST}");
    let read = |body: &[u8]| decode::page(body, Walk::Id, usize::MAX, map::person);
    let found = fields::query(api, false, &text, read).await?.items;
    Ok(found.into_iter().filter(|person| !person.deleted).collect())
}

pub(super) async fn organizations(
    api: &Api,
    name: &str,
) -> Result<Vec<RemoteOrganization>, CrmError> {
    let wanted = one_line(name);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let named = quoted(&wanted);
    let text = format!(
        "SELECT {ACCOUNT} FROM Account WHERE Name = {named} ORDER BY CreatedDate, Id LIMIT {MOST}"
    );
    let read = |body: &[u8]| decode::page(body, Walk::Id, usize::MAX, map::organization);
    let mut found = fields::query(api, false, &text, read).await?.items;
    found.retain(|organization| !organization.deleted && is_named(organization, name));
    Ok(found)
}

pub(super) fn is_named(organization: &RemoteOrganization, name: &str) -> bool {
    let own = organization.name.as_deref().unwrap_or_default();
    one_line(own).to_lowercase() == one_line(name).to_lowercase()
}

/// The cursor of a search is the number of hits before the page: the index has no keys.
pub(in crate::connectors::salesforce) async fn search(
    api: &Api,
    term: &str,
    cursor: Option<&Cursor>,
) -> Result<Page<RemotePerson>, CrmError> {
    let offset = cursor.map_or(Some(0), |cursor| {
        let text = cursor.as_str();
        let plain = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten().filter(|offset| *offset <= LAST)
    });
    let offset: usize = offset.ok_or(CrmError::CursorRefused)?;
    // Wildcards would find what was not asked for.
    let term: String = one_line(&term.replace(['*', '?'], " ")).chars().take(200).collect();
    if term.chars().count() < 2 {
        // The shortest term that the index takes.
        return Ok(Page::default());
    }
    let (path, from, limit) = (path("parameterizedSearch"), offset.to_string(), HITS.to_string());
    let query = [
        ("q", term.as_str()),
        ("sobject", "Contact"),
        ("Contact.fields", "Id"),
        ("Contact.limit", &limit),
        ("offset", &from),
    ];
    let mut asked = ask(&path, &query);
    asked.cost.lane = Lane::Search;
    asked.cost.tokens = MANIFEST.costs.search;
    let ids: Vec<RemoteId> = api.read(&asked, hits).await?;
    let mut page = Salesforce.persons_by_id(api, &ids).await?;
    page.items.sort_by_cached_key(|person| ids.iter().position(|id| *id == person.id));
    let next = offset + HITS;
    page.next =
        (ids.len() == HITS && next <= LAST).then(|| Cursor::parse(&next.to_string())).flatten();
    Ok(page)
}

fn hits(body: &[u8]) -> Result<Vec<RemoteId>, &'static str> {
    let hits: wire::Hits = decode::object(body)?;
    if !body.windows(15).any(|part| part == b"\"searchRecords\"") {
        // An empty `{}` is not an empty list.
        return Err("it holds no hits");
    }
    Ok(hits.records.0.into_iter().filter_map(|hit| hit.0?.id.0).collect())
}
