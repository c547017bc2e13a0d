//! What is to happen at a CRM, in our words. A connector does it; an attempt keeps it, so that an
//! unknown outcome can be looked for by all that was sent.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    LifecycleStage, RemoteId, RemotePerson, RemoteValue,
    action::{DealStatus, PersonChange, Priority},
};

/// One request that changes something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    CreateOrganization(OrganizationToMake),
    /// A label for persons.
    CreateLabel {
        name: String,
    },
    /// The custom field for persons that holds our marker.
    CreateReference {
        name: String,
    },
    CreatePerson(PersonToMake),
    /// Adds to the labels a person has; nothing else of it changes.
    AddLabels {
        person: RemoteId,
        labels: Vec<RemoteId>,
    },
    CreateActivity(ActivityToMake),
    UpdateActivity {
        id: RemoteId,
        activity: ActivityToMake,
    },
    DeleteActivity {
        id: RemoteId,
    },
    /// What only a member asks for ([`super::action`]); tasks and calls are activities.
    Act(Act),
}

/// What no delivery does by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    CreateNote(NoteToMake),
    CreateDeal(DealToMake),
    /// What is `None` stays as it is; twice is the same.
    UpdateDeal {
        id: RemoteId,
        deal: DealToMake,
    },
    /// What is `None` stays as it is; twice is the same.
    UpdatePerson {
        id: RemoteId,
        change: PersonChange,
    },
}

impl Effect {
    /// What an attempt is called in the log.
    pub const fn step(&self) -> &'static str {
        match self {
            Self::CreateOrganization(_) => "organization",
            Self::CreateLabel { .. } => "label",
            Self::CreateReference { .. } => "reference",
            Self::CreatePerson(_) => "person",
            Self::AddLabels { .. } => "person_labels",
            Self::CreateActivity(_) | Self::UpdateActivity { .. } | Self::DeleteActivity { .. } => {
                "activity"
            }
            Self::Act(Act::CreateNote(_)) => "note",
            Self::Act(Act::CreateDeal(_) | Act::UpdateDeal { .. }) => "deal",
            Self::Act(Act::UpdatePerson { .. }) => "person_fields",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OrganizationToMake {
    pub name: String,
    /// In words; left out where the account has no place for it.
    pub industry: Option<String>,
    /// ISO 3166 alpha-2 or in words.
    pub country: Option<String>,
    pub website: Option<String>,
    pub owner: Option<RemoteId>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PersonToMake {
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<RemoteValue>,
    pub phones: Vec<RemoteValue>,
    pub organization: Option<RemoteId>,
    pub owner: Option<RemoteId>,
    pub labels: Vec<RemoteId>,
    pub marker: Option<Marker>,
    /// Decides what is made, where it does ([`Lifecycle`](crate::connectors::Lifecycle)).
    #[serde(default)]
    pub stage: Option<LifecycleStage>,
    /// The organization's name, for a lead, which belongs to none.
    #[serde(default)]
    pub company: Option<String>,
}

/// Our mark on a record: the key of the custom field, and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub field: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActivityToMake {
    /// The key of one of the account's own types.
    pub kind: String,
    pub subject: String,
    /// Plain text; the connector makes safe HTML of it where the CRM shows HTML.
    pub note: String,
    pub due_at: DateTime<Utc>,
    /// Without it only the date counts.
    pub has_time: bool,
    pub duration_minutes: Option<u32>,
    pub owner: Option<RemoteId>,
    pub person: RemoteId,
    pub organization: Option<RemoteId>,
    pub done: bool,
    /// Only of those that [`Writer::priorities`](crate::connectors::Writer::priorities) names.
    #[serde(default)]
    pub priority: Option<Priority>,
}

/// A note on a person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NoteToMake {
    /// Plain text; the connector makes safe HTML of it where the CRM shows HTML.
    pub text: String,
    pub person: RemoteId,
    pub organization: Option<RemoteId>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DealToMake {
    /// Always there in a new one.
    pub title: Option<String>,
    /// A decimal number, as in [`Deal`](super::action::Deal).
    pub amount: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Ids of the account's.
    pub pipeline: Option<RemoteId>,
    pub stage: Option<RemoteId>,
    pub status: Option<DealStatus>,
    pub closes_on: Option<NaiveDate>,
    /// Of a new one only, as the next two.
    pub person: Option<RemoteId>,
    pub organization: Option<RemoteId>,
    pub owner: Option<RemoteId>,
}

/// What an effect left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sent {
    /// Of the record, the label, or the field's key.
    pub id: RemoteId,
    /// The person as it is now, where the effect was about one.
    pub person: Option<RemotePerson>,
}
