//! What came in, as the CRM itself would know it: every request that wants a change, and what was
//! made by one. Tests count lost, doubled and imagined records by it.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    clock,
    records::{fields::Of, persons::Entry},
    world::Account,
};

/// One request that wants a change.
#[derive(Debug)]
struct Write {
    at: Instant,
    unix_ms: u64,
    method: String,
    path: String,
    fault: Option<&'static str>,
    applied: bool,
    /// Of the record, the option, or the field's code.
    id: Value,
    /// Of the answer; `None` while there is none, and when it was lost.
    status: Option<u16>,
}

#[derive(Debug)]
pub(crate) struct Writes {
    since: Instant,
    all: Vec<Write>,
}

impl Default for Writes {
    fn default() -> Self {
        Self { since: Instant::now(), all: Vec::new() }
    }
}

impl Writes {
    /// Notes a request, if it is one; the number is for what is learnt about it later.
    pub(crate) fn arrived(
        &mut self,
        method: &str,
        path: &str,
        fault: Option<&'static str>,
    ) -> Option<usize> {
        let wants_change = !matches!(method, "GET" | "HEAD" | "OPTIONS");
        if !wants_change || !(path.starts_with("/api/") || path.starts_with("/v1/")) {
            return None;
        }
        self.all.push(Write {
            at: Instant::now(),
            unix_ms: clock::now_ms(),
            method: method.to_owned(),
            path: path.to_owned(),
            fault,
            applied: false,
            id: Value::Null,
            status: None,
        });
        Some(self.all.len() - 1)
    }

    /// The CRM did it, and this is what it would have said.
    pub(crate) fn applied(&mut self, nth: usize, body: &[u8]) {
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let data = if said["data"].is_array() { &said["data"][0] } else { &said["data"] };
        let id = ["id", "field_code"].into_iter().map(|key| &data[key]).find(|id| !id.is_null());
        // A reset in between emptied the list.
        if let Some(write) = self.all.get_mut(nth) {
            write.applied = true;
            write.id = id.cloned().unwrap_or_default();
        }
    }

    /// An answer went out whole.
    pub(crate) fn answered(&mut self, nth: usize, status: u16) {
        if let Some(write) = self.all.get_mut(nth) {
            write.status = Some(status);
        }
    }

    pub(crate) fn json(&self) -> Value {
        self.all
            .iter()
            .map(|write| {
                json!({
                    "ms": write.at.duration_since(self.since).as_millis(),
                    "unix_ms": write.unix_ms,
                    "method": write.method,
                    "path": write.path,
                    "fault": write.fault,
                    "applied": write.applied,
                    "id": write.id,
                    "answer": write.status.map_or(json!("lost"), |status| json!(status)),
                })
            })
            .collect()
    }
}

/// What was made through the API since the start, in order.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) persons: Vec<u64>,
    pub(crate) organizations: Vec<u64>,
    pub(crate) activities: Vec<u64>,
    /// Options of fields; labels are some.
    pub(crate) options: Vec<u64>,
    pub(crate) fields: Vec<String>,
}

impl Account {
    /// What was made and how it is now, deleted or not.
    pub(crate) fn outbound(&self) -> Value {
        let values = |entries: &[Entry]| {
            entries.iter().filter_map(|entry| entry.value.clone()).collect::<Vec<_>>()
        };
        let persons = self.made.persons.iter().filter_map(|id| self.person(*id)).map(|person| {
            json!({
                "id": person.id, "name": person.name, "emails": values(&person.emails),
                "phones": values(&person.phones), "org_id": person.org_id,
                "owner_id": person.owner_id, "label_ids": person.label_ids,
                "custom_fields": person.custom.into_iter().collect::<serde_json::Map<_, _>>(),
                "is_deleted": person.is_deleted, "merged_into": person.merged_into,
            })
        });
        let organizations = self.made.organizations.iter().filter_map(|id| self.organization(*id));
        let organizations = organizations.map(|record| {
            json!({
                "id": record.id, "name": record.name, "owner_id": record.owner_id,
                "address": record.address.as_ref().map(|address| &address["value"]),
                "industry": record.industry, "website": record.website,
                "is_deleted": record.is_deleted,
            })
        });
        let activities = self.made.activities.iter().filter_map(|id| self.activities.get(id));
        let options = self.fields.iter().flatten().filter_map(|field| {
            let options = field.options.as_ref()?;
            let made = options.iter().filter(|option| self.made.options.contains(&option.id));
            Some(made.map(
                |option| json!({ "field": field.code, "id": option.id, "label": option.label }),
            ))
        });
        let fields = self.fields[Of::Person as usize].iter();
        let fields = fields.filter(|field| self.made.fields.contains(&field.code));
        json!({
            "persons": persons.collect::<Vec<_>>(),
            "organizations": organizations.collect::<Vec<_>>(),
            "activities": activities.map(|activity| activity.json(false)).collect::<Vec<_>>(),
            "options": options.flatten().collect::<Vec<_>>(),
            "fields": fields.map(|field| json!({ "code": field.code, "name": field.name }))
                .collect::<Vec<_>>(),
        })
    }
}
