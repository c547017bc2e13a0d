//! Activities as the API shows them.

use chrono::{DateTime, Utc};
use poem_openapi::Object;
use uuid::Uuid;

use crate::{
    connectors,
    db::activities::{Activity, Replica},
    domain::{ActivityKind, Cause, DeliveryState, RemoteId},
    http::{campaigns::CampaignRef, contacts::MemberRef, deliveries::ContactRef},
};

/// Something that was done with a contact, or is to be done.
#[derive(Object)]
#[oai(rename = "Activity")]
#[expect(clippy::struct_excessive_bools, reason = "the form that clients know")]
pub(super) struct ActivityView {
    id: Uuid,
    contact: ContactRef,
    /// Who logged it; `null` when they left the company.
    member: Option<MemberRef>,
    kind: ActivityKind,
    /// `null` when nobody wrote one.
    subject: Option<String>,
    /// The subject, or the name of the kind.
    title: String,
    /// Plain text. In a list the first 1,000 characters.
    note: String,
    /// Whether there is more of the note: ask for the activity itself.
    note_cut: bool,
    due_at: DateTime<Utc>,
    /// `false`: the day (UTC) alone counts.
    has_time: bool,
    duration_minutes: Option<i32>,
    done: bool,
    /// Of a meeting: agreed upon, or it took place; otherwise it was only asked for.
    booked: bool,
    /// What it was done for.
    campaign: Option<CampaignRef>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What of it is at each CRM; empty when none is to have it.
    copies: Vec<CopyView>,
}

/// An activity at one CRM.
#[derive(Object)]
#[oai(rename = "ActivityCopy")]
pub(super) struct CopyView {
    provider: String,
    provider_name: String,
    /// Whether the CRM has it as it is now.
    pub(super) synced: bool,
    /// The record there; `null` while there is none.
    pub(super) remote_id: Option<String>,
    /// Where to see it.
    url: Option<String>,
    last_synced_at: Option<DateTime<Utc>>,
    /// The last delivery about it.
    pub(super) delivery: Option<CopyDelivery>,
}

#[derive(Object, Clone)]
#[oai(rename = "ActivityDelivery")]
pub(super) struct CopyDelivery {
    id: Uuid,
    state: DeliveryState,
    cause: Option<Cause>,
    /// What happened, in words.
    reason: Option<String>,
}

#[derive(Object)]
pub(super) struct ActivityPage {
    pub(super) items: Vec<ActivityView>,
    pub(super) next_cursor: Option<String>,
}

/// How an activity came to the CRM.
#[derive(Object)]
#[oai(rename = "ActivitySyncStatus", rename_all = "camelCase")]
pub(super) struct SyncStatus {
    success: bool,
    /// Whether every CRM that is to have it has it as it is now.
    synced: bool,
    /// The record there; `null` while there is none.
    #[oai(rename = "pipedriveActivityId")]
    remote_activity_id: Option<String>,
    sync_attempts: i64,
    last_attempt: Option<DateTime<Utc>>,
    /// The same for each CRM.
    copies: Vec<CopyView>,
}

impl SyncStatus {
    pub(super) fn of(activity: ActivityView, attempts: (i64, Option<DateTime<Utc>>)) -> Self {
        let copies = activity.copies;
        Self {
            success: true,
            synced: !copies.is_empty() && copies.iter().all(|copy| copy.synced),
            remote_activity_id: copies.iter().find_map(|copy| copy.remote_id.clone()),
            sync_attempts: attempts.0,
            last_attempt: attempts.1,
            copies,
        }
    }
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        let fields = activity.fields;
        let title = if fields.subject.is_empty() {
            fields.kind.default_subject().to_owned()
        } else {
            fields.subject.clone()
        };
        Self {
            id: activity.activity_id.uuid(),
            contact: ContactRef {
                id: activity.contact_id.uuid(),
                full_name: Some(activity.contact_name),
            },
            member: activity
                .member_id
                .zip(activity.member_name)
                .map(|(id, name)| MemberRef { member_id: id.uuid(), name }),
            kind: fields.kind,
            subject: (!fields.subject.is_empty()).then_some(fields.subject),
            title,
            note: fields.note,
            note_cut: activity.note_cut,
            due_at: fields.due_at,
            has_time: fields.has_time,
            duration_minutes: fields.duration_minutes,
            done: fields.done,
            booked: fields.booked,
            campaign: fields
                .campaign_id
                .zip(activity.campaign_name)
                .map(|(id, name)| CampaignRef { id: id.uuid(), name }),
            created_at: activity.created_at,
            updated_at: activity.updated_at,
            copies: activity
                .copies
                .0
                .into_iter()
                .map(|copy| CopyView::of(copy, activity.version))
                .collect(),
        }
    }
}

impl CopyView {
    fn of(copy: Replica, version: i32) -> Self {
        let connector = connectors::find(&copy.provider);
        let remote_id = copy.remote_id.map(RemoteId);
        let url = connector.and_then(|connector| connector.writer()).and_then(|writer| {
            writer.activity_url(copy.account_domain.as_deref(), remote_id.as_ref()?)
        });
        let state = copy.state.as_deref().and_then(DeliveryState::parse);
        Self {
            provider_name: connector
                .map_or_else(|| copy.provider.clone(), |found| found.manifest().name.to_owned()),
            provider: copy.provider,
            synced: copy.version == Some(version),
            remote_id: remote_id.map(|id| id.0),
            url,
            last_synced_at: copy.last_synced_at,
            delivery: copy.delivery_id.zip(state).map(|(id, state)| CopyDelivery {
                id: id.uuid(),
                state,
                cause: copy.cause.as_deref().and_then(Cause::parse),
                reason: copy.reason,
            }),
        }
    }
}
