//! What one step of a delivery depends on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{
        ActivityId, ActivityKind, ActivityType, Cause, ContactId, DeliveryId, DeliveryKind,
        DeliveryState, Fields, MemberId, OrganizationId, RemoteId, RemoteUser,
        action::Action,
        effect::Effect,
        intake::{Address, Number},
    },
    flows::deliver::circuit::Circuit,
};

/// What one step of a delivery depends on, as it was at one moment.
#[derive(Debug, Clone)]
pub struct Desk {
    pub delivery: Delivery,
    /// An attempt of which it is not known what became of it.
    pub open: Option<Open>,
    /// Why nothing may be sent.
    pub closed: Option<Cause>,
    pub circuit: Circuit,
    pub contact: Option<Contact>,
    pub activity: Option<Activity>,
    /// What a member asked for.
    pub action: Option<Action>,
    /// The contact's person at the CRM.
    pub person: Option<RemoteId>,
    /// The activity there, and the version that it has.
    pub sent_activity: Option<(RemoteId, i32)>,
    /// Whose the record becomes: the contact's owner, or who logged the activity or asked for the action.
    pub member: Option<Member>,
    pub account: Known,
    /// What went otherwise than usual in this turn, to be stored with its end.
    pub noted: Vec<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Delivery {
    pub delivery_id: DeliveryId,
    pub kind: DeliveryKind,
    pub contact_id: ContactId,
    pub activity_id: Option<ActivityId>,
    pub state: DeliveryState,
    pub cause: Option<Cause>,
    pub attempts: i32,
    pub looks: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub give_up_at: DateTime<Utc>,
    /// A person's choice between candidates: an id of theirs, or `new`.
    pub chosen: Option<String>,
    pub remarks: Vec<String>,
    pub marker: Uuid,
    /// Number of the last attempt; the fence.
    pub last: i32,
    /// What it left at the CRM so far, wherever our own rows went.
    pub remote_id: Option<RemoteId>,
    pub organization: Option<RemoteId>,
}

/// An attempt that is under way, or whose worker never said how it ended.
#[derive(Debug, Clone)]
pub struct Open {
    /// May be one that has ended, of the same activity.
    pub delivery_id: DeliveryId,
    pub n: i32,
    pub effect: Effect,
    pub started_at: DateTime<Utc>,
    /// Nobody has written yet that the outcome is unknown.
    pub sending: bool,
    /// What of ours it is about.
    pub about: About,
}

/// What of ours an effect is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct About {
    pub organization: Option<OrganizationId>,
    /// With the version that is sent.
    pub activity: Option<(ActivityId, i32)>,
}

#[derive(Debug, Clone, Default)]
pub struct Contact {
    pub full_name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<Address>,
    pub phones: Vec<Number>,
    pub organization: Option<Organization>,
    /// Changes with every edit: an effect that was made of an older contact does not leave.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct Organization {
    pub id: OrganizationId,
    pub name: String,
    pub website: Option<String>,
    pub country: Option<String>,
    pub remote: Option<RemoteId>,
}

#[derive(Debug, Clone)]
pub struct Activity {
    pub activity_id: ActivityId,
    pub kind: ActivityKind,
    pub subject: String,
    pub note: String,
    pub due_at: DateTime<Utc>,
    pub has_time: bool,
    pub duration_minutes: Option<i32>,
    pub done: bool,
    pub version: i32,
}

#[derive(Debug, Clone)]
pub struct Member {
    pub member_id: MemberId,
    pub email: String,
    /// As found before.
    pub remote: Option<RemoteId>,
}

/// What is known of the account without asking.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub own_user: RemoteId,
    pub users: Option<(Vec<RemoteUser>, Option<DateTime<Utc>>)>,
    pub fields: Option<Fields>,
    /// Since when these may be out of date, where this turn has read them from the CRM.
    pub fields_at: Option<DateTime<Utc>>,
    pub types: Option<(Vec<ActivityType>, Option<DateTime<Utc>>)>,
    /// When it refused us a field for our marker.
    pub reference_refused_at: Option<DateTime<Utc>>,
}
