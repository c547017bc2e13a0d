//! `/crm/objects/{version}/{type}` and the same under v3: one record, and pages of them.

use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Refusal, Reply, id},
    show,
};
use crate::sandbox::hubspot::{
    records::{
        kind::{Kind, tie},
        properties::is_earlier,
        record::Record,
    },
    world::Account,
};

/// `GET .../{type}`
pub(crate) fn list(account: &Account, of: Kind, call: &Call) -> Answer {
    let limit = call.limit(10, 100)?;
    let after = call.param("after").unwrap_or("0");
    let after: u64 = after.parse().map_err(|_| Refusal::invalid("The paging cursor is invalid"))?;
    let archived = call.param("archived") == Some("true");
    let (properties, associations) = (call.list("properties"), call.list("associations"));
    let wanted =
        |record: &&Record| record.merged_into.is_none() && record.archived.is_some() == archived;
    let mut records = account.book.after(of, after).filter(wanted);
    let mut results = vec![];
    let mut last = None;
    for record in records.by_ref().take(limit) {
        let mut shown = show::record(account, of, record, &properties);
        show::with_associations(account, of, record, &associations, &mut shown);
        results.push(shown);
        last = Some(record.id);
    }
    let mut body = json!({ "results": results });
    if let (Some(last), Some(_)) = (last, records.next()) {
        body["paging"] = next(&last.to_string());
    }
    Ok(Reply::json(200, body))
}

pub(crate) fn next(after: &str) -> Value {
    json!({ "next": { "after": after, "link": format!("?after={after}") } })
}

/// The record that a path means, by id or by a property that only one may have.
fn found<'a>(
    account: &'a Account,
    of: Kind,
    text: &str,
    call: &Call,
) -> Result<&'a Record, Refusal> {
    let id = match call.param("idProperty") {
        None | Some("hs_object_id") => text.parse().ok(),
        Some(name) => by_property(account, of, name, text)?,
    };
    id.and_then(|id| account.book.living(of, follow(account, of, id))).ok_or_else(Refusal::missing)
}

/// The id of one that was merged away leads to the one that stayed.
fn follow(account: &Account, of: Kind, id: u64) -> u64 {
    account.book.get(of, id).and_then(|record| record.merged_into).unwrap_or(id)
}

pub(crate) fn by_property(
    account: &Account,
    of: Kind,
    name: &str,
    value: &str,
) -> Result<Option<u64>, Refusal> {
    let unique = account.property(of, name).is_some_and(|property| property.unique);
    if !unique || of != Kind::Contacts {
        return Err(Refusal::invalid(format!("Property {name} is not a unique property")));
    }
    Ok(account.book.holder(name, value))
}

/// `GET .../{type}/{id}`
pub(crate) fn get(account: &Account, of: Kind, text: &str, call: &Call) -> Answer {
    let record = found(account, of, text, call)?;
    let mut shown = show::record(account, of, record, &call.list("properties"));
    show::with_associations(account, of, record, &call.list("associations"), &mut shown);
    Ok(Reply::json(200, shown))
}

/// `POST .../{type}`
pub(crate) fn create(account: &mut Account, of: Kind, call: &Call) -> Answer {
    let made = prepare(account, of, call, &call.body)?;
    Ok(Reply::json(201, keep(account, of, made)))
}

/// A record that may be made, and what it is to be tied to.
pub(crate) struct Made {
    record: Record,
    ties: Vec<(Kind, u64, u16)>,
}

/// Judges what is to be made.
pub(crate) fn prepare(
    account: &Account,
    of: Kind,
    call: &Call,
    given: &Value,
) -> Result<Made, Refusal> {
    let id = account.book.next_id(of);
    let mut record = Record { id, created: call.now, modified: call.now, ..Record::default() };
    let properties = &given["properties"];
    apply(account, of, &mut record, properties, call)?;
    let has = |name: &str| record.own(name).is_some();
    match of {
        Kind::Contacts if !(has("email") || has("firstname") || has("lastname")) => {
            return Err(Refusal::invalid(
                "At least one of email, firstname or lastname is required",
            ));
        }
        _ if of.is_engagement() && !has("hs_timestamp") => {
            return Err(Refusal::required(&["hs_timestamp"]));
        }
        _ => {}
    }
    Ok(Made { record, ties: ties(account, of, &given["associations"])? })
}

fn ties(account: &Account, of: Kind, given: &Value) -> Result<Vec<(Kind, u64, u16)>, Refusal> {
    let mut all = vec![];
    for one in given.as_array().map(Vec::as_slice).unwrap_or_default() {
        let other = id(&one["to"]["id"]).ok_or_else(|| Refusal::invalid("to.id is required"))?;
        for of_type in one["types"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let number = of_type["associationTypeId"].as_u64().and_then(|n| u16::try_from(n).ok());
            let number = number.filter(|_| of_type["associationCategory"] == "HUBSPOT_DEFINED");
            let to = Kind::ALL.into_iter().find(|to| {
                tie(of, *to).is_some_and(|tie| {
                    number == Some(tie.plain) || (number.is_some() && number == tie.primary)
                })
            });
            let (Some(number), Some(to)) = (number, to) else {
                return Err(Refusal::invalid(format!(
                    "association type {} is not valid between {} and the given object",
                    of_type["associationTypeId"],
                    of.plural(),
                )));
            };
            if account.book.living(to, other).is_none() {
                let mut refusal = Refusal::invalid("One or more associations are not valid");
                refusal.body["errors"] = json!([{
                    "message": format!("{} with id {other} does not exist", to.plural()),
                    "code": "OBJECT_NOT_FOUND",
                    "in": "associations",
                    "context": { "objectType": [to.plural()], "id": [other.to_string()] },
                }]);
                return Err(refusal);
            }
            all.push((to, other, number));
        }
    }
    Ok(all)
}

