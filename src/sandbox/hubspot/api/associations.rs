//! Associations of one record, and of many at once.

use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Refusal, Reply, id},
    show,
};
use crate::sandbox::hubspot::{
    records::{
        book::Link,
        kind::{Kind, Tie, tie},
    },
    world::Account,
};

const MOST_READ: usize = 1_000;
const MOST_MADE: usize = 2_000;

fn ends(from: Kind, to: Kind) -> Result<Tie, Refusal> {
    tie(from, to).ok_or_else(|| {
        Refusal::invalid(format!("{} cannot be associated with {}", from.plural(), to.plural()))
    })
}

fn types(of: &[u16], tie: Tie) -> Value {
    of.iter()
        .map(|number| {
            let label = (Some(*number) == tie.primary).then_some("Primary");
            json!({ "category": "HUBSPOT_DEFINED", "typeId": number, "label": label })
        })
        .collect()
}

fn there(account: &Account, from: (Kind, u64), to: Kind, tie: Tie) -> Vec<Value> {
    let links = account.book.links(from.0, from.1, to).iter();
    let living = links.filter(|link| account.book.living(to, link.to).is_some());
    living
        .map(|Link { to, types: of }| {
            json!({ "toObjectId": to.to_string(), "associationTypes": types(of, tie) })
        })
        .collect()
}

/// `GET .../{from}/{id}/associations/{to}`
pub(crate) fn list(account: &Account, (from, text): (Kind, &str), to: Kind) -> Answer {
    let tie = ends(from, to)?;
    let id = text.parse().ok().filter(|id| account.book.living(from, *id).is_some());
    let id = id.ok_or_else(Refusal::missing)?;
    Ok(Reply::json(200, json!({ "results": there(account, (from, id), to, tie) })))
}

/// `PUT .../{from}/{id}/associations[/default]/{to}/{toId}`
pub(crate) fn put(
    account: &mut Account,
    (from, text): (Kind, &str),
    (to, other): (Kind, &str),
    call: &Call,
    done: u16,
) -> Answer {
    let tie = ends(from, to)?;
    let living = |kind: Kind, text: &str| {
        text.parse().ok().filter(|id| account.book.living(kind, *id).is_some())
    };
    let (Some(one), Some(other)) = (living(from, text), living(to, other)) else {
        return Err(Refusal::missing());
    };
    let wanted = wanted(&call.body)?;
    account
        .book
        .link((from, one), (to, other), wanted)
        .ok_or_else(|| Refusal::invalid("the association type does not fit these objects"))?;
    Ok(Reply::json(
        done,
        json!({
            "fromObjectTypeId": from.type_id(), "fromObjectId": one.to_string(),
            "toObjectTypeId": to.type_id(), "toObjectId": other.to_string(),
            "labels": [], "status": "COMPLETE",
            "results": [{
                "from": { "id": one.to_string() }, "to": { "id": other.to_string() },
                "associationSpec": {
                    "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": tie.plain,
                },
            }],
        }),
    ))
}

/// The first type of a list of them; without one it is the unlabelled.
fn wanted(types: &Value) -> Result<Option<u16>, Refusal> {
    let Some(first) = types.as_array().and_then(|types| types.first()) else { return Ok(None) };
    let number = first["associationTypeId"].as_u64().and_then(|n| u16::try_from(n).ok());
    number.map(Some).ok_or_else(|| Refusal::invalid("associationTypeId is required"))
}

/// `DELETE .../{from}/{id}/associations/{to}/{toId}`
pub(crate) fn delete(
    account: &mut Account,
    (from, text): (Kind, &str),
    (to, other): (Kind, &str),
) -> Answer {
    ends(from, to)?;
    if let (Ok(one), Ok(other)) = (text.parse(), other.parse()) {
        account.book.unlink((from, one), (to, other));
    }
    Ok(Reply::empty())
}

/// `/crm/associations/{version}/{from}/{to}/batch/...`
pub(crate) fn batch(
    account: &mut Account,
    (from, to): (Kind, Kind),
    what: &str,
    call: &Call,
) -> Answer {
    let tie = ends(from, to)?;
    match what {
        "read" => Ok(read(account, (from, to), tie, call.inputs(MOST_READ)?)),
        "create" => make(account, (from, to), call.inputs(MOST_MADE)?, 201),
        "associate/default" => make(account, (from, to), call.inputs(MOST_MADE)?, 200),
        "archive" => {
            for input in call.inputs(100)? {
                let one = id(&input["from"]["id"]);
                for other in input["to"].as_array().into_iter().flatten() {
                    if let (Some(one), Some(other)) = (one, id(&other["id"])) {
                        account.book.unlink((from, one), (to, other));
                    }
                }
            }
            Ok(Reply::empty())
        }
        _ => Err(Refusal::missing()),
    }
}

/// Whoever has none is an error among the results.
fn read(account: &Account, (from, to): (Kind, Kind), tie: Tie, inputs: &[Value]) -> Reply {
    let (mut results, mut errors) = (vec![], vec![]);
    for input in inputs {
        let found = id(&input["id"]).map(|id| there(account, (from, id), to, tie));
        let found = found.unwrap_or_default();
        if found.is_empty() {
            errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": format!(
                    "No {} is associated with {} {}.",
                    to.singular(), from.singular(), input["id"],
                ),
                "context": {
                    "fromObjectId": [input["id"]], "fromObjectType": [from.singular()],
                    "toObjectType": [to.singular()],
                },
            }));
        } else {
            results.push(json!({ "from": { "id": input["id"] }, "to": found }));
        }
    }
    show::batch(200, &results, &errors)
}

fn make(
    account: &mut Account,
    (from, to): (Kind, Kind),
    inputs: &[Value],
    done_with: u16,
) -> Answer {
    let (mut results, mut errors) = (vec![], vec![]);
    for input in inputs {
        let wanted = wanted(&input["types"])?;
        let living = |kind: Kind, value: &Value| {
            id(value).filter(|id| account.book.living(kind, *id).is_some())
        };
        let ends = living(from, &input["from"]["id"]).zip(living(to, &input["to"]["id"]));
        let done = ends.and_then(|(one, other)| {
            account.book.link((from, one), (to, other), wanted)?;
            Some((one, other))
        });
        match done {
            Some((one, other)) => results.push(json!({
                "fromObjectTypeId": from.type_id(), "fromObjectId": one.to_string(),
                "toObjectTypeId": to.type_id(), "toObjectId": other.to_string(), "labels": [],
            })),
            None => errors.push(Refusal::missing().within(None)),
        }
    }
    Ok(show::batch(done_with, &results, &errors))
}
