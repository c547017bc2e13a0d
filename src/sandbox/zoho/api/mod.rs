//! The API, version 8: which operations exist, what they cost, who may call them.

pub(crate) mod call;
mod coql;
mod fields;
pub(crate) mod gate;
mod list;
mod org;
mod search;
pub(crate) mod show;
mod tags;
mod validate;
pub(crate) mod watch;
mod write;

use super::{records::Module, world::Account};
use call::{Answer, Call, Refusal};

type Run = Box<dyn FnOnce(&mut Account, &Call) -> Answer>;

/// One operation of the API, found for a request.
pub(crate) struct Operation {
    /// Credits.
    pub(crate) cost: u64,
    /// Areas and what is done there; all of them are needed.
    pub(crate) scopes: Vec<(String, &'static str)>,
    pub(crate) run: Run,
}

fn operation(
    cost: u64,
    area: impl Into<String>,
    right: &'static str,
    run: impl FnOnce(&mut Account, &Call) -> Answer + 'static,
) -> Operation {
    Operation { cost, scopes: vec![(area.into(), right)], run: Box::new(run) }
}

/// Finds what a path below the version means. Inserts and updates cost a credit per ten records.
pub(crate) fn find(method: &str, path: &str, body: &[u8]) -> Result<Operation, Refusal> {
    let parts: Vec<String> = path.trim_matches('/').split('/').map(ToOwned::to_owned).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let found = match (method, parts.as_slice()) {
        ("GET", ["users"]) => operation(1, "users", "READ", org::users),
        ("GET", ["users", id]) => {
            let id = (*id).to_owned();
            operation(1, "users", "READ", move |account, _| org::user(account, &id))
        }
        ("GET", ["org"]) => operation(1, "org", "READ", |account, _| Ok(org::org(account))),
        ("GET", ["settings", "modules"]) => {
            operation(1, "settings.modules", "READ", |_, _| Ok(org::modules()))
        }
        ("GET", ["settings", "fields"]) => operation(1, "settings.fields", "READ", fields::list),
        ("POST", ["settings", "fields"]) => {
            operation(1, "settings.fields", "CREATE", fields::create)
        }
        ("DELETE", ["settings", "fields", id]) => {
            let id = (*id).to_owned();
            let run = move |account: &mut Account, call: &Call| fields::delete(account, call, &id);
            operation(1, "settings.fields", "DELETE", run)
        }
        ("GET", ["settings", "tags"]) => operation(1, "settings.tags", "READ", tags::list),
        ("POST", ["settings", "tags"]) => operation(1, "settings.tags", "CREATE", tags::create),
        ("GET", ["settings", "layouts"]) => {
            operation(1, "settings.layouts", "READ", |account, _| Ok(org::layouts(account)))
        }
        ("GET", ["settings", "pipeline"]) => {
            operation(1, "settings.pipeline", "READ", |account, _| Ok(org::pipelines(account)))
        }
        ("GET", ["actions", "watch"]) => operation(1, "notifications", "READ", watch::list),
        ("POST", ["actions", "watch"]) => operation(1, "notifications", "CREATE", watch::open),
        ("DELETE", ["actions", "watch"]) => operation(1, "notifications", "DELETE", watch::close),
        ("POST", ["coql"]) => coql::operation(body)?,
        (_, [module, rest @ ..]) if !matches!(*module, "users" | "org" | "settings" | "coql") => {
            let Some(module) = Module::parse(module) else {
                let message = "the module name given seems to be invalid";
                return Err(Refusal::new(400, "INVALID_MODULE", message));
            };
            of_module(method, module, rest, body)?
        }
        _ => return Err(nowhere()),
    };
    Ok(found)
}

fn of_module(
    method: &str,
    module: Module,
    rest: &[&str],
    body: &[u8],
) -> Result<Operation, Refusal> {
    let area = module.area();
    let some = |right: &'static str, run: fn(&mut Account, &Call, Module) -> Answer| {
        operation(1, area.clone(), right, move |account, call| run(account, call, module))
    };
    let one =
        |right: &'static str, id: &str, run: fn(&mut Account, &Call, Module, &str) -> Answer| {
            let id = id.to_owned();
            operation(1, area.clone(), right, move |account, call| run(account, call, module, &id))
        };
    let mut found = match (method, rest) {
        ("GET", []) => some("READ", list::list),
        ("POST", []) => some("CREATE", write::insert),
        ("PUT", []) => some("UPDATE", write::update),
        ("DELETE", []) => some("DELETE", write::delete),
        ("POST", ["upsert"]) => some("CREATE", write::upsert),
        ("GET", ["search"]) => some("READ", search::search),
        ("GET", ["deleted"]) => some("READ", list::deleted),
        ("GET", ["actions", "count"]) => {
            operation(1, area.clone(), "READ", move |account, _| Ok(list::count(account, module)))
        }
        ("GET", [id]) => one("READ", id, list::get),
        ("PUT", [id]) => one("UPDATE", id, write::update_one),
        ("DELETE", [id]) => one("DELETE", id, write::delete_one),
        ("POST", [id, "actions", "add_tags"]) => one("UPDATE", id, tags::add),
        ("GET", [id, "Notes"]) => one("READ", id, list::notes),
        ("POST", [id, "Notes"]) => one("CREATE", id, write::note),
        (_, [] | [_]) => {
            let message = "The http request method type is not a valid one";
            return Err(Refusal::new(400, "INVALID_REQUEST_METHOD", message));
        }
        _ => return Err(nowhere()),
    };
    if matches!(rest, ["search"]) {
        found.scopes.push(("search".into(), "READ"));
    }
    if matches!(method, "POST" | "PUT") && matches!(rest, [] | ["upsert"]) {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let records = body["data"].as_array().map_or(1, Vec::len) as u64;
        found.cost = records.div_ceil(10).max(1);
    }
    Ok(found)
}

fn nowhere() -> Refusal {
    Refusal::new(
        404,
        "INVALID_URL_PATTERN",
        "Please check if the URL trying to access is a correct one",
    )
}
