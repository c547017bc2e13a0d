//! `POST /crm/objects/{version}/{type}/search`: filters, one order, and at most 10,000 results.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Refusal, Reply},
    objects::next,
    show,
};
use crate::sandbox::hubspot::{
    records::{
        kind::Kind,
        record::{Record, instant},
    },
    world::Account,
};

/// Results that one query can bring, all its pages together.
const MOST: usize = 10_000;
const MOST_PER_PAGE: u64 = 200;
const MOST_CHARACTERS: usize = 3_000;

/// What `query` looks through.
const fn searched(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contacts => {
            &["firstname", "lastname", "email", "hs_additional_emails", "phone", "mobilephone"]
        }
        Kind::Companies => &["name", "domain", "website", "phone"],
        Kind::Deals => &["dealname"],
        Kind::Tasks => &["hs_task_subject", "hs_task_body"],
        Kind::Calls => &["hs_call_title", "hs_call_body"],
        Kind::Notes => &["hs_note_body"],
        Kind::Meetings => &["hs_meeting_title", "hs_meeting_body"],
        Kind::Emails => &["hs_email_subject", "hs_email_text"],
    }
}

/// One condition.
struct Filter {
    name: String,
    operator: String,
    value: String,
    high: String,
    values: Vec<String>,
    /// The value as a time or a number, for what is compared most.
    exact: Option<i64>,
}

pub(crate) fn search(account: &Account, of: Kind, call: &Call) -> Answer {
    if call.length > MOST_CHARACTERS {
        return Err(Refusal::invalid(format!(
            "The request body may have at most {MOST_CHARACTERS} characters"
        )));
    }
    let limit = call.body["limit"].as_u64().unwrap_or(10);
    if limit > MOST_PER_PAGE {
        return Err(Refusal::invalid(format!("Max page size is {MOST_PER_PAGE}")));
    }
    let limit = usize::try_from(limit).unwrap_or(0);
    let after = match &call.body["after"] {
        Value::Null => Some(0),
        Value::String(text) if text.is_empty() => Some(0),
        other => super::call::id(other),
    };
    let after = after.and_then(|after| usize::try_from(after).ok());
    let after = after.ok_or_else(|| Refusal::invalid("after is not a number"))?;
    if after + limit > MOST {
        return Err(Refusal::invalid(format!(
            "There was a problem with the request: after + limit may be at most {MOST}"
        )));
    }
    let groups = groups(account, of, &call.body["filterGroups"])?;
    let sort = sort(account, of, &call.body["sorts"])?;
    let words = call.body["query"].as_str().unwrap_or_default().trim().to_lowercase();
    let names: Vec<String> = strings(&call.body["properties"]);

    let fits = |record: &&Record| {
        record.is_living()
            && record.is_settled(account.search_lag)
            && has_words(of, record, &words)
            && (groups.is_empty()
                || groups.iter().any(|group| group.iter().all(|filter| filter.holds(of, record))))
    };
    let found: Vec<&Record> = match &sort {
        Some((name, false)) if name == of.modified() => {
            let since = lower_bound(of, &groups);
            account.book.changed_since(of, since).filter(fits).collect()
        }
        Some((name, descending)) => {
            let mut found: Vec<&Record> = account.book.all(of).filter(fits).collect();
            found.sort_by(|one, other| {
                let order = compare(
                    one.value(of, name).as_deref().unwrap_or_default(),
                    other.value(of, name).as_deref().unwrap_or_default(),
                );
                if *descending { order.reverse() } else { order }
            });
            found
        }
        None => account.book.all(of).filter(fits).collect(),
    };
    let page = found.iter().skip(after).take(limit);
    let results: Vec<Value> =
        page.map(|record| show::record(account, of, record, &names)).collect();
    let mut body = json!({ "total": found.len(), "results": results });
    if after + limit < found.len() && limit > 0 {
        // Even where the next page would be refused, as over there.
        body["paging"] = next(&(after + limit).to_string());
    }
    Ok(Reply::json(200, body))
}

