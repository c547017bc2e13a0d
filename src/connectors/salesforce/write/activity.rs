//! Activities: a meeting is an event, everything else a task. Pure.

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value, json};

use super::{
    body::{id, objection, who},
    text::{lines, one_line},
};
use crate::{
    connectors::{
        CrmError, Stale,
        api::Names,
        lenient::Row,
        salesforce::{soql::instant, wire},
    },
    domain::{ActivityKind, ActivityType, RemoteId, action::Priority, effect::ActivityToMake},
};

pub(super) static ACTIVITY: Names = &[
    ("Subject", "subject", None),
    ("Description", "note", None),
    ("ActivityDate", "due_at", None),
    ("StartDateTime", "due_at", None),
    ("EndDateTime", "due_at", None),
    ("DurationInMinutes", "duration", None),
    ("CallDurationInSeconds", "duration", None),
    ("Status", "done", None),
    ("Priority", "priority", None),
    ("TaskSubtype", "kind", Some(Stale::Kind)),
    ("WhoId", "person", Some(Stale::Person)),
    ("WhatId", "organization", Some(Stale::Organization)),
    ("OwnerId", "owner", Some(Stale::Owner)),
    ("owner", "owner", Some(Stale::Owner)),
];

/// A date outside of these is a slip of the pen, and one that is refused is better than one that ends
/// up elsewhere.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;
/// Characters of a description, and what one that was cut ends with.
const MOST: usize = 32_000;
const SHORTENED: &str = "\n… (shortened, the whole is in Tandem)";
/// An event lasts at most two weeks.
const MOST_MINUTES: u32 = 14 * 24 * 60;

/// Our keys for the kinds that exist here: subtypes of tasks, and the event.
const SUBTYPES: [(&str, &str); 3] = [("call", "Call"), ("email", "Email"), ("task", "Task")];
const MEETING: &str = "meeting";

/// Which kinds the descriptions of tasks and of events allow.
pub(super) fn kinds(task: wire::Description, event: &wire::Description) -> Vec<ActivityType> {
    let subtypes = task.fields.0.into_iter().filter_map(|row| row.0);
    let subtypes = subtypes.filter(|field| field.name.0.as_deref() == Some("TaskSubtype"));
    let chosen: Vec<String> = subtypes
        .flat_map(|field| field.values.0)
        .filter_map(|Row(choice)| choice.filter(|choice| choice.active.0 != Some(false))?.value.0)
        .collect();
    let may = task.creatable.0 != Some(false);
    let kind = |key: &str, name: &str, active: bool| ActivityType {
        key: key.to_owned(),
        name: name.to_owned(),
        active,
    };
    let mut kinds: Vec<ActivityType> = SUBTYPES
        .iter()
        .map(|(key, subtype)| kind(key, subtype, may && chosen.iter().any(|one| one == subtype)))
        .collect();
    kinds.push(kind(MEETING, "Event", event.creatable.0 != Some(false)));
    kinds
}

/// The key for a kind of ours: by the usual one, else the first that may be used.
pub(super) fn kind(kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
    let wanted = match kind {
        ActivityKind::Call => "call",
        ActivityKind::Email => "email",
        ActivityKind::Meeting | ActivityKind::Conference => MEETING,
        ActivityKind::LinkedIn | ActivityKind::Referral => "task",
    };
    let active = || types.iter().filter(|known| known.active);
    let found = active().find(|known| known.key == wanted).or_else(|| active().next());
    found.map(|known| known.key.clone())
}

/// The kind of record that an activity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Task,
    Event,
}

