//! Actions and what was looked up, as the API shows them.

use chrono::{DateTime, Utc};
use poem_openapi::Object;

use crate::{
    connectors::QueryLanguage,
    db::deliveries::Delivery,
    domain::{
        DeliveryState, LifecycleStage, PersonKind, RemoteValue,
        action::{ActionKind, DealStage, DealStatus, Priority, TaskKind},
    },
    flows::look_up::{Found, FoundDeal, FoundRecords},
    http::deliveries::{ContactRef, DeliveryView},
};

/// What became of an action.
#[derive(Object)]
#[oai(rename = "CrmActionResult")]
pub(super) struct ActionResult {
    /// Whether the CRM has it.
    success: bool,
    state: DeliveryState,
    /// Of the record at the CRM, once it is there.
    remote_id: Option<String>,
    delivery: DeliveryView,
}

impl From<Delivery> for ActionResult {
    fn from(delivery: Delivery) -> Self {
        Self {
            success: delivery.state == DeliveryState::Delivered,
            state: delivery.state,
            remote_id: delivery.remote_id.clone(),
            delivery: delivery.into(),
        }
    }
}

#[derive(Object)]
#[oai(rename = "CrmValue")]
struct ValueView {
    value: String,
    label: Option<String>,
    primary: bool,
}

impl From<RemoteValue> for ValueView {
    fn from(value: RemoteValue) -> Self {
        Self { value: value.value, label: value.label, primary: value.primary }
    }
}

/// Somebody at the CRM, as they are there now.
#[derive(Object)]
#[oai(rename = "CrmContact")]
pub(super) struct PersonView {
    remote_id: String,
    kind: PersonKind,
    name: Option<String>,
    emails: Vec<ValueView>,
    phones: Vec<ValueView>,
    organization_remote_id: Option<String>,
    owner_remote_id: Option<String>,
    open_deals: Option<u32>,
    closed_deals: Option<u32>,
    updated_at: Option<DateTime<Utc>>,
    url: Option<String>,
    /// `null` when there is none, or you may not see it.
    contact: Option<ContactRef>,
}

impl From<Found> for PersonView {
    fn from(found: Found) -> Self {
        let person = found.person;
        Self {
            remote_id: person.id.0,
            kind: found.kind,
            name: person.name,
            emails: person.emails.into_iter().map(ValueView::from).collect(),
            phones: person.phones.into_iter().map(ValueView::from).collect(),
            organization_remote_id: person.organization.map(|id| id.0),
            owner_remote_id: person.owner.map(|id| id.0),
            open_deals: person.open_deals,
            closed_deals: person.closed_deals,
            updated_at: person.updated_at,
            url: found.url,
            contact: named(found.contact),
        }
    }
}

fn named(contact: Option<(crate::domain::ContactId, String)>) -> Option<ContactRef> {
    contact.map(|(id, name)| ContactRef { id: id.uuid(), full_name: Some(name) })
}

#[derive(Object)]
#[oai(rename = "CrmContactList")]
pub(super) struct PersonList {
    pub(super) items: Vec<PersonView>,
}

/// A deal at the CRM, as it is there now.
#[derive(Object)]
#[oai(rename = "CrmDeal")]
pub(super) struct DealView {
    remote_id: String,
    title: Option<String>,
    /// As the CRM has it.
    amount: Option<f64>,
    currency: Option<String>,
    /// `open`, `won`, `lost` or what the CRM says.
    status: Option<String>,
    stage_remote_id: Option<String>,
    pipeline_remote_id: Option<String>,
    person_remote_id: Option<String>,
    owner_remote_id: Option<String>,
    updated_at: Option<DateTime<Utc>>,
    url: Option<String>,
    /// `null` when there is none in the book.
    contact: Option<ContactRef>,
}

impl From<FoundDeal> for DealView {
    fn from(found: FoundDeal) -> Self {
        let deal = found.deal;
        Self {
            remote_id: deal.id.0,
            title: deal.title,
            amount: deal.value,
            currency: deal.currency,
            status: deal.status,
            stage_remote_id: deal.stage.map(|id| id.0),
            pipeline_remote_id: deal.pipeline.map(|id| id.0),
            person_remote_id: deal.person.map(|id| id.0),
            owner_remote_id: deal.owner.map(|id| id.0),
            updated_at: deal.updated_at,
            url: found.url,
            contact: named(found.contact),
        }
    }
}

