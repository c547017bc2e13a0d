//! `/api/v2/{person,organization,deal}Fields` and their options.

use serde_json::{Value, json};

use super::{
    super::{
        records::fields::{Choice, Field, Of},
        world::Account,
    },
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
        options_mut(account, call, of)?.push(Choice { id, label, color: None });
    }
    Ok(Reply::json(200, &json!({ "success": true, "data": added, "additional_data": null })))
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
