//! What members have done at a CRM about a contact, in our words: as it is kept with its delivery,
//! and what of it an account can do.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{RemoteId, RemoteValue, words};

words! {
    /// What can be asked for.
    ActionKind {
        CreateTask = "create_task",
        UpdateTask = "update_task",
        LogCall = "log_call",
        CreateNote = "create_note",
        CreateDeal = "create_deal",
        UpdateDeal = "update_deal",
        CreateContact = "create_contact",
        UpdateContact = "update_contact",
        GetContact = "get_contact",
        GetDeal = "get_deal",
        SearchContact = "search_contact",
    }
}

words! {
    /// What a task is; each account has types of its own for it.
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    TaskKind {
        #[default]
        Todo = "todo",
        Call = "call",
        Email = "email",
        Meeting = "meeting",
    }
}

words! {
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Priority {
        Low = "low",
        Normal = "normal",
        High = "high",
    }
}

words! {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    DealStatus {
        #[default]
        Open = "open",
        Won = "won",
        Lost = "lost",
    }
}

/// One action that changes something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    CreateTask {
        task: Task,
    },
    /// The task as it is to be, whole.
    UpdateTask {
        id: RemoteId,
        task: Task,
    },
    /// A task of the kind call that is done.
    LogCall {
        task: Task,
    },
    CreateNote {
        /// Plain text.
        text: String,
    },
    CreateDeal {
        deal: Deal,
    },
    UpdateDeal {
        id: RemoteId,
        deal: Deal,
    },
    /// The contact of the book becomes a person over there.
    CreateContact,
    UpdateContact {
        change: PersonChange,
    },
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::CreateTask { .. } => ActionKind::CreateTask,
            Self::UpdateTask { .. } => ActionKind::UpdateTask,
            Self::LogCall { .. } => ActionKind::LogCall,
            Self::CreateNote { .. } => ActionKind::CreateNote,
            Self::CreateDeal { .. } => ActionKind::CreateDeal,
            Self::UpdateDeal { .. } => ActionKind::UpdateDeal,
            Self::CreateContact => ActionKind::CreateContact,
            Self::UpdateContact { .. } => ActionKind::UpdateContact,
        }
    }

    /// What it is about, in a line: a subject, a title.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::CreateTask { task } | Self::UpdateTask { task, .. } | Self::LogCall { task } => {
                Some(&task.subject)
            }
            Self::CreateDeal { deal } | Self::UpdateDeal { deal, .. } => deal.title.as_deref(),
            Self::CreateNote { .. } | Self::CreateContact | Self::UpdateContact { .. } => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub kind: TaskKind,
    pub subject: String,
    /// Plain text.
    pub note: String,
    pub due_at: DateTime<Utc>,
    /// Without it only the date counts.
    pub has_time: bool,
    pub duration_minutes: Option<u32>,
    pub priority: Option<Priority>,
    pub done: bool,
}

/// A deal as somebody describes it. What is left out stays as it is, or is up to the CRM.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Deal {
    pub title: Option<String>,
    /// A decimal number in the deal's currency, at most twelve digits and two decimals: `1200.50`.
    pub amount: Option<String>,
    /// ISO 4217; the account's own without it.
    pub currency: Option<String>,
    /// An id or a name of the account's pipelines.
    pub pipeline: Option<String>,
    /// An id or a name of the account's stages; in `pipeline` where that is given, else in any.
    pub stage: Option<String>,
    pub status: Option<DealStatus>,
    pub closes_on: Option<NaiveDate>,
}

/// What changes of a person. A list replaces what was there; a CRM with one place for it keeps the
/// primary one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PersonChange {
    pub name: Option<String>,
    pub emails: Option<Vec<RemoteValue>>,
    pub phones: Option<Vec<RemoteValue>>,
}

/// A stage that deals of the account may be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealStage {
    pub id: RemoteId,
    pub name: String,
    pub pipeline: Option<RemoteId>,
    pub pipeline_name: Option<String>,
}