/// What can be done at a CRM, by you and with the connection as it is.
#[derive(Object)]
#[oai(rename = "CrmCapabilities")]
pub(super) struct Capabilities {
    pub(super) provider: String,
    pub(super) provider_name: String,
    pub(super) actions: Vec<Capability>,
    pub(super) task_kinds: Vec<TaskKind>,
    /// Empty where tasks have none.
    pub(super) priorities: Vec<Priority>,
    pub(super) deal_statuses: Vec<DealStatus>,
    /// Which stage of somebody's life as a customer can be said, and what that makes of them.
    pub(super) lifecycle: LifecycleView,
    /// The language of `search-records`; `null` where there is none.
    pub(super) query_language: Option<QueryLanguageView>,
    /// With `stages=true` only.
    pub(super) stages: Option<Vec<StageView>>,
}

#[derive(Object)]
#[oai(rename = "CrmCapability")]
pub(super) struct Capability {
    pub(super) action: ActionKind,
    pub(super) available: bool,
    /// Why not, and what to do about it.
    pub(super) reason: Option<String>,
}

#[derive(Object)]
#[oai(rename = "CrmLifecycle")]
pub(super) struct LifecycleView {
    /// All that can be said here, in the order in which they are passed; empty where none can.
    pub(super) stages: Vec<LifecycleStageView>,
    /// Why none can be said, and what to do instead.
    pub(super) reason: Option<String>,
    /// Whether `update-contact` can change it.
    pub(super) changeable: bool,
    /// Why it cannot, and what to do instead.
    pub(super) unchangeable_reason: Option<String>,
}

#[derive(Object)]
#[oai(rename = "CrmLifecycleOffer")]
pub(super) struct LifecycleStageView {
    pub(super) stage: LifecycleStage,
    /// What somebody becomes who is new there.
    pub(super) becomes: PersonKind,
    pub(super) available: bool,
    /// Why not, and what to do about it.
    pub(super) reason: Option<String>,
}

#[derive(Object)]
#[oai(rename = "CrmDealStage")]
pub(super) struct StageView {
    id: String,
    name: String,
    pipeline_id: Option<String>,
    pipeline_name: Option<String>,
}

impl From<DealStage> for StageView {
    fn from(stage: DealStage) -> Self {
        Self {
            id: stage.id.0,
            name: stage.name,
            pipeline_id: stage.pipeline.map(|id| id.0),
            pipeline_name: stage.pipeline_name,
        }
    }
}

/// The part of a CRM's query language that searches may use.
#[derive(Object)]
#[oai(rename = "CrmQueryLanguage")]
pub(super) struct QueryLanguageView {
    name: String,
    /// A query that works in every account.
    example: String,
    /// What may be written, in words.
    rules: String,
    /// Records of one answer at most.
    most: u16,
}

impl From<&QueryLanguage> for QueryLanguageView {
    fn from(language: &QueryLanguage) -> Self {
        Self {
            name: language.name.to_owned(),
            example: language.example.to_owned(),
            rules: language.rules.to_owned(),
            most: language.most,
        }
    }
}

#[derive(Object)]
#[oai(rename = "CrmRecord")]
struct RecordView {
    remote_id: Option<String>,
    url: Option<String>,
    /// As text, in the order of `fields`; empty where nothing stands.
    values: Vec<String>,
}

/// What a query found.
#[derive(Object)]
#[oai(rename = "CrmRecordList")]
pub(super) struct RecordList {
    /// The kind of record, as the CRM calls it.
    kind: String,
    fields: Vec<String>,
    items: Vec<RecordView>,
    /// How many there could be in this answer; with as many items there may be more at the CRM.
    limit: u16,
}

impl From<FoundRecords> for RecordList {
    fn from(FoundRecords { records, urls }: FoundRecords) -> Self {
        let rows = records.rows.into_iter().zip(urls);
        let view = |(row, url): (crate::connectors::FoundRecord, Option<String>)| RecordView {
            remote_id: row.id.map(|id| id.0),
            url,
            values: row.values.into_iter().map(Option::unwrap_or_default).collect(),
        };
        Self {
            kind: records.kind,
            fields: records.fields,
            items: rows.map(view).collect(),
            limit: records.limit,
        }
    }
}
