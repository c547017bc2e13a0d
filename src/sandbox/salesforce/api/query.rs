//! Queries and what is left of them; what was deleted.

use serde_json::{Value, json};

use super::{
    super::{
        records::time,
        soql::{Item, Query, parse::parse, run::Run},
        world::Locator,
    },
    Call, Done, Outcome, Refused,
};

/// Rows of a page of a query with children.
const WITH_CHILDREN: usize = 200;
const RECYCLED: i64 = 15 * 86_400_000;

impl Call<'_> {
    fn runner(&self, deleted: bool) -> Run<'_> {
        Run { tables: &self.account.tables, deleted, base: &self.base }
    }

    pub(super) fn query_now(&mut self, deleted: bool) -> Outcome {
        let text = self.param("q").unwrap_or_default();
        if text.is_empty() {
            let words = "A query string has to be specified";
            return Err(Refused::new(400, "MALFORMED_QUERY", words));
        }
        let query = parse(text)?;
        let rows = self.runner(deleted).rows(&query)?;
        if matches!(query.select[..], [Item::Count]) {
            let body = json!({ "totalSize": rows.len(), "done": true, "records": [] });
            return Ok(Done::Json(200, body));
        }
        let body = self.page(query, &rows, 0);
        Ok(Done::Json(200, body))
    }

    fn page(&mut self, query: Query, rows: &[u64], from: usize) -> Value {
        let nested = query.select.iter().any(|item| matches!(item, Item::Children(_)));
        let size = if nested { self.batch.min(WITH_CHILDREN) } else { self.batch };
        let until = (from + size).min(rows.len());
        let run = self.runner(true);
        let records: Vec<Value> =
            rows[from..until].iter().map(|number| run.shown(&query, *number)).collect();
        let done = until == rows.len();
        let mut body = json!({ "totalSize": rows.len(), "done": done, "records": records });
        let of_contacts = query.from.eq_ignore_ascii_case("contact");
        if !done {
            let key = format!("01gHn{:010}", self.account.locators.len() + 1);
            body["nextRecordsUrl"] = json!(format!("{}/query/{key}-{until}", self.base));
            self.account.locators.insert(key, Locator { query, rows: rows.to_vec() });
        }
        if of_contacts {
            self.account.answered(self.now);
        }
        body
    }

    pub(super) fn query_more(&mut self, locator: &str) -> Outcome {
        let found = locator.rsplit_once('-').and_then(|(key, from)| {
            let known = self.account.locators.get(key)?.clone();
            Some((known, from.parse::<usize>().ok()?))
        });
        let found = found.filter(|(known, from)| *from <= known.rows.len());
        let Some((Locator { query, rows }, from)) = found else {
            return Err(Refused::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator"));
        };
        let body = self.page(query, &rows, from);
        Ok(Done::Json(200, body))
    }

    pub(super) fn deleted(&self, object: &str) -> Outcome {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let at = |name: &str| self.param(name).and_then(time::parse);
        let (Some(start), Some(end)) = (at("start"), at("end")) else {
            let words = "start and end are required";
            return Err(Refused::new(400, "INVALID_REPLICATION_DATE", words));
        };
        if start < self.now - RECYCLED || end - start < 60_000 {
            let words = "startDate cannot be more than 15 days ago, and before endDate by a minute";
            return Err(Refused::new(400, "INVALID_REPLICATION_DATE", words));
        }
        let gone: Vec<Value> = table
            .since_stamp(start)
            .filter(|(_, row)| row.deleted && row.stamp <= end)
            .map(|(number, row)| {
                json!({ "id": table.id(number), "deletedDate": time::written(row.stamp) })
            })
            .collect();
        let body = json!({
            "deletedRecords": gone,
            "earliestDateAvailable": time::written(self.now - RECYCLED),
            "latestDateCovered": time::written(end.min(self.now)),
        });
        Ok(Done::Json(200, body))
    }
}
