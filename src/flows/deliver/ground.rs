//! What a delivery stands on: the store that remembers and the CRM it goes to. Arguments, so that a
//! simulation runs the same machine (`tests/it/simulation/deliveries`).

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    connectors::{CrmError, Objection},
    db::DbError,
    domain::{
        ActivityId, ActivityKind, ActivityType, Cause, ContactId, DeliveryId, DeliveryState,
        Fields, LifecycleStage, MemberId, OrganizationId, PersonKind, RemoteDeal, RemoteId,
        RemoteOrganization, RemotePerson, RemoteUser,
        action::{DealStage, TaskKind},
        effect::{Effect, Sent},
    },
    flows::deliver::circuit::{Circuit, Heard},
};

pub use super::desk::{
    About, Activity, Contact, Delivery, Desk, Known, Member, Open, Organization,
};

/// Where the deliveries of one contact at one connection are kept.
pub trait Store: Send + Sync {
    /// The first delivery that has not ended, with all that its next step depends on.
    fn head(&self) -> impl Future<Output = Result<Option<Desk>, DbError>> + Send;

    /// Commits that an effect is about to leave: only while the delivery is as it was seen, first in
    /// its contact's order, without an attempt of which nothing is known, and allowed to go out.
    fn begin(&self, begin: &Begin<'_>) -> impl Future<Output = Result<Begun, DbError>> + Send;

    /// Writes what became of an attempt, of the delivery, or of both; `false` when somebody else
    /// went on with it.
    fn commit(&self, commit: &Commit) -> impl Future<Output = Result<bool, DbError>> + Send;

    /// Keeps what was read of the account.
    fn learn(&self, learned: &Learned) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Those of these records that belong to other contacts or activities of ours.
    fn taken(
        &self,
        of: Whose,
        ids: &[RemoteId],
    ) -> impl Future<Output = Result<Vec<RemoteId>, DbError>> + Send;

    /// Takes the right to ask the CRM whether it is back; one worker has it at a time.
    fn take_probe(&self, now: DateTime<Utc>) -> impl Future<Output = Result<bool, DbError>> + Send;

    /// What a failure says about the connection itself, if anything.
    fn blame(&self, error: &CrmError) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Writes how the circuit stands; a closed one lets the whole lane go on.
    fn set_circuit(
        &self,
        circuit: Circuit,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), DbError>> + Send;
}

/// The CRM.
pub trait Remote: Send + Sync {
    fn users(&self) -> impl Future<Output = Result<Vec<RemoteUser>, CrmError>> + Send;
    fn fields(&self) -> impl Future<Output = Result<Fields, CrmError>> + Send;
    fn types(&self) -> impl Future<Output = Result<Vec<ActivityType>, CrmError>> + Send;
    fn persons_with_email(
        &self,
        email: &str,
    ) -> impl Future<Output = Result<Vec<RemotePerson>, CrmError>> + Send;
    /// As somebody who is new there; not told where leads are no kind of their own.
    fn becomes(&self, _stage: LifecycleStage) -> PersonKind {
        PersonKind::Contact
    }
    fn person_kind(&self, _id: &RemoteId) -> PersonKind {
        PersonKind::Contact
    }
    /// Those that have not become contacts.
    fn leads_with_email(
        &self,
        _email: &str,
    ) -> impl Future<Output = Result<Vec<RemotePerson>, CrmError>> + Send {
        async { Ok(Vec::new()) }
    }
    fn organizations_named(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Vec<RemoteOrganization>, CrmError>> + Send;
    /// As an import reads it; `None` when it is gone.
    fn person(
        &self,
        id: &RemoteId,
    ) -> impl Future<Output = Result<Option<RemotePerson>, CrmError>> + Send;
    fn organization(
        &self,
        id: &RemoteId,
    ) -> impl Future<Output = Result<Option<RemoteOrganization>, CrmError>> + Send;
    /// Does it once, unless `permit` has run out when the bytes are about to leave.
    fn send(
        &self,
        effect: &Effect,
        permit: &Permit,
    ) -> impl Future<Output = Result<Sent, CrmError>> + Send;
    fn look(
        &self,
        effect: &Effect,
        since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Vec<RemoteId>, CrmError>> + Send;
    /// Whether the last failure was told to this delivery first, and not to another that was in the
    /// same request.
    fn is_told_first(&self) -> bool {
        true
    }
    /// A read that costs little.
    fn probe(&self) -> impl Future<Output = Result<(), CrmError>> + Send;

    /// The stages that deals may be in.
    fn stages(&self) -> impl Future<Output = Result<Vec<DealStage>, CrmError>> + Send;
    /// `None` when it is gone.
    fn deal(
        &self,
        id: &RemoteId,
    ) -> impl Future<Output = Result<Option<RemoteDeal>, CrmError>> + Send;

    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String>;
    fn task_type(&self, kind: TaskKind, types: &[ActivityType]) -> Option<String>;
    fn reference_name(&self) -> Option<&'static str>;
    fn person_url(&self, id: &RemoteId) -> Option<String>;
}

/// How long bytes may still leave; asked in the last moment.
#[derive(Clone)]
pub struct Permit(pub Arc<dyn Fn() -> Duration + Send + Sync>);

impl Permit {
    pub fn left(&self) -> Duration {
        (self.0)()
    }

    pub fn is_good(&self) -> bool {
        !self.left().is_zero()
    }
}

#[derive(Debug)]
pub struct Begin<'a> {
    pub delivery: &'a Delivery,
    pub effect: &'a Effect,
    /// Read with the contact and the activity at these versions, or it does not leave.
    pub about: About,
    pub contact_at: Option<DateTime<Utc>>,
    /// When the account was asked for its words: what was made since is not missing.
    pub words_at: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The number of the attempt.
    Yes(i32),
    /// Something is not as it was seen: look again.
    Moved,
    /// Another delivery has been making the same thing for the account since then: wait.
    Busy(DateTime<Utc>),
}

/// How an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Found by looking.
    Found,
    /// Looked for, and not there.
    Absent,
    /// Nobody knows whether the CRM did it, and nobody looks: once more is the same.
    Unsettled,
    Refused,
    NotSent,
    /// Stays open.
    Unknown,
}

impl Outcome {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Unsettled => "unsettled",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Close {
    pub delivery_id: DeliveryId,
    pub n: i32,
    pub outcome: Outcome,
    pub status: Option<u16>,
    pub remote_id: Option<RemoteId>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Commit {
    pub delivery_id: DeliveryId,
    /// Without an attempt to close, the delivery must be as it was seen.
    pub seen: (DeliveryState, i32),
    /// The activity must still have this version: an edit that came meanwhile waits in this delivery.
    pub version: Option<(ActivityId, i32)>,
    pub close: Option<Close>,
    pub change: Change,
    pub links: Vec<Link>,
    /// Nothing may be asked of the whole lane until then.
    pub lane_until: Option<DateTime<Utc>>,
    pub heard: Option<Heard>,
    pub now: DateTime<Utc>,
}

impl Commit {
    /// What the CRM has of the activity once this is committed.
    pub fn sent_version(&self) -> Option<(ActivityId, i32)> {
        self.links.iter().find_map(|link| match link {
            Link::Activity { of, version, .. } => Some((*of, *version)),
            _ => None,
        })
    }
}

/// How the delivery stands from now on.
#[derive(Debug, Clone)]
pub struct Change {
    pub state: DeliveryState,
    pub cause: Option<Cause>,
    pub reason: Option<String>,
    pub fields: Vec<Objection>,
    pub candidates: Vec<Candidate>,
    pub attempts: i32,
    pub looks: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub remote_id: Option<RemoteId>,
    pub organization: Option<RemoteId>,
    pub remarks: Vec<&'static str>,
}

impl Change {
    pub fn to(state: DeliveryState, delivery: &Delivery) -> Self {
        Self { attempts: delivery.attempts, ..Self::bare(state) }
    }

