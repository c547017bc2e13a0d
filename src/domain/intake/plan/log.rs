//! Lines of the log: what was done, with the fields that changed as they were and as they are.

use serde_json::{Map, Value};

use crate::domain::{
    ContactId,
    intake::{
        ContactFields, Incoming,
        plan::{Outcome, PlannedEntry},
    },
};

pub(super) fn entry(
    outcome: Outcome,
    incoming: &Incoming,
    contact_id: Option<ContactId>,
    reason: Option<&str>,
) -> PlannedEntry {
    PlannedEntry {
        outcome,
        remote_id: incoming.resolved.remote_id.clone(),
        remote_name: incoming.full_name.clone(),
        contact_id,
        before: None,
        after: None,
        reason: reason.map(str::to_owned),
    }
}

/// The fields that differ, as they were and as they are.
pub(super) fn difference(
    before: Option<ContactFields>,
    after: Option<ContactFields>,
) -> (Option<Value>, Option<Value>) {
    let object = |fields: Option<ContactFields>| match fields.map(serde_json::to_value) {
        Some(Ok(Value::Object(map))) => map,
        _ => Map::new(),
    };
    let (before, after) = (object(before), object(after));
    let differs: Vec<String> = after
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(value))
        .map(|(field, _)| field.clone())
        .collect();
    let only = |from: &Map<String, Value>| -> Value {
        differs
            .iter()
            .filter_map(|field| Some((field.clone(), from.get(field)?.clone())))
            .collect::<Map<_, _>>()
            .into()
    };
    (Some(only(&before)), Some(only(&after)))
}
