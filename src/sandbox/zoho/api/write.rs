//! Creating, changing, deleting. The status of an answer says little; each record's own says it all.

use serde_json::{Map, Value, json};

use super::{
    super::{
        records::{Module, Record, id_of},
        world::Account,
    },
    call::{Answer, Call, Refusal, Reply, item},
    show,
    validate::{double, fill, matching},
};

const MOST: usize = 100;

/// What came of one record.
enum Done {
    Inserted(Value),
    Updated(Value),
    Failed(Value),
}

pub(crate) fn insert(account: &mut Account, call: &Call, module: Module) -> Answer {
    let records = call.list("data", MOST)?;
    let done = records.iter().enumerate();
    Ok(reply(done.map(|(at, given)| add(account, call, module, given, at)).collect()))
}

pub(crate) fn update(account: &mut Account, call: &Call, module: Module) -> Answer {
    let records = call.list("data", MOST)?;
    let done = records.iter().enumerate().map(|(at, given)| match id_of(&given["id"]) {
        Some(id) => change(account, call, module, id, given, at),
        None => Done::Failed(item(
            "MANDATORY_NOT_FOUND",
            "required field not found",
            json!({ "api_name": "id" }),
        )),
    });
    Ok(reply(done.collect()))
}

pub(crate) fn update_one(account: &mut Account, call: &Call, module: Module, id: &str) -> Answer {
    let records = call.list("data", 1)?;
    let number = id.parse().map_err(|_| Refusal::no_such_id(id))?;
    Ok(reply(vec![change(account, call, module, number, &records[0], 0)]))
}

/// Inserts, or updates the record that has the same value in one of the fields that say so.
pub(crate) fn upsert(account: &mut Account, call: &Call, module: Module) -> Answer {
    let records = call.list("data", MOST)?;
    let system = match module {
        Module::Contacts | Module::Leads => "Email",
        Module::Accounts => "Account_Name",
        Module::Deals => "Deal_Name",
        _ => "",
    };
    let check: Vec<String> = match call.object()?.get("duplicate_check_fields") {
        None => vec![system.to_owned()],
        Some(names) => names
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(ToOwned::to_owned))
            .collect(),
    };
    for (nth, name) in check.iter().enumerate() {
        let unique = account.field(module, name).is_some_and(|field| field.unique);
        if name != system && !unique {
            let path = format!("$.duplicate_check_fields[{nth}]");
            let details = json!({ "api_name": "duplicate_check_fields", "json_path": path });
            return Err(Refusal::detailed(400, "INVALID_DATA", "invalid data", details));
        }
    }
    let done = records.iter().enumerate().map(|(at, given)| {
        let found = check.iter().find_map(|name| {
            let value = given[name.as_str()].as_str()?;
            Some((name, matching(account, module, name, value).first()?.id))
        });
        let (mut done, field) = match found {
            Some((name, id)) => (change(account, call, module, id, given, at), json!(name)),
            None => (add(account, call, module, given, at), Value::Null),
        };
        if let Done::Inserted(answer) | Done::Updated(answer) = &mut done {
            answer["action"] = json!(if field.is_null() { "insert" } else { "update" });
            answer["duplicate_field"] = field;
        }
        done
    });
    Ok(reply(done.collect()))
}

pub(crate) fn note(account: &mut Account, call: &Call, module: Module, id: &str) -> Answer {
    let records = call.list("data", MOST)?;
    let done = records.iter().enumerate().map(|(at, given)| {
        let mut given = given.clone();
        given["Parent_Id"] = json!({ "module": { "api_name": module.name() }, "id": id });
        add(account, call, Module::Notes, &given, at)
    });
    Ok(reply(done.collect()))
}

fn add(account: &mut Account, call: &Call, module: Module, given: &Value, at: usize) -> Done {
    let Some(given) = given.as_object() else { return no_object(at) };
    let mut record = Record {
        id: 0,
        values: Map::new(),
        owner: call.user.id,
        tags: vec![],
        created: call.now,
        modified: call.now,
        deleted: None,
        merged_into: None,
        e164: vec![],
    };
    if let Err(answer) = fill(account, module, &mut record, given, at) {
        return Done::Failed(answer);
    }
    if let Some((name, id)) = double(account, module, &record) {
        return Done::Failed(duplicate(module, &name, id, at));
    }
    record.id = account.next_id(module);
    account.made.records.push((module, record.id));
    let answer = success(call, &record, "record added");
    account.put(module, record);
    Done::Inserted(answer)
}

