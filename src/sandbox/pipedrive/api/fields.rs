//! `/api/v2/{person,organization,deal}Fields` and their options.

use serde_json::{Value, json};

use super::{
    super::{
        records::fields::{Choice, Field, Of},
        world::Account,
    },
    body,
    call::{Answer, Call, Refusal, Reply},
    list::limit,
};

fn page(account: &Account, call: &Call, of: Of) -> Answer {
    call.only(&["include_fields", "limit", "cursor"])?;
    let limit = limit(call, 500)?;
    let start: usize = match call.param("cursor") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("cursor: is not valid"))?,
    };
    let fields = account.fields(of);
    let end = start.saturating_add(limit).min(fields.len());
    let shown: Vec<&Field> = fields.get(start..end).unwrap_or_default().iter().collect();
    let next = (end < fields.len()).then(|| end.to_string());
    Ok(Reply::page(&shown, next.as_deref(), |field, out| {
        out.extend_from_slice(field.json().to_string().as_bytes());
    }))
}

fn one(account: &Account, call: &Call, of: Of) -> Answer {
    let code = call.id.as_deref().unwrap_or_default();
    let field = account.fields(of).iter().find(|field| field.code == code);
    field.map(|field| Reply::data(field.json())).ok_or_else(|| Refusal::missing("Field"))
}

/// All of the options are added or none.
fn add_options(account: &mut Account, call: &Call, of: Of) -> Answer {
    if !call.user.admin {
        return Err(Refusal::new(403, "You do not have permission to edit this field"));
    }
    let sent: Vec<Value> = serde_json::from_slice(&call.body)
        .map_err(|_| Refusal::invalid("the body must be an array of options"))?;
    let mut labels = Vec::with_capacity(sent.len());
    for option in &sent {
        let fits = option.as_object().is_some_and(|option| option.len() == 1);
        match option["label"].as_str() {
            Some(label) if fits && (1..=255).contains(&label.chars().count()) => {
                labels.push(label.to_owned());
            }
            _ => return Err(Refusal::invalid("label: must be 1 to 255 characters, alone")),
        }
    }
    let options = options(account, call, of)?;
    if let Some(twice) = labels
        .iter()
        .find(|label| options.iter().any(|known| known.label.eq_ignore_ascii_case(label)))
    {
        return Err(Refusal::invalid(format!("label: '{twice}' already exists")));
    }
    let mut added = vec![];
    for label in labels {
        account.last_option += 1;
        let id = account.last_option;
        added.push(json!({ "id": id, "label": label }));
        account.made.options.push(id);
        options_mut(account, call, of)?.push(Choice { id, label, color: None });
    }
    Ok(Reply::json(200, &json!({ "success": true, "data": added, "additional_data": null })))
}

/// What a company may add by itself; other kinds exist only built in.
const KINDS: &[&str] = &[
    "varchar",
    "text",
    "double",
    "phone",
    "date",
    "daterange",
    "time",
    "timerange",
    "set",
    "enum",
    "varchar_auto",
    "address",
    "monetary",
    "org",
    "people",
    "user",
];
const BODY: &[&str] = &[
    "field_name",
    "field_type",
    "options",
    "description",
    "ui_visibility",
    "important_fields",
    "required_fields",
];

