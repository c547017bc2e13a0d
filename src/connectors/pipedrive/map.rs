//! From their words to ours. Pure.

use super::wire;
use crate::{
    connectors::lenient::{List, Row, Text},
    domain::{
        Account, CustomField, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson,
        RemoteUser, RemoteValue,
    },
};

/// `None` without an id, as for all records here.
pub(super) fn person(person: wire::Person) -> Option<RemotePerson> {
    Some(RemotePerson {
        id: person.id.0?,
        name: person.name.0,
        first_name: person.first_name.0,
        last_name: person.last_name.0,
        emails: values(person.emails),
        phones: values(person.phones),
        organization: person.org_id.0,
        owner: person.owner_id.0,
        labels: person.label_ids.0.into_iter().filter_map(|id| id.0).collect(),
        open_deals: person.open_deals_count.0,
        closed_deals: person.closed_deals_count.0,
        custom: person.custom_fields.0,
        updated_at: person.update_time.0.or(person.add_time.0),
        deleted: person.is_deleted.0.unwrap_or(false),
    })
}

pub(super) fn organization(organization: wire::Organization) -> Option<RemoteOrganization> {
    let address = organization.address.0.unwrap_or_default();
    Some(RemoteOrganization {
        id: organization.id.0?,
        name: organization.name.0,
        owner: organization.owner_id.0,
        website: organization.website.0,
        address: address.value.0,
        country: address.country.0,
        updated_at: organization.update_time.0.or(organization.add_time.0),
        deleted: organization.is_deleted.0.unwrap_or(false),
    })
}

pub(super) fn deal(deal: wire::Deal) -> Option<RemoteDeal> {
    // Lists of `status=deleted` say it in the status only.
    let deleted = deal.is_deleted.0.unwrap_or(false) || deal.status.0.as_deref() == Some("deleted");
    Some(RemoteDeal {
        id: deal.id.0?,
        title: deal.title.0,
        person: deal.person_id.0,
        organization: deal.org_id.0,
        owner: deal.owner_id.0,
        value: deal.value.0,
        currency: deal.currency.0,
        status: deal.status.0,
        stage: deal.stage_id.0,
        pipeline: deal.pipeline_id.0,
        updated_at: deal.update_time.0.or(deal.add_time.0),
        deleted,
    })
}

pub(super) fn user(user: wire::User) -> Option<RemoteUser> {
    let admin = is_admin(user.is_admin.0, user.access);
    Some(RemoteUser {
        id: user.id.0?,
        name: user.name.0,
        email: user.email.0,
        active: user.active_flag.0.unwrap_or(true) && !user.is_deleted.0.unwrap_or(false),
        admin,
    })
}

/// `None` without both ids: together they are the account's identity, as installs are per user.
pub(super) fn account(me: wire::Me) -> Option<Account> {
    let (company_id, user_id) = (me.company_id.0?, me.id.0?);
    let domain = me.company_domain.0.map(|domain| domain.trim().to_ascii_lowercase());
    Some(Account {
        id: format!("{company_id}:{user_id}"),
        name: me.company_name.0.unwrap_or_else(|| format!("company {company_id}")),
        domain,
        user_name: me.name.0,
        user_email: me.email.0,
        // Some accounts have the country's name here, which is no code.
        country: me
            .company_country
            .0
            .map(|country| country.trim().to_ascii_uppercase())
            .filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())),
        admin: is_admin(me.is_admin.0, me.access),
        company_id,
        user_id,
    })
}

/// Labels are the options of a built-in field; the older single label stands beside it.
pub(super) fn fields(fields: Vec<wire::Field>) -> Fields {
    let mut found = Fields::default();
    for field in fields {
        let Some(code) = field.code.0 else { continue };
        let options = field.options.0.into_iter().filter_map(|option| {
            let option = option.0?;
            Some((option.id.0?, option.label.0?))
        });
        if field.is_custom.0 == Some(true) {
            let name = field.name.0.unwrap_or_else(|| code.clone());
            found.custom.insert(code, CustomField { name, options: options.collect() });
        } else if code == "label_ids" {
            found.labels.extend(options);
        } else if code == "label" {
            for (id, label) in options {
                found.labels.entry(id).or_insert(label);
            }
        }
    }
    found
}

/// Empty entries are how some accounts say "none".
fn values(entries: List<Row<wire::Entry>>) -> Vec<RemoteValue> {
    let mut values: Vec<RemoteValue> = entries
        .0
        .into_iter()
        .filter_map(|entry| {
            let entry = entry.0?;
            Some(RemoteValue {
                value: entry.value.0?,
                label: entry.label.0,
                primary: entry.primary.0.unwrap_or(false),
            })
        })
        .collect();
    // Without a primary one the first counts, and of several the last, as over there.
    let primary = values.iter().rposition(|value| value.primary).unwrap_or(0);
    for (index, value) in values.iter_mut().enumerate() {
        value.primary = index == primary;
    }
    values
}

fn is_admin(flag: Option<bool>, access: List<Row<wire::Access>>) -> bool {
    flag == Some(true)
        || access.0.into_iter().filter_map(|row| row.0).any(|access| {
            let Text(app) = access.app;
            access.admin.0 == Some(true) && app.is_some()
        })
}

/// Where a person is seen in the web application.
pub(super) fn person_url(domain: Option<&str>, id: &RemoteId) -> Option<String> {
    url(domain, "person", id)
}

pub(super) fn url(domain: Option<&str>, what: &str, id: &RemoteId) -> Option<String> {
    let label = domain?.strip_suffix(".pipedrive.com").or(domain)?;
    let fine = !label.is_empty()
        && label.len() <= 63
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let id: u64 = id.as_str().parse().ok()?;
    fine.then(|| format!("https://{label}.pipedrive.com/{what}/{id}"))
}
