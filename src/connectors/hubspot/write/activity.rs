//! Activities: what is sent, and whether what is there is it. Pure.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use serde_json::{Map, Value, json};

use super::{
    body::{known, objection, owner, tie},
    object::Object,
};
use crate::{
    connectors::{CrmError, Stale, api::Names, html, hubspot::wire},
    domain::{action::Priority, effect::ActivityToMake},
};

pub(super) static ACTIVITY: Names = &[
    ("hs_timestamp", "due_at", None),
    ("hs_meeting_start_time", "due_at", None),
    ("hs_meeting_end_time", "duration", None),
    ("hs_call_duration", "duration", None),
    ("hs_task_subject", "subject", None),
    ("hs_call_title", "subject", None),
    ("hs_meeting_title", "subject", None),
    ("hs_task_body", "note", None),
    ("hs_call_body", "note", None),
    ("hs_meeting_body", "note", None),
    ("hs_note_body", "note", None),
    ("hs_task_status", "done", None),
    ("hs_call_status", "done", None),
    ("hs_meeting_outcome", "done", None),
    ("hs_task_priority", "priority", None),
    ("hubspot_owner_id", "owner", Some(Stale::Owner)),
    ("companies", "organization", Some(Stale::Organization)),
    ("contacts", "person", Some(Stale::Person)),
];

/// A date outside of these is a slip of the pen, and one that is refused is better than one that ends
/// up elsewhere.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;
/// What a body may have: 65,536 characters, read as bytes and narrowly.
const MOST_BODY: usize = 65_000;

/// A new record with its ties, in one request.
pub(super) fn body(make: &ActivityToMake, object: Object) -> Result<Value, CrmError> {
    let mut properties = properties(make, object)?;
    // What is empty need not be said of what is new.
    properties.retain(|_, value| value != "");
    let (to_contact, to_company) = object.ties();
    let person = known(&make.person, "person", Stale::Person)?;
    let mut ties = vec![tie(person, to_contact)];
    if let Some(organization) = &make.organization {
        let organization = known(organization, "organization", Stale::Organization)?;
        ties.push(tie(organization, to_company));
    }
    Ok(json!({ "properties": properties, "associations": ties }))
}

/// Everything that an activity of ours has; what is empty empties what is there.
pub(super) fn properties(
    make: &ActivityToMake,
    object: Object,
) -> Result<Map<String, Value>, CrmError> {
    if !YEARS.contains(&make.due_at.year()) {
        let said = objection("due_at", "Use a date between 1970 and 2099.");
        return Err(CrmError::unsent("the due date is out of range", said));
    }
    let (subject, note) = (html::one_line(&make.subject), html::from_text(&make.note, MOST_BODY));
    let at = iso(instant(make));
    let mut all = match object {
        Object::Task => json!({
            "hs_timestamp": at, "hs_task_subject": subject, "hs_task_body": note,
            "hs_task_status": if make.done { "COMPLETED" } else { "NOT_STARTED" },
            "hs_task_type": task_type(make),
        }),
        Object::Call => json!({
            "hs_timestamp": at, "hs_call_title": subject, "hs_call_body": note,
            "hs_call_duration": milliseconds(make), "hs_call_status": "COMPLETED",
        }),
        Object::Note => json!({ "hs_timestamp": at, "hs_note_body": note_body(make) }),
        Object::Meeting => json!({
            "hs_timestamp": at, "hs_meeting_title": subject, "hs_meeting_body": note,
            "hs_meeting_start_time": at, "hs_meeting_end_time": iso(end(make)),
            "hs_meeting_outcome": if make.done { "COMPLETED" } else { "SCHEDULED" },
        }),
    };
    let mut properties = all.as_object_mut().map(std::mem::take).unwrap_or_default();
    if let (Object::Task, Some(priority)) = (object, make.priority) {
        let word = match priority {
            Priority::Low => "LOW",
            Priority::Normal => "MEDIUM",
            Priority::High => "HIGH",
        };
        properties.insert("hs_task_priority".into(), json!(word));
    }
    owner(&mut properties, make.owner.as_ref())?;
    Ok(properties)
}

fn task_type(make: &ActivityToMake) -> &'static str {
    match make.kind.as_str() {
        "calls" => "CALL",
        "tasks/EMAIL" => "EMAIL",
        // Their word for a task of no kind; in two parts, as it is ours for what is not finished.
        _ => concat!("TO", "DO"),
    }
}

/// A note has no subject of its own: it is the first line.
fn note_body(make: &ActivityToMake) -> String {
    html::from_text(&format!("{}\n\n{}", html::one_line(&make.subject), make.note), MOST_BODY)
}

/// Where only the date counts it is noon in UTC, which is that date nearly everywhere.
fn instant(make: &ActivityToMake) -> DateTime<Utc> {
    let at = make.due_at.with_nanosecond(0).unwrap_or(make.due_at);
    if make.has_time { at } else { noon(at).unwrap_or(at) }
}

fn noon(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(at.date_naive().and_hms_opt(12, 0, 0)?.and_utc())
}

fn end(make: &ActivityToMake) -> DateTime<Utc> {
    instant(make) + TimeDelta::minutes(make.duration_minutes.unwrap_or(0).into())
}

