//! `/coql`: select queries, as far as they are documented and asked for here.
//!
//! No joins, no grouping, no functions. A text stands in single or double quotes; a quote of its kind in it
//! is doubled. More than two criteria stand in pairs of parentheses.

mod parse;
mod read;

use serde_json::{Value, json};

use super::{
    super::{
        records::{
            Module, Record,
            book::{Mark, Sort},
        },
        world::Account,
    },
    Operation,
    call::{Answer, Call, Refusal, Reply},
    show,
};
use parse::{Criteria, Query, Test};

/// Records that one query reaches by its offset.
const MOST: usize = 100_000;

/// A query's price goes by its limit, its scopes by its module.
pub(super) fn operation(body: &[u8]) -> Result<Operation, Refusal> {
    let query = parse::query(body)?;
    let cost = match query.limit {
        0..=200 => 1,
        201..=1_000 => 2,
        _ => 3,
    };
    let scopes = vec![
        ("coql".to_owned(), "READ"),
        (query.module.area(), "READ"),
        ("settings.fields".to_owned(), "READ"),
    ];
    Ok(Operation {
        cost,
        scopes,
        run: Box::new(move |account: &mut Account, _: &Call| run(account, &query)),
    })
}

fn run(account: &mut Account, query: &Query) -> Answer {
    let module = query.module;
    let unknown = |name: &String| {
        let system = matches!(name.as_str(), "id");
        (!system && account.field(module, name).is_none()).then(|| name.clone())
    };
    let asked = query.columns.iter().chain(query.order.iter().map(|(name, _)| name));
    if let Some(name) = asked.chain(query.criteria.names()).find_map(unknown) {
        return Err(parse::invalid("column given seems to be invalid", &name));
    }
    if query.columns.iter().any(|name| name == "Tag") {
        return Err(parse::invalid("column is not supported", "Tag"));
    }
    let (skip, take) = (query.offset, query.limit);
    if skip + take > MOST {
        return Err(parse::invalid("the limit of 100000 records is exceeded", "LIMIT"));
    }
    let mut found: Vec<Record> = vec![];
    let mut more = false;
    let mut matched = 0;
    if address(&query.criteria).is_some() {
        account.learn_addresses();
    }
    let account = &*account;
    for record in candidates(account, query) {
        if !read::holds(account, module, &record, &query.criteria) {
            continue;
        }
        matched += 1;
        if in_order(query) {
            if found.len() == take {
                more = true;
                break;
            }
            if matched > skip {
                found.push(record);
            }
        } else {
            found.push(record);
        }
    }
    if !in_order(query) {
        read::sort(account, module, &mut found, &query.order);
        more = found.len() > skip + take;
        found = found.into_iter().skip(skip).take(take).collect();
    }
    if found.is_empty() {
        return Ok(Reply::nothing());
    }
    let data: Vec<Value> =
        found.iter().map(|one| show::record(account, module, one, Some(&query.columns))).collect();
    let info = json!({ "count": data.len(), "more_records": more });
    Ok(Reply::json(json!({ "data": data, "info": info })))
}

/// The order in which the candidates come is the one asked for.
fn in_order(query: &Query) -> bool {
    let names: Vec<(&str, bool)> =
        query.order.iter().map(|(name, up)| (name.as_str(), *up)).collect();
    matches!(
        names[..],
        [] | [("id" | "Modified_Time", true)] | [("Modified_Time", true), ("id", true)]
    )
}

/// Records that may match, few where a criterion says where to look.
fn candidates<'a>(account: &'a Account, query: &Query) -> Box<dyn Iterator<Item = Record> + 'a> {
    let module = query.module;
    if module == Module::Contacts
        && let Some(email) = address(&query.criteria)
    {
        return Box::new(account.contacts_with(&email).into_iter());
    }
    let by_time = query.order.first().is_some_and(|(name, up)| name == "Modified_Time" && *up);
    let sort = if by_time { Sort::Modified } else { Sort::Id };
    let after = if in_order(query) { query.criteria.after(sort) } else { None };
    Box::new(account.walk(module, sort, after).map(|(_, record)| record))
}

/// The one address that a query is about.
fn address(criteria: &Criteria) -> Option<String> {
    match criteria {
        Criteria::Is(name, Test::Equal(value)) if name == "Email" || name == "Secondary_Email" => {
            Some(value.to_lowercase())
        }
        Criteria::Or(one, other) => {
            let (one, other) = (address(one)?, address(other)?);
            (one == other).then_some(one)
        }
        _ => None,
    }
}

impl Criteria {
    /// Nothing before this place can match.
    fn after(&self, sort: Sort) -> Option<Mark> {
        match self {
            Self::Is(name, Test::More(value) | Test::AtLeast(value)) => match (sort, name.as_str())
            {
                (Sort::Id, "id") => {
                    let id = value.parse::<u64>().ok()?.checked_sub(1)?;
                    Some((id, id))
                }
                (Sort::Modified, "Modified_Time") => {
                    Some((read::seconds(value)?.checked_sub(1)?, u64::MAX))
                }
                _ => None,
            },
            Self::And(one, other) => one.after(sort).max(other.after(sort)),
            Self::Or(one, other) => Some(one.after(sort)?.min(other.after(sort)?)),
            Self::Is(name, Test::Equal(value))
                if sort == Sort::Modified && name == "Modified_Time" =>
            {
                Some((read::seconds(value)?.checked_sub(1)?, u64::MAX))
            }
            Self::Is(..) => None,
        }
    }
}
