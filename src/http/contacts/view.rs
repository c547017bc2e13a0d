//! Contacts as the API shows them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    connectors, db,
    domain::{
        Cause, DeliveryState, RemoteId,
        intake::{Address, Number},
    },
    flows::deliver::check::Checked,
    http::deliveries::{DeliveryView, provider_name},
};

/// A person in the book.
#[derive(Object)]
#[oai(rename = "Contact")]
pub(in crate::http) struct ContactView {
    id: Uuid,
    full_name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    emails: Vec<EmailView>,
    phones: Vec<PhoneView>,
    organization: Option<OrganizationView>,
    owner: Option<MemberRef>,
    /// 0 (cold) to 10 (hot).
    warmness: i16,
    source: Option<String>,
    tags: Vec<String>,
    custom_fields: BTreeMap<String, Value>,
    /// Fields that a member edited; a sync leaves them alone.
    edited: Vec<String>,
    linked: Vec<LinkView>,
    /// What became of it as a warm lead, at each CRM that was to have it.
    leads: Vec<LeadView>,
    last_contacted_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Object)]
#[oai(rename = "ContactEmail")]
struct EmailView {
    value: String,
    label: Option<String>,
    primary: bool,
}

#[derive(Object)]
#[oai(rename = "ContactPhone")]
struct PhoneView {
    value: String,
    /// As it is dialled; `null` when the text reaches nobody.
    e164: Option<String>,
    label: Option<String>,
    primary: bool,
}

#[derive(Object)]
#[oai(rename = "ContactOrganization")]
struct OrganizationView {
    id: Option<Uuid>,
    name: String,
}

/// A member, by name.
#[derive(Object)]
pub(in crate::http) struct MemberRef {
    pub(in crate::http) member_id: Uuid,
    pub(in crate::http) name: String,
}

/// The record at a provider.
#[derive(Object)]
#[oai(rename = "LinkedRecord")]
struct LinkView {
    provider: String,
    remote_id: String,
    state: LinkState,
    last_synced_at: DateTime<Utc>,
    /// Where to see it at the provider.
    url: Option<String>,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum LinkState {
    Linked,
    /// Deleted at the provider.
    Gone,
}

/// A contact as a warm lead at one CRM.
#[derive(Object)]
#[oai(rename = "ContactLead")]
struct LeadView {
    provider: String,
    provider_name: String,
    delivery_id: Uuid,
    state: DeliveryState,
    cause: Option<Cause>,
    /// What happened and what to do, in words.
    reason: Option<String>,
    /// When it is tried next by itself.
    next_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

/// Whether a contact is a warm lead, and what became of it at the CRM.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct WarmLeadCheck {
    /// `false` when the CRM refused, or it was given up: `delivery` says why.
    success: bool,
    /// Whether it qualifies now: it is warm enough, or a meeting is booked.
    is_warm_lead: bool,
    /// The person at the CRM; `null` while there is none.
    #[oai(rename = "pipedrivePersonId")]
    remote_person_id: Option<String>,
    /// As it is now; `null` when nothing is to be sent.
    delivery: Option<DeliveryView>,
}

impl From<Checked> for WarmLeadCheck {
    fn from(checked: Checked) -> Self {
        let state = checked.delivery.as_ref().map(|delivery| delivery.state);
        Self {
            success: checked.remote_id.is_some()
                || !matches!(state, Some(DeliveryState::Failed | DeliveryState::Dead)),
            is_warm_lead: checked.qualifies,
            remote_person_id: checked.remote_id,
            delivery: checked.delivery.map(DeliveryView::from),
        }
    }
}

#[derive(Object)]
pub(in crate::http) struct ContactPage {
    pub(in crate::http) items: Vec<ContactView>,
    pub(in crate::http) next_cursor: Option<String>,
    /// Of all pages, on the first; `null` when counting would take too long.
    pub(in crate::http) total: Option<u64>,
}

impl From<db::contacts::Contact> for ContactView {
    fn from(contact: db::contacts::Contact) -> Self {
        Self {
            id: contact.contact_id.uuid(),
            full_name: contact.full_name,
            first_name: contact.first_name,
            last_name: contact.last_name,
            emails: contact.emails.0.into_iter().map(EmailView::from).collect(),
            phones: contact.phones.0.into_iter().map(PhoneView::from).collect(),
            organization: contact.organization_name.map(|name| OrganizationView {
                id: contact.organization_id.map(crate::domain::OrganizationId::uuid),
                name,
            }),
            owner: contact
                .owner_member_id
                .zip(contact.owner_name)
                .map(|(id, name)| MemberRef { member_id: id.uuid(), name }),
            warmness: contact.warmness,
            source: contact.source,
            tags: contact.tags,
            custom_fields: contact.custom_fields.0,
            edited: contact.edited,
            linked: contact.linked.0.into_iter().map(LinkView::from).collect(),
            leads: contact.leads.0.into_iter().filter_map(LeadView::of).collect(),
            last_contacted_at: contact.last_contacted_at,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
        }
    }
}

impl From<Address> for EmailView {
    fn from(address: Address) -> Self {
        Self { value: address.value, label: address.label, primary: address.primary }
    }
}

impl From<Number> for PhoneView {
    fn from(number: Number) -> Self {
        Self {
            value: number.value,
            e164: number.e164,
            label: number.label,
            primary: number.primary,
        }
    }
}

impl LeadView {
    fn of(lead: db::contacts::ContactLead) -> Option<Self> {
        Some(Self {
            provider_name: provider_name(&lead.provider),
            provider: lead.provider,
            delivery_id: lead.delivery_id.uuid(),
            state: DeliveryState::parse(&lead.state)?,
            cause: lead.cause.as_deref().and_then(Cause::parse),
            reason: lead.reason,
            next_at: lead.next_at,
            updated_at: lead.updated_at,
        })
    }
}

impl From<db::contacts::Link> for LinkView {
    fn from(link: db::contacts::Link) -> Self {
        let remote_id = RemoteId(link.remote_id);
        let url = connectors::find(&link.provider)
            .and_then(|connector| connector.person_url(link.account_domain.as_deref(), &remote_id));
        Self {
            provider: link.provider,
            remote_id: remote_id.0,
            state: if link.state == "gone" { LinkState::Gone } else { LinkState::Linked },
            last_synced_at: link.last_synced_at,
            url,
        }
    }
}
