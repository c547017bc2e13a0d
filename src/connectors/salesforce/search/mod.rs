//! Searches that members write themselves, in a small part of SOQL.
//!
//! A text from outside is never sent on. It is read into a tree that can say nothing but: these
//! fields, of this one kind of record, where they compare so with these values, in this order, so
//! many at most ([`parse`]). The query that leaves is written anew from the tree ([`query`]), with
//! names out of our own list or out of the org's description, and values that are quoted by us.
//! What the tree has no word for is refused with a sentence about it: changes, other records by
//! their relationships, sub-queries, functions, locks, offsets. What would read everything for one
//! row is refused as well: patterns that begin with a wildcard, comparisons with long texts. A limit
//! is always there.

mod kinds;
mod parse;
mod query;
mod scan;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use self::query::Query;
use super::{MANIFEST, SCOPE, decode, dialect, fields, path, soql::is_id};
use crate::{
    connectors::{
        Api, Cost, CrmError, FoundRecord, Lane, Objection, QueryLanguage, Records, api::Ask,
        lenient::cut,
    },
    domain::RemoteId,
};

/// Records of an answer, and how many there are when nobody says.
const MOST: u16 = 200;
const USUAL: u16 = 50;
/// Bytes of one value: a search is for looking, an import for taking.
const LONGEST_VALUE: usize = 2_000;

pub(super) static LANGUAGE: QueryLanguage = QueryLanguage {
    name: "SOQL",
    example: "SELECT Name, Email FROM Contact WHERE LastName LIKE 'Lov%' ORDER BY Name LIMIT 20",
    rules: "SELECT fields FROM Contact, Lead, Account or Opportunity, with WHERE, ORDER BY and LIMIT. \
            Comparisons are =, !=, <, <=, >, >=, LIKE, IN and NOT IN. Nothing is changed, no other \
            records are joined, and at most 200 come back.",
    most: MOST,
};

/// What is wrong with a query, in words.
pub(super) fn check(text: &str) -> Result<(), String> {
    parse::read(text).map(drop)
}

fn refused(words: String) -> CrmError {
    let said = vec![Objection { field: Some("query".to_owned()), words }];
    CrmError::unsent("the query is not one that may be asked", said)
}

/// What an org means by a refusal of a query that is right.
fn because(code: &str, kind: &str) -> String {
    match code {
        "INVALID_TYPE" | "INSUFFICIENT_ACCESS" => {
            format!("The connected user may not read {kind} records.")
        }
        "INVALID_FIELD" => {
            "The org lacks one of the fields, or the connected user may not see it.".to_owned()
        }
        "QUERY_TIMEOUT" | "QUERY_TOO_COMPLICATED" | "OPERATION_TOO_LARGE" => {
            "The org takes too long for this. Name an address, a name or a day, and fewer fields."
                .to_owned()
        }
        code => format!("The org refuses it ({code})."),
    }
}

/// Reads the text again rather than trusting that somebody has.
pub(super) async fn run(api: &Api, text: &str) -> Result<Records, CrmError> {
    let mut query = parse::read(text).map_err(refused)?;
    let kind = query.kind.name;
    let may_not = |error| match error {
        CrmError::Missing => refused(format!("The connected user may not read {kind} records.")),
        CrmError::Refused { code: Some(code), .. } => refused(because(&code, kind)),
        other => other,
    };
    if query.has_custom() {
        let described = fields::describe(api, kind).await.map_err(may_not)?;
        query.settle(described).map_err(refused)?;
    }
    let (path, sent) = (path("query"), query.text());
    let params = [("q", sent.as_str())];
    let ask = Ask {
        dialect: &dialect::WORDS,
        path: &path,
        query: &params,
        cost: Cost { tokens: MANIFEST.costs.search, lane: Lane::Search },
        scope: SCOPE,
        body: None,
        headers: &[("sforce-query-options", "batchSize=200")],
    };
    let rows = api.read(&ask, |body| rows(body, &query)).await.map_err(may_not)?;
    let fields = query.select.iter().map(|field| field.name().to_owned()).collect();
    Ok(Records { kind: kind.to_owned(), fields, rows, limit: query.limit })
}

fn rows(body: &[u8], query: &Query) -> Result<Vec<FoundRecord>, &'static str> {
    let found = decode::rows(body)?.records;
    let most = usize::from(query.limit);
    found.into_iter().take(most).map(|raw| row(raw, query)).collect()
}

fn row(raw: &RawValue, query: &Query) -> Result<FoundRecord, &'static str> {
    let there: BTreeMap<String, &RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| "a record cannot be read")?;
    let value = |name: &str| there.get(name).and_then(|raw| shown(raw));
    let id = value("Id").filter(|id| is_id(id)).map(RemoteId);
    Ok(FoundRecord { id, values: query.select.iter().map(|field| value(field.name())).collect() })
}

/// A text without its quotes; everything else as it is written, so that no digit is lost.
fn shown(raw: &RawValue) -> Option<String> {
    let text = raw.get();
    let text = match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).ok()?,
        Some(b'n') => return None,
        _ => text.to_owned(),
    };
    Some(cut(&text, LONGEST_VALUE).to_owned())
}