fn milliseconds(make: &ActivityToMake) -> String {
    make.duration_minutes
        .map_or_else(String::new, |minutes| (u64::from(minutes) * 60_000).to_string())
}

fn iso(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Whether a record is the one that was sent, by all that was sent. Times may be written otherwise
/// over there, and bodies in other tags.
pub(super) fn is(make: &ActivityToMake, object: Object, there: &wire::Record) -> bool {
    let Ok(sent) = properties(make, object) else { return false };
    sent.iter().all(|(name, ours)| {
        let ours = ours.as_str().unwrap_or_default();
        let its = there.text(name).unwrap_or_default();
        match name.as_str() {
            "hs_timestamp" | "hs_meeting_start_time" | "hs_meeting_end_time" => {
                time(ours).is_some() && time(ours) == time(its)
            }
            "hs_task_body" | "hs_call_body" | "hs_meeting_body" | "hs_note_body" => {
                html::to_text(ours) == html::to_text(its)
            }
            "hs_call_duration" => number(ours) == number(its),
            _ => html::one_line(ours) == html::one_line(its),
        }
    })
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    text.parse().ok()
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connectors::lenient::Row, domain::RemoteId};

    fn make() -> ActivityToMake {
        ActivityToMake {
            kind: "calls".into(),
            subject: "Called  back".into(),
            note: "Wants <b>more</b>\n\nsoon".into(),
            due_at: "2028-02-29T23:30:45.9Z".parse().unwrap(),
            has_time: true,
            duration_minutes: Some(95),
            owner: Some(RemoteId("41629779".into())),
            person: RemoteId("9007199254740993".into()),
            organization: Some(RemoteId("900".into())),
            done: true,
            priority: Some(Priority::High),
        }
    }

    /// As the CRM shows it.
    fn there(change: impl FnOnce(&mut Value)) -> wire::Record {
        let mut shown = json!({
            "hs_timestamp": "2028-02-29T23:30:45Z", "hs_call_title": "Called back",
            "hs_call_body": "<div>Wants &lt;b&gt;more&lt;/b&gt;</div><div>soon</div>",
            "hs_call_duration": "5700000", "hs_call_status": "COMPLETED",
            "hubspot_owner_id": "41629779",
        });
        change(&mut shown);
        let record = json!({ "id": "7", "properties": shown }).to_string();
        serde_json::from_str::<Row<wire::Record>>(&record).unwrap().0.unwrap()
    }

    #[test]
    fn a_call_is_sent_with_the_type_ids_of_its_ties() {
        let body = body(&make(), Object::Call).unwrap();
        assert_eq!(body["properties"]["hs_call_duration"], "5700000");
        assert_eq!(body["properties"]["hs_timestamp"], "2028-02-29T23:30:45.000Z");
        assert_eq!(body["associations"][0], tie("9007199254740993", 194));
        assert_eq!(body["associations"][1], tie("900", 182));
    }

    #[test]
    fn what_is_not_done_yet_is_a_task_unless_it_is_a_meeting() {
        let of =
            |kind: &str, done| Object::of(&ActivityToMake { kind: kind.into(), done, ..make() });
        assert_eq!(of("calls", true), Ok(Object::Call));
        assert_eq!(of("calls", false), Ok(Object::Task));
        assert_eq!(of("notes", false), Ok(Object::Task));
        assert_eq!(of("meetings", false), Ok(Object::Meeting));
        assert_eq!(of("tasks/EMAIL", true), Ok(Object::Task));
        assert_eq!(of("own", true).unwrap_err().stale(), Some(Stale::Kind));
        let task = ActivityToMake { done: false, ..make() };
        let sent = properties(&task, Object::Task).unwrap();
        assert_eq!(
            (&sent["hs_task_type"], &sent["hs_task_status"]),
            (&json!("CALL"), &json!("NOT_STARTED"))
        );
    }

    #[test]
    fn a_date_alone_is_that_date_nearly_everywhere() {
        let day = ActivityToMake { has_time: false, ..make() };
        let sent = properties(&day, Object::Note).unwrap();
        assert_eq!(sent["hs_timestamp"], "2028-02-29T12:00:00.000Z");
        for (due, fine) in [
            ("1969-12-31T23:59:59Z", false),
            ("2099-12-31T23:59:59Z", true),
            ("9999-12-31T00:00:00Z", false),
        ] {
            let make = ActivityToMake { due_at: due.parse().unwrap(), ..make() };
            assert_eq!(properties(&make, Object::Task).is_ok(), fine, "{due}");
        }
    }

    #[test]
    fn it_is_known_again_by_all_that_was_sent() {
        assert!(is(&make(), Object::Call, &there(|_| {})));
        for (key, other) in [
            ("hs_timestamp", json!("2028-02-29T23:30:46Z")),
            ("hs_call_title", json!("Called")),
            ("hs_call_body", json!(null)),
            ("hs_call_duration", json!("1")),
            ("hs_call_status", json!("NO_ANSWER")),
            ("hubspot_owner_id", json!("41629780")),
        ] {
            let there = there(|shown| shown[key] = other.clone());
            assert!(!is(&make(), Object::Call, &there), "{key} {other}");
        }
    }
}
