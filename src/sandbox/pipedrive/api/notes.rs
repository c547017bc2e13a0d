//! `/api/v1/notes`: pages by offset, times with a blank, flags as booleans or numbers.

use serde_json::{Value, json};

use super::{
    super::{clock, world::Account},
    body,
    call::{Answer, Call, Refusal, Reply},
};

/// Longer ones are refused.
const MOST_BYTES: usize = 100 * 1_024;

const BODY: &[&str] = &[
    "content",
    "lead_id",
    "deal_id",
    "person_id",
    "org_id",
    "project_id",
    "user_id",
    "add_time",
    "pinned_to_lead_flag",
    "pinned_to_deal_flag",
    "pinned_to_organization_flag",
    "pinned_to_person_flag",
];

#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) id: u64,
    pub(crate) add_time: u64,
    user_id: u64,
    content: String,
    person_id: Option<u64>,
    org_id: Option<u64>,
    deal_id: Option<u64>,
}

impl Note {
    pub(crate) fn json(&self, account: &Account) -> Value {
        let time = clock::spaced(self.add_time);
        let named = |name: Option<Option<String>>| name.map(|name| json!({ "name": name }));
        let person = self.person_id.and_then(|id| account.person(id)).map(|one| one.name);
        let organization = self.org_id.and_then(|id| account.organization(id)).map(|one| one.name);
        let user = account.company.user(self.user_id);
        json!({
            "id": self.id, "active_flag": true, "add_time": time, "update_time": time,
            "content": self.content, "deal": null, "deal_id": self.deal_id, "lead": null,
            "lead_id": null, "org_id": self.org_id, "organization": named(organization),
            "person": named(person), "person_id": self.person_id, "project": null,
            "project_id": null, "last_update_user_id": null, "user_id": self.user_id,
            "user": user.map(|user| json!({ "email": user.email, "name": user.name })),
            "pinned_to_deal_flag": false, "pinned_to_lead_flag": false,
            "pinned_to_organization_flag": false, "pinned_to_person_flag": false,
        })
    }

    fn belongs(&self, key: &str) -> Option<u64> {
        match key {
            "person_id" => self.person_id,
            "org_id" => self.org_id,
            "deal_id" => self.deal_id,
            _ => Some(self.user_id),
        }
    }
}

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    // Unknown parameters are ignored in v1.
    let start = usize::try_from(call.number("start")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let limit = usize::try_from(call.number("limit")?.unwrap_or(100).clamp(1, 500)).unwrap_or(100);
    let mut filters = Vec::new();
    for key in ["person_id", "org_id", "deal_id", "user_id"] {
        filters.extend(call.number(key)?.map(|id| (key, id)));
    }
    let day = |key: &str| match call.param(key) {
        Some(day) if !clock::is_date(day) => {
            Err(Refusal::new(400, format!("{key} is not a valid date")))
        }
        day => Ok(day),
    };
    let (from, to) = (day("start_date")?, day("end_date")?);
    let mut found: Vec<&Note> = account
        .notes
        .values()
        .filter(|note| filters.iter().all(|(key, id)| note.belongs(key) == Some(*id)))
        .filter(|note| {
            let made = clock::date(note.add_time);
            from.is_none_or(|from| made.as_str() >= from) && to.is_none_or(|to| made.as_str() <= to)
        })
        .collect();
    let (by, down) =
        call.param("sort").unwrap_or("id ASC").split_once(' ').unwrap_or(("id", "ASC"));
    found
        .sort_by_key(|note| if by == "add_time" { (note.add_time, note.id) } else { (note.id, 0) });
    if down.eq_ignore_ascii_case("desc") {
        found.reverse();
    }
    let more = found.len() > start.saturating_add(limit);
    let shown: Vec<Value> =
        found.into_iter().skip(start).take(limit).map(|note| note.json(account)).collect();
    let mut pagination =
        json!({ "start": start, "limit": limit, "more_items_in_collection": more });
    if more {
        pagination["next_start"] = json!(start + limit);
    }
    let body = json!({
        "success": true, "data": shown, "additional_data": { "pagination": pagination },
    });
    Ok(Reply::json(200, &body))
}

pub(crate) fn get(account: &mut Account, call: &Call) -> Answer {
    let note = account.notes.get(&call.id()?).ok_or_else(|| Refusal::missing("Note"))?;
    Ok(Reply::data(note.json(account)))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let content = body::text(&body, "content")?.unwrap_or_default();
    if content.trim().is_empty() {
        return Err(Refusal::new(400, "content is required"));
    }
    if content.len() > MOST_BYTES {
        return Err(Refusal::new(400, "content must be at most 100 KB"));
    }
    let note = Note {
        id: account.notes.last_key_value().map_or(1, |(id, _)| id + 1),
        add_time: call.now,
        user_id: call.user.id,
        // As an editor writes it: the same to a reader, not to a machine.
        content: content.replace("<br>", "<br />").replace("&#39;", "'"),
        person_id: body::number(&body, "person_id")?,
        org_id: body::number(&body, "org_id")?,
        deal_id: body::number(&body, "deal_id")?,
    };
    if note.person_id.is_none() && note.org_id.is_none() && note.deal_id.is_none() {
        return Err(Refusal::new(400, "One of deal_id, person_id and org_id is required"));
    }
    if let Some(id) = note.person_id {
        body::must_exist("person_id", id, account.person(id))?;
    }
    if let Some(id) = note.org_id {
        body::must_exist("org_id", id, account.organization(id))?;
    }
    if let Some(id) = note.deal_id {
        body::must_exist("deal_id", id, account.deal(id))?;
    }
    let shown = note.json(account);
    account.made.notes.push(note.id);
    account.notes.insert(note.id, note);
    Ok(Reply::data(shown))
}
