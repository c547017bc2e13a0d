//! From their words to ours. Pure.

use std::collections::BTreeMap;

use super::{fields::LABELS, wire};
use crate::{
    connectors::lenient::Text,
    domain::{
        Account, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser, RemoteValue,
    },
};

/// `None` without an id, as for all records here.
pub(super) fn person(contact: wire::Contact) -> Option<RemotePerson> {
    let mut custom = contact.custom;
    let labels = custom.remove(LABELS).and_then(|value| value.as_str().map(labels));
    let [first, last, name] = [contact.first_name, contact.last_name, contact.name].map(said);
    Some(RemotePerson {
        id: contact.id.0?,
        name,
        first_name: first,
        last_name: last,
        emails: values([(contact.email, "work")]),
        phones: values([
            (contact.phone, "work"),
            (contact.mobile, "mobile"),
            (contact.home, "home"),
            (contact.other, "other"),
        ]),
        organization: contact.account.0,
        owner: contact.owner.0,
        labels: labels.unwrap_or_default(),
        // Deals belong to contacts by roles, which are read with the deals.
        open_deals: None,
        closed_deals: None,
        custom,
        updated_at: contact.changed.0.or(contact.created.0),
        // What a converted lead was goes on as a contact.
        deleted: contact.deleted.0 == Some(true) || contact.converted.0 == Some(true),
    })
}

/// A last name must not be empty over there: a full stop or a dash is how people say "none".
fn said(Text(text): Text) -> Option<String> {
    text.filter(|text| !text.chars().all(|letter| ".-_? ".contains(letter)))
}

/// What is chosen in the field for labels.
pub(super) fn labels(chosen: &str) -> Vec<RemoteId> {
    let words = chosen.split(';').map(str::trim).filter(|word| !word.is_empty());
    words.map(label).collect()
}

/// The id of a label: the field, and the word that is chosen in it.
pub(super) fn label(word: &str) -> RemoteId {
    RemoteId(format!("{LABELS}={word}"))
}

/// The word behind the id of a label.
pub(super) fn word(label: &RemoteId) -> Option<&str> {
    let word = label.as_str().strip_prefix(LABELS)?.strip_prefix('=')?;
    (!word.is_empty() && !word.contains(';')).then_some(word)
}

/// The first that is there is the primary one.
fn values<const N: usize>(of: [(Text, &str); N]) -> Vec<RemoteValue> {
    let there = of.into_iter().filter_map(|(Text(value), label)| Some((value?, label)));
    there
        .enumerate()
        .map(|(at, (value, label))| RemoteValue {
            value,
            label: Some(label.to_owned()),
            primary: at == 0,
        })
        .collect()
}

pub(super) fn organization(account: wire::Account) -> Option<RemoteOrganization> {
    let place = [account.zip.0, account.city.0].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let street = account.street.0.map(|street| street.lines().collect::<Vec<_>>().join(", "));
    let country = account.country.0;
    let lines = [street, Some(place), country.clone()].into_iter().flatten();
    let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
    Some(RemoteOrganization {
        id: account.id.0?,
        name: account.name.0,
        owner: account.owner.0,
        website: account.website.0,
        address: (!lines.is_empty()).then(|| lines.join(", ")),
        country,
        updated_at: account.changed.0.or(account.created.0),
        deleted: account.deleted.0.unwrap_or(false),
    })
}

pub(super) fn deal(deal: wire::Opportunity) -> Option<RemoteDeal> {
    let roles = deal.roles.0.map(|roles| roles.records.0).unwrap_or_default();
    let person = roles.into_iter().find_map(|role| role.0?.contact.0);
    let status = match (deal.closed.0, deal.won.0) {
        (_, Some(true)) => Some("won"),
        (Some(true), _) => Some("lost"),
        (Some(false), _) => Some("open"),
        (None, _) => None,
    };
    Some(RemoteDeal {
        id: deal.id.0?,
        title: deal.name.0,
        person,
        organization: deal.account.0,
        owner: deal.owner.0,
        value: deal.amount.0,
        currency: deal.currency.0,
        status: status.map(ToOwned::to_owned),
        // Stages have no ids: deals name them by their words.
        stage: deal.stage.0.map(RemoteId),
        pipeline: None,
        updated_at: deal.changed.0,
        deleted: deal.deleted.0.unwrap_or(false),
    })
}

/// Who is an administrator is a matter of profiles that not every user may read.
pub(super) fn user(user: wire::User) -> Option<RemoteUser> {
    Some(RemoteUser {
        id: user.id.0?,
        name: user.name.0,
        email: user.email.0,
        active: user.active.0.unwrap_or(true),
        admin: false,
    })
}

/// `None` without both ids: together they are the account's identity, as grants are per user.
pub(super) fn account(who: wire::Who, org: wire::Organization) -> Option<Account> {
    let (company_id, user_id) = (who.organization.0?, who.user.0?);
    let urls = who.urls.0.unwrap_or_default();
    let domain = [urls.custom, urls.rest].into_iter().find_map(|Text(url)| domain(&url?));
    Some(Account {
        id: format!("{company_id}:{user_id}"),
        name: org.name.0.unwrap_or_else(|| format!("org {company_id}")),
        domain,
        user_name: who.name.0,
        user_email: who.email.0,
        country: org
            .country
            .0
            .map(|country| country.trim().to_ascii_uppercase())
            .filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())),
        admin: false,
        company_id,
        user_id,
    })
}

/// What stands before `.my.salesforce.com`: the My Domain, and `--name.sandbox` of a sandbox.
fn domain(url: &str) -> Option<String> {
    let host = url.strip_prefix("https://")?.split('/').next()?;
    let domain = host.strip_suffix(".my.salesforce.com")?.to_ascii_lowercase();
    is_domain(&domain).then_some(domain)
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let mut labels = domain.split('.');
    labels.clone().count() <= 2 && labels.all(label)
}

/// Where a record is seen in the web application, which sends it on to the right page.
pub(super) fn record_url(domain: Option<&str>, id: &RemoteId) -> Option<String> {
    let domain = domain.filter(|domain| is_domain(domain))?;
    super::soql::is_id(id.as_str()).then(|| format!("https://{domain}.my.salesforce.com/{id}"))
}

/// Label ids and their names.
pub(super) fn choices(
    values: Vec<crate::connectors::lenient::Row<wire::Choice>>,
) -> BTreeMap<String, String> {
    let chosen = values.into_iter().filter_map(|row| {
        let choice = row.0?;
        let value = choice.value.0?;
        (choice.active.0 != Some(false)).then(|| (value.clone(), choice.label.0.unwrap_or(value)))
    });
    chosen.collect()
}
