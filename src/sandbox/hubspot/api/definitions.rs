//! What is known of the portal itself: properties, owners, pipelines, details.

use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Refusal, Reply},
    objects::next,
};
use crate::sandbox::hubspot::{
    accounts::User,
    records::{
        kind::Kind,
        properties::{Choice, Property},
        record::iso,
    },
    world::Account,
};

/// `/crm/properties/{version}/{type}[/{name}]`
pub(crate) fn properties(
    account: &mut Account,
    of: Kind,
    name: Option<&str>,
    call: &Call,
) -> Answer {
    match (call.method.as_str(), name) {
        ("GET", None) => {
            let all: Vec<Value> = account.properties(of).iter().map(Property::json).collect();
            Ok(Reply::json(200, json!({ "results": all })))
        }
        ("GET", Some(name)) => {
            let property = account.property(of, name).ok_or_else(Refusal::missing)?;
            Ok(Reply::json(200, property.json()))
        }
        ("POST", None) => define(account, of, call),
        ("PATCH", Some(name)) => {
            let options = choices(&call.body["options"])?;
            let mut all = account.properties_mut(of).iter_mut();
            let property = all.find(|property| property.name == name);
            let property = property.ok_or_else(Refusal::missing)?;
            if let Some(label) = call.body["label"].as_str() {
                label.clone_into(&mut property.label);
            }
            // A list replaces the list.
            if let Some(mut options) = options {
                let there = |value: &str| property.options.iter().find(|had| had.value == value);
                for option in &mut options {
                    option.made = there(&option.value).is_none_or(|had| had.made);
                }
                property.options = options;
            }
            Ok(Reply::json(200, property.json()))
        }
        ("DELETE", Some(name)) => {
            let own = account.property(of, name).ok_or_else(Refusal::missing)?;
            if own.built_in {
                return Err(Refusal::invalid(format!("{name} cannot be archived")));
            }
            account.properties_mut(of).retain(|property| property.name != name);
            Ok(Reply::empty())
        }
        _ => Err(Refusal::missing()),
    }
}

fn define(account: &mut Account, of: Kind, call: &Call) -> Answer {
    let text = |key: &str| call.body[key].as_str().filter(|text| !text.is_empty());
    let needed = ["name", "label", "type", "fieldType", "groupName"];
    let missing: Vec<&str> = needed.into_iter().filter(|key| text(key).is_none()).collect();
    if !missing.is_empty() {
        return Err(Refusal::required(&missing));
    }
    let given = |key: &str| text(key).unwrap_or_default().to_owned();
    let name = given("name").to_lowercase();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.bytes().all(plain) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(Refusal::invalid(format!("{name} is no name of a property")));
    }
    if account.property(of, &name).is_some() {
        let words = format!("A property named '{name}' already exists.");
        return Err(Refusal::new(409, "OBJECT_ALREADY_EXISTS", words));
    }
    let property = Property {
        name,
        label: given("label"),
        kind: given("type"),
        field: given("fieldType"),
        options: choices(&call.body["options"])?.unwrap_or_default(),
        built_in: false,
        read_only: false,
        unique: call.body["hasUniqueValue"] == true,
        external: false,
        made: Some(call.now),
    };
    let shown = property.json();
    account.define(of, property);
    Ok(Reply::json(201, shown))
}

fn choices(given: &Value) -> Result<Option<Vec<Choice>>, Refusal> {
    let Some(given) = given.as_array() else { return Ok(None) };
    let mut all: Vec<Choice> = vec![];
    for one in given {
        let text = |key: &str| one[key].as_str().map(ToOwned::to_owned);
        let (Some(label), Some(value)) = (text("label"), text("value")) else {
            return Err(Refusal::invalid("options need a label and a value"));
        };
        if all.iter().any(|known| known.value == value || known.label == label) {
            return Err(Refusal::invalid(format!("Property option label must be unique: {label}")));
        }
        all.push(Choice { value, label, hidden: one["hidden"] == true, made: true });
    }
    Ok(Some(all))
}

/// `/crm/owners/{version}[/{id}]`
pub(crate) fn owners(account: &Account, id: Option<&str>, call: &Call) -> Answer {
    if let Some(text) = id {
        let number = text.parse().map_err(|_| Refusal::invalid("ownerId must be a number"))?;
        let owner = match call.param("idProperty") {
            Some("userId") => account.portal.user(number),
            _ => account.portal.owner(number),
        };
        return owner.map(|user| Reply::json(200, owner_json(user))).ok_or_else(Refusal::missing);
    }
    let limit = call.limit(100, 500)?;
    let after: u64 = call.param("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let archived = call.param("archived") == Some("true");
    let email = call.param("email").map(str::to_lowercase);
    let mut wanted: Vec<&User> = account
        .portal
        .users
        .iter()
        .filter(|user| user.active != archived && user.owner > after)
        .filter(|user| email.as_ref().is_none_or(|email| user.email.to_lowercase() == *email))
        .collect();
    wanted.sort_by_key(|user| user.owner);
    let page: Vec<Value> = wanted.iter().take(limit).map(|user| owner_json(user)).collect();
    let mut body = json!({ "results": page });
    if let Some(last) = wanted.get(limit.wrapping_sub(1)).filter(|_| wanted.len() > limit) {
        body["paging"] = next(&last.owner.to_string());
    }
    Ok(Reply::json(200, body))
}

fn owner_json(user: &User) -> Value {
    // Whoever left has no user any more, but had one.
    let known = user.active.then_some(user.id);
    json!({
        "id": user.owner.to_string(), "email": user.email, "type": "PERSON",
        "firstName": user.first, "lastName": user.last, "userId": known,
        "userIdIncludingInactive": user.id, "createdAt": iso(1_451_606_400_000),
        "updatedAt": iso(1_640_995_200_000), "archived": !user.active,
    })
}

/// `/crm/pipelines/{version}/deals`
pub(crate) fn pipelines() -> Reply {
    let stage = |id: &str, label: &str, order: u8, closed: bool, chance: &str| {
        json!({
            "id": id, "label": label, "displayOrder": order, "archived": false,
            "metadata": { "isClosed": closed.to_string(), "probability": chance },
            "createdAt": iso(1_451_606_400_000), "updatedAt": iso(1_451_606_400_000),
        })
    };
    let pipeline = json!({
        "id": "default", "label": "Sales Pipeline", "displayOrder": 0, "archived": false,
        "createdAt": iso(1_451_606_400_000), "updatedAt": iso(1_451_606_400_000),
        "stages": [
            stage("appointmentscheduled", "Appointment Scheduled", 0, false, "0.2"),
            stage("contractsent", "Contract Sent", 1, false, "0.9"),
            stage("closedwon", "Closed Won", 2, true, "1.0"),
            stage("closedlost", "Closed Lost", 3, true, "0.0"),
        ],
    });
    Reply::json(200, json!({ "results": [pipeline] }))
}

/// `/account-info/{version}/details`
pub(crate) fn details(account: &Account) -> Reply {
    let portal = account.portal;
    Reply::json(
        200,
        json!({
            "portalId": portal.id, "accountType": "STANDARD", "timeZone": portal.timezone,
            "companyCurrency": portal.currency, "additionalCurrencies": [],
            "utcOffset": "+01:00", "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": portal.ui, "dataHostingLocation": portal.hosting,
        }),
    )
}
