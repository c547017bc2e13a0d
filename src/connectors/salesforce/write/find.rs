//! What is there before we write: people by address, organizations by name, and what a term finds.
//!
//! Queries see what was written a moment ago; only the search index lags.

use std::collections::BTreeSet;

use url::form_urlencoded::byte_serialize;

use crate::{
    connectors::{
        Api, Connector, CrmError, Cursor, Lane, Page,
        salesforce::{
            ACCOUNT, MANIFEST, Salesforce, ask,
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
const SAME: usize = 200;
/// So many may have one of many addresses.
const MOST: usize = 2_000;
/// Bytes of a list in an address, of which the CRM reads 16,384.
const LIST: usize = 12_000;
/// Hits of a page, and the last place from which a page of them can begin.
const HITS: usize = 100;
const LAST: usize = 2_000;

pub(super) async fn persons(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let found = persons_of_all(api, std::slice::from_ref(&email.to_owned())).await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

pub(super) async fn organizations(
    api: &Api,
    name: &str,
) -> Result<Vec<RemoteOrganization>, CrmError> {
    let found = organizations_of_all(api, std::slice::from_ref(&name.to_owned())).await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// Who has each of these addresses. Most are nobody's: whole records, for which the org's fields must
/// be known, are only asked for where there is one.
pub(super) async fn persons_of_all(
    api: &Api,
    emails: &[String],
) -> Result<Vec<Vec<RemotePerson>>, CrmError> {
    let mut ids: Vec<RemoteId> = Vec::new();
    let limit = if emails.len() > 1 { MOST } else { SAME };
    for list in lists(emails.iter().map(|email| email.trim())) {
        let text =
            format!("SELECT Id FROM Contact WHERE Email IN ({list}) ORDER BY Id LIMIT {limit}");
        let rows = fields::query(api, false, &text, decode::list::<wire::Keys>).await?;
        all_of(rows.len(), limit)?;
        ids.extend(rows.into_iter().filter_map(|row| row.id.0));
    }
    let page = Salesforce.persons_by_id(api, &ids).await?;
    let mut found = page.items;
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.retain(|person| !person.deleted);
    let has = |person: &RemotePerson, email: &str| {
        person.emails.iter().any(|own| same(&own.value, email))
    };
    let of = |email: &String| found.iter().filter(|one| has(one, email)).cloned().collect();
    Ok(emails.iter().map(of).collect())
}

/// Which have each of these names, oldest first.
pub(super) async fn organizations_of_all(
    api: &Api,
    names: &[String],
) -> Result<Vec<Vec<RemoteOrganization>>, CrmError> {
    let wanted: Vec<String> = names.iter().map(|name| one_line(name)).collect();
    let mut found: Vec<RemoteOrganization> = Vec::new();
    let limit = if names.len() > 1 { MOST } else { SAME };
    for list in lists(wanted.iter().map(String::as_str)) {
        let text = format!(
            "SELECT {ACCOUNT} FROM Account WHERE Name IN ({list}) ORDER BY CreatedDate, Id LIMIT \
             {limit}"
        );
        let read = |body: &[u8]| decode::page(body, Walk::Id, usize::MAX, map::organization);
        let page = fields::query(api, false, &text, read).await?;
        all_of(page.items.len() + page.quarantined.len(), limit)?;
        found.extend(page.items);
    }
    found.retain(|organization| !organization.deleted);
    let of = |name: &String| found.iter().filter(|one| is_named(one, name)).cloned().collect();
    Ok(names.iter().map(of).collect())
}

/// Values in quotes, in lists that fit into an address, each value once.
pub(super) fn lists<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let distinct: BTreeSet<&str> = values.filter(|value| !value.is_empty()).collect();
    let (mut lists, mut left) = (Vec::<String>::new(), 0);
    for value in distinct {
        let value = quoted(value);
        // As it stands in the address, with a comma.
        let size = 3 + byte_serialize(value.as_bytes()).map(str::len).sum::<usize>();
        match lists.last_mut().filter(|_| size <= left) {
            Some(list) => *list = format!("{list},{value}"),
            None => {
                lists.push(value);
                left = LIST;
            }
        }
        left = left.saturating_sub(size);
    }
    lists
}

/// What was cut off may have been what one of many looks for. Of one alone so many are enough.
fn all_of(rows: usize, limit: usize) -> Result<(), CrmError> {
    if rows < limit || limit == SAME {
        return Ok(());
    }
    Err(CrmError::unsent("too many have one of these", vec![]))
}

fn same(own: &str, email: &str) -> bool {
    own.trim().to_lowercase() == email.trim().to_lowercase()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_fit_into_an_address_and_hold_each_value_once() {
        assert_eq!(lists(["a'b", "", "c", "a'b"].into_iter()), [r"'a\'b','c'"]);
        let many: Vec<String> = (0..600).map(|nth| format!("lead.{nth}@works.example")).collect();
        let all = lists(many.iter().map(String::as_str));
        assert!(all.len() > 1);
        let size = |list: &String| byte_serialize(list.as_bytes()).map(str::len).sum::<usize>();
        assert!(all.iter().all(|list| size(list) <= LIST), "{:?}", all.iter().map(size));
        assert_eq!(all.iter().map(|list| list.split(',').count()).sum::<usize>(), 600);
        let long = "ü".repeat(4_000);
        assert_eq!(lists([long.as_str(), "a"].into_iter()).len(), 2, "one that is alone too long");
    }
}
