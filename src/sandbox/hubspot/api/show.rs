//! Records as the API shows them.

use serde_json::{Map, Value, json};

use super::call::correlation;
use crate::sandbox::hubspot::{
    records::{
        kind::{Kind, tie},
        record::{Record, iso},
    },
    world::Account,
};

/// What is shown when nothing is asked for.
const fn usual(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contacts => &["email", "firstname", "lastname"],
        Kind::Companies => &["domain", "name"],
        Kind::Deals => &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        _ => &[],
    }
}

/// A record with the properties asked for, and those that are always there.
pub(crate) fn record(account: &Account, kind: Kind, record: &Record, asked: &[String]) -> Value {
    let mut properties = Map::new();
    let always = ["hs_object_id", kind.created(), kind.modified()];
    let usual = if asked.is_empty() { usual(kind) } else { &[] };
    let names = always.into_iter().chain(usual.iter().copied());
    for name in names.chain(asked.iter().map(String::as_str)) {
        if account.property(kind, name).is_some() {
            let value = computed(account, kind, record, name).or_else(|| record.value(kind, name));
            properties.insert(name.to_owned(), json!(value));
        }
    }
    let mut shown = json!({
        "id": record.id.to_string(),
        "properties": properties,
        "createdAt": iso(record.created),
        "updatedAt": iso(record.modified),
        "archived": record.archived.is_some(),
    });
    if let Some(at) = record.archived {
        shown["archivedAt"] = json!(iso(at));
    }
    shown
}

fn computed(account: &Account, kind: Kind, record: &Record, name: &str) -> Option<String> {
    match (kind, name) {
        (Kind::Contacts, "associatedcompanyid") => {
            let links = account.book.links(kind, record.id, Kind::Companies);
            let primary = links.iter().find(|link| link.types.contains(&1))?;
            Some(primary.to.to_string())
        }
        (Kind::Contacts, "num_associated_deals") => {
            let deals = account.book.links(kind, record.id, Kind::Deals).len();
            (deals > 0).then(|| deals.to_string())
        }
        // What a stage means.
        (Kind::Deals, "hs_is_closed") => {
            let stage = record.own("dealstage").unwrap_or_default();
            Some(stage.starts_with("closed").to_string())
        }
        (Kind::Deals, "hs_is_closed_won") => {
            Some((record.own("dealstage") == Some("closedwon")).to_string())
        }
        _ => None,
    }
}

/// What a record is tied to, as `associations` of a list shows it; absent where there is nothing.
pub(crate) fn with_associations(
    account: &Account,
    kind: Kind,
    record: &Record,
    asked: &[String],
    shown: &mut Value,
) {
    let mut all = Map::new();
    for to in asked.iter().filter_map(|name| Kind::read(name)) {
        let Some(tie) = tie(kind, to) else { continue };
        let links = account.book.links(kind, record.id, to).iter();
        let links = links.filter(|link| account.book.living(to, link.to).is_some());
        let name = format!("{}_to_{}", kind.singular(), to.singular());
        let results: Vec<Value> = links
            .flat_map(|link| {
                let names = link.types.iter().map(|of| match tie.primary {
                    // The primary tie has the plain name, the plain one says that it has no label.
                    Some(primary) if *of != primary => format!("{name}_unlabeled"),
                    _ => name.clone(),
                });
                names.map(|of| json!({ "id": link.to.to_string(), "type": of })).collect::<Vec<_>>()
            })
            .collect();
        if !results.is_empty() {
            all.insert(to.plural().to_owned(), json!({ "results": results }));
        }
    }
    if !all.is_empty() {
        shown["associations"] = Value::Object(all);
    }
}

/// The frame around the results of a batch; errors make it a partial success.
pub(crate) fn batch(done: u16, results: &[Value], errors: &[Value]) -> super::call::Reply {
    let at = iso(crate::sandbox::hubspot::world::now());
    let mut body =
        json!({ "status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at });
    if errors.is_empty() {
        return super::call::Reply::json(done, body);
    }
    body["numErrors"] = json!(errors.len());
    body["errors"] = json!(errors);
    body["correlationId"] = json!(correlation());
    super::call::Reply::json(207, body)
}