/// Makes it, and answers it with everything that was set.
pub(crate) fn keep(account: &mut Account, of: Kind, made: Made) -> Value {
    let id = made.record.id;
    let names = set(&made.record);
    account.put(of, made.record);
    account.book.made.push((of, id));
    for (to, other, number) in made.ties {
        // Judged before; a tie that exists is left as it is.
        account.book.link((of, id), (to, other), Some(number));
    }
    shown(account, of, id, &names)
}

fn shown(account: &Account, of: Kind, id: u64, names: &[String]) -> Value {
    let record = account.book.get(of, id);
    record.map_or(Value::Null, |record| show::record(account, of, record, names))
}

fn set(record: &Record) -> Vec<String> {
    record.values.iter().map(|(name, _)| name.to_string()).collect()
}

/// `PATCH .../{type}/{id}`
pub(crate) fn update(account: &mut Account, of: Kind, text: &str, call: &Call) -> Answer {
    let id = found(account, of, text, call)?.id;
    Ok(Reply::json(200, change(account, of, id, &call.body["properties"], call)?))
}

pub(crate) fn change(
    account: &mut Account,
    of: Kind,
    id: u64,
    properties: &Value,
    call: &Call,
) -> Result<Value, Refusal> {
    let mut record = account.book.living(of, id).cloned().ok_or_else(Refusal::missing)?;
    apply(account, of, &mut record, properties, call)?;
    record.modified = call.now.max(record.modified + 1);
    let names: Vec<String> =
        properties.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
    account.put(of, record);
    Ok(shown(account, of, id, &names))
}

/// Writes properties into a record, or says which are wrong.
fn apply(
    account: &Account,
    of: Kind,
    record: &mut Record,
    properties: &Value,
    call: &Call,
) -> Result<(), Refusal> {
    let properties =
        properties.as_object().ok_or_else(|| Refusal::invalid("properties: may not be null"))?;
    let mut objections = vec![];
    for (name, value) in properties {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            // Written otherwise, it is read all the same; answered it is text.
            other => other.to_string(),
        };
        let Some(property) = account.property(of, name) else {
            let words = format!("Property \"{name}\" does not exist");
            objections.push((name.clone(), "PROPERTY_DOESNT_EXIST", words));
            continue;
        };
        if let Some((error, words)) = property.objection(&text, call.portal) {
            objections.push((name.clone(), error, words));
            continue;
        }
        let text = if name == "email" { text.trim().to_lowercase() } else { text };
        if property.unique && !text.is_empty() && of == Kind::Contacts {
            let holder = account.book.holder(name, &text).filter(|holder| *holder != record.id);
            match holder {
                Some(holder) if name == "email" => return Err(Refusal::exists(holder)),
                Some(holder) => {
                    let words = format!("{name} '{text}' is already that of object {holder}");
                    objections.push((name.clone(), "CONFLICTING_UNIQUE_VALUE", words));
                    continue;
                }
                None => {}
            }
        }
        // A step back is answered like any other change, and is none.
        let now = record.own("lifecyclestage").unwrap_or_default();
        if name == "lifecyclestage" && is_earlier(&text, now) {
            continue;
        }
        record.set(name, normal(&property.kind, text));
    }
    if objections.is_empty() { Ok(()) } else { Err(Refusal::values(&objections)) }
}

/// Times are answered in ISO 8601, however they came.
fn normal(kind: &str, text: String) -> String {
    use crate::sandbox::hubspot::records::record::{instant, iso};
    match (kind, instant(&text)) {
        ("datetime", Some(time)) => iso(time),
        ("date", Some(time)) => iso(time)[..10].to_owned(),
        _ => text,
    }
}

/// `DELETE .../{type}/{id}`: 204 whether it was there or not.
pub(crate) fn archive(account: &mut Account, of: Kind, text: &str, call: &Call) -> Reply {
    if let Ok(id) = text.parse() {
        account.archive(of, id, call.now);
    }
    Reply::empty()
}

/// `POST .../contacts/merge`
pub(crate) fn merge(account: &mut Account, of: Kind, call: &Call) -> Answer {
    let (stays, goes) = (id(&call.body["primaryObjectId"]), id(&call.body["objectIdToMerge"]));
    let (Some(stays), Some(goes)) = (stays, goes) else {
        return Err(Refusal::invalid("primaryObjectId and objectIdToMerge are required"));
    };
    if of != Kind::Contacts || !account.merge(goes, stays, call.now) {
        return Err(Refusal::missing());
    }
    Ok(Reply::json(200, shown(account, of, stays, &[])))
}

/// A page of contacts went out: what waited for it happens.
pub(crate) fn answered(account: &mut Account, call: &Call) {
    account.pages += 1;
    account.planned_changes(call.now);
}
