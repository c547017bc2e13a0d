//! `/api/v2/activities`, and the activity types of v1.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{
    super::{clock, records::activities::Activity, world::Account},
    body,
    call::{Answer, Call, Refusal, Reply},
    list::limit,
};

const BODY: &[&str] = &[
    "subject",
    "type",
    "owner_id",
    "deal_id",
    "lead_id",
    "person_id",
    "org_id",
    "project_id",
    "due_date",
    "due_time",
    "duration",
    "busy",
    "done",
    "location",
    "participants",
    "attendees",
    "public_description",
    "priority",
    "outcome",
    "note",
];

/// `key_string`, name and whether it is still in use.
const TYPES: &[(&str, &str, bool)] = &[
    ("call", "Call", true),
    ("meeting", "Meeting", true),
    ("task", "Task", true),
    ("deadline", "Deadline", true),
    ("email", "Email", true),
    ("lunch", "Lunch", false),
    ("vor_ort_termin", "Vor-Ort-Termin", true),
];

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    call.only(&[
        "filter_id",
        "ids",
        "owner_id",
        "deal_id",
        "lead_id",
        "person_id",
        "org_id",
        "done",
        "updated_since",
        "updated_until",
        "sort_by",
        "sort_direction",
        "include_fields",
        "limit",
        "cursor",
    ])?;
    let limit = limit(call, 500)?;
    let attendees = call.param("include_fields") == Some("attendees");
    let order = Order::read(call)?;
    let (since, until) = (call.time("updated_since")?, call.time("updated_until")?);
    let (owner, done) = (call.number("owner_id")?, call.flag("done")?);
    let person = call.number("person_id")?;
    let linked = [("deal_id", call.number("deal_id")?), ("org_id", call.number("org_id")?)];
    let ids: Option<Vec<u64>> =
        call.param("ids").map(|text| text.split(',').filter_map(|id| id.parse().ok()).collect());
    let mut found: Vec<(String, &Activity)> = account
        .activities
        .values()
        .filter(|activity| !activity.is_deleted)
        .filter(|activity| ids.as_ref().is_none_or(|ids| ids.contains(&activity.id)))
        .filter(|activity| since.is_none_or(|since| activity.update_time >= since))
        .filter(|activity| until.is_none_or(|until| activity.update_time < until))
        .filter(|activity| owner.is_none_or(|owner| activity.owner_id == owner))
        .filter(|activity| done.is_none_or(|done| activity.done == done))
        .filter(|activity| person.is_none_or(|person| activity.person_id() == Some(person)))
        .filter(|activity| {
            linked.iter().all(|(key, id)| id.is_none_or(|id| activity.number(key) == Some(id)))
        })
        .map(|activity| (order.mark(activity), activity))
        .filter(|(mark, _)| order.is_after(mark))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    if order.descending {
        found.reverse();
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(mark, _)| order.cursor(mark));
    Ok(Reply::page(&found, next.as_deref(), |(_, activity), out| {
        out.extend_from_slice(activity.json(attendees).to_string().as_bytes());
    }))
}

/// The order of a list, and the place in it where the page starts.
struct Order<'a> {
    by: &'a str,
    descending: bool,
    after: Option<String>,
}

impl<'a> Order<'a> {
    fn read(call: &'a Call) -> Result<Self, Refusal> {
        let by = call.param("sort_by").unwrap_or("id");
        if !["id", "update_time", "add_time", "due_date"].contains(&by) {
            return Err(Refusal::invalid(
                "sort_by: must be one of id, update_time, add_time, due_date",
            ));
        }
        let descending = match call.param("sort_direction").unwrap_or("asc") {
            "asc" => false,
            "desc" => true,
            _ => return Err(Refusal::invalid("sort_direction: must be one of asc, desc")),
        };
        let mut order = Self { by, descending, after: None };
        if let Some(cursor) = call.param("cursor") {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|b| String::from_utf8(b).ok());
            let mark =
                bytes.and_then(|text| text.strip_prefix(&order.name()).map(ToOwned::to_owned));
            order.after = Some(mark.ok_or_else(|| Refusal::invalid("cursor: is not valid"))?);
        }
        Ok(order)
    }

    fn name(&self) -> String {
        format!("{}:{}:", self.by, self.descending)
    }

    /// Sorts as text.
    fn mark(&self, activity: &Activity) -> String {
        let key = match self.by {
            "id" => String::new(),
            "add_time" => format!("{:020}", activity.add_time),
            "update_time" => format!("{:020}", activity.update_time),
            _ => activity.kept.get("due_date").and_then(Value::as_str).unwrap_or("").to_owned(),
        };
        format!("{key}/{:020}", activity.id)
    }

    fn is_after(&self, mark: &String) -> bool {
        let after = self.after.as_ref();
        after.is_none_or(|after| if self.descending { mark < after } else { mark > after })
    }

    fn cursor(&self, mark: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{mark}", self.name()))
    }
}

