//! What members have done at a CRM about a contact, in our words: as it is kept with its delivery,
//! and what of it an account can do.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{LifecycleStage, RemoteId, RemoteValue, words};

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
        SearchRecords = "search_records",
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
    CreateContact {
        #[serde(default)]
        lifecycle_stage: Option<LifecycleStage>,
    },
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
            Self::CreateContact { .. } => ActionKind::CreateContact,
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
            Self::CreateNote { .. } | Self::CreateContact { .. } | Self::UpdateContact { .. } => {
                None
            }
        }
    }

    /// The stage in which somebody is said to be.
    pub const fn lifecycle_stage(&self) -> Option<LifecycleStage> {
        match self {
            Self::CreateContact { lifecycle_stage } => *lifecycle_stage,
            Self::UpdateContact { change } => change.lifecycle_stage,
            _ => None,
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
    #[serde(default)]
    pub lifecycle_stage: Option<LifecycleStage>,
}

/// A stage that deals of the account may be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealStage {
    pub id: RemoteId,
    pub name: String,
    pub pipeline: Option<RemoteId>,
    pub pipeline_name: Option<String>,
}

/// Which pipeline and stage are meant, or what is wrong with which field, in words.
pub type Place = Result<(Option<RemoteId>, Option<RemoteId>), (&'static str, String)>;

impl Deal {
    /// Finds the stage that is named among the account's; `own` is the pipeline that a deal is in.
    pub fn place(&self, stages: &[DealStage], own: Option<&RemoteId>) -> Place {
        let is = |wanted: &str, id: Option<&RemoteId>, name: Option<&str>| {
            let name = name.unwrap_or_default().trim().to_lowercase();
            id.is_some_and(|id| id.as_str() == wanted.trim())
                || name == wanted.trim().to_lowercase()
        };
        let mut pipeline = None;
        if let Some(wanted) = &self.pipeline {
            let of = |stage: &&DealStage| {
                is(wanted, stage.pipeline.as_ref(), stage.pipeline_name.as_deref())
            };
            let Some(found) = stages.iter().find(of) else {
                let names = stages.iter().filter_map(|stage| stage.pipeline_name.as_deref());
                return Err(("pipeline", format!("There is none. {}", known(names))));
            };
            pipeline.clone_from(&found.pipeline);
        }
        let Some(wanted) = &self.stage else { return Ok((pipeline, None)) };
        let meant: Vec<&DealStage> = stages
            .iter()
            .filter(|stage| pipeline.is_none() || stage.pipeline == pipeline)
            .filter(|stage| is(wanted, Some(&stage.id), Some(&stage.name)))
            .collect();
        let mine = meant.iter().find(|stage| own.is_some() && stage.pipeline.as_ref() == own);
        match (meant.as_slice(), mine) {
            (_, Some(stage)) | ([stage], None) => {
                Ok((stage.pipeline.clone(), Some(stage.id.clone())))
            }
            ([], None) => {
                let there = |stage: &&DealStage| pipeline.is_none() || stage.pipeline == pipeline;
                let names = stages.iter().filter(there).map(|stage| stage.name.as_str());
                Err(("stage", format!("There is none. {}", known(names))))
            }
            (_, None) => {
                let names = meant.iter().filter_map(|stage| stage.pipeline_name.as_deref());
                Err(("pipeline", format!("Several have such a stage: say which. {}", known(names))))
            }
        }
    }
}

/// As many names as a person reads.
fn known<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = Vec::new();
    for name in names {
        if !known.contains(&name) && known.len() < 12 {
            known.push(name);
        }
    }
    if known.is_empty() {
        return "The account has none at all.".to_owned();
    }
    let listed: String = known.join(", ").chars().take(240).collect();
    format!("The account has: {listed}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Vec<DealStage> {
        let stage = |id: &str, name: &str, pipeline: &str, pipeline_name: &str| DealStage {
            id: RemoteId(id.into()),
            name: name.into(),
            pipeline: Some(RemoteId(pipeline.into())),
            pipeline_name: Some(pipeline_name.into()),
        };
        vec![
            stage("1", "Qualified", "1", "Sales"),
            stage("2", "Proposal", "1", "Sales"),
            stage("5", "Qualified", "2", "Partner"),
            stage("6", "Signed", "2", "Partner"),
        ]
    }

    fn place(pipeline: Option<&str>, stage: Option<&str>, own: Option<&str>) -> Place {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let deal = Deal { pipeline: text(pipeline), stage: text(stage), ..Deal::default() };
        deal.place(&stages(), own.map(|id| RemoteId(id.into())).as_ref())
    }

    fn found(pipeline: Option<&str>, stage: Option<&str>, own: Option<&str>) -> [String; 2] {
        let (pipeline, stage) = place(pipeline, stage, own).unwrap();
        [pipeline, stage].map(|id| id.map_or_else(String::new, |id| id.0))
    }

    #[test]
    fn a_stage_is_found_by_its_name_or_id_and_brings_its_pipeline() {
        assert_eq!(found(None, Some(" signed"), None), ["2", "6"]);
        assert_eq!(found(None, Some("2"), None), ["1", "2"]);
        assert_eq!(found(Some("partner"), Some("Qualified"), None), ["2", "5"]);
        assert_eq!(found(Some("2"), None, None), ["2", ""]);
        assert_eq!(found(None, None, Some("1")), ["", ""]);
        assert_eq!(found(None, Some("Qualified"), Some("2")), ["2", "5"], "where the deal is");
    }

    #[test]
    fn what_is_not_there_or_not_clear_is_said_by_field_with_what_there_is() {
        let wrong = |pipeline, stage| place(pipeline, stage, None).unwrap_err();
        let (field, words) = wrong(None, Some("Won"));
        assert_eq!(field, "stage");
        assert_eq!(words, "There is none. The account has: Qualified, Proposal, Signed.");
        assert_eq!(wrong(Some("Sales"), Some("Signed")).0, "stage", "in another pipeline");
        assert_eq!(wrong(Some("X"), None).0, "pipeline");
        assert_eq!(wrong(None, Some("Qualified")).0, "pipeline", "two have one");
        let none = Deal { stage: Some("A".into()), ..Deal::default() }.place(&[], None);
        assert_eq!(none.unwrap_err().1, "There is none. The account has none at all.");
    }
}
