//! Tags of contacts, and putting them onto records. Adding one that does not exist makes it.

use serde_json::{Value, json};

use super::{
    super::{
        records::Module,
        world::{Account, Tag},
    },
    call::{Answer, Call, Refusal, Reply, item},
};

/// Characters of a tag's name.
const MOST: usize = 25;

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    let name = call.param("module").ok_or_else(|| Refusal::missing_param("module"))?;
    let of_contacts = Module::parse(name) == Some(Module::Contacts);
    let tags: Vec<Value> = account
        .tags
        .iter()
        .filter(|_| of_contacts)
        .map(|tag| json!({ "name": tag.name, "id": tag.id.to_string(), "color_code": null }))
        .collect();
    if tags.is_empty() {
        return Ok(Reply::nothing());
    }
    let info = json!({ "count": tags.len(), "allowed_count": 100, "more_records": false });
    Ok(Reply::json(json!({ "tags": tags, "info": info })))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    call.param("module").ok_or_else(|| Refusal::missing_param("module"))?;
    let mut answers = vec![];
    for wish in call.list("tags", 50)? {
        answers.push(match named(&wish) {
            Err(answer) => answer,
            Ok(name) => match account.tags.iter().find(|tag| same(&tag.name, &name)) {
                Some(known) => {
                    let details = json!({ "id": known.id.to_string(), "api_name": "name" });
                    item("DUPLICATE_DATA", "duplicate data", details)
                }
                None => {
                    let id = add_tag(account, &name);
                    json!({
                        "code": "SUCCESS", "details": { "id": id.to_string() },
                        "message": "tags created successfully", "status": "success",
                    })
                }
            },
        });
    }
    let done = answers.iter().all(|answer| answer["status"] == json!("success"));
    Ok(Reply::of(if done { 201 } else { 400 }, json!({ "tags": answers })))
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn named(wish: &Value) -> Result<String, Value> {
    let name = wish["name"].as_str().unwrap_or_default().trim();
    if name.is_empty() || name.chars().count() > MOST {
        let details =
            json!({ "api_name": "name", "json_path": "$.tags[0].name", "maximum_length": MOST });
        return Err(item("INVALID_DATA", "invalid data", details));
    }
    Ok(name.to_owned())
}

fn add_tag(account: &mut Account, name: &str) -> u64 {
    let id = account.next_meta();
    account.tags.push(Tag { id, name: name.to_owned() });
    account.made.tags.push(id);
    id
}

/// Names of the tags that are meant, new ones made. An id takes precedence over a name.
pub(crate) fn resolve(account: &mut Account, wishes: &[Value]) -> Result<Vec<String>, Value> {
    let mut names: Vec<String> = vec![];
    for wish in wishes {
        let id = super::super::records::id_of(&wish["id"]);
        let known = match id {
            Some(id) => account.tags.iter().find(|tag| tag.id == id).ok_or_else(|| {
                item(
                    "INVALID_DATA",
                    "the id given seems to be invalid",
                    json!({ "api_name": "Tag" }),
                )
            }),
            None => {
                let name = named(wish)?;
                if !account.tags.iter().any(|tag| same(&tag.name, &name)) {
                    add_tag(account, &name);
                }
                let mut tags = account.tags.iter();
                let found = tags.find(|tag| same(&tag.name, &name));
                found.ok_or_else(|| {
                    item("INVALID_DATA", "invalid data", json!({ "api_name": "Tag" }))
                })
            }
        }?;
        if !names.contains(&known.name) {
            names.push(known.name.clone());
        }
    }
    Ok(names)
}

/// `POST /{module}/{id}/actions/add_tags`
pub(crate) fn add(account: &mut Account, call: &Call, module: Module, id: &str) -> Answer {
    let wishes = call.list("tags", 10)?;
    let found = id.parse().ok().and_then(|id| account.living(module, id));
    let Some(mut record) = found else { return Err(Refusal::no_such_id(id)) };
    let names = match resolve(account, &wishes) {
        Ok(names) => names,
        Err(answer) => return Ok(Reply::of(400, json!({ "data": [answer] }))),
    };
    if call.object()?.get("over_write") == Some(&json!(true)) {
        record.tags.clear();
    }
    for name in names {
        if !record.tags.contains(&name) {
            record.tags.push(name);
        }
    }
    record.modified = call.now.max(record.modified);
    let details = json!({ "id": id, "tags": record.tags });
    account.put(module, record);
    Ok(Reply::json(json!({
        "data": [{
            "code": "SUCCESS", "details": details, "message": "tags updated successfully",
            "status": "success",
        }],
        "wf_scheduler": "scheduled", "locked_count": 0, "success_count": "1",
    })))
}
