//! What is there before we write: people and organizations by search, and an account's fields.
//!
//! "Exact" ignores case over there, is not unique, and finds a value in any of the record's lists;
//! so every hit is fetched whole and compared here.

use crate::{
    connectors::{
        Api, Connector, CrmError, Cursor, Lane,
        pipedrive::{MANIFEST, MAX_FIELD_PAGES, Pipedrive, ask, decode, wire},
    },
    domain::{RemoteId, RemoteOrganization, RemotePerson, effect::OrganizationToMake},
};

use super::{CONTACTS, body::Places, html};

/// More than so many hundred exact hits are no longer a question of who it is.
const MOST_PAGES: usize = 5;

pub(super) async fn persons(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let email = email.trim();
    let ids = exact(api, "/api/v2/persons/search", "email", email).await?;
    let mut found = Pipedrive.persons_by_id(api, &ids).await?.items;
    let wanted = email.to_lowercase();
    found.retain(|person| {
        let mut own = person.emails.iter().map(|own| own.value.trim().to_lowercase());
        !person.deleted && own.any(|own| own == wanted)
    });
    Ok(found)
}

pub(super) async fn organizations(
    api: &Api,
    name: &str,
) -> Result<Vec<RemoteOrganization>, CrmError> {
    let term = html::one_line(name);
    let ids = exact(api, "/api/v2/organizations/search", "name", &term).await?;
    let mut found = Pipedrive.organizations_by_id(api, &ids).await?.items;
    found.retain(|organization| !organization.deleted && is_named(organization, name));
    // Ids are given out in order.
    found.sort_by_key(|organization| organization.id.as_str().parse::<u64>().unwrap_or(u64::MAX));
    Ok(found)
}

pub(super) fn is_named(organization: &RemoteOrganization, name: &str) -> bool {
    let wanted = html::one_line(name).to_lowercase();
    let own = organization.name.as_deref().unwrap_or_default();
    html::one_line(own).to_lowercase() == wanted
}

async fn exact(api: &Api, path: &str, field: &str, term: &str) -> Result<Vec<RemoteId>, CrmError> {
    let (mut ids, mut cursor) = (Vec::new(), None::<Cursor>);
    if term.is_empty() {
        return Ok(ids);
    }
    for _ in 0..MOST_PAGES {
        // More than 100 is refused here, whatever is documented.
        let mut query =
            vec![("term", term), ("fields", field), ("exact_match", "true"), ("limit", "100")];
        query.extend(cursor.as_ref().map(|cursor| ("cursor", cursor.as_str())));
        let mut asked = ask(path, &query, MANIFEST.costs.search, CONTACTS);
        asked.cost.lane = Lane::Search;
        let (mut some, next) = api.read(&asked, decode::hits).await?;
        ids.append(&mut some);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(ids)
}

/// Whether the account has places for a website and an industry; asked only when there is something
/// to put there.
pub(super) async fn places(api: &Api, make: &OrganizationToMake) -> Result<Places, CrmError> {
    if make.website.is_none() && make.industry.is_none() {
        return Ok(Places::default());
    }
    let (mut places, mut cursor) = (Places::default(), None::<Cursor>);
    let wanted = make.industry.as_deref().map(|name| html::one_line(name).to_lowercase());
    for _ in 0..MAX_FIELD_PAGES {
        let mut query = vec![("limit", "500")];
        query.extend(cursor.as_ref().map(|cursor| ("cursor", cursor.as_str())));
        let cost = MANIFEST.costs.fields;
        let asked = ask("/api/v2/organizationFields", &query, cost, CONTACTS);
        let (fields, next) = api.read(&asked, decode::list::<wire::Field>).await?;
        for field in fields {
            match field.code.0.as_deref() {
                Some("website") if field.is_custom.0 != Some(true) => places.website = true,
                Some("industry") => {
                    let options = field.options.0.into_iter().filter_map(|option| option.0);
                    let mut named = options.filter(|option| {
                        let label = option.label.0.as_deref().map(html::one_line);
                        wanted.is_some() && label.map(|label| label.to_lowercase()) == wanted
                    });
                    places.industry = named.next().and_then(|option| option.id.0?.parse().ok());
                }
                _ => {}
            }
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(places)
}
