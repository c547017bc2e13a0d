//! `.../batch/{read, create, update, upsert, archive}`: up to a hundred records at once.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Refusal, Reply, id},
    objects::{self, by_property},
    show,
};
use crate::sandbox::hubspot::{records::kind::Kind, world::Account};

const MOST: usize = 100;

pub(crate) fn run(account: &mut Account, of: Kind, what: &str, call: &Call) -> Answer {
    let inputs = call.inputs(MOST)?;
    let mut seen = HashSet::new();
    for input in inputs.iter().filter(|input| !input["id"].is_null()) {
        if !seen.insert(input["id"].to_string()) {
            return Err(Refusal::invalid(format!("Duplicate IDs found in batch: {}", input["id"])));
        }
    }
    match what {
        "read" => read(account, of, inputs, call),
        "create" => create(account, of, inputs, call),
        "update" => update(account, of, inputs, call),
        "upsert" => upsert(account, of, inputs, call),
        "archive" => {
            for id in inputs.iter().filter_map(|input| id(&input["id"])) {
                account.archive(of, id, call.now);
            }
            Ok(Reply::empty())
        }
        _ => Err(Refusal::missing()),
    }
}

/// By id, or by a property that only one may have; what is not there is an error among results.
fn read(account: &Account, of: Kind, inputs: &[Value], call: &Call) -> Answer {
    let by = call.body["idProperty"].as_str();
    let names: Vec<String> = call.body["properties"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect();
    let (mut results, mut missing) = (vec![], vec![]);
    for input in inputs {
        let asked = &input["id"];
        let id = match by {
            None | Some("hs_object_id") => id(asked),
            Some(name) => by_property(account, of, name, asked.as_str().unwrap_or_default())?,
        };
        match id.and_then(|id| account.book.living(of, id)) {
            Some(record) => results.push(show::record(account, of, record, &names)),
            None => missing.push(asked.clone()),
        }
    }
    let errors = if missing.is_empty() {
        vec![]
    } else {
        vec![json!({
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": format!(
                "Could not get some {} objects, they may be deleted or not exist. Check that ids \
                 are valid.",
                of.singular().to_uppercase(),
            ),
            "context": { "ids": missing },
        })]
    };
    Ok(show::batch(200, &results, &errors))
}

fn trace(input: &Value) -> Option<&str> {
    input["objectWriteTraceId"].as_str()
}

/// All or nothing, unless every input has a trace id.
fn create(account: &mut Account, of: Kind, inputs: &[Value], call: &Call) -> Answer {
    let partly = inputs.iter().all(|input| trace(input).is_some());
    if !partly {
        for input in inputs {
            objects::prepare(account, of, call, input)?;
        }
    }
    let (mut results, mut errors) = (vec![], vec![]);
    for input in inputs {
        match objects::prepare(account, of, call, input) {
            Ok(made) => results.push(traced(objects::keep(account, of, made), input)),
            Err(refusal) if partly => errors.push(refusal.within(trace(input))),
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(show::batch(201, &results, &errors))
}

fn traced(mut shown: Value, input: &Value) -> Value {
    if let Some(trace) = trace(input) {
        shown["objectWriteTraceId"] = json!(trace);
    }
    shown
}

fn update(account: &mut Account, of: Kind, inputs: &[Value], call: &Call) -> Answer {
    let (mut results, mut errors) = (vec![], vec![]);
    for input in inputs {
        let known = match input["idProperty"].as_str() {
            None | Some("hs_object_id") => id(&input["id"]),
            Some(name) => by_property(account, of, name, input["id"].as_str().unwrap_or_default())?,
        };
        let done = match known {
            Some(known) => objects::change(account, of, known, &input["properties"], call),
            None => Err(Refusal::missing()),
        };
        match done {
            Ok(shown) => results.push(traced(shown, input)),
            Err(refusal) => errors.push(refusal.within(trace(input))),
        }
    }
    Ok(show::batch(200, &results, &errors))
}

/// Changes the one that has the value, or makes it with the value.
fn upsert(account: &mut Account, of: Kind, inputs: &[Value], call: &Call) -> Answer {
    let (mut results, mut errors) = (vec![], vec![]);
    for input in inputs {
        let Some(name) = input["idProperty"].as_str() else {
            return Err(Refusal::invalid("idProperty is required for an upsert"));
        };
        let value = input["id"].as_str().unwrap_or_default();
        let done = match by_property(account, of, name, value)? {
            Some(known) => objects::change(account, of, known, &input["properties"], call)
                .map(|shown| (shown, false)),
            None => {
                let mut given = json!({ "properties": input["properties"] });
                given["properties"][name] = json!(value);
                objects::prepare(account, of, call, &given)
                    .map(|made| (objects::keep(account, of, made), true))
            }
        };
        match done {
            Ok((mut shown, new)) => {
                shown["new"] = json!(new);
                results.push(traced(shown, input));
            }
            Err(refusal) => errors.push(refusal.within(trace(input))),
        }
    }
    Ok(show::batch(200, &results, &errors))
}
