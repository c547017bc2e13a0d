//! Which of their objects an activity is. Pure.
//!
//! An id of ours is the object and its number (`calls/123`): numbers alone do not say which.

use super::body::objection;
use crate::{
    connectors::{CrmError, Stale, hubspot::records::is_id},
    domain::{ActivityKind, ActivityType, RemoteId, action::TaskKind, effect::ActivityToMake},
};

/// The object that an activity is over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Task,
    Call,
    Note,
    Meeting,
}

impl Object {
    const ALL: [Self; 4] = [Self::Task, Self::Call, Self::Note, Self::Meeting];

    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Task => "tasks",
            Self::Call => "calls",
            Self::Note => "notes",
            Self::Meeting => "meetings",
        }
    }

    pub(super) const fn type_id(self) -> &'static str {
        match self {
            Self::Task => "0-27",
            Self::Call => "0-48",
            Self::Note => "0-46",
            Self::Meeting => "0-47",
        }
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Task => "/crm/objects/2026-09/tasks",
            Self::Call => "/crm/objects/2026-09/calls",
            Self::Note => "/crm/objects/2026-09/notes",
            Self::Meeting => "/crm/objects/2026-09/meetings",
        }
    }

    /// Type ids of its ties to a contact and to a company.
    pub(super) const fn ties(self) -> (u16, u16) {
        match self {
            Self::Task => (204, 192),
            Self::Call => (194, 182),
            Self::Note => (202, 190),
            Self::Meeting => (200, 188),
        }
    }

    /// All that may have been sent of it.
    pub(super) const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Task => &[
                "hs_timestamp",
                "hs_task_subject",
                "hs_task_body",
                "hs_task_status",
                "hs_task_type",
                "hs_task_priority",
                "hubspot_owner_id",
                "hs_createdate",
            ],
            Self::Call => &[
                "hs_timestamp",
                "hs_call_title",
                "hs_call_body",
                "hs_call_duration",
                "hs_call_status",
                "hubspot_owner_id",
                "hs_createdate",
            ],
            Self::Note => &["hs_timestamp", "hs_note_body", "hubspot_owner_id", "hs_createdate"],
            Self::Meeting => &[
                "hs_timestamp",
                "hs_meeting_title",
                "hs_meeting_body",
                "hs_meeting_start_time",
                "hs_meeting_end_time",
                "hs_meeting_outcome",
                "hubspot_owner_id",
                "hs_createdate",
            ],
        }
    }

    /// What is to be made: a call that is not done yet is a task to call.
    pub(super) fn of(make: &ActivityToMake) -> Result<Self, CrmError> {
        let kind = make.kind.split('/').next().unwrap_or_default();
        let object = Self::ALL.into_iter().find(|object| object.plural() == kind);
        match object {
            Some(Self::Call | Self::Note) if !make.done => Ok(Self::Task),
            Some(object) => Ok(object),
            None => Err(CrmError::Refused {
                reason: "there is no such kind of activity",
                status: 0,
                code: Some(Stale::Kind.word().to_owned()),
                said: objection("kind", "There is no such kind of activity."),
            }),
        }
    }
}

/// The kinds that every account has.
pub(super) fn kinds() -> Vec<ActivityType> {
    [
        ("calls", "Call"),
        ("meetings", "Meeting"),
        ("tasks", "Task"),
        ("tasks/EMAIL", "E-mail task"),
        ("notes", "Note"),
    ]
    .map(|(key, name)| ActivityType { key: key.into(), name: name.into(), active: true })
    .into()
}

/// E-mail is not logged as such: that needs a scope that reads mailboxes.
pub(super) fn kind(kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
    let wanted = match kind {
        ActivityKind::Call => "calls",
        ActivityKind::Meeting | ActivityKind::Conference => "meetings",
        ActivityKind::Email => "tasks/EMAIL",
        ActivityKind::LinkedIn => "tasks",
        ActivityKind::Referral => "notes",
    };
    in_use(wanted, types)
}

pub(super) fn task(kind: TaskKind, types: &[ActivityType]) -> Option<String> {
    let wanted = match kind {
        TaskKind::Todo => "tasks",
        TaskKind::Call => "calls",
        TaskKind::Email => "tasks/EMAIL",
        TaskKind::Meeting => "meetings",
    };
    in_use(wanted, types)
}

fn in_use(wanted: &str, types: &[ActivityType]) -> Option<String> {
    let active = || types.iter().filter(|known| known.active);
    let found = active().find(|known| known.key == wanted).or_else(|| active().next());
    found.map(|known| known.key.clone())
}

/// `calls/123` as its parts.
pub(super) fn parsed(id: &RemoteId) -> Option<(Object, &str)> {
    let (kind, number) = id.as_str().split_once('/')?;
    let object = Object::ALL.into_iter().find(|object| object.plural() == kind)?;
    is_id(number).then_some((object, number))
}

pub(super) fn joined(object: Object, number: &RemoteId) -> RemoteId {
    RemoteId(format!("{}/{number}", object.plural()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_which_object_it_is() {
        let id = |text: &str| RemoteId(text.into());
        assert_eq!(parsed(&id("calls/9007199254740993")), Some((Object::Call, "9007199254740993")));
        for bad in ["7", "calls/", "calls/x", "deals/7", "calls/7/8", "calls/-7", ""] {
            assert_eq!(parsed(&id(bad)), None, "{bad}");
        }
    }

    #[test]
    fn every_kind_of_ours_has_one_of_theirs() {
        let types = kinds();
        for kind in ActivityKind::ALL {
            let key = super::kind(*kind, &types).unwrap();
            let make = ActivityToMake { kind: key, done: true, ..ActivityToMake::default() };
            assert!(Object::of(&make).is_ok(), "{kind}");
        }
    }
}
