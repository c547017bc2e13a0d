//! What a module takes. Keys that no field has are ignored, as at the real one.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value, json};

use super::{
    super::{
        records::{
            Module, Record,
            fields::{Field, Kind, Rule},
            id_of,
        },
        world::Account,
    },
    call::item,
    tags,
};

/// Addresses at this host are refused, so that a refusal can be had at will.
const REFUSED_HOST: &str = "@refused.example";

/// Puts what is given into a record, or says what is wrong with it. `at` is its place in the list.
pub(crate) fn fill(
    account: &mut Account,
    module: Module,
    record: &mut Record,
    given: &Map<String, Value>,
    at: usize,
) -> Result<(), Value> {
    let is_new = record.values.is_empty();
    let wrong = |name: &str, code: &str, message: &str, more: Value| {
        let mut details = json!({ "api_name": name, "json_path": format!("$.data[{at}].{name}") });
        if let (Some(details), Value::Object(more)) = (details.as_object_mut(), more) {
            details.extend(more);
        }
        item(code, message, details)
    };
    let fields: Vec<Field> = account.fields(module).to_vec();
    for field in fields.iter().filter(|field| field.rule != Rule::ReadOnly) {
        let name = field.api_name.as_str();
        let Some(value) = given.get(name) else {
            if is_new && field.rule == Rule::Mandatory {
                return Err(wrong(
                    name,
                    "MANDATORY_NOT_FOUND",
                    "required field not found",
                    json!({}),
                ));
            }
            continue;
        };
        let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        if value.is_null() || blank {
            if field.rule == Rule::Mandatory {
                return Err(wrong(
                    name,
                    "MANDATORY_NOT_FOUND",
                    "required field not found",
                    json!({}),
                ));
            }
            record.values.remove(name);
            continue;
        }
        match field.kind {
            Kind::Owner => {
                let user = id_of(value).and_then(|id| account.org.user(id));
                let user = user.filter(|user| user.is_active());
                let message = "the owner is not an active user";
                let user = user.ok_or_else(|| wrong(name, "INVALID_DATA", message, json!({})))?;
                record.owner = user.id;
            }
            Kind::Tags => {
                let wishes = value.as_array().cloned().unwrap_or_default();
                record.tags = tags::resolve(account, &wishes)?;
            }
            _ => {
                let kept = accept(account, given, field, value);
                let kept = kept.map_err(|expected| {
                    let more = json!({ "expected_data_type": expected });
                    wrong(name, "INVALID_DATA", "invalid data", more)
                })?;
                record.values.insert(name.to_owned(), kept);
            }
        }
    }
    together(module, record, given)
        .map_err(|(name, code, message)| wrong(name, code, message, json!({})))?;
    if let Some(of) = given.get("$se_module") {
        record.values.insert("$se_module".into(), of.clone());
    }
    Ok(())
}

/// A value as it is kept, or what it should have been.
fn accept(
    account: &Account,
    given: &Map<String, Value>,
    field: &Field,
    value: &Value,
) -> Result<Value, &'static str> {
    let text = value.as_str();
    let fits = |most: usize| text.is_some_and(|text| text.chars().count() <= most);
    let fine = match &field.kind {
        Kind::Text(most) | Kind::Area(most) => fits(*most),
        Kind::Email => {
            let text = text.unwrap_or_default().trim();
            let parts = text.split_once('@');
            let whole = parts.is_some_and(|(local, host)| {
                !local.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
            });
            let refused = text.to_lowercase().ends_with(REFUSED_HOST);
            whole && !refused && fits(100)
        }
        Kind::Phone => fits(30),
        Kind::Url => fits(450),
        Kind::Picklist => fits(120),
        Kind::Strict => text.is_some_and(|text| field.options.iter().any(|option| option == text)),
        Kind::Multi => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
        Kind::Date => text.is_some_and(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()),
        // Whole seconds with an offset.
        Kind::Time => text
            .is_some_and(|text| !text.contains('.') && DateTime::parse_from_rfc3339(text).is_ok()),
        Kind::Flag => value.is_boolean(),
        Kind::Whole => value.is_i64() || value.is_u64(),
        Kind::Money => value.is_number(),
        Kind::Clock => text.is_some_and(|text| {
            let mut parts = text.split(':');
            let number = |part: Option<&str>| {
                part.is_some_and(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_digit()))
            };
            number(parts.next()) && number(parts.next()) && parts.next().is_none()
        }),
        Kind::Lookup(target) => {
            let found = id_of(value).and_then(|id| account.living(*target, id));
            return found
                .map(|found| json!({ "id": found.id.to_string() }))
                .ok_or("the id of a living record");
        }
        Kind::Anything => {
            let parent = value["module"]["api_name"].as_str();
            let module = parent.or_else(|| given.get("$se_module")?.as_str());
            let module = module.and_then(Module::parse).ok_or("$se_module beside it")?;
            let found = id_of(value).and_then(|id| account.living(module, id));
            return found
                .map(|found| json!({ "id": found.id.to_string() }))
                .ok_or("the id of a living record of $se_module");
        }
        Kind::Owner | Kind::Tags => true,
    };
    let trimmed = |text: &str| json!(text.trim());
    match fine {
        true if matches!(field.kind, Kind::Email) => Ok(text.map_or(Value::Null, trimmed)),
        true => Ok(value.clone()),
        false => Err(field.kind.word()),
    }
}

