//! Activities: what is sent, and whether what is there is it. Pure.

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value, json};

use super::{
    body::{number, objection, owner},
    html,
};
use crate::{
    connectors::{CrmError, Stale, api::Names, pipedrive::wire},
    domain::{ActivityKind, ActivityType, RemoteId, effect::ActivityToMake},
};

pub(super) static ACTIVITY: Names = &[
    ("subject", "subject", None),
    ("note", "note", None),
    ("due_date", "due_at", None),
    ("due_time", "due_at", None),
    ("duration", "duration", None),
    ("done", "done", None),
    ("type", "kind", Some(Stale::Kind)),
    ("owner_id", "owner", Some(Stale::Owner)),
    ("org_id", "organization", Some(Stale::Organization)),
    ("participants", "person", Some(Stale::Person)),
    ("person_id", "person", Some(Stale::Person)),
];

/// Which years the CRM takes is not documented. A date outside of these is a slip of the pen, and
/// one that is refused is better than one that ends up elsewhere.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

/// The account's own key for a kind of ours: by the usual key, else by the usual name (accounts
/// rename and disable), else the first that is in use.
pub(super) fn kind(kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
    let wanted = match kind {
        ActivityKind::Call => "call",
        ActivityKind::Email => "email",
        ActivityKind::Meeting | ActivityKind::Conference => "meeting",
        ActivityKind::LinkedIn | ActivityKind::Referral => "task",
    };
    let active = || types.iter().filter(|known| known.active);
    active()
        .find(|known| known.key == wanted)
        .or_else(|| active().find(|known| known.name.trim().eq_ignore_ascii_case(wanted)))
        .or_else(|| active().next())
        .map(|known| known.key.clone())
}

pub(super) fn known_kind(there: wire::ActivityType) -> Option<ActivityType> {
    let key = there.key.0?;
    let name = there.name.0.unwrap_or_else(|| key.clone());
    Some(ActivityType { key, name, active: there.active.0.unwrap_or(true) })
}

/// Everything that an activity of ours has. Empty values are left out.
pub(super) fn body(make: &ActivityToMake) -> Result<Map<String, Value>, CrmError> {
    if !YEARS.contains(&make.due_at.year()) {
        let said = objection("due_at", "Use a date between 1970 and 2099.");
        return Err(CrmError::unsent("the due date is out of range", said));
    }
    let person = number(&make.person, "person", Stale::Person)?;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("type", json!(make.kind));
    put("subject", json!(html::one_line(&make.subject)));
    put("due_date", json!(day(make.due_at)));
    if make.has_time {
        put("due_time", json!(time(make.due_at)));
    }
    if let Some(minutes) = make.duration_minutes {
        put("duration", json!(duration(minutes)));
    }
    let note = html::from_text(&make.note);
    if !note.is_empty() {
        put("note", json!(note));
    }
    put("done", json!(make.done));
    // The person itself is read-only: it follows from who takes part first.
    put("participants", json!([{ "person_id": person, "primary": true }]));
    if let Some(organization) = &make.organization {
        put("org_id", json!(number(organization, "organization", Stale::Organization)?));
    }
    owner(&mut body, make.owner.as_ref())?;
    Ok(body)
}

/// The same, emptying what is there and no longer meant. What is empty there is not sent as empty:
/// the CRM is known to refuse that of some fields.
pub(super) fn changed(
    make: &ActivityToMake,
    there: &wire::Activity,
) -> Result<Map<String, Value>, CrmError> {
    let mut body = body(make)?;
    if !make.has_time && there.due_time.0.is_some() {
        body.insert("due_time".into(), Value::Null);
    }
    if make.duration_minutes.is_none() && clock(there.duration.0.as_deref()) > 0 {
        body.insert("duration".into(), Value::Null);
    }
    if !body.contains_key("note") && there.note.0.is_some() {
        body.insert("note".into(), json!(""));
    }
    Ok(body)
}

/// Whether an activity is the one that was sent, by all that was sent.
pub(super) fn is(make: &ActivityToMake, there: &wire::Activity) -> bool {
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let note = html::to_text(&html::from_text(&make.note));
    let due_time = make.has_time.then(|| seconds(make.due_at));
    let minutes = make.duration_minutes.map(u64::from);
    there.kind.0.as_deref() == Some(make.kind.as_str())
        && one_line(there.subject.0.as_deref()) == html::one_line(&make.subject)
        && there.due_date.0.as_deref() == Some(&*day(make.due_at))
        && due_time == there.due_time.0.as_deref().map(|time| clock(Some(time)))
        && minutes.unwrap_or(0) * 60 == clock(there.duration.0.as_deref())
        && there.done.0 == Some(make.done)
        && there.person_id.0.as_ref() == Some(&make.person)
        && same(&make.organization, &there.org_id.0)
        && same(&make.owner, &there.owner_id.0)
        && html::to_text(there.note.0.as_deref().unwrap_or_default()) == note
}

fn one_line(text: Option<&str>) -> String {
    html::one_line(text.unwrap_or_default())
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S").to_string()
}

fn duration(minutes: u32) -> String {
    format!("{:02}:{:02}:00", minutes / 60, minutes % 60)
}

fn seconds(at: DateTime<Utc>) -> u64 {
    clock(Some(&time(at)))
}

