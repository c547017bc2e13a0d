//! Campaigns as the API shows them.

use chrono::{DateTime, NaiveDate, Utc};
use poem_openapi::Object;
use uuid::Uuid;

use crate::{
    db::campaigns::{Campaign, Performance, Placed},
    domain::{ActivityKind, UnknownWord},
    http::contacts::MemberRef,
};

/// An undertaking of the team: whom it reaches out to, who works on it, and what came of it.
#[derive(Object)]
#[oai(rename = "Campaign")]
pub(super) struct CampaignView {
    id: Uuid,
    name: String,
    /// Plain text; empty when nobody wrote one.
    description: String,
    sector: Option<String>,
    theme: Option<String>,
    /// Its first day.
    starts_on: Option<NaiveDate>,
    /// Its last day.
    ends_on: Option<NaiveDate>,
    /// Who works on it, by name.
    people: Vec<MemberRef>,
    performance: PerformanceView,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What came of a campaign: over the contacts that you may see, from activities that name the campaign,
/// or that name none and lie between its days (since the contact was added, where it has no first
/// day).
#[derive(Object)]
#[oai(rename = "CampaignPerformance")]
pub(super) struct PerformanceView {
    contacts: i64,
    /// Contacts with whom anything was done.
    contacted: i64,
    /// Meetings, agreed upon or only asked for.
    meetings_requested: i64,
    /// Meetings that are agreed upon or took place.
    meetings_booked: i64,
}

#[derive(Object)]
pub(super) struct CampaignPage {
    /// The newest first.
    pub(super) items: Vec<CampaignView>,
    pub(super) next_cursor: Option<String>,
}

/// A campaign, by name.
#[derive(Object)]
pub(in crate::http) struct CampaignRef {
    pub(in crate::http) id: Uuid,
    pub(in crate::http) name: String,
}

/// A contact in a campaign.
#[derive(Object)]
#[oai(rename = "CampaignContact")]
pub(super) struct PlacedView {
    contact_id: Uuid,
    full_name: String,
    organization_name: Option<String>,
    owner: Option<MemberRef>,
    /// 0 (cold) to 10 (hot).
    warmness: i16,
    /// By what they are to be reached; `null` when nobody has decided.
    outreach: Option<ActivityKind>,
    /// Plain text; empty when nobody wrote one.
    note: String,
    added_at: DateTime<Utc>,
    /// When something of this campaign was last done with them.
    contacted_at: Option<DateTime<Utc>>,
    meetings_requested: i64,
    meetings_booked: i64,
}

#[derive(Object)]
pub(super) struct CampaignContactPage {
    /// The last added first.
    pub(super) items: Vec<PlacedView>,
    pub(super) next_cursor: Option<String>,
}

impl CampaignView {
    pub(super) fn of(campaign: Campaign, performance: Performance) -> Self {
        let fields = campaign.fields;
        let people = campaign.people.0.into_iter();
        Self {
            id: campaign.campaign_id.uuid(),
            name: fields.name,
            description: fields.description,
            sector: fields.sector,
            theme: fields.theme,
            starts_on: fields.starts_on,
            ends_on: fields.ends_on,
            people: people
                .map(|one| MemberRef { member_id: one.member_id.uuid(), name: one.name })
                .collect(),
            performance: performance.into(),
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
        }
    }
}

impl From<Performance> for PerformanceView {
    fn from(counted: Performance) -> Self {
        Self {
            contacts: counted.contacts,
            contacted: counted.contacted,
            meetings_requested: counted.meetings_requested,
            meetings_booked: counted.meetings_booked,
        }
    }
}

impl TryFrom<Placed> for PlacedView {
    type Error = UnknownWord;

    fn try_from(placed: Placed) -> Result<Self, UnknownWord> {
        Ok(Self {
            outreach: placed.outreach()?,
            contact_id: placed.contact_id.uuid(),
            full_name: placed.full_name,
            organization_name: placed.organization_name,
            owner: placed
                .owner_member_id
                .zip(placed.owner_name)
                .map(|(id, name)| MemberRef { member_id: id.uuid(), name }),
            warmness: placed.warmness,
            note: placed.note,
            added_at: placed.added_at,
            contacted_at: placed.contacted_at,
            meetings_requested: placed.meetings_requested,
            meetings_booked: placed.meetings_booked,
        })
    }
}