fn change(
    account: &mut Account,
    call: &Call,
    module: Module,
    id: u64,
    given: &Value,
    at: usize,
) -> Done {
    let Some(given) = given.as_object() else { return no_object(at) };
    let there = account.living(module, id).filter(|record| !record.is_hidden(None));
    let Some(mut record) = there else {
        let details = json!({ "id": id.to_string(), "api_name": "id" });
        return Done::Failed(item("INVALID_DATA", "the id given seems to be invalid", details));
    };
    let before = record.text("Call_Type").map(ToOwned::to_owned);
    if let Err(answer) = fill(account, module, &mut record, given, at) {
        return Done::Failed(answer);
    }
    if module == Module::Calls && before.as_deref() != record.text("Call_Type") {
        let details =
            json!({ "api_name": "Call_Type", "json_path": format!("$.data[{at}].Call_Type") });
        return Done::Failed(item(
            "CANNOT_PROCESS",
            "the type of a call cannot be changed",
            details,
        ));
    }
    if let Some((name, id)) = double(account, module, &record) {
        return Done::Failed(duplicate(module, &name, id, at));
    }
    record.modified = call.now.max(record.modified);
    let answer = success(call, &record, "record updated");
    account.put(module, record);
    Done::Updated(answer)
}

pub(crate) fn delete(account: &mut Account, call: &Call, module: Module) -> Answer {
    let ids = call.param("ids").ok_or_else(|| Refusal::missing_param("ids"))?;
    let ids: Vec<String> = ids.split(',').take(MOST).map(ToOwned::to_owned).collect();
    Ok(reply(ids.iter().map(|id| gone(account, call, module, id)).collect()))
}

pub(crate) fn delete_one(account: &mut Account, call: &Call, module: Module, id: &str) -> Answer {
    let _: u64 = id.parse().map_err(|_| Refusal::no_such_id(id))?;
    Ok(reply(vec![gone(account, call, module, id)]))
}

fn gone(account: &mut Account, call: &Call, module: Module, id: &str) -> Done {
    let found = id.parse().ok().and_then(|id| account.living(module, id));
    let Some(mut record) = found else {
        return Done::Failed(item("INVALID_DATA", "record not deleted", json!({ "id": id })));
    };
    record.deleted = Some(call.now);
    record.modified = call.now;
    account.put(module, record);
    Done::Updated(json!({
        "code": "SUCCESS", "details": { "id": id }, "message": "record deleted", "status": "success",
    }))
}

fn success(call: &Call, record: &Record, message: &str) -> Value {
    let by = json!({ "name": call.user.name(), "id": call.user.id.to_string() });
    json!({
        "code": "SUCCESS",
        "details": {
            "Modified_Time": show::time(call.org, record.modified), "Modified_By": by,
            "Created_Time": show::time(call.org, record.created), "id": record.id.to_string(),
            "Created_By": by,
        },
        "message": message, "status": "success",
    })
}

fn duplicate(module: Module, name: &str, id: u64, at: usize) -> Value {
    let details = json!({
        "api_name": name, "json_path": format!("$.data[{at}].{name}"), "id": id.to_string(),
        "duplicate_record": { "id": id.to_string(), "module": { "api_name": module.name() } },
    });
    item("DUPLICATE_DATA", "duplicate data", details)
}

fn no_object(at: usize) -> Done {
    let details =
        json!({ "expected_data_type": "jsonobject", "json_path": format!("$.data[{at}]") });
    Done::Failed(item("INVALID_DATA", "invalid data", details))
}

/// 201 and 200 when all went well, 202 when nothing did, 207 when some did.
fn reply(done: Vec<Done>) -> Reply {
    let failed = done.iter().filter(|done| matches!(done, Done::Failed(_))).count();
    let inserted = done.iter().any(|done| matches!(done, Done::Inserted(_)));
    let status = match failed {
        0 if inserted => 201,
        0 => 200,
        _ if failed == done.len() => 202,
        _ => 207,
    };
    let data: Vec<Value> = done
        .into_iter()
        .map(|done| match done {
            Done::Inserted(answer) | Done::Updated(answer) | Done::Failed(answer) => answer,
        })
        .collect();
    Reply::of(status, json!({ "data": data }))
}
