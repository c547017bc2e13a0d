//! Notifications: channels that apps open, and what is sent to them when records change.
//!
//! One call per channel, module and operation, with the ids of the records; not here: affected fields and
//! values, related actions.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::{Value, json};
use url::Url;

use super::{
    super::{
        super::stage::{
            clock,
            post::{self, Letter, Post},
        },
        records::{Module, id_of},
        world::{Account, What},
    },
    call::{Answer, Call, Refusal, Reply},
    show,
};

const WEEK: u64 = 7 * 24 * 3_600;
const HOUR: u64 = 3_600;
const LONGEST_TOKEN: usize = 50;
/// Ids of one call.
const MOST: usize = 100;

/// A channel.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    url: Url,
    token: Option<String>,
    /// `Contacts.all`
    events: Vec<String>,
    /// Seconds since 1970.
    pub(crate) until: u64,
}

impl Watch {
    fn wants(&self, module: Module, what: What) -> bool {
        let word = match what {
            What::Created => "create",
            What::Changed => "edit",
            What::Deleted => "delete",
        };
        self.events.iter().any(|event| {
            let asked = event.split_once('.');
            asked
                .is_some_and(|(of, asked)| of == module.name() && (asked == "all" || asked == word))
        })
    }
}

pub(crate) fn open(account: &mut Account, call: &Call) -> Answer {
    let mut answers = vec![];
    for wish in call.list("watch", 1)? {
        let text = |key: &str| wish[key].as_str().map(ToOwned::to_owned);
        let channel = id_of(&wish["channel_id"]).ok_or_else(|| invalid("channel_id"))?;
        let url = text("notify_url").and_then(|url| Url::parse(&url).ok());
        // Unlike the real one: apps under development answer on this machine.
        let url = url.filter(|url| url.scheme() == "https" || post::is_here(url));
        let url = url.ok_or_else(|| invalid("notify_url"))?;
        let token = text("token");
        if token.as_ref().is_some_and(|token| token.len() > LONGEST_TOKEN) {
            return Err(invalid("token"));
        }
        let events: Vec<String> = wish["events"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|event| event.as_str().map(ToOwned::to_owned))
            .collect();
        let known = |event: &String| {
            let (module, what) = event.split_once('.').unwrap_or((event, ""));
            Module::parse(module).is_some() && ["all", "create", "edit", "delete"].contains(&what)
        };
        if events.is_empty() || !events.iter().all(known) {
            return Err(invalid("events"));
        }
        let asked = text("channel_expiry").and_then(|time| {
            u64::try_from(DateTime::parse_from_rfc3339(&time).ok()?.timestamp()).ok()
        });
        let until = asked.filter(|at| (call.now..=call.now + WEEK).contains(at));
        let watch = Watch { url, token, events, until: until.unwrap_or(call.now + HOUR) };
        answers.push(done(account, channel, &watch));
        account.watches.insert(channel, watch);
    }
    Ok(Reply::of(201, json!({ "watch": answers })))
}

fn done(account: &Account, channel: u64, watch: &Watch) -> Value {
    let events: Vec<Value> =
        watch.events.iter().map(|event| shown(account, channel, watch, event)).collect();
    json!({
        "code": "SUCCESS", "details": { "events": events }, "status": "success",
        "message": "Successfully subscribed for actions-watch of the given module",
    })
}

fn shown(account: &Account, channel: u64, watch: &Watch, event: &str) -> Value {
    let module = event.split('.').next().unwrap_or_default();
    json!({
        "channel_expiry": show::time(account.org, watch.until), "resource_name": module,
        "resource_uri": format!("https://www.zohoapis.com/crm/v8/{module}"),
        "resource_id": (account.org.base + 5).to_string(), "channel_id": channel.to_string(),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "all operations have one signature")]
pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    forget_old(account, call.now);
    let asked = call.param("channel_id").and_then(|id| id.parse::<u64>().ok());
    let all: Vec<Value> = account
        .watches
        .iter()
        .filter(|(channel, _)| asked.is_none_or(|asked| asked == **channel))
        .flat_map(|(channel, watch)| {
            watch.events.iter().map(|event| shown(account, *channel, watch, event))
        })
        .collect();
    if all.is_empty() {
        return Ok(Reply::nothing());
    }
    let info = json!({ "count": all.len(), "more_records": false });
    Ok(Reply::json(json!({ "watch": all, "info": info })))
}

pub(crate) fn close(account: &mut Account, call: &Call) -> Answer {
    let ids = call.param("channel_ids").ok_or_else(|| Refusal::missing_param("channel_ids"))?;
    let mut answers = vec![];
    for id in ids.split(',') {
        let channel = id.trim().parse().map_err(|_| Refusal::invalid_param("channel_ids"))?;
        if account.watches.remove(&channel).is_none() {
            return Err(Refusal::no_such_id(id));
        }
        answers.push(json!({
            "code": "SUCCESS", "details": { "channel_id": id }, "status": "success",
            "message": "Successfully un-subscribed from actions-watch of the given module",
        }));
    }
    Ok(Reply::json(json!({ "watch": answers })))
}

fn invalid(name: &str) -> Refusal {
    let details = json!({ "api_name": name, "json_path": format!("$.watch[0].{name}") });
    Refusal::detailed(400, "INVALID_DATA", "invalid data", details)
}

/// Those that have ended are gone, and nobody is told.
fn forget_old(account: &mut Account, now: u64) {
    account.watches.retain(|_, watch| watch.until > now);
}

/// Tells apps what happened since the last time.
pub(crate) fn emit(account: &mut Account, post: &Post, now: u64) {
    let news = std::mem::take(&mut account.news);
    forget_old(account, now);
    if account.watches.is_empty() {
        return;
    }
    let mut together: BTreeMap<(Module, What), Vec<String>> = BTreeMap::new();
    for (module, id, what) in news {
        together.entry((module, what)).or_default().push(id.to_string());
    }
    for ((module, what), ids) in together {
        for ids in ids.chunks(MOST) {
            for (channel, watch) in &account.watches {
                if watch.wants(module, what) {
                    post.send(letter(*channel, watch, module, what, ids));
                }
            }
        }
    }
}

fn letter(channel: u64, watch: &Watch, module: Module, what: What, ids: &[String]) -> Letter {
    let operation = match what {
        What::Created => "insert",
        What::Changed => "update",
        What::Deleted => "delete",
    };
    let body = json!({
        "server_time": clock::now_ms(), "module": module.name(), "ids": ids,
        "resource_uri": format!("https://www.zohoapis.com/crm/v8/{}", module.name()),
        "affected_fields": [], "operation": operation, "channel_id": channel.to_string(),
        "token": watch.token, "query_params": {},
    })
    .to_string();
    Letter { to: watch.url.clone(), make: Box::new(move |_| (vec![], body.clone())) }
}
