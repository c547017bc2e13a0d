//! Users, the organization, and how its modules are set up.

use serde_json::{Value, json};

use super::{
    super::{
        accounts::{Standing, User},
        records::{
            Module,
            fields::{PIPELINE, STAGES},
        },
        world::Account,
    },
    call::{Answer, Call, Refusal, Reply},
    show,
};

pub(crate) fn users(account: &mut Account, call: &Call) -> Answer {
    let kind = call.param("type").unwrap_or("AllUsers");
    let (page, per_page) = (call.number("page", 1)?.max(1), call.number("per_page", 200)?);
    let per_page = usize::try_from(per_page.clamp(1, 200)).unwrap_or(200);
    let skip = usize::try_from(page - 1).unwrap_or(0) * per_page;
    let all: Vec<&User> = account
        .org
        .users
        .iter()
        .filter(|user| match kind {
            "ActiveUsers" | "ActiveConfirmedUsers" => user.is_active(),
            "DeactiveUsers" => user.standing == Standing::Inactive,
            "DeletedUsers" => user.standing == Standing::Deleted,
            "AdminUsers" => user.admin,
            "CurrentUser" => user.id == call.user.id,
            _ => true,
        })
        .collect();
    let more = all.len() > skip + per_page;
    let users: Vec<Value> =
        all.into_iter().skip(skip).take(per_page).map(|user| shown(account, user)).collect();
    if users.is_empty() {
        return Ok(Reply::nothing());
    }
    let info =
        json!({ "per_page": per_page, "count": users.len(), "page": page, "more_records": more });
    Ok(Reply::json(json!({ "users": users, "info": info })))
}

pub(crate) fn user(account: &Account, id: &str) -> Answer {
    let found = id.parse().ok().and_then(|id| account.org.user(id));
    let found = found.ok_or_else(|| Refusal::no_such_id(id))?;
    Ok(Reply::json(json!({ "users": [shown(account, found)] })))
}

fn shown(account: &Account, user: &User) -> Value {
    let org = account.org;
    let status = match user.standing {
        Standing::Active => "active",
        Standing::Inactive => "disabled",
        Standing::Deleted => "deleted",
    };
    let (profile, role) =
        if user.admin { ("Administrator", "CEO") } else { ("Standard", "Manager") };
    json!({
        "id": user.id.to_string(), "full_name": user.name(), "first_name": user.first,
        "last_name": user.last, "email": user.email, "status": status,
        "confirm": user.is_active(), "zuid": (user.id % 1_000_000_000).to_string(),
        "role": { "name": role, "id": (org.base + 26_005).to_string() },
        "profile": { "name": profile, "id": (org.base + 26_011).to_string() },
        "time_zone": org.time_zone, "country": org.country.1, "country_locale": "de_DE",
        "locale": "en_US", "language": "en_US", "offset": i64::from(org.offset) * 1_000,
        "Modified_Time": show::time(org, 1_767_139_200),
        "Created_Time": show::time(org, 1_451_606_400),
        "Isonline": false, "microsoft": false, "personal_account": false,
    })
}

pub(crate) fn org(account: &Account) -> Reply {
    let org = account.org;
    Reply::json(json!({ "org": [{
        "id": org.id.to_string(), "zgid": (org.id % 1_000_000_000).to_string(),
        "company_name": org.name, "domain_name": org.domain, "country": org.country.0,
        "country_code": org.country.1, "time_zone": org.time_zone,
        "currency": org.currency.0, "iso_code": org.currency.0,
        "currency_symbol": org.currency.1, "currency_locale": "de_DE",
        "primary_email": org.admin().email, "mc_status": false, "gapps_enabled": false,
        "license_details": {
            "paid": true, "paid_type": "standard", "users_license_purchased": org.users.len(),
            "paid_expiry": null, "trial_type": null, "trial_expiry": null,
        },
    }] }))
}

pub(crate) fn modules() -> Reply {
    let module = |(nth, module): (usize, Module)| {
        let plural = module.name();
        json!({
            "api_name": plural, "module_name": plural, "singular_label": plural.trim_end_matches('s'),
            "plural_label": plural, "generated_type": "default", "api_supported": true,
            "viewable": true, "creatable": true, "editable": true, "deletable": true,
            "visible": true, "visibility": 1, "status": "visible",
            "id": (5_725_767_000_000_002_171 + nth as u64).to_string(), "sequence_number": nth + 1,
        })
    };
    let modules: Vec<Value> = Module::ALL.into_iter().enumerate().map(module).collect();
    Reply::json(json!({ "modules": modules }))
}

pub(crate) fn layouts(account: &Account) -> Reply {
    let id = (account.org.base + 91_023).to_string();
    Reply::json(json!({ "layouts": [
        { "id": id, "name": "Standard", "display_label": "Standard", "status": "active", "visible": true },
    ] }))
}

pub(crate) fn pipelines(account: &Account) -> Reply {
    let base = account.org.base;
    let maps: Vec<Value> = STAGES
        .iter()
        .enumerate()
        .map(|(nth, stage)| {
            json!({
                "id": (base + 6_801 + nth as u64).to_string(), "display_value": stage.name,
                "actual_value": stage.name, "sequence_number": nth + 1,
                "forecast_type": stage.forecast,
                "forecast_category": { "name": "Pipeline", "id": (base + 6_900).to_string() },
                "delete": false,
            })
        })
        .collect();
    Reply::json(json!({ "pipeline": [{
        "id": (base + 6_700).to_string(), "display_value": PIPELINE, "actual_value": PIPELINE,
        "default": true, "maps": maps,
    }] }))
}