impl Object {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Task => "Task",
            Self::Event => "Event",
        }
    }

    /// By the first characters of its id.
    pub(super) fn of(id: &RemoteId) -> Option<Self> {
        match id.as_str().get(..3)? {
            "00T" => Some(Self::Task),
            "00U" => Some(Self::Event),
            _ => None,
        }
        .filter(|_| super::super::soql::is_id(id.as_str()))
    }

    pub(super) fn to_make(make: &ActivityToMake) -> Result<Self, CrmError> {
        if make.kind == MEETING {
            return Ok(Self::Event);
        }
        subtype(make).map(|_| Self::Task)
    }

    /// What a query asks of it.
    pub(super) const fn fields(self) -> &'static str {
        match self {
            Self::Task => {
                "Id, IsDeleted, Subject, Description, ActivityDate, TaskSubtype, IsClosed, \
                 Priority, CallDurationInSeconds, WhoId, WhatId, OwnerId"
            }
            Self::Event => {
                "Id, IsDeleted, Subject, Description, ActivityDate, StartDateTime, \
                 DurationInMinutes, IsAllDayEvent, WhoId, WhatId, OwnerId"
            }
        }
    }
}

const fn urgency(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "Low",
        Priority::Normal => "Normal",
        Priority::High => "High",
    }
}

fn subtype(make: &ActivityToMake) -> Result<&'static str, CrmError> {
    let known = SUBTYPES.iter().find(|(key, _)| *key == make.kind);
    known.map(|(_, subtype)| *subtype).ok_or_else(|| CrmError::Refused {
        reason: "there is no such kind of activity",
        status: 0,
        code: Some(Stale::Kind.word().to_owned()),
        said: objection("kind", "There is no such kind of activity."),
    })
}

/// Words of an org for what is done and what is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statuses {
    pub(super) done: Option<String>,
    pub(super) open: Option<String>,
}

impl Statuses {
    /// The usual word where it is in use, otherwise the first of its sort.
    pub(super) fn of(known: &[wire::Status]) -> Self {
        let of = |closed: bool, usual: &str| {
            let fits: Vec<&wire::Status> =
                known.iter().filter(|one| one.closed.0.unwrap_or(false) == closed).collect();
            let named = fits.iter().find(|one| one.name.0.as_deref() == Some(usual));
            let default = fits.iter().find(|one| one.default.0 == Some(true));
            let found = if closed { named.or(default) } else { default.or(named) };
            found.copied().or(fits.first().copied()).and_then(|one| one.name.0.clone())
        };
        Self { done: of(true, "Completed"), open: of(false, "Not Started") }
    }
}

/// Everything that an activity of ours has.
pub(super) fn body(
    make: &ActivityToMake,
    statuses: &Statuses,
) -> Result<Map<String, Value>, CrmError> {
    if !YEARS.contains(&make.due_at.year()) {
        let said = objection("due_at", "Use a date between 1970 and 2099.");
        return Err(CrmError::unsent("the due date is out of range", said));
    }
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("Subject", json!(one_line(&make.subject)));
    put("Description", text(&make.note).map_or(Value::Null, Value::String));
    put("WhoId", json!(who(&make.person)?));
    if let Some(organization) = &make.organization {
        put("WhatId", json!(id(organization, "001", "organization", Stale::Organization)?));
    }
    if let Some(owner) = &make.owner {
        put("OwnerId", json!(id(owner, "005", "owner", Stale::Owner)?));
    }
    match Object::to_make(make)? {
        Object::Task => {
            put("TaskSubtype", json!(subtype(make)?));
            // A task has a day and no time of it.
            put("ActivityDate", json!(day(make.due_at)));
            let status = if make.done { &statuses.done } else { &statuses.open };
            if let Some(status) = status {
                put("Status", json!(status));
            }
            put("CallDurationInSeconds", json!(seconds(make)));
            if let Some(priority) = make.priority {
                put("Priority", json!(urgency(priority)));
            }
        }
        Object::Event if make.has_time => {
            put("IsAllDayEvent", json!(false));
            put("StartDateTime", json!(instant(make.due_at)));
            put("DurationInMinutes", json!(minutes(make)));
        }
        Object::Event => {
            put("IsAllDayEvent", json!(true));
            put("ActivityDate", json!(day(make.due_at)));
        }
    }
    Ok(body)
}