/// Rules about several fields.
fn together(
    module: Module,
    record: &Record,
    given: &Map<String, Value>,
) -> Result<(), (&'static str, &'static str, &'static str)> {
    let missing = |name| Err((name, "MANDATORY_NOT_FOUND", "required field not found"));
    match module {
        Module::Tasks | Module::Calls | Module::Events => {
            let of = given.get("$se_module").and_then(Value::as_str);
            let related = given.contains_key("What_Id") || given.contains_key("Who_Id");
            let fits = of.is_some_and(|of| Module::parse(of).is_some());
            if related && !fits {
                return missing("$se_module");
            }
            if of == Some("Leads") && given.get("Who_Id").is_some_and(|who| !who.is_null()) {
                return Err(("Who_Id", "INVALID_DATA", "what is about a lead has no contact"));
            }
            if module == Module::Calls && record.text("Call_Type") != Some("Missed") {
                let scheduled = record.text("Outbound_Call_Status") == Some("Scheduled");
                if !scheduled && record.text("Call_Duration").is_none() {
                    return missing("Call_Duration");
                }
            }
            if module == Module::Events
                && record.text("End_DateTime") < record.text("Start_DateTime")
                && same_zone(record)
            {
                return Err(("End_DateTime", "INVALID_DATA", "the end is before the start"));
            }
            Ok(())
        }
        Module::Deals if record.text("Pipeline").is_none() => missing("Pipeline"),
        Module::Contacts | Module::Accounts | Module::Deals | Module::Notes | Module::Leads => {
            Ok(())
        }
    }
}

/// Texts of one zone can be compared as texts.
fn same_zone(record: &Record) -> bool {
    let zone = |key| record.text(key).and_then(|text| text.get(19..));
    zone("Start_DateTime") == zone("End_DateTime")
}

/// A living record with the same value in a field that allows none twice.
pub(crate) fn double(
    account: &mut Account,
    module: Module,
    record: &Record,
) -> Option<(String, u64)> {
    let mut names: Vec<String> = account
        .fields(module)
        .iter()
        .filter(|field| field.unique)
        .map(|field| field.api_name.clone())
        .collect();
    if module == Module::Contacts && account.unique_email {
        names.push("Email".to_owned());
    }
    for name in names {
        let Some(value) = record.text(&name) else { continue };
        let mut others = matching(account, module, &name, value);
        others.retain(|other| other.id != record.id);
        if let Some(other) = others.first() {
            return Some((name, other.id));
        }
    }
    None
}

/// Living records with this value in a field, letters of any case, oldest first.
pub(crate) fn matching(
    account: &mut Account,
    module: Module,
    name: &str,
    value: &str,
) -> Vec<Record> {
    let wanted = value.trim().to_lowercase();
    if module == Module::Contacts && name == "Email" {
        account.learn_addresses();
        let mut found = account.contacts_with(&wanted);
        found.retain(|record| record.text("Email").is_some_and(|own| own.to_lowercase() == wanted));
        return found;
    }
    let has = |record: &Record| record.text(name).is_some_and(|own| own.to_lowercase() == wanted);
    let sort = super::super::records::book::Sort::Id;
    // A field that the organization added has values only where somebody wrote them.
    if account.field(module, name).is_some_and(|field| field.unique) {
        let book = account.book(module);
        return book.changes().filter(|one| one.deleted.is_none() && has(one)).cloned().collect();
    }
    account.walk(module, sort, None).map(|(_, record)| record).filter(has).collect()
}