pub(crate) fn get(account: &mut Account, call: &Call) -> Answer {
    let attendees = call.param("include_fields") == Some("attendees");
    Ok(Reply::data(existing(account, call)?.json(attendees)))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let id = account.activities.last_key_value().map_or(1, |(id, _)| id + 1);
    let mut activity = Activity {
        id,
        add_time: call.now,
        update_time: call.now,
        is_deleted: false,
        owner_id: call.user.id,
        creator_user_id: call.user.id,
        done: false,
        marked_as_done_time: None,
        kept: Map::new(),
    };
    apply(account, &mut activity, body, call.now)?;
    activity.kept.entry("subject").or_insert_with(|| json!("Call"));
    activity.kept.entry("type").or_insert_with(|| json!("call"));
    let shown = activity.json(false);
    account.made.activities.push(id);
    account.activities.insert(id, activity);
    Ok(Reply::data(shown))
}

pub(crate) fn update(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut activity = existing(account, call)?;
    apply(account, &mut activity, body, call.now)?;
    activity.update_time = call.now;
    let shown = activity.json(false);
    account.activities.insert(activity.id, activity);
    Ok(Reply::data(shown))
}

pub(crate) fn delete(account: &mut Account, call: &Call) -> Answer {
    let mut activity = existing(account, call)?;
    activity.is_deleted = true;
    activity.update_time = call.now;
    let id = activity.id;
    account.activities.insert(id, activity);
    Ok(Reply::data(json!({ "id": id })))
}

/// `GET /api/v1/activityTypes`.
#[expect(clippy::unnecessary_wraps, reason = "all operations have one signature")]
pub(crate) fn types(_: &mut Account, _: &Call) -> Answer {
    let time = clock::spaced(clock::ADDED_FROM);
    let types: Vec<Value> = (1_u64..)
        .zip(TYPES)
        .map(|(id, (key, name, active))| {
            json!({
                "id": id, "name": name, "icon_key": "task", "color": null, "order_nr": id,
                "key_string": key, "active_flag": active, "is_custom_flag": id > 6,
                "add_time": time, "update_time": time,
            })
        })
        .collect();
    Ok(Reply::data(types))
}

/// HTML as an editor writes it: the same to a reader, not to a machine.
fn tidied(html: &str) -> String {
    html.replace("<br>", "<br />").replace("&#39;", "'").replace("&quot;", "\"")
}

fn existing(account: &Account, call: &Call) -> Result<Activity, Refusal> {
    let activity = account.activities.get(&call.id()?).filter(|activity| !activity.is_deleted);
    activity.cloned().ok_or_else(|| Refusal::missing("Activity"))
}

fn apply(
    account: &Account,
    activity: &mut Activity,
    mut body: Map<String, Value>,
    now: u64,
) -> Result<(), Refusal> {
    if let Some(owner) = body::owner(account, &body)? {
        activity.owner_id = owner;
    }
    if let Some(done) = body::flag(&body, "done")? {
        activity.marked_as_done_time = done.then(|| activity.marked_as_done_time.unwrap_or(now));
        activity.done = done;
    }
    if let Some(kind) = body::text(&body, "type")?
        && !TYPES.iter().any(|(key, _, active)| *key == kind && *active)
    {
        return Err(Refusal::invalid(format!("type: '{kind}' is not an active activity type")));
    }
    if let Some(day) = body::text(&body, "due_date")?
        && !clock::is_date(&day)
    {
        return Err(Refusal::invalid("due_date: is not a valid date"));
    }
    body::clock(&body, "due_time", 23)?;
    body::clock(&body, "duration", 99)?;
    if let Some(subject) = body::text(&body, "subject")?
        && subject.chars().count() > 255
    {
        return Err(Refusal::invalid("subject: must be at most 255 characters"));
    }
    if let Some(note) = body::text(&body, "note")? {
        if note.len() > 100 * 1_024 {
            return Err(Refusal::invalid("note: must be at most 100 KB"));
        }
        body.insert("note".into(), json!(tidied(&note)));
    }
    if let Some(id) = body::number(&body, "deal_id")? {
        body::must_exist("deal_id", id, account.deal(id))?;
    }
    if let Some(id) = body::number(&body, "org_id")? {
        body::must_exist("org_id", id, account.organization(id))?;
    }
    for participant in body.get("participants").and_then(Value::as_array).into_iter().flatten() {
        if participant.get("primary_flag").is_some() {
            return Err(Refusal::invalid("participants: Unknown key 'primary_flag'"));
        }
        let id = participant["person_id"]
            .as_u64()
            .ok_or_else(|| Refusal::invalid("participants: person_id must be an integer"))?;
        body::must_exist("participants", id, account.person(id))?;
    }
    // The person follows from the participants; what is sent here is ignored.
    for key in ["owner_id", "done", "person_id"] {
        body.remove(key);
    }
    activity.kept.extend(body);
    Ok(())
}
