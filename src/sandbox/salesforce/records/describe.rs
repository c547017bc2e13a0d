//! What `describe` says of a kind of records.

use serde_json::{Value, json};

use super::schema::{Field, Kind, Object};

pub(crate) fn object(object: &Object, base: &str) -> Value {
    let mut fields: Vec<Value> = ["Id", "CreatedDate", "SystemModstamp", "IsDeleted"]
        .into_iter()
        .map(|name| {
            let kind = match name {
                "Id" => "id",
                "IsDeleted" => "boolean",
                _ => "datetime",
            };
            json!({
                "name": name, "label": name, "type": kind, "custom": false, "createable": false,
                "updateable": false, "nillable": false, "externalId": false, "unique": false,
                "length": if name == "Id" { 18 } else { 0 }, "picklistValues": [],
                "referenceTo": [], "idLookup": name == "Id", "restrictedPicklist": false,
            })
        })
        .collect();
    fields.extend(object.fields.iter().filter(|field| field.visible).map(described));
    json!({
        "name": object.name, "label": object.name, "labelPlural": format!("{}s", object.name),
        "keyPrefix": object.prefix, "custom": false, "createable": true, "updateable": true,
        "deletable": true, "queryable": true, "searchable": true, "fields": fields,
        "urls": { "sobject": format!("{base}/sobjects/{}", object.name),
                  "describe": format!("{base}/sobjects/{}/describe", object.name) },
    })
}

fn described(field: &Field) -> Value {
    let (kind, length) = match field.kind {
        Kind::Text(length) => ("string", length),
        Kind::Area(length) => ("textarea", length),
        Kind::Email => ("email", 80),
        Kind::Phone => ("phone", 40),
        Kind::Url => ("url", 255),
        Kind::Whole => ("int", 0),
        Kind::Currency => ("currency", 0),
        Kind::Bool => ("boolean", 0),
        Kind::Date => ("date", 0),
        Kind::DateTime => ("datetime", 0),
        Kind::Pick { .. } => ("picklist", 255),
        Kind::MultiPick { .. } => ("multipicklist", 4_099),
        Kind::Reference(_) => ("reference", 18),
    };
    let restricted = matches!(
        field.kind,
        Kind::Pick { restricted: true } | Kind::MultiPick { restricted: true }
    );
    let targets: Vec<&str> = match field.kind {
        Kind::Reference(prefixes) => prefixes.iter().filter_map(|prefix| named(prefix)).collect(),
        _ => vec![],
    };
    let choices: Vec<Value> = field
        .choices
        .iter()
        .map(|choice| {
            json!({ "value": choice.value, "label": choice.label, "active": choice.active,
                    "defaultValue": false, "validFor": null })
        })
        .collect();
    json!({
        "name": field.name, "label": field.label, "type": kind, "length": length,
        "custom": field.custom, "createable": field.writable,
        "updateable": field.writable && !field.fixed, "nillable": !field.required,
        "externalId": field.external, "unique": field.external, "idLookup": field.external,
        "restrictedPicklist": restricted, "picklistValues": choices, "referenceTo": targets,
    })
}

/// The kind that ids with a prefix are of.
pub(crate) fn named(prefix: &str) -> Option<&'static str> {
    Some(match prefix {
        "001" => "Account",
        "003" => "Contact",
        "00Q" => "Lead",
        "005" => "User",
        "006" => "Opportunity",
        "0PS" => "PermissionSet",
        _ => return None,
    })
}
