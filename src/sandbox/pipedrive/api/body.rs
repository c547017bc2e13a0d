//! Values in request bodies, judged as strictly as v2 judges them.

use serde_json::{Map, Value, json};

use super::{
    super::{
        records::{book::Record, fields::Field},
        world::Account,
    },
    call::Refusal,
};

pub(crate) fn text(body: &Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::invalid(format!("{key}: must be a string"))),
    }
}

pub(crate) fn number(body: &Map<String, Value>, key: &str) -> Result<Option<u64>, Refusal> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Refusal::invalid(format!("{key}: must be an integer"))),
    }
}

/// Writes a number that may be emptied with null; says whether anything was sent.
pub(crate) fn nullable(
    body: &Map<String, Value>,
    key: &str,
    target: &mut Option<u64>,
) -> Result<bool, Refusal> {
    let sent = body.contains_key(key);
    if sent {
        *target = number(body, key)?;
    }
    Ok(sent)
}

pub(crate) fn flag(body: &Map<String, Value>, key: &str) -> Result<Option<bool>, Refusal> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Refusal::invalid(format!("{key}: must be a boolean"))),
    }
}

/// An owner must be an active user of the company.
pub(crate) fn owner(account: &Account, body: &Map<String, Value>) -> Result<Option<u64>, Refusal> {
    let Some(id) = number(body, "owner_id")? else { return Ok(None) };
    match account.company.user(id) {
        Some(user) if user.is_active() => Ok(Some(id)),
        _ => Err(Refusal::invalid(format!("owner_id: user {id} is not an active user"))),
    }
}

/// `HH:MM` or `HH:MM:SS`; of a time of day the hours end at 23.
pub(crate) fn clock(body: &Map<String, Value>, key: &str, most_hours: u32) -> Result<(), Refusal> {
    let Some(text) = text(body, key)? else { return Ok(()) };
    let parts: Vec<Option<u32>> =
        text.split(':').map(|part| part.parse().ok().filter(|_| part.len() == 2)).collect();
    let fits = match parts[..] {
        [Some(hours), Some(minutes)] | [Some(hours), Some(minutes), Some(0..60)] => {
            hours <= most_hours && minutes < 60
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::invalid(format!("{key}: '{text}' is not a valid time")))
    }
}

pub(crate) fn must_exist<R: Record>(key: &str, id: u64, record: Option<R>) -> Result<(), Refusal> {
    match record {
        Some(record) if !record.is_deleted() => Ok(()),
        _ => Err(Refusal::invalid(format!("{key}: {id} does not exist"))),
    }
}

pub(crate) fn visible_to(body: &Map<String, Value>, target: &mut u64) -> Result<(), Refusal> {
    match number(body, "visible_to")? {
        None => {}
        Some(level @ (1 | 3 | 5 | 7)) => *target = level,
        Some(_) => return Err(Refusal::invalid("visible_to: must be one of 1, 3, 5, 7")),
    }
    Ok(())
}

/// Label ids replace what was there.
pub(crate) fn label_ids(
    fields: &[Field],
    body: &Map<String, Value>,
    target: &mut Vec<u64>,
) -> Result<(), Refusal> {
    let Some(value) = body.get("label_ids") else { return Ok(()) };
    let ids = value
        .as_array()
        .and_then(|ids| ids.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>())
        .ok_or_else(|| Refusal::invalid("label_ids: must be an array of integers"))?;
    let known = |id: &u64| {
        let field = fields.iter().find(|field| field.code == "label_ids");
        field
            .and_then(|field| field.options.as_ref())
            .is_some_and(|options| options.iter().any(|choice| choice.id == *id))
    };
    if let Some(id) = ids.iter().find(|id| !known(id)) {
        return Err(Refusal::invalid(format!("label_ids: option {id} does not exist")));
    }
    *target = ids;
    Ok(())
}

/// `labels` of `include_labels`: the options behind the ids.
pub(crate) fn labels(fields: &[Field], ids: &[u64]) -> Value {
    let field = fields.iter().find(|field| field.code == "label_ids");
    let options = field.and_then(|field| field.options.as_deref()).unwrap_or_default();
    options
        .iter()
        .filter(|choice| ids.contains(&choice.id))
        .map(|choice| json!({ "id": choice.id, "label": choice.label }))
        .collect()
}

/// Custom fields are merged key by key; null empties one.
pub(crate) fn custom_fields(
    fields: &[Field],
    body: &Map<String, Value>,
    target: &mut Vec<(String, Value)>,
) -> Result<(), Refusal> {
    let Some(value) = body.get("custom_fields") else { return Ok(()) };
    let sent =
        value.as_object().ok_or_else(|| Refusal::invalid("custom_fields: must be an object"))?;
    for (key, value) in sent {
        let field = fields
            .iter()
            .find(|field| field.custom && field.code == *key)
            .ok_or_else(|| Refusal::invalid(format!("custom_fields: Unknown key '{key}'")))?;
        if !field.accepts(value) {
            return Err(Refusal::invalid(format!(
                "custom_fields: '{key}' does not accept this value"
            )));
        }
        match target.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value.clone(),
            None => target.push((key.clone(), value.clone())),
        }
    }
    Ok(())
}
