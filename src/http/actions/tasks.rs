//! What callers write into tasks and calls, checked field by field.

use chrono::{DateTime, Utc};
use poem_openapi::{Object, types::MaybeUndefined};
use uuid::Uuid;

use super::{
    Desk,
    form::{minutes, moment, prose, remote_id, whole},
};
use crate::{
    domain::action::{Action, Priority, Task, TaskKind},
    flows::{
        contacts::Edit,
        deliver::ask::{TaskChange, Wanted},
    },
    http::{ApiError, FieldProblem, field},
};

const LONGEST_SUBJECT: usize = 255;

#[derive(Object)]
#[oai(rename = "NewCrmTask")]
pub(super) struct NewTask {
    /// A contact that has a person at the CRM.
    pub(super) contact_id: Uuid,
    /// At most 255 characters.
    subject: String,
    /// `todo` when left out.
    kind: Option<TaskKind>,
    /// Plain text, at most 30,000 characters.
    note: Option<String>,
    /// From 1970 to 2099.
    due_at: DateTime<Utc>,
    /// `false`: the day (UTC) alone counts. `true` when left out.
    has_time: Option<bool>,
    /// 1 to 1440.
    duration_minutes: Option<i64>,
    /// One of those that the capabilities name.
    priority: Option<Priority>,
    /// `false` when left out.
    done: Option<bool>,
}

/// A change of a task. What is left out stays as it was asked for last; `null` empties a field.
#[derive(Object)]
#[oai(rename = "CrmTaskPatch")]
pub(super) struct TaskPatch {
    /// The contact that the task was made for.
    pub(super) contact_id: Uuid,
    /// The `remote_id` of a task or call that was made from here.
    task_id: String,
    /// At most 255 characters.
    subject: Option<String>,
    kind: Option<TaskKind>,
    /// Plain text, at most 30,000 characters.
    note: MaybeUndefined<String>,
    /// From 1970 to 2099.
    due_at: Option<DateTime<Utc>>,
    /// `false`: the day (UTC) alone counts.
    has_time: Option<bool>,
    /// 1 to 1440.
    duration_minutes: MaybeUndefined<i64>,
    /// One of those that the capabilities name.
    priority: MaybeUndefined<Priority>,
    done: Option<bool>,
}

#[derive(Object)]
#[oai(rename = "NewCrmCall")]
pub(super) struct LoggedCall {
    /// A contact that has a person at the CRM.
    pub(super) contact_id: Uuid,
    /// At most 255 characters; `Call` when left out.
    subject: Option<String>,
    /// Plain text, at most 30,000 characters.
    note: Option<String>,
    /// From 1970 to 2099; now when left out.
    called_at: Option<DateTime<Utc>>,
    /// 1 to 1440.
    duration_minutes: Option<i64>,
}

impl NewTask {
    pub(super) fn read(self, on: &Desk) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let task = Task {
            kind: self.kind.unwrap_or_default(),
            subject: field::text("subject", &self.subject, LONGEST_SUBJECT, &mut wrong),
            note: prose("note", self.note.unwrap_or_default(), &mut wrong),
            due_at: moment("due_at", self.due_at, &mut wrong),
            has_time: self.has_time.unwrap_or(true),
            duration_minutes: self.duration_minutes.map(|value| minutes(value, &mut wrong)),
            priority: self.priority.map(|priority| known(priority, on, &mut wrong)),
            done: self.done.unwrap_or(false),
        };
        whole(wrong, Action::CreateTask { task })
    }
}

impl TaskPatch {
    pub(super) fn read(self, on: &Desk) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let id = remote_id("task_id", &self.task_id, &mut wrong);
        let change = TaskChange {
            kind: self.kind,
            subject: self
                .subject
                .map(|text| field::text("subject", &text, LONGEST_SUBJECT, &mut wrong)),
            note: match self.note {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(String::new()),
                MaybeUndefined::Value(text) => Some(prose("note", text, &mut wrong)),
            },
            due_at: self.due_at.map(|at| moment("due_at", at, &mut wrong)),
            has_time: self.has_time,
            duration_minutes: match self.duration_minutes {
                MaybeUndefined::Undefined => Edit::Keep,
                MaybeUndefined::Null => Edit::Empty,
                MaybeUndefined::Value(value) => Edit::To(minutes(value, &mut wrong)),
            },
            priority: match self.priority {
                MaybeUndefined::Undefined => Edit::Keep,
                MaybeUndefined::Null => Edit::Empty,
                MaybeUndefined::Value(value) => Edit::To(known(value, on, &mut wrong)),
            },
            done: self.done,
        };
        if wrong.is_empty() {
            Ok(Wanted::Task(id, change))
        } else {
            Err(ApiError::invalid_fields(wrong))
        }
    }
}

impl LoggedCall {
    pub(super) fn read(self, now: DateTime<Utc>) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let subject = self.subject.unwrap_or_else(|| "Call".to_owned());
        let task = Task {
            kind: TaskKind::Call,
            subject: field::text("subject", &subject, LONGEST_SUBJECT, &mut wrong),
            note: prose("note", self.note.unwrap_or_default(), &mut wrong),
            due_at: moment("called_at", self.called_at.unwrap_or(now), &mut wrong),
            has_time: true,
            duration_minutes: self.duration_minutes.map(|value| minutes(value, &mut wrong)),
            priority: None,
            done: true,
        };
        whole(wrong, Action::LogCall { task })
    }
}

fn known(priority: Priority, on: &Desk, wrong: &mut Vec<FieldProblem>) -> Priority {
    if !on.priorities.contains(&priority) {
        let words = if on.priorities.is_empty() {
            "Tasks have no priority at this CRM. Leave it out."
        } else {
            "Tasks have no such priority at this CRM. The capabilities name those they have."
        };
        wrong.push(FieldProblem::new("priority", words));
    }
    priority
}