fn strings(value: &Value) -> Vec<String> {
    let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn groups(account: &Account, of: Kind, given: &Value) -> Result<Vec<Vec<Filter>>, Refusal> {
    let groups = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all = vec![];
    for group in groups {
        let filters = group["filters"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.push(filters.iter().map(|one| filter(account, of, one)).collect::<Result<_, _>>()?);
    }
    let most = all.iter().map(Vec::len).max().unwrap_or(0);
    if all.len() > 5 || most > 6 || all.iter().map(Vec::len).sum::<usize>() > 18 {
        return Err(Refusal::invalid("too many filters: 5 groups, 6 in each, 18 in all"));
    }
    Ok(all)
}

fn filter(account: &Account, of: Kind, given: &Value) -> Result<Filter, Refusal> {
    let text = |key: &str| match &given[key] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let (name, operator) = (text("propertyName"), text("operator"));
    if account.property(of, &name).is_none() {
        return Err(Refusal::invalid(format!("There was a problem: property {name} unknown")));
    }
    let known = [
        "EQ",
        "NEQ",
        "LT",
        "LTE",
        "GT",
        "GTE",
        "BETWEEN",
        "IN",
        "NOT_IN",
        "HAS_PROPERTY",
        "NOT_HAS_PROPERTY",
        "CONTAINS_TOKEN",
        "NOT_CONTAINS_TOKEN",
    ];
    if !known.contains(&operator.as_str()) {
        return Err(Refusal::invalid(format!("operator {operator} is not supported")));
    }
    let values = strings(&given["values"]);
    let exact = if name == "hs_object_id" {
        text("value").parse().ok()
    } else if name == of.modified() || name == of.created() {
        instant(&text("value"))
    } else {
        None
    };
    Ok(Filter { exact, name, operator, value: text("value"), high: text("highValue"), values })
}

fn sort(account: &Account, of: Kind, given: &Value) -> Result<Option<(String, bool)>, Refusal> {
    let sorts = given.as_array().map(Vec::as_slice).unwrap_or_default();
    if sorts.len() > 1 {
        return Err(Refusal::invalid("only one sort is supported"));
    }
    let Some(sort) = sorts.first() else { return Ok(None) };
    // An object, or the name alone with a minus in front for the other direction.
    let (name, descending) = match sort {
        Value::String(text) => (text.trim_start_matches('-').to_owned(), text.starts_with('-')),
        other => (
            other["propertyName"].as_str().unwrap_or_default().to_owned(),
            other["direction"] == "DESCENDING",
        ),
    };
    if account.property(of, &name).is_none() {
        return Err(Refusal::invalid(format!("sort by unknown property {name}")));
    }
    Ok(Some((name, descending)))
}

/// From when on a record may fit at all.
fn lower_bound(of: Kind, groups: &[Vec<Filter>]) -> i64 {
    let of_group = |group: &Vec<Filter>| {
        group
            .iter()
            .filter(|filter| filter.name == of.modified())
            .filter(|filter| ["GT", "GTE", "EQ", "BETWEEN"].contains(&filter.operator.as_str()))
            .filter_map(|filter| instant(&filter.value))
            .max()
            .unwrap_or(i64::MIN)
    };
    groups.iter().map(of_group).min().unwrap_or(i64::MIN)
}

fn has_words(of: Kind, record: &Record, words: &str) -> bool {
    if words.is_empty() {
        return true;
    }
    let values = searched(of).iter().filter_map(|name| record.own(name));
    let all = values.collect::<Vec<_>>().join(" ").to_lowercase();
    words.split_whitespace().all(|word| all.contains(word))
}

impl Filter {
    /// How a computed value stands to the one asked for, without writing it out.
    fn exactly(&self, of: Kind, record: &Record) -> Option<Ordering> {
        let asked = self.exact?;
        let own = match self.name.as_str() {
            "hs_object_id" => i64::try_from(record.id).ok()?,
            name if name == of.modified() => record.modified,
            _ => record.created,
        };
        Some(own.cmp(&asked))
    }

    fn holds(&self, of: Kind, record: &Record) -> bool {
        if let Some(order) = self.exactly(of, record) {
            match self.operator.as_str() {
                "EQ" => return order == Ordering::Equal,
                "NEQ" => return order != Ordering::Equal,
                "LT" => return order == Ordering::Less,
                "LTE" => return order != Ordering::Greater,
                "GT" => return order == Ordering::Greater,
                "GTE" => return order != Ordering::Less,
                _ => {}
            }
        }
        let own = record.value(of, &self.name);
        let Some(own) = own.as_deref() else {
            return ["NOT_HAS_PROPERTY", "NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN"]
                .contains(&self.operator.as_str());
        };
        let order = || compare(own, &self.value);
        let is_in = || self.values.iter().any(|value| compare(own, value) == Ordering::Equal);
        let contains = || {
            let wanted = self.value.trim_matches('*').to_lowercase();
            let own = own.to_lowercase();
            own.split([';', ' ', ',']).any(|token| token == wanted) || own == wanted
        };
        match self.operator.as_str() {
            "EQ" => order() == Ordering::Equal,
            "NEQ" => order() != Ordering::Equal,
            "LT" => order() == Ordering::Less,
            "LTE" => order() != Ordering::Greater,
            "GT" => order() == Ordering::Greater,
            "GTE" => order() != Ordering::Less,
            "BETWEEN" => order() != Ordering::Less && compare(own, &self.high) != Ordering::Greater,
            "IN" => is_in(),
            "NOT_IN" => !is_in(),
            "CONTAINS_TOKEN" => contains(),
            "NOT_CONTAINS_TOKEN" => !contains(),
            "HAS_PROPERTY" => true,
            _ => false,
        }
    }
}

/// Times and numbers by what they mean, everything else without regard to case.
fn compare(one: &str, other: &str) -> Ordering {
    if let (Ok(one), Ok(other)) = (one.parse::<u64>(), other.parse::<u64>()) {
        return one.cmp(&other);
    }
    if let (Some(one), Some(other)) = (instant(one), instant(other)) {
        return one.cmp(&other);
    }
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        return one.total_cmp(&other);
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}