/// Whether an activity is the one that was sent, by all that was sent. A subtype cannot be changed
/// over there, so an `update` does not ask for it.
pub(super) fn is(make: &ActivityToMake, there: &wire::Activity, update: bool) -> bool {
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let note = there.text.0.as_deref().and_then(text);
    let rest = match Object::to_make(make) {
        Ok(Object::Task) => {
            (update || there.subtype.0.as_deref() == subtype(make).ok())
                && there.day.0.as_deref() == Some(&*day(make.due_at))
                && there.closed.0 == Some(make.done)
                && there.seconds.0.unwrap_or(0) == seconds(make).unwrap_or(0)
                && make.priority.is_none_or(|own| there.priority.0.as_deref() == Some(urgency(own)))
        }
        Ok(Object::Event) if make.has_time => {
            there.all_day.0 != Some(true)
                && there.start.0.map(instant) == Some(instant(make.due_at))
                && there.minutes.0.unwrap_or(0) == minutes(make)
        }
        Ok(Object::Event) => {
            there.all_day.0 == Some(true) && there.day.0.as_deref() == Some(&*day(make.due_at))
        }
        Err(_) => false,
    };
    rest && there.subject.0.as_deref().map(one_line) == Some(one_line(&make.subject))
        && note == text(&make.note)
        && there.who.0.as_ref() == Some(&make.person)
        && same(&make.organization, &there.what.0)
        && same(&make.owner, &there.owner.0)
}

