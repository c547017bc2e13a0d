//! From their words to ours. Pure.

use serde_json::{Value, json};

use super::{place::Own, wire};
use crate::domain::{
    Account, CustomField, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson,
    RemoteUser, RemoteValue,
};

/// The property whose options are the labels.
pub(super) const LABELS: &str = "hs_lead_status";

/// `None` without an id, as for all records here.
pub(super) fn person(record: wire::Record, own: &Own) -> Option<RemotePerson> {
    let text = |name: &str| record.text(name).map(ToOwned::to_owned);
    let (first_name, last_name) = (text("firstname"), text("lastname"));
    let name = [&first_name, &last_name].into_iter().flatten().map(|part| part.trim());
    let name = name.collect::<Vec<_>>().join(" ");
    let first = text("email");
    let more = record.text("hs_additional_emails").unwrap_or_default();
    let more = more.split(';').map(str::trim).filter(|address| !address.is_empty());
    let addresses = first.into_iter().chain(more.map(ToOwned::to_owned));
    let phones = [("phone", "work"), ("mobilephone", "mobile")];
    let phones = phones.into_iter().filter_map(|(key, label)| Some((text(key)?, Some(label))));
    Some(RemotePerson {
        name: (!name.is_empty()).then_some(name),
        emails: values(addresses.map(|address| (address, None))),
        phones: values(phones),
        organization: record.tied(|to| &to.companies),
        owner: owner(&record),
        labels: text(LABELS).map(RemoteId).into_iter().collect(),
        open_deals: None,
        closed_deals: None,
        custom: own.0.iter().filter_map(|field| custom(&record, field)).collect(),
        updated_at: time(&record, "lastmodifieddate"),
        deleted: record.archived.0.unwrap_or(false),
        first_name,
        last_name,
        id: record.id.0?,
    })
}

fn custom(record: &wire::Record, (name, several): &(String, bool)) -> Option<(String, Value)> {
    let text = record.text(name)?;
    let value = if *several {
        text.split(';').filter(|one| !one.is_empty()).collect()
    } else {
        json!(text)
    };
    Some((name.clone(), value))
}

/// The first is the primary one.
fn values<'a>(all: impl Iterator<Item = (String, Option<&'a str>)>) -> Vec<RemoteValue> {
    all.enumerate()
        .map(|(at, (value, label))| RemoteValue {
            value,
            label: label.map(ToOwned::to_owned),
            primary: at == 0,
        })
        .collect()
}

fn owner(record: &wire::Record) -> Option<RemoteId> {
    record.text("hubspot_owner_id").map(|id| RemoteId(id.trim().to_owned()))
}

fn time(record: &wire::Record, property: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let said = record.text(property).and_then(|text| text.parse().ok());
    said.or(record.updated_at.0).or(record.created_at.0)
}

pub(super) fn organization(record: wire::Record) -> Option<RemoteOrganization> {
    let text = |name: &str| record.text(name).map(ToOwned::to_owned);
    let place = [record.text("zip"), record.text("city")];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let lines = [record.text("address"), Some(place.as_str()).filter(|place| !place.is_empty())];
    let address = lines.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Some(RemoteOrganization {
        name: text("name"),
        owner: owner(&record),
        website: text("website").or_else(|| text("domain")),
        address: (!address.is_empty()).then_some(address),
        country: text("country"),
        updated_at: time(&record, "hs_lastmodifieddate"),
        deleted: record.archived.0.unwrap_or(false),
        id: record.id.0?,
    })
}

/// Won and lost are what a stage means over there; two properties say so.
pub(super) fn deal(record: wire::Record) -> Option<RemoteDeal> {
    let text = |name: &str| record.text(name).map(ToOwned::to_owned);
    let status = match (record.is("hs_is_closed_won"), record.is("hs_is_closed")) {
        (true, _) => "won",
        (false, true) => "lost",
        (false, false) => "open",
    };
    Some(RemoteDeal {
        title: text("dealname"),
        person: record.tied(|to| &to.contacts),
        organization: record.tied(|to| &to.companies),
        owner: owner(&record),
        value: record
            .text("amount")
            .and_then(|text| text.trim().parse().ok())
            .filter(|number: &f64| number.is_finite()),
        currency: text("deal_currency_code"),
        status: Some(status.to_owned()),
        stage: text("dealstage").map(RemoteId),
        pipeline: text("pipeline").map(RemoteId),
        updated_at: time(&record, "hs_lastmodifieddate"),
        deleted: record.archived.0.unwrap_or(false),
        id: record.id.0?,
    })
}

/// As an owner, which is what records name; their id as a user is another.
pub(super) fn user(owner: wire::Owner) -> Option<RemoteUser> {
    let name = [owner.first_name.0, owner.last_name.0];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(RemoteUser {
        id: owner.id.0?,
        name: (!name.is_empty()).then_some(name),
        email: owner.email.0,
        active: !owner.archived.0.unwrap_or(false),
        // Owners do not say so.
        admin: false,
    })
}

/// The portal stands for its user too: an app is installed once per portal.
pub(super) fn account(details: wire::Details) -> Option<Account> {
    let portal = details.portal_id.0?;
    let host = details.ui_domain.0.filter(|host| is_host(host));
    let host = host.unwrap_or_else(|| "app.hubspot.com".to_owned());
    Some(Account {
        id: portal.as_str().to_owned(),
        company_id: portal.clone(),
        user_id: portal.clone(),
        name: format!("HubSpot account {portal}"),
        domain: Some(format!("{host}/contacts/{portal}")),
        user_name: None,
        user_email: None,
        country: None,
        // Only those may install an app who may install it for all.
        admin: true,
    })
}

/// `app.hubspot.com`, or that of another data centre.
fn is_host(host: &str) -> bool {
    let label = host.strip_suffix(".hubspot.com").unwrap_or_default();
    label.strip_prefix("app").is_some_and(|rest| {
        (rest.is_empty() || rest.starts_with('-'))
            && rest.len() <= 20
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    })
}

/// Where a record is seen in the web application; `domain` is that of [`account`].
pub(super) fn record_url(domain: Option<&str>, type_id: &str, id: &str) -> Option<String> {
    let (host, portal) = domain?.split_once("/contacts/")?;
    let is_number = |text: &str| {
        (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let fine = is_host(host) && is_number(portal) && is_number(id);
    fine.then(|| format!("https://{host}/contacts/{portal}/record/{type_id}/{id}"))
}

/// Labels are the options of the lead status, hidden ones too: people have them.
pub(super) fn fields(properties: Vec<wire::Property>) -> Fields {
    let mut found = Fields::default();
    for property in properties {
        let Some(name) = property.name.0.clone() else { continue };
        let options = property.choices().map(|(value, label)| (value.to_owned(), label.to_owned()));
        if name == LABELS {
            found.labels.extend(options);
        } else if property.is_own() {
            let options = options.collect();
            let label = property.label.0.clone().unwrap_or_else(|| name.clone());
            found.custom.insert(name, CustomField { name: label, options });
        }
    }
    found
}
