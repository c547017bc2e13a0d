//! What changed: questions to the search, each of which begins where the last one ended.
//!
//! A query brings 10,000 results however many there are, and its pages shift while records change:
//! what was on the first page and changes goes to the end, and the first record of the second page
//! becomes the last of the first, which nobody reads again. So no page is ever turned. A question
//! asks for what changed at the last time seen or later, in that order; what it brings twice is
//! read twice. When a whole answer has one and the same time (somebody imported over there), those
//! of that time are asked for by id until there are no more, then it goes on a millisecond later.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    SEARCH_PAGE,
    decode::{self, Hit},
    place::{At, Own, Place},
    records::{self, Kind},
    search, wire,
};
use crate::{
    connectors::{Api, CrmError, Page},
    domain::RemoteId,
};

pub(super) async fn page<T: Send>(
    api: &Api,
    kind: Kind,
    limit: Option<u16>,
    at: At,
    own: Own,
    map: impl Fn(wire::Record, &Own) -> Option<T> + Send + Sync,
) -> Result<Page<T>, CrmError> {
    let limit = limit.unwrap_or(SEARCH_PAGE).clamp(1, SEARCH_PAGE);
    let property = kind.modified();
    let body = question(property, &at, limit);
    let hits = search(api, kind, body, |body| decode::hits(body, property)).await?;
    let mut seen = HashSet::new();
    let ids: Vec<RemoteId> =
        hits.iter().map(|hit| hit.id.clone()).filter(|id| seen.insert(id.clone())).collect();
    // Read whole by id: the search shows what its index knew.
    let mut page = if ids.is_empty() {
        Page::default()
    } else {
        records::batch(api, kind, &ids, &own, map).await?
    };
    page.next = next(&at, &hits, limit).and_then(|at| Place { at, own }.cursor());
    Ok(page)
}

fn question(property: &str, at: &At, limit: u16) -> Value {
    let filter = |name: &str, operator: &str, value: String| json!({ "propertyName": name, "operator": operator, "value": value });
    let (filters, by) = match at {
        At::Tie(time, id) => (
            vec![
                filter(property, "EQ", time.to_string()),
                filter("hs_object_id", "GT", id.to_string()),
            ],
            "hs_object_id",
        ),
        At::Since(time) => (vec![filter(property, "GTE", time.to_string())], property),
        At::List(_) => (vec![], property),
    };
    json!({
        "filterGroups": [{ "filters": filters }],
        "sorts": [{ "propertyName": by, "direction": "ASCENDING" }],
        "properties": [property],
        "limit": limit,
    })
}

/// Where the next question begins; an answer that is not full was the last.
fn next(at: &At, hits: &[Hit], limit: u16) -> Option<At> {
    let full = hits.len() >= usize::from(limit);
    match *at {
        At::Since(time) => {
            let last = hits.iter().map(|hit| hit.changed).max().filter(|_| full)?;
            Some(if last > time { At::Since(last) } else { At::Tie(time, 0) })
        }
        At::Tie(time, _) if full => {
            Some(At::Tie(time, hits.iter().map(|hit| hit.number).max().unwrap_or(u64::MAX)))
        }
        At::Tie(time, _) => Some(At::Since(time + 1)),
        At::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hit(number: u64, changed: i64) -> Hit {
        Hit { id: RemoteId(number.to_string()), number, changed }
    }

    /// Follows the questions over records that do not change.
    fn walk(records: &[(u64, i64)], limit: u16) -> HashSet<u64> {
        let (mut at, mut found) = (At::Since(0), HashSet::new());
        for _ in 0..10_000 {
            let mut fits: Vec<_> = records
                .iter()
                .filter(|(id, time)| match at {
                    At::Since(since) => *time >= since,
                    At::Tie(tie, after) => *time == tie && *id > after,
                    At::List(_) => false,
                })
                .collect();
            match at {
                // Among equal times no order is promised: the worst is the one against us.
                At::Since(_) => fits.sort_by_key(|(id, time)| (*time, std::cmp::Reverse(*id))),
                _ => fits.sort_by_key(|(id, _)| *id),
            }
            fits.truncate(limit.into());
            let hits: Vec<Hit> = fits.iter().map(|(id, time)| hit(*id, *time)).collect();
            found.extend(hits.iter().map(|hit| hit.number));
            match next(&at, &hits, limit) {
                Some(next) => at = next,
                None => return found,
            }
        }
        panic!("it does not end");
    }

    proptest! {
        #[test]
        fn every_record_is_met_however_many_share_a_time(
            times in prop::collection::vec(0_i64..12, 0..120),
            limit in 1_u16..9,
        ) {
            let records: Vec<(u64, i64)> = (1..).zip(times).collect();
            let all: HashSet<u64> = records.iter().map(|(id, _)| *id).collect();
            prop_assert_eq!(walk(&records, limit), all);
        }
    }

    #[test]
    fn a_question_is_short_and_turns_no_page() {
        let body = question("lastmodifieddate", &At::Tie(1_790_000_000_123, u64::MAX), 200);
        assert!(body.get("after").is_none());
        assert!(body.to_string().len() < 3_000, "the most that is taken over there");
        assert_eq!(body["filterGroups"][0]["filters"][1]["value"], json!(u64::MAX.to_string()));
    }
}
