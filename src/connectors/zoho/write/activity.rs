//! Activities: tasks, calls and meetings; what is sent, and whether what is there is it. Pure.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{
    body::{lookup, objection},
    text,
};
use crate::{
    connectors::{
        CrmError, Stale,
        api::Names,
        zoho::{coql, leads, wire},
    },
    domain::{
        ActivityKind, ActivityType, RemoteId,
        action::{Priority, TaskKind},
        effect::ActivityToMake,
    },
};

pub(super) static NAMES: Names = &[
    ("Subject", "subject", None),
    ("Event_Title", "subject", None),
    ("Description", "note", None),
    ("Due_Date", "due_at", None),
    ("Call_Start_Time", "due_at", None),
    ("Start_DateTime", "due_at", None),
    ("End_DateTime", "duration", None),
    ("Call_Duration", "duration", None),
    ("Status", "done", None),
    ("Priority", "priority", None),
    ("Outbound_Call_Status", "done", None),
    ("Owner", "owner", Some(Stale::Owner)),
    ("Who_Id", "person", Some(Stale::Person)),
    ("What_Id", "organization", Some(Stale::Organization)),
];

/// As for other CRMs: a date outside of these is a slip of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;
/// A meeting must end; one of no length is taken to be so long.
const MEETING: i64 = 30;

/// Where an activity lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    Tasks,
    Calls,
    Events,
}

impl Module {
    const ALL: [Self; 3] = [Self::Tasks, Self::Calls, Self::Events];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tasks => "Tasks",
            Self::Calls => "Calls",
            Self::Events => "Events",
        }
    }

    pub(super) const fn scope(self) -> &'static str {
        match self {
            Self::Tasks => "ZohoCRM.modules.tasks.ALL",
            Self::Calls => "ZohoCRM.modules.calls.ALL",
            Self::Events => "ZohoCRM.modules.events.ALL",
        }
    }

    /// What [`is`] compares.
    pub(super) const fn fields(self) -> &'static str {
        match self {
            Self::Tasks => "Subject,Description,Due_Date,Status,Priority,Who_Id,What_Id,Owner",
            Self::Calls => {
                "Subject,Description,Call_Start_Time,Call_Duration,Outbound_Call_Status,Who_Id,\
                 What_Id,Owner"
            }
            Self::Events => {
                "Event_Title,Description,Start_DateTime,End_DateTime,Who_Id,What_Id,Owner"
            }
        }
    }

    /// The module that is the key of a kind.
    pub(super) fn named(kind: &str) -> Result<Self, CrmError> {
        let named = Self::ALL.into_iter().find(|module| module.name() == kind);
        named.ok_or_else(|| CrmError::Refused {
            reason: "there is no such kind of activity",
            status: 0,
            code: Some(Stale::Kind.word().to_owned()),
            said: objection("kind", "There is no such kind of activity."),
        })
    }

    /// An activity's id with its module in front.
    pub(super) fn id(self, id: &RemoteId) -> RemoteId {
        RemoteId(format!("{}/{id}", self.name()))
    }

    pub(super) fn of(id: &RemoteId) -> Option<(Self, u64)> {
        let (module, number) = id.as_str().split_once('/')?;
        let module = Self::ALL.into_iter().find(|known| known.name() == module)?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|id: &u64| digits && *id > 0)?;
        Some((module, number))
    }
}

/// The module for what a member asks to be done.
pub(super) fn task(kind: TaskKind, types: &[ActivityType]) -> Option<String> {
    in_use(
        match kind {
            TaskKind::Todo | TaskKind::Email => Module::Tasks,
            TaskKind::Call => Module::Calls,
            TaskKind::Meeting => Module::Events,
        },
        types,
    )
}

/// The module for a kind of ours, else the first that is in use. E-mails are none that can be logged.
pub(super) fn kind(kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
    let wanted = match kind {
        ActivityKind::Call => Module::Calls,
        ActivityKind::Meeting | ActivityKind::Conference => Module::Events,
        ActivityKind::Email | ActivityKind::LinkedIn | ActivityKind::Referral => Module::Tasks,
    };
    in_use(wanted, types)
}

fn in_use(wanted: Module, types: &[ActivityType]) -> Option<String> {
    let active = || types.iter().filter(|known| known.active);
    let found = active().find(|known| known.key == wanted.name()).or_else(|| active().next());
    found.map(|known| known.key.clone())
}

pub(super) fn known_kind(there: wire::Module) -> Option<ActivityType> {
    let module = Module::named(there.api_name.0.as_deref()?).ok()?;
    Some(ActivityType {
        key: module.name().to_owned(),
        name: there.label.0.unwrap_or_else(|| module.name().to_owned()),
        active: there.supported.0.unwrap_or(true) && there.visible.0.unwrap_or(true),
    })
}

