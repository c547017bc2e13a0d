//! Lists, single records, what was deleted, and counts.
//!
//! A page token is made of the query it belongs to, so that it is refused with another: sort, user, and the
//! last record of the page. It lives a day.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    super::{
        records::{
            Module, Record,
            book::{Mark, Sort},
        },
        world::Account,
    },
    call::{Answer, Call, Refusal, Reply},
    show,
};

/// Records that lists reach by number, and by token.
const BY_NUMBER: u64 = 2_000;
const BY_TOKEN: u64 = 100_000;
const MOST_FIELDS: usize = 50;
const TOKEN_LIFE: u64 = 86_400;

/// The fields of a list are required since version 3.
pub(crate) fn asked(call: &Call) -> Result<Vec<String>, Refusal> {
    let fields = call.param("fields").ok_or_else(|| Refusal::missing_param("fields"))?;
    let fields: Vec<String> = fields.split(',').map(|name| name.trim().to_owned()).collect();
    if fields.len() > MOST_FIELDS {
        let details = json!({ "param_name": "fields", "limit": MOST_FIELDS });
        let message = "more than 50 fields were asked for";
        return Err(Refusal::detailed(400, "LIMIT_EXCEEDED", message, details));
    }
    Ok(fields)
}

/// Where a page begins, and how many came before it.
struct Place {
    after: Option<Mark>,
    before: u64,
}

pub(crate) fn list(account: &mut Account, call: &Call, module: Module) -> Answer {
    let fields = asked(call)?;
    if let Some(ids) = call.param("ids") {
        return some(account, call, module, ids, &fields);
    }
    let sort = match call.param("sort_by").unwrap_or("id") {
        "id" => Sort::Id,
        "Created_Time" => Sort::Created,
        "Modified_Time" => Sort::Modified,
        _ => return Err(Refusal::invalid_param("sort_by")),
    };
    let descending = match call.param("sort_order").unwrap_or("desc") {
        "asc" => false,
        "desc" => true,
        _ => return Err(Refusal::invalid_param("sort_order")),
    };
    let per_page = call.number("per_page", 200)?;
    if !(1..=200).contains(&per_page) {
        return Err(Refusal::invalid_param("per_page"));
    }
    let query = format!("{}:{sort:?}:{descending}:{per_page}:{}", call.user.id, module.name());
    let place = place(call, &query, per_page)?;
    let wanted = usize::try_from(per_page).unwrap_or(200);
    let mut page = page(account, module, (sort, descending), &place, call, wanted);
    if module == Module::Contacts {
        account.list_answered(call.now);
    }
    if page.is_empty() {
        let unchanged = call.modified_since.is_some() && place.before == 0;
        return Ok(if unchanged { Reply { status: 304, body: None } } else { Reply::nothing() });
    }
    let more = page.len() > wanted;
    page.truncate(wanted);
    let reached = place.before + page.len() as u64;
    let last = page.last().map(|(mark, _)| *mark).filter(|_| more && reached < BY_TOKEN);
    let token = last.map(|mark| seal(&query, mark, reached, call.now));
    let data: Vec<Value> = page
        .iter()
        .map(|(_, record)| show::record(account, module, record, Some(&fields)))
        .collect();
    let expiry = token.as_ref().map(|_| show::time(call.org, call.now + TOKEN_LIFE));
    Ok(Reply::json(json!({
        "data": data,
        "info": {
            "per_page": per_page, "count": data.len(), "page": place.before / per_page + 1,
            "sort_by": call.param("sort_by").unwrap_or("id"),
            "sort_order": if descending { "desc" } else { "asc" },
            "next_page_token": token, "previous_page_token": null,
            "page_token_expiry": expiry, "more_records": more,
        },
    })))
}

/// One more than wanted, so that the end is seen.
fn page(
    account: &Account,
    module: Module,
    (sort, descending): (Sort, bool),
    place: &Place,
    call: &Call,
    wanted: usize,
) -> Vec<(Mark, Record)> {
    let fresh = |record: &Record| {
        call.modified_since.is_none_or(|since| record.modified >= since)
            && !record.is_hidden(call.param("converted"))
    };
    // By number, what comes before is counted off; by token, the place is known.
    let skip = if place.after.is_some() { 0 } else { usize::try_from(place.before).unwrap_or(0) };
    if !descending {
        let walk = account.walk(module, sort, place.after).filter(|(_, record)| fresh(record));
        return walk.skip(skip).take(wanted + 1).collect();
    }
    let mut all: Vec<(Mark, Record)> = account
        .walk(module, sort, None)
        .filter(|(mark, record)| fresh(record) && place.after.is_none_or(|after| *mark < after))
        .collect();
    all.reverse();
    all.into_iter().skip(skip).take(wanted + 1).collect()
}

fn place(call: &Call, query: &str, per_page: u64) -> Result<Place, Refusal> {
    match (call.param("page_token"), call.param("page")) {
        (Some(_), Some(_)) => {
            let details = json!({ "param_name": "page", "ambiguous_with": "page_token" });
            let message = "page and page_token cannot be used together";
            Err(Refusal::detailed(400, "AMBIGUITY_DURING_PROCESSING", message, details))
        }
        (Some(token), None) => open(query, token, call.now),
        (None, _) => {
            let page = call.number("page", 1)?.max(1);
            let before = (page - 1) * per_page;
            if before + per_page > BY_NUMBER {
                let details = json!({ "param_name": "page" });
                let message = "use page_token to fetch more than 2000 records";
                return Err(Refusal::detailed(
                    400,
                    "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                    message,
                    details,
                ));
            }
            Ok(Place { after: None, before })
        }
    }
}

