//! `/api/v1/users`: there is no v2.

use serde_json::{Value, json};

use super::{
    super::{
        accounts::{Standing, User},
        clock,
        world::Account,
    },
    call::{Answer, Call, Refusal, Reply},
};

#[expect(clippy::unnecessary_wraps, reason = "all operations have one signature")]
pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    let users: Vec<Value> = account.company.users.iter().map(|user| shown(call, user)).collect();
    Ok(Reply::data(users))
}

/// Costs twice a list, and the answer is not exact: it contains the term.
pub(crate) fn find(account: &mut Account, call: &Call) -> Answer {
    let term = call.param("term").unwrap_or_default().to_lowercase();
    if term.is_empty() {
        return Err(Refusal::new(400, "term is required"));
    }
    let by_email = call.flag("search_by_email")?.unwrap_or(false);
    let users: Vec<Value> = account
        .company
        .users
        .iter()
        .filter(|user| {
            let searched = if by_email { user.email } else { user.name };
            searched.to_lowercase().contains(&term)
        })
        .map(|user| shown(call, user))
        .collect();
    Ok(Reply::data(users))
}

#[expect(clippy::unnecessary_wraps, reason = "all operations have one signature")]
pub(crate) fn me(account: &mut Account, call: &Call) -> Answer {
    let company = account.company;
    let mut user = shown(call, call.user);
    user["company_id"] = json!(company.id);
    user["company_name"] = json!(company.name);
    user["company_domain"] = json!(company.domain);
    user["company_country"] = json!(company.country.iso());
    user["company_industry"] = json!(company.industry);
    user["language"] = json!({ "language_code": "en", "country_code": "US" });
    Ok(Reply::data(user))
}

pub(crate) fn get(account: &mut Account, call: &Call) -> Answer {
    let user = account.company.user(call.id()?).ok_or_else(|| Refusal::missing("User"))?;
    Ok(Reply::data(shown(call, user)))
}

fn shown(call: &Call, user: &User) -> Value {
    let apps = ["sales", "global", "account_settings"];
    let access: Vec<Value> = apps
        .iter()
        .filter(|app| user.admin || **app == "sales")
        .map(|app| {
            json!({
                "app": app, "admin": user.admin,
                "permission_set_id": format!("{app}-{}", if user.admin { "admin" } else { "regular" }),
            })
        })
        .collect();
    let (timezone, offset) = call.company.timezone;
    json!({
        "id": user.id,
        "name": user.name,
        "default_currency": call.company.currency,
        "locale": "en_US",
        "lang": 1,
        "email": user.email,
        "phone": null,
        "activated": user.standing != Standing::Invited,
        "last_login": clock::spaced(clock::UPDATED_FROM),
        "created": clock::spaced(clock::ADDED_FROM),
        "modified": clock::spaced(clock::UPDATED_FROM),
        "has_created_company": false,
        "access": access,
        "active_flag": user.is_active(),
        "timezone_name": timezone,
        "timezone_offset": offset,
        "role_id": 1,
        "icon_url": null,
        "is_you": user.id == call.user.id,
        "is_deleted": user.standing == Standing::Deactivated,
    })
}