/// Names may repeat: the code is the key.
pub(crate) fn add_person_field(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    if !call.user.admin {
        return Err(Refusal::new(403, "You do not have permission to add fields"));
    }
    let name = body::text(&body, "field_name")?.unwrap_or_default();
    if !(1..=255).contains(&name.trim().chars().count()) {
        return Err(Refusal::invalid("field_name: must be 1 to 255 characters"));
    }
    let sent = body::text(&body, "field_type")?.unwrap_or_default();
    let kind = KINDS.iter().copied().find(|kind| *kind == sent);
    let kind = kind.ok_or_else(|| Refusal::invalid("field_type: is not one of the allowed"))?;
    let sent = body.get("options").and_then(Value::as_array);
    if matches!(kind, "set" | "enum") && sent.is_none_or(Vec::is_empty) {
        return Err(Refusal::invalid("options: are required for this field_type"));
    }
    let mut choices = vec![];
    for option in sent.into_iter().flatten() {
        let label = option["label"].as_str().filter(|label| !label.trim().is_empty());
        let label = label.ok_or_else(|| Refusal::invalid("options: label is required"))?;
        account.last_option += 1;
        choices.push(Choice { id: account.last_option, label: label.to_owned(), color: None });
    }
    let code: [u8; 20] = rand::random();
    let options = (!choices.is_empty()).then_some(choices);
    let code = hex::encode(code);
    let field = Field { name, code: code.clone(), kind, custom: true, optional: false, options };
    let shown = field.json();
    account.fields[Of::Person as usize].push(field);
    account.made.fields.push(code);
    Ok(Reply::data(shown))
}

/// `DELETE /api/v2/personFields/{field_code}`: what stood in it is no longer shown.
pub(crate) fn delete_person_field(account: &mut Account, call: &Call) -> Answer {
    if !call.user.admin {
        return Err(Refusal::new(403, "You do not have permission to delete fields"));
    }
    let code = call.id.as_deref().unwrap_or_default();
    let fields = &mut account.fields[Of::Person as usize];
    let at = fields.iter().position(|field| field.custom && field.code == code);
    let gone = fields.remove(at.ok_or_else(|| Refusal::missing("Field"))?);
    let holders = account
        .persons
        .changes()
        .filter(|person| person.custom.iter().any(|(key, _)| *key == gone.code));
    for mut person in holders.cloned().collect::<Vec<_>>() {
        person.custom.retain(|(key, _)| *key != gone.code);
        account.persons.put(person);
    }
    Ok(Reply::data(gone.json()))
}

fn options<'a>(account: &'a Account, call: &Call, of: Of) -> Result<&'a [Choice], Refusal> {
    let code = call.id.as_deref().unwrap_or_default();
    let field = account.fields(of).iter().find(|field| field.code == code);
    field
        .ok_or_else(|| Refusal::missing("Field"))?
        .options
        .as_deref()
        .ok_or_else(|| Refusal::invalid("the field has no options"))
}

fn options_mut<'a>(
    account: &'a mut Account,
    call: &Call,
    of: Of,
) -> Result<&'a mut Vec<Choice>, Refusal> {
    let code = call.id.as_deref().unwrap_or_default();
    account.fields[of as usize]
        .iter_mut()
        .find(|field| field.code == code)
        .and_then(|field| field.options.as_mut())
        .ok_or_else(|| Refusal::missing("Field"))
}

pub(crate) fn persons(account: &mut Account, call: &Call) -> Answer {
    page(account, call, Of::Person)
}

pub(crate) fn person(account: &mut Account, call: &Call) -> Answer {
    one(account, call, Of::Person)
}

pub(crate) fn person_options(account: &mut Account, call: &Call) -> Answer {
    add_options(account, call, Of::Person)
}

pub(crate) fn organizations(account: &mut Account, call: &Call) -> Answer {
    page(account, call, Of::Organization)
}

pub(crate) fn organization(account: &mut Account, call: &Call) -> Answer {
    one(account, call, Of::Organization)
}

pub(crate) fn organization_options(account: &mut Account, call: &Call) -> Answer {
    add_options(account, call, Of::Organization)
}

pub(crate) fn deals(account: &mut Account, call: &Call) -> Answer {
    page(account, call, Of::Deal)
}

pub(crate) fn deal(account: &mut Account, call: &Call) -> Answer {
    one(account, call, Of::Deal)
}

pub(crate) fn deal_options(account: &mut Account, call: &Call) -> Answer {
    add_options(account, call, Of::Deal)
}
