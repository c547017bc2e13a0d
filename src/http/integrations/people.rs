//! Remote people and users, as the API shows them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    domain::{MemberId, RemoteUser, RemoteValue},
    flows::browse::{Badge, Beside, Browsed, Compared},
    http::paging,
};

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum RemoteBadge {
    New,
    Linked,
    Changed,
    Synced,
}

/// An address or number at the provider.
#[derive(Object)]
struct RemoteValueView {
    value: String,
    label: Option<String>,
    primary: bool,
}

#[derive(Object)]
struct RemoteOrganizationView {
    remote_id: String,
    name: Option<String>,
}

#[derive(Object)]
struct ContactRef {
    id: Uuid,
    full_name: String,
}

/// One field, here and there.
#[derive(Object)]
struct Comparison {
    field: String,
    /// In the book.
    here: Option<String>,
    /// At the provider.
    there: Option<String>,
    /// In the book after an import.
    after: Option<String>,
    differs: bool,
}

#[derive(Object)]
struct CustomFact {
    name: String,
    value: serde_json::Value,
}

/// Somebody at the provider, beside the book.
#[derive(Object)]
#[oai(rename = "RemotePerson")]
pub(super) struct RemotePersonView {
    remote_id: String,
    name: String,
    emails: Vec<RemoteValueView>,
    phones: Vec<RemoteValueView>,
    organization: Option<RemoteOrganizationView>,
    owner_name: Option<String>,
    open_deals: Option<u32>,
    closed_deals: Option<u32>,
    labels: Vec<String>,
    updated_at: Option<DateTime<Utc>>,
    badge: RemoteBadge,
    /// Why an import would hold this person for somebody to decide.
    held: Option<String>,
    custom_fields: Vec<CustomFact>,
    /// `null` when there is none, or you may not see it.
    contact: Option<ContactRef>,
    comparison: Vec<Comparison>,
}

#[derive(Object)]
pub(super) struct RemotePersonPage {
    items: Vec<RemotePersonView>,
    next_cursor: Option<String>,
    /// What this look cost of the account's daily budget.
    tokens_spent: u64,
    account_name: String,
}

impl From<Browsed> for RemotePersonPage {
    fn from(page: Browsed) -> Self {
        Self {
            items: page.people.into_iter().map(RemotePersonView::from).collect(),
            next_cursor: page.next.and_then(|next| paging::cursor(&next)),
            tokens_spent: page.tokens_spent,
            account_name: page.account_name,
        }
    }
}

impl From<Beside> for RemotePersonView {
    fn from(beside: Beside) -> Self {
        let person = beside.person;
        let organization_name = beside.organization_name;
        Self {
            remote_id: person.id.0,
            name: beside.name,
            emails: person.emails.into_iter().map(RemoteValueView::from).collect(),
            phones: person.phones.into_iter().map(RemoteValueView::from).collect(),
            organization: person
                .organization
                .map(|id| RemoteOrganizationView { remote_id: id.0, name: organization_name }),
            owner_name: beside.owner_name,
            open_deals: person.open_deals,
            closed_deals: person.closed_deals,
            labels: beside.labels,
            updated_at: person.updated_at,
            badge: match beside.badge {
                Badge::New => RemoteBadge::New,
                Badge::Linked => RemoteBadge::Linked,
                Badge::Changed => RemoteBadge::Changed,
                Badge::Synced => RemoteBadge::Synced,
            },
            held: beside.held,
            custom_fields: beside
                .custom
                .into_iter()
                .map(|(name, value)| CustomFact { name, value })
                .collect(),
            contact: beside.contact.map(|(id, full_name)| ContactRef { id: id.uuid(), full_name }),
            comparison: beside.compared.into_iter().map(Comparison::from).collect(),
        }
    }
}

impl From<RemoteValue> for RemoteValueView {
    fn from(value: RemoteValue) -> Self {
        Self { value: value.value, label: value.label, primary: value.primary }
    }
}

impl From<Compared> for Comparison {
    fn from(compared: Compared) -> Self {
        Self {
            field: compared.field.to_owned(),
            differs: compared.here != compared.there,
            here: compared.here,
            there: compared.there,
            after: compared.after,
        }
    }
}

/// Somebody who signs in to the CRM.
#[derive(Object)]
#[oai(rename = "RemoteUser")]
pub(super) struct RemoteUserView {
    remote_id: String,
    name: Option<String>,
    email: Option<String>,
    active: bool,
    /// The member with the same address.
    member_id: Option<Uuid>,
}

impl RemoteUserView {
    pub(super) fn of(user: RemoteUser, members: &HashMap<String, MemberId>) -> Self {
        let member = user.email.as_deref().and_then(|email| members.get(&email.to_lowercase()));
        Self {
            remote_id: user.id.0,
            name: user.name,
            member_id: member.map(|id| id.uuid()),
            email: user.email,
            active: user.active,
        }
    }
}

#[derive(Object)]
pub(super) struct RemoteUserList {
    pub(super) items: Vec<RemoteUserView>,
}