fn seal(query: &str, mark: Mark, reached: u64, now: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{query}|{}|{}|{reached}|{now}", mark.0, mark.1))
}

fn open(query: &str, token: &str, now: u64) -> Result<Place, Refusal> {
    let refusal = |code: &str, message: &str| {
        Refusal::detailed(400, code, message, json!({ "param_name": "page_token" }))
    };
    let invalid = || refusal("INVALID_DATA", "the page_token given seems to be invalid");
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(invalid)?;
    let mut parts = text.split('|');
    if parts.next() != Some(query) {
        return Err(invalid());
    }
    let numbers: Vec<u64> = parts.filter_map(|part| part.parse().ok()).collect();
    let [value, id, before, made] = numbers[..] else { return Err(invalid()) };
    if now > made + TOKEN_LIFE {
        return Err(refusal("EXPIRED_VALUE", "the page_token has expired"));
    }
    Ok(Place { after: Some((value, id)), before })
}

/// Up to a hundred by id, in the order of their ids; those that are gone are absent.
fn some(account: &Account, call: &Call, module: Module, ids: &str, fields: &[String]) -> Answer {
    let ids: Result<Vec<u64>, _> = ids.split(',').map(|id| id.trim().parse()).collect();
    let mut ids = ids.map_err(|_| Refusal::invalid_param("ids"))?;
    if ids.len() > 100 {
        return Err(Refusal::detailed(
            400,
            "LIMIT_EXCEEDED",
            "more than 100 ids",
            json!({ "param_name": "ids" }),
        ));
    }
    ids.sort_unstable();
    ids.dedup();
    let found = ids.iter().filter_map(|id| account.living(module, *id));
    let found = found.filter(|record| !record.is_hidden(call.param("converted")));
    let data: Vec<Value> =
        found.map(|record| show::record(account, module, &record, Some(fields))).collect();
    if data.is_empty() {
        return Ok(Reply::nothing());
    }
    let info = json!({ "per_page": 200, "count": data.len(), "page": 1, "more_records": false });
    Ok(Reply::json(json!({ "data": data, "info": info })))
}

pub(crate) fn get(account: &mut Account, call: &Call, module: Module, id: &str) -> Answer {
    let fields = call.param("fields").map(|_| asked(call)).transpose()?;
    let id: u64 = id.parse().map_err(|_| Refusal::no_such_id(id))?;
    match account.living(module, id) {
        Some(found) => {
            let shown = show::record(account, module, &found, fields.as_deref());
            Ok(Reply::json(json!({ "data": [shown] })))
        }
        // Both are seen at the real one: nothing, and an error.
        None if account.get(module, id).is_some() => Ok(Reply::nothing()),
        None => Err(Refusal::no_such_id(&id.to_string())),
    }
}

pub(crate) fn notes(account: &mut Account, call: &Call, module: Module, id: &str) -> Answer {
    let fields = asked(call)?;
    let id: u64 = id.parse().map_err(|_| Refusal::no_such_id(id))?;
    account.living(module, id).ok_or_else(|| Refusal::no_such_id(&id.to_string()))?;
    let (page, per_page) = (call.number("page", 1)?.max(1), call.number("per_page", 200)?);
    let per_page = usize::try_from(per_page.clamp(1, 200)).unwrap_or(200);
    let skip = usize::try_from(page - 1).unwrap_or(0) * per_page;
    let of = account.walk(Module::Notes, Sort::Id, None);
    let of = of.filter(|(_, note)| note.lookup("Parent_Id") == Some(id));
    let mut notes: Vec<Record> = of.map(|(_, note)| note).skip(skip).take(per_page + 1).collect();
    let more = notes.len() > per_page;
    notes.truncate(per_page);
    let shown = |note: &Record| show::record(account, Module::Notes, note, Some(&fields));
    let data: Vec<Value> = notes.iter().map(shown).collect();
    if data.is_empty() {
        return Ok(Reply::nothing());
    }
    let info =
        json!({ "per_page": per_page, "count": data.len(), "page": page, "more_records": more });
    Ok(Reply::json(json!({ "data": data, "info": info })))
}

/// What went since the start; what was gone before is past the 120 days that are remembered.
pub(crate) fn deleted(account: &mut Account, call: &Call, module: Module) -> Answer {
    let (page, per_page) = (call.number("page", 1)?.max(1), call.number("per_page", 200)?);
    let per_page = usize::try_from(per_page.clamp(1, 200)).unwrap_or(200);
    let skip = usize::try_from(page - 1).unwrap_or(0) * per_page;
    let gone = account.book(module).changes().filter_map(|record| Some((record.deleted?, record)));
    let mut gone: Vec<(u64, &Record)> =
        gone.filter(|(at, _)| call.modified_since.is_none_or(|since| *at >= since)).collect();
    gone.sort_by_key(|(at, record)| (*at, record.id));
    let more = gone.len() > skip + per_page;
    let by = show::user(call.org, call.org.admin().id);
    let data: Vec<Value> = gone
        .into_iter()
        .skip(skip)
        .take(per_page)
        .map(|(at, record)| {
            json!({
                "deleted_by": by, "id": record.id.to_string(), "display_name": record.title(module),
                "type": "recycle", "created_by": by, "deleted_time": show::time(call.org, at),
            })
        })
        .collect();
    if data.is_empty() {
        return Ok(Reply::nothing());
    }
    let info =
        json!({ "per_page": per_page, "count": data.len(), "page": page, "more_records": more });
    Ok(Reply::json(json!({ "data": data, "info": info })))
}

pub(crate) fn count(account: &Account, module: Module) -> Reply {
    let count = account.walk(module, Sort::Id, None).count();
    Reply::json(json!({ "count": count }))
}
