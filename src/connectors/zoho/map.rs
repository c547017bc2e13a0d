//! From their words to ours. Pure.

use serde_json::Value;

use super::{centres::CENTRES, cursor::Known, wire};
use crate::domain::{
    Account, CustomField, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
    RemoteValue,
};

/// What the phone fields of a contact are for, in the order of [`wire::Contact::phones`].
pub(super) const PHONES: [&str; 5] = ["work", "mobile", "home", "other", "assistant"];

/// `None` without an id, as for all records here.
pub(super) fn person(there: wire::Contact) -> Option<(RemoteId, RemotePerson)> {
    let id = there.id.0?;
    let joined = || {
        let parts = [there.first_name.0.as_deref(), there.last_name.0.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let name = there.full_name.0.clone().or_else(joined);
    let [email, second] = there.emails;
    let emails = [(email.0, "work"), (second.0, "secondary")];
    let phones = there.phones.into_iter().map(|phone| phone.0).zip(PHONES);
    let mut custom = there.custom.0;
    custom.retain(|_, value| !matches!(value, Value::Array(items) if items.is_empty()));
    for value in custom.values_mut() {
        // A lookup: what it is called says more than its id.
        if let Some(name) = value.get("name").and_then(Value::as_str) {
            *value = Value::String(name.to_owned());
        }
    }
    Some((
        id.clone(),
        RemotePerson {
            id,
            name,
            first_name: there.first_name.0,
            last_name: there.last_name.0,
            emails: values(emails),
            phones: values(phones),
            organization: there.account.0,
            owner: there.owner.0,
            labels: there
                .tags
                .0
                .into_iter()
                .filter_map(|tag| tag.0?.name.0.map(RemoteId))
                .collect(),
            open_deals: None,
            closed_deals: None,
            custom,
            updated_at: there.modified.0.or(there.created.0),
            deleted: false,
        },
    ))
}

/// Those that are filled; the first is the primary one.
fn values(of: impl IntoIterator<Item = (Option<String>, &'static str)>) -> Vec<RemoteValue> {
    let filled = of.into_iter().filter_map(|(value, label)| Some((value?, label)));
    filled
        .enumerate()
        .map(|(nth, (value, label))| RemoteValue {
            value,
            label: Some(label.to_owned()),
            primary: nth == 0,
        })
        .collect()
}

pub(super) fn organization(there: wire::Account) -> Option<(RemoteId, RemoteOrganization)> {
    let id = there.id.0?;
    let town = [there.code.0, there.city.0].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let town = Some(town).filter(|town| !town.is_empty());
    let parts = [there.street.0, town, there.country.0.clone()];
    let address = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Some((
        id.clone(),
        RemoteOrganization {
            id,
            name: there.name.0,
            owner: there.owner.0,
            website: there.website.0,
            address: Some(address).filter(|address| !address.is_empty()),
            country: there.country.0,
            updated_at: there.modified.0.or(there.created.0),
            deleted: false,
        },
    ))
}

/// Stages are text; which of them are won or lost was looked up.
pub(super) fn deal(there: wire::Deal, known: &Known) -> Option<(RemoteId, RemoteDeal)> {
    let id = there.id.0?;
    let status = there.stage.0.as_deref().map(|stage| {
        if known.won.iter().any(|won| won == stage) {
            "won"
        } else if known.lost.iter().any(|lost| lost == stage) {
            "lost"
        } else {
            "open"
        }
    });
    Some((
        id.clone(),
        RemoteDeal {
            id,
            title: there.name.0,
            person: there.contact.0,
            organization: there.account.0,
            owner: there.owner.0,
            // Where there is one currency, no deal names it.
            currency: there
                .currency
                .0
                .or_else(|| known.currency.clone())
                .filter(|_| there.amount.0.is_some()),
            value: there.amount.0,
            status: status.map(ToOwned::to_owned),
            stage: there.stage.0.map(RemoteId),
            pipeline: there.pipeline.0.map(RemoteId),
            updated_at: there.modified.0.or(there.created.0),
            deleted: false,
        },
    ))
}

pub(super) fn user(there: wire::User) -> Option<RemoteUser> {
    let joined = [there.first_name.0, there.last_name.0];
    let joined = joined.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let profile = there.profile.0.and_then(|profile| profile.name.0);
    Some(RemoteUser {
        id: there.id.0?,
        name: there.full_name.0.or_else(|| Some(joined).filter(|name| !name.is_empty())),
        email: there.email.0,
        active: there.status.0.as_deref() == Some("active"),
        // The profile that Zoho makes itself; it cannot be renamed.
        admin: profile.as_deref() == Some("Administrator"),
    })
}

/// `None` without both ids. `web` is the host of the web application.
pub(super) fn account(org: wire::Org, user: wire::User, web: &str) -> Option<Account> {
    let company_id = org.id.0?;
    let user = self::user(user)?;
    let country = org.country.0.map(|code| code.trim().to_ascii_uppercase());
    Some(Account {
        id: format!("{company_id}:{}", user.id),
        name: org.name.0.unwrap_or_else(|| format!("organization {company_id}")),
        domain: org.domain.0.map(|domain| format!("{web}/crm/{}", domain.trim())),
        user_name: user.name,
        user_email: user.email,
        country: country
            .filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())),
        admin: user.admin,
        company_id,
        user_id: user.id,
    })
}

/// A field of the account's own that a contact can show as a value.
pub(super) fn own_field(field: wire::Field) -> Option<(String, CustomField)> {
    let api_name = field.api_name.0.filter(|name| super::cursor::is_name(name))?;
    let shown = !matches!(
        field.kind.0.as_deref(),
        Some("subform" | "multiselectlookup" | "multiuserlookup" | "fileupload" | "imageupload")
    );
    if field.custom.0 != Some(true) || !shown {
        return None;
    }
    let options = field.options.0.into_iter().filter_map(|option| {
        let option = option.0?;
        let actual = option.actual.0?;
        Some((actual.clone(), option.display.0.unwrap_or(actual)))
    });
    let name = field.label.0.unwrap_or_else(|| api_name.clone());
    Some((api_name, CustomField { name, options: options.collect() }))
}

/// Where a record is seen in the web application. `domain` is what [`account`] made.
pub(super) fn record_url(domain: Option<&str>, module: &str, id: &str) -> Option<String> {
    let (host, org) = domain?.split_once("/crm/")?;
    let known = CENTRES.iter().any(|centre| centre.web == host);
    let plain =
        !org.is_empty() && org.len() <= 64 && org.bytes().all(|b| b.is_ascii_alphanumeric());
    let id: u64 = id.parse().ok()?;
    (known && plain).then(|| format!("https://{host}/crm/{org}/tab/{module}/{id}"))
}
