//! What is there before we write: who has an address, and which companies have a name.

use serde_json::json;

use crate::{
    connectors::{
        Api, CrmError, html,
        hubspot::{
            ask, decode, map, own,
            place::Own,
            records::{self, Kind},
            search, wire,
        },
    },
    domain::{RemoteId, RemoteOrganization, RemotePerson},
};

/// Companies of one name that are looked at; more are no longer a question of which it is.
const MOST_NAMED: u16 = 100;

/// At most one contact has an address as its first, and that is found consistently. Whether an
/// additional one is found that way is not documented: those are searched for.
pub(super) async fn persons(api: &Api, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
    let wanted = email.trim().to_lowercase();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<RemoteId> = holder(api, "email", &wanted).await?.into_iter().collect();
    if ids.is_empty() {
        let group = |name: &str, operator: &str| json!({ "filters": [{ "propertyName": name, "operator": operator, "value": wanted }] });
        let body = json!({
            "filterGroups": [
                group("email", "EQ"), group("hs_additional_emails", "CONTAINS_TOKEN"),
            ],
            "properties": ["hs_object_id"], "limit": 10,
        });
        ids = search(api, Kind::Contacts, body, decode::ids).await?.0;
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let own = own(api).await?;
    let mut found = records::batch(api, Kind::Contacts, &ids, &own, map::person).await?.items;
    found.retain(|person| {
        let mut own = person.emails.iter().map(|own| own.value.trim().to_lowercase());
        !person.deleted && own.any(|own| own == wanted)
    });
    Ok(found)
}

/// The contact that has a value which only one may have. A post, so that no address stands in an
/// address.
pub(super) async fn holder(
    api: &Api,
    property: &str,
    value: &str,
) -> Result<Option<RemoteId>, CrmError> {
    let inputs = vec![json!({ "id": value })];
    let id = |record: wire::Record, _: &Own| record.id.0;
    let page =
        records::by(api, Kind::Contacts, Some(property), inputs, &Own::default(), id).await?;
    Ok(page.items.into_iter().next())
}

pub(super) async fn organizations(
    api: &Api,
    name: &str,
) -> Result<Vec<RemoteOrganization>, CrmError> {
    let term = html::one_line(name);
    if term.is_empty() {
        return Ok(Vec::new());
    }
    let filter = json!({ "propertyName": "name", "operator": "EQ", "value": term });
    let body = json!({
        "filterGroups": [{ "filters": [filter] }],
        // Ids are given out in order.
        "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
        "properties": ["hs_object_id"], "limit": MOST_NAMED,
    });
    let (ids, _) = search(api, Kind::Companies, body, decode::ids).await?;
    let map = |record: wire::Record, _: &Own| map::organization(record);
    let mut found = records::batch(api, Kind::Companies, &ids, &Own::default(), map).await?.items;
    found.retain(|organization| !organization.deleted && is_named(organization, name));
    found.sort_by_key(|organization| organization.id.as_str().parse().unwrap_or(u64::MAX));
    Ok(found)
}

pub(super) fn is_named(organization: &RemoteOrganization, name: &str) -> bool {
    let wanted = html::one_line(name).to_lowercase();
    let own = organization.name.as_deref().unwrap_or_default();
    html::one_line(own).to_lowercase() == wanted
}

/// The value of the industry of that name, whatever its case; asked only when there is one to put.
pub(super) async fn industry(api: &Api, name: Option<&str>) -> Result<Option<String>, CrmError> {
    let Some(wanted) = name.map(|name| html::one_line(name).to_lowercase()) else {
        return Ok(None);
    };
    let path = "/crm/properties/2026-09/companies/industry";
    let ask = ask(path, &[], Kind::Companies.scope());
    let property: wire::Property = api.read(&ask, decode::one).await?;
    let found = property.choices().find(|(_, label)| label.to_lowercase() == wanted);
    Ok(found.map(|(value, _)| value.to_owned()))
}

/// A contact as an import reads it.
pub(super) async fn person(api: &Api, id: &RemoteId) -> Result<RemotePerson, CrmError> {
    let own = own(api).await?;
    let ids = std::slice::from_ref(id);
    let page = records::batch(api, Kind::Contacts, ids, &own, map::person).await?;
    page.items.into_iter().find(|person| !person.deleted).ok_or(CrmError::Missing)
}