/// `None` when there is nothing to say; cut with a word about it when it is too long.
fn text(note: &str) -> Option<String> {
    let whole = lines(note, usize::MAX);
    if whole.is_empty() {
        return None;
    }
    if whole.chars().count() <= MOST {
        return Some(whole);
    }
    let cut = lines(&whole, MOST - SHORTENED.chars().count());
    Some(format!("{cut}{SHORTENED}"))
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// Only a call knows how long it was.
fn seconds(make: &ActivityToMake) -> Option<u32> {
    let call = make.kind == "call";
    make.duration_minutes.filter(|_| call).map(|minutes| minutes.min(500_000) * 60)
}

/// An event of no known length has none.
fn minutes(make: &ActivityToMake) -> u32 {
    make.duration_minutes.unwrap_or(0).min(MOST_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(kind: &str) -> ActivityToMake {
        ActivityToMake {
            kind: kind.into(),
            subject: "Called  back".into(),
            note: "Wants <b>more</b>\r\n\r\nsoon".into(),
            due_at: "2028-02-29T23:30:45Z".parse().unwrap(),
            has_time: true,
            duration_minutes: Some(95),
            owner: Some(RemoteId("005Hn00000000AbIAC".into())),
            person: RemoteId("003Hn00000000AbIAC".into()),
            organization: None,
            done: true,
            priority: None,
        }
    }

    fn words() -> Statuses {
        Statuses { done: Some("Erledigt".into()), open: Some("Offen".into()) }
    }

    /// As the CRM shows it.
    fn there(change: impl FnOnce(&mut Value)) -> wire::Activity {
        let mut shown = json!({
            "Subject": "Called back", "Description": "Wants <b>more</b>\r\n\r\nsoon",
            "ActivityDate": "2028-02-29", "TaskSubtype": "Call", "IsClosed": true,
            "CallDurationInSeconds": 5_700, "WhoId": "003Hn00000000AbIAC",
            "OwnerId": "005Hn00000000AbIAC", "WhatId": null,
            "StartDateTime": "2028-02-29T23:30:45.000+0000", "DurationInMinutes": 95,
            "IsAllDayEvent": false,
        });
        change(&mut shown);
        let row: Row<wire::Activity> = serde_json::from_str(&shown.to_string()).unwrap();
        row.0.unwrap()
    }

    #[test]
    fn a_call_is_a_task_and_a_meeting_an_event() {
        let call = body(&make("call"), &words()).unwrap();
        assert_eq!(call["Status"], "Erledigt");
        assert_eq!(
            json!([call["TaskSubtype"], call["ActivityDate"], call["CallDurationInSeconds"]]),
            json!(["Call", "2028-02-29", 5_700])
        );
        let open = ActivityToMake { done: false, duration_minutes: None, ..make("task") };
        let open = body(&open, &words()).unwrap();
        assert_eq!(json!([open["Status"], open["CallDurationInSeconds"]]), json!(["Offen", null]));
        let meeting = body(&make("meeting"), &words()).unwrap();
        assert_eq!(
            json!([meeting["StartDateTime"], meeting["DurationInMinutes"]]),
            json!(["2028-02-29T23:30:45.000Z", 95])
        );
        assert!(!meeting.contains_key("Status") && !meeting.contains_key("TaskSubtype"));
        let day = body(&ActivityToMake { has_time: false, ..make("meeting") }, &words()).unwrap();
        assert_eq!(json!([day["IsAllDayEvent"], day["ActivityDate"]]), json!([true, "2028-02-29"]));
    }

    #[test]
    fn what_is_known_to_be_refused_is_not_sent() {
        let error = body(&make("lunch"), &words()).unwrap_err();
        assert_eq!(error.stale(), Some(Stale::Kind));
        let far = "9999-12-31T00:00:00Z".parse().unwrap();
        let error = body(&ActivityToMake { due_at: far, ..make("call") }, &words()).unwrap_err();
        assert!(matches!(error, CrmError::Refused { status: 0, .. }));
        let nobody = ActivityToMake { person: RemoteId("7".into()), ..make("call") };
        assert_eq!(body(&nobody, &words()).unwrap_err().stale(), Some(Stale::Person));
    }

    #[test]
    fn an_activity_is_known_by_all_that_was_sent_and_by_nothing_less() {
        assert!(is(&make("call"), &there(|_| {}), false));
        assert!(is(&make("meeting"), &there(|_| {}), false));
        let changes: [fn(&mut Value); 7] = [
            |it| it["Subject"] = json!("Called"),
            |it| it["Description"] = json!("Wants more"),
            |it| it["ActivityDate"] = json!("2028-03-01"),
            |it| it["IsClosed"] = json!(false),
            |it| it["CallDurationInSeconds"] = Value::Null,
            |it| it["WhoId"] = json!("003Hn00000000AcIAC"),
            |it| it["OwnerId"] = json!("005Hn00000000AcIAC"),
        ];
        for (nth, change) in changes.into_iter().enumerate() {
            assert!(!is(&make("call"), &there(change), false), "{nth}");
        }
        let other = there(|it| it["TaskSubtype"] = json!("Task"));
        assert!(!is(&make("call"), &other, false) && is(&make("call"), &other, true));
        let later = there(|it| it["StartDateTime"] = json!("2028-02-29T23:31:00.000+0000"));
        assert!(!is(&make("meeting"), &later, false));
    }

    #[test]
    fn a_note_of_any_length_fits_and_is_known_again() {
        let long = ActivityToMake { note: "é\n".repeat(60_000), ..make("call") };
        let sent = body(&long, &words()).unwrap()["Description"].as_str().unwrap().to_owned();
        assert!(sent.chars().count() <= MOST && sent.ends_with("in Tandem)"));
        assert!(is(&long, &there(|it| it["Description"] = json!(sent)), false));
    }

    #[test]
    fn an_org_says_in_its_own_words_what_is_done() {
        let status = |name: &str, closed: bool, default: bool| {
            let text = json!({"ApiName": name, "IsClosed": closed, "IsDefault": default});
            let row: Row<wire::Status> = serde_json::from_str(&text.to_string()).unwrap();
            row.0.unwrap()
        };
        let own = [
            status("Neu", false, false),
            status("Läuft", false, true),
            status("Fertig", true, false),
        ];
        let expected = Statuses { done: Some("Fertig".into()), open: Some("Läuft".into()) };
        assert_eq!(Statuses::of(&own), expected);
        let usual = [status("Deferred", true, false), status("Completed", true, false)];
        assert_eq!(Statuses::of(&usual).done.as_deref(), Some("Completed"));
        assert_eq!(Statuses::of(&[]), Statuses::default());
    }
}
