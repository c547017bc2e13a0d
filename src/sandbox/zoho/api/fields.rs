//! `/settings/fields`: what modules hold, and adding to it.

use serde_json::{Value, json};

use super::{
    super::{
        records::{
            Module,
            fields::{Field, Kind, Rule},
        },
        world::Account,
    },
    call::{Answer, Call, Refusal, Reply, item},
};

fn module(call: &Call) -> Result<Module, Refusal> {
    let name = call.param("module").ok_or_else(|| Refusal::missing_param("module"))?;
    let message = "the module name given seems to be invalid";
    Module::parse(name).ok_or_else(|| Refusal::new(400, "INVALID_MODULE", message))
}

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    let fields: Vec<Value> = account.fields(module(call)?).iter().map(Field::json).collect();
    Ok(Reply::json(json!({ "fields": fields })))
}

/// Only text is made here; that is what callers of this stand-in need.
pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let module = module(call)?;
    let mut answers = vec![];
    for wish in call.list("fields", 5)? {
        let Some(label) = wish["field_label"].as_str().map(str::trim).filter(|it| !it.is_empty())
        else {
            let details =
                json!({ "api_name": "field_label", "json_path": "$.fields[0].field_label" });
            answers.push(item("MANDATORY_NOT_FOUND", "required field not found", details));
            continue;
        };
        if wish["data_type"] != json!("text") {
            let details = json!({ "api_name": "data_type", "json_path": "$.fields[0].data_type" });
            answers.push(item("INVALID_DATA", "invalid data", details));
            continue;
        }
        let fields = account.fields(module);
        if let Some(known) = fields.iter().find(|field| field.label.eq_ignore_ascii_case(label)) {
            let details = json!({ "api_name": "field_label", "id": known.id.to_string() });
            answers.push(item("DUPLICATE_DATA", "duplicate data", details));
            continue;
        }
        let mut api_name: String =
            label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        while fields.iter().any(|field| field.api_name == api_name) {
            api_name.push('1');
        }
        let id = account.next_meta();
        let length = wish["length"].as_u64().and_then(|length| usize::try_from(length).ok());
        let field = Field {
            id,
            api_name: api_name.clone(),
            label: label.to_owned(),
            kind: Kind::Text(length.unwrap_or(255).clamp(1, 255)),
            custom: true,
            rule: Rule::Optional,
            unique: wish["unique"].is_object(),
            options: vec![],
        };
        account.fields.entry(module).or_default().push(field);
        account.made.fields.push(api_name);
        answers.push(json!({
            "code": "SUCCESS", "details": { "id": id.to_string() }, "message": "field created",
            "status": "success",
        }));
    }
    let done = answers.iter().all(|answer| answer["status"] == json!("success"));
    Ok(Reply::of(if done { 201 } else { 400 }, json!({ "fields": answers })))
}

pub(crate) fn delete(account: &mut Account, call: &Call, id: &str) -> Answer {
    let module = module(call)?;
    let fields = account.fields.entry(module).or_default();
    let custom = |field: &Field| field.custom && field.id.to_string() == id;
    let Some(at) = fields.iter().position(custom) else { return Err(Refusal::no_such_id(id)) };
    fields.remove(at);
    Ok(Reply::json(json!({ "fields": [{
        "code": "SUCCESS", "details": { "id": id }, "message": "field deleted", "status": "success",
    }] })))
}