/// Everything that an activity of ours has.
pub(super) fn body(module: Module, make: &ActivityToMake) -> Result<Map<String, Value>, CrmError> {
    if !YEARS.contains(&make.due_at.year()) {
        let said = objection("due_at", "Use a date between 1970 and 2099.");
        return Err(CrmError::unsent("the due date is out of range", said));
    }
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    let subject = json!(text::one_line(&make.subject));
    match module {
        Module::Tasks => {
            put("Subject", subject);
            put("Due_Date", json!(day(make.due_at)));
            put("Status", json!(if make.done { "Completed" } else { "Not Started" }));
            if let Some(priority) = make.priority {
                put("Priority", json!(urgency(priority)));
            }
        }
        Module::Calls => {
            put("Subject", subject);
            put("Call_Type", json!("Outbound"));
            put("Call_Start_Time", json!(coql::time(start(make))));
            put("Outbound_Call_Status", json!(if make.done { "Completed" } else { "Scheduled" }));
            if make.done {
                // Required of a call that was made.
                put("Call_Duration", json!(clock(make)));
            }
        }
        Module::Events => {
            put("Event_Title", subject);
            put("Start_DateTime", json!(coql::time(start(make))));
            put("End_DateTime", json!(coql::time(end(make))));
        }
    }
    let note = note(module, make);
    if !note.is_empty() {
        put("Description", json!(note));
    }
    let lead = leads::number(&make.person);
    if lead.is_none() {
        put("Who_Id", lookup(&make.person, "person", Stale::Person)?);
    }
    let (about, of) = match (lead, &make.organization) {
        (Some(lead), _) => (Some(json!({ "id": lead.to_string() })), leads::MODULE),
        (None, Some(organization)) => {
            (Some(lookup(organization, "organization", Stale::Organization)?), "Accounts")
        }
        (None, None) => (None, "Contacts"),
    };
    if let Some(about) = about {
        put("What_Id", about);
    }
    put("$se_module", json!(of));
    if let Some(owner) = &make.owner {
        put("Owner", lookup(owner, "owner", Stale::Owner)?);
    }
    Ok(body)
}

/// The same as a change: what cannot change of a call that was made is left out, and what is there and no
/// longer meant is emptied.
pub(super) fn changed(
    module: Module,
    mut body: Map<String, Value>,
    make: &ActivityToMake,
    there: &wire::Activity,
) -> Map<String, Value> {
    if module == Module::Calls {
        body.remove("Call_Type");
        if there.call_status.0.as_deref() == Some("Completed") {
            body.remove("Owner");
        }
    }
    if !body.contains_key("Description") && there.note.0.is_some() {
        body.insert("Description".into(), Value::Null);
    }
    let stands_alone = make.organization.is_none() && leads::number(&make.person).is_none();
    if stands_alone && there.related.0.is_some() {
        body.insert("What_Id".into(), Value::Null);
    }
    body
}

/// Whether an activity is the one that was sent, by all that was sent.
pub(super) fn is(module: Module, make: &ActivityToMake, there: &wire::Activity) -> bool {
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let word = |text: &Option<String>| text::one_line(text.as_deref().unwrap_or_default());
    let completed = |status: &Option<String>| (status.as_deref() == Some("Completed")) == make.done;
    let own = match module {
        Module::Tasks => {
            let priority = make.priority.map(urgency);
            there.due.0.as_deref() == Some(&*day(make.due_at))
                && completed(&there.status.0)
                && (priority.is_none() || there.priority.0.as_deref() == priority)
        }
        Module::Calls => {
            let duration = seconds(there.duration.0.as_deref()) == seconds(Some(&clock(make)));
            there.call_start.0 == Some(whole(start(make)))
                && completed(&there.call_status.0)
                && (!make.done || duration)
        }
        Module::Events => {
            there.start.0 == Some(whole(start(make))) && there.end.0 == Some(whole(end(make)))
        }
    };
    let title = if module == Module::Events { &there.title.0 } else { &there.subject.0 };
    own && word(title) == text::one_line(&make.subject)
        && word(&there.note.0) == text::one_line(&note(module, make))
        && is_about(make, there)
        && same(&make.owner, &there.owner.0)
}

/// A lead stands where an organization would, alone.
fn is_about(make: &ActivityToMake, there: &wire::Activity) -> bool {
    if let Some(lead) = leads::number(&make.person) {
        return there.related.0.as_ref().is_some_and(|id| id.as_str() == lead.to_string());
    }
    let same = make.organization.is_none() || make.organization == there.related.0;
    there.person.0.as_ref() == Some(&make.person) && same
}

/// A task has no place for a time and a length, so its description says them.
fn note(module: Module, make: &ActivityToMake) -> String {
    let mut lines = vec![];
    if module == Module::Tasks {
        if make.has_time {
            lines.push(format!("Time: {} UTC", make.due_at.format("%H:%M")));
        }
        lines.extend(make.duration_minutes.map(|minutes| format!("Duration: {minutes} min")));
    }
    let note = text::description(&make.note);
    if lines.is_empty() {
        return note;
    }
    text::description(&format!("{}\n\n{note}", lines.join("\n")))
}

const fn urgency(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "Low",
        Priority::Normal => "Normal",
        Priority::High => "High",
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// Noon where only the day counts: the same day nearly everywhere.
fn start(make: &ActivityToMake) -> DateTime<Utc> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    if make.has_time { make.due_at } else { make.due_at.date_naive().and_time(noon).and_utc() }
}

fn end(make: &ActivityToMake) -> DateTime<Utc> {
    let minutes = make.duration_minutes.filter(|minutes| *minutes > 0).map_or(MEETING, i64::from);
    start(make) + TimeDelta::minutes(minutes)
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    chrono::SubsecRound::trunc_subsecs(at, 0)
}

/// `mm:ss`
fn clock(make: &ActivityToMake) -> String {
    format!("{:02}:00", make.duration_minutes.unwrap_or(0))
}

/// Of `mm:ss`.
fn seconds(text: Option<&str>) -> Option<u64> {
    let (minutes, seconds) = text?.trim().split_once(':')?;
    Some(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?)
}
