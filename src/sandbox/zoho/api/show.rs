//! Records as the API shows them.

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value, json};

use super::super::{
    accounts::Org,
    records::{Module, Record, fields::Kind, id_of},
    world::Account,
};

/// `2026-11-20T09:00:00+01:00`: whole seconds, in the organization's own zone.
pub(crate) fn time(org: &Org, seconds: u64) -> String {
    let utc = i64::try_from(seconds).ok().and_then(|at| DateTime::from_timestamp(at, 0));
    let zone = FixedOffset::east_opt(org.offset);
    let local = utc.zip(zone).map(|(utc, zone)| utc.with_timezone(&zone));
    local.unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(crate) fn user(org: &Org, id: u64) -> Value {
    match org.user(id) {
        Some(user) => json!({ "name": user.name(), "id": id.to_string(), "email": user.email }),
        None => Value::Null,
    }
}

/// A record with the fields asked for, or all of them. Unknown names bring nothing.
pub(crate) fn record(
    account: &Account,
    module: Module,
    record: &Record,
    asked: Option<&[String]>,
) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), json!(record.id.to_string()));
    let known = account.fields(module);
    let wanted =
        known.iter().filter(|field| asked.is_none_or(|asked| asked.contains(&field.api_name)));
    for field in wanted {
        let value = match field.api_name.as_str() {
            "Owner" => user(account.org, record.owner),
            "Created_Time" => json!(time(account.org, record.created)),
            "Modified_Time" => json!(time(account.org, record.modified)),
            "Full_Name" => json!(record.title(module)),
            "Tag" => tags(account, record),
            name => match record.values.get(name) {
                None => empty(&field.kind),
                Some(value) => match &field.kind {
                    Kind::Lookup(target) => lookup(account, Some(*target), value),
                    Kind::Anything => lookup(account, None, value),
                    _ => value.clone(),
                },
            },
        };
        shown.insert(field.api_name.clone(), value);
    }
    if matches!(module, Module::Tasks | Module::Calls | Module::Events) {
        let of = record.values.get("$se_module").cloned().unwrap_or_default();
        shown.insert("$se_module".into(), of);
    }
    if asked.is_none() {
        shown.insert("$editable".into(), json!(true));
        shown.insert("$approved".into(), json!(true));
        shown.insert("$currency_symbol".into(), json!(account.org.currency.1));
    }
    Value::Object(shown)
}

fn empty(kind: &Kind) -> Value {
    match kind {
        Kind::Multi => json!([]),
        Kind::Flag => json!(false),
        _ => Value::Null,
    }
}

fn tags(account: &Account, record: &Record) -> Value {
    let tag = |name: &String| {
        let known = account.tags.iter().find(|tag| tag.name == *name)?;
        Some(json!({ "name": known.name, "id": known.id.to_string(), "color_code": null }))
    };
    record.tags.iter().filter_map(tag).collect()
}

/// What a lookup points at, with its name; a pointer to what was deleted is empty.
fn lookup(account: &Account, target: Option<Module>, value: &Value) -> Value {
    let Some(id) = id_of(value) else { return Value::Null };
    let targets = target.map_or_else(|| Module::ALL.to_vec(), |target| vec![target]);
    let found = targets.into_iter().find_map(|module| {
        let record = account.living(module, id)?;
        Some(json!({ "name": record.title(module), "id": id.to_string() }))
    });
    found.unwrap_or_default()
}