/// `HH:MM` and `HH:MM:SS` alike, in seconds; nothing is nought.
fn clock(text: Option<&str>) -> u64 {
    let mut parts =
        text.unwrap_or_default().trim().split(':').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0_u64);
    next() * 3_600 + next() * 60 + next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::lenient::Row;

    fn make() -> ActivityToMake {
        ActivityToMake {
            kind: "call".into(),
            subject: "Called  back".into(),
            note: "Wants <b>more</b>\n\nsoon".into(),
            due_at: "2028-02-29T23:30:45Z".parse().unwrap(),
            has_time: true,
            duration_minutes: Some(95),
            owner: Some(RemoteId("18".into())),
            person: RemoteId("55".into()),
            organization: None,
            done: true,
            priority: None,
        }
    }

    /// As the CRM shows it.
    fn there(change: impl FnOnce(&mut Value)) -> wire::Activity {
        let mut shown = json!({
            "id": 9, "type": "call", "subject": "Called back", "due_date": "2028-02-29",
            "due_time": "23:30:45", "duration": "01:35:00", "owner_id": 18, "person_id": 55,
            "org_id": 7, "done": true, "note": "<div>Wants &lt;b&gt;more&lt;/b&gt;</div><div>soon</div>",
        });
        change(&mut shown);
        let row: Row<wire::Activity> = serde_json::from_str(&shown.to_string()).unwrap();
        row.0.unwrap()
    }

    #[test]
    fn an_activity_is_sent_in_utc_with_its_person_as_first_participant() {
        let body = Value::Object(body(&make()).unwrap());
        let expected = json!({
            "type": "call", "subject": "Called back", "due_date": "2028-02-29",
            "due_time": "23:30:45", "duration": "01:35:00", "done": true, "owner_id": 18,
            "participants": [{"person_id": 55, "primary": true}],
            "note": "<p>Wants &lt;b&gt;more&lt;/b&gt;</p><p>soon</p>",
        });
        assert_eq!(body, expected);
        let day = ActivityToMake { has_time: false, duration_minutes: None, ..make() };
        let body = super::body(&day).unwrap();
        assert!(!body.contains_key("due_time") && !body.contains_key("duration"));
    }

    #[test]
    fn a_date_far_away_is_refused_before_anything_is_sent() {
        for (due, fine) in [
            ("1969-12-31T23:59:59Z", false),
            ("1970-01-01T00:00:00Z", true),
            ("2000-02-29T00:00:00Z", true),
            ("2099-12-31T23:59:59Z", true),
            ("9999-12-31T23:59:59Z", false),
            ("+123456-01-01T00:00:00Z", false),
        ] {
            let make = ActivityToMake { due_at: due.parse().unwrap(), ..make() };
            match body(&make) {
                Ok(_) => assert!(fine, "{due}"),
                Err(CrmError::Refused { status: 0, said, .. }) => {
                    assert!(!fine && said[0].field.as_deref() == Some("due_at"), "{due}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn it_is_known_again_by_all_that_was_sent() {
        assert!(is(&make(), &there(|_| {})));
        assert!(is(&make(), &there(|shown| shown["duration"] = json!("01:35"))));
        for (key, other) in [
            ("type", json!("meeting")),
            ("subject", json!("Called")),
            ("due_date", json!("2028-02-28")),
            ("due_time", json!(null)),
            ("due_time", json!("23:30")),
            ("duration", json!(null)),
            ("owner_id", json!(19)),
            ("person_id", json!(56)),
            ("done", json!(false)),
            ("note", json!("<p>Wants more</p>")),
            ("note", json!(null)),
        ] {
            assert!(!is(&make(), &there(|shown| shown[key] = other.clone())), "{key} {other}");
        }
        let day = ActivityToMake { has_time: false, duration_minutes: None, ..make() };
        assert!(!is(&day, &there(|_| {})));
        assert!(is(
            &day,
            &there(|shown| {
                shown["due_time"] = json!("");
                shown["duration"] = json!("00:00:00");
            })
        ));
    }

    #[test]
    fn a_change_empties_what_is_no_longer_meant_and_only_that() {
        let bare = ActivityToMake {
            has_time: false,
            duration_minutes: None,
            note: String::new(),
            ..make()
        };
        let body = changed(&bare, &there(|_| {})).unwrap();
        assert_eq!(body["due_time"], Value::Null);
        assert_eq!(body["duration"], Value::Null);
        assert_eq!(body["note"], json!(""));
        let empty = there(|shown| {
            for key in ["due_time", "duration", "note"] {
                shown[key] = Value::Null;
            }
        });
        let body = changed(&bare, &empty).unwrap();
        assert!(["due_time", "duration", "note"].iter().all(|key| !body.contains_key(*key)));
    }

    #[test]
    fn kinds_are_found_by_key_then_by_name_then_by_order() {
        let known = |key: &str, name: &str, active| ActivityType {
            key: key.into(),
            name: name.into(),
            active,
        };
        let types = [
            known("task", "Task", false),
            known("x1", "Meeting ", true),
            known("call", "Anruf", true),
        ];
        let found = |wanted| kind(wanted, &types);
        assert_eq!(found(ActivityKind::Call).as_deref(), Some("call"));
        assert_eq!(found(ActivityKind::Conference).as_deref(), Some("x1"));
        assert_eq!(found(ActivityKind::LinkedIn).as_deref(), Some("x1"), "task is not in use");
        assert_eq!(kind(ActivityKind::Call, &types[..1]), None);
    }
}