    pub const fn bare(state: DeliveryState) -> Self {
        Self {
            state,
            cause: None,
            reason: None,
            fields: Vec::new(),
            candidates: Vec::new(),
            attempts: 0,
            looks: 0,
            next_at: None,
            remote_id: None,
            organization: None,
            remarks: Vec::new(),
        }
    }

    /// Another delivery of the same edit waits, and only one may.
    #[must_use]
    pub fn superseded(self) -> Self {
        let over = Self { state: DeliveryState::Dead, next_at: None, ..self };
        over.why(Cause::Superseded, "Another delivery of the activity sends this edit, too.")
    }

    #[must_use]
    pub fn why(self, cause: Cause, reason: impl Into<String>) -> Self {
        Self { cause: Some(cause), reason: Some(reason.into()), ..self }
    }
}

/// A person at the CRM who may be meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Candidate {
    pub remote_id: RemoteId,
    pub name: Option<String>,
    pub url: Option<String>,
}

/// What is stored with the end of an effect.
#[derive(Debug, Clone)]
pub enum Link {
    /// With the record, where we made it: the next import must find nothing new in it.
    Person {
        id: RemoteId,
        made: Option<Box<RemotePerson>>,
    },
    PersonGone {
        id: RemoteId,
    },
    Organization {
        id: RemoteId,
        of: OrganizationId,
    },
    OrganizationGone {
        id: RemoteId,
    },
    Activity {
        id: RemoteId,
        of: ActivityId,
        version: i32,
    },
    ActivityGone {
        of: ActivityId,
    },
    Label {
        id: RemoteId,
        name: String,
    },
    Reference {
        key: RemoteId,
        name: String,
    },
    ReferenceRefused,
}

impl Link {
    /// Whether it changes what is known of the account, not only what is linked.
    pub const fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Label { .. } | Self::Reference { .. } | Self::ReferenceRefused)
    }
}

/// What was read of the account.
#[derive(Debug, Clone)]
pub enum Learned {
    Users(Vec<RemoteUser>),
    /// `known`: those that were stored before they were read; others may have been made since.
    Fields {
        read: Fields,
        known: Option<Fields>,
    },
    Types(Vec<ActivityType>),
    /// Whose user a member is.
    Member(MemberId, RemoteId),
    /// One that we made, as the next import will read it.
    Made(Box<RemoteOrganization>),
}

/// Whose records are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Contact(ContactId),
    /// `None`: of an organization that the attempt did not name.
    Organization(Option<OrganizationId>),
    Activity(ActivityId),
    /// What an action makes, by the step that makes it.
    Action(DeliveryId, &'static str),
}
