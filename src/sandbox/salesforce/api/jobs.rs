//! `jobs/query`: queries that the org runs by itself (Bulk API 2.0), and their results as CSV.
//!
//! A job begins as `UploadComplete`, is `InProgress` when it is looked at for the first time and
//! `JobComplete` afterwards. It sees the rows of the moment in which it was made.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    super::{
        records::{ids, time},
        soql::{
            Item, Query,
            parse::parse,
            run::{Run, canonical},
        },
        world::Job,
    },
    Call, Done, Outcome, Refused,
};

const MOST_ROWS: usize = 100_000;
/// Places are told in letters that nobody should take for numbers.
const PLACE: &str = "MTAw";

impl Call<'_> {
    pub(super) fn create_job(&mut self) -> Outcome {
        let bad = |words: &str| Refused::new(400, "INVALIDJOB", words);
        let text = |key: &str| self.body[key].as_str().unwrap_or_default();
        let deleted = match text("operation") {
            "query" => false,
            "queryAll" => true,
            _ => return Err(bad("operation must be query or queryAll")),
        };
        for (key, only) in
            [("contentType", "CSV"), ("columnDelimiter", "COMMA"), ("lineEnding", "LF")]
        {
            if !self.body[key].is_null() && text(key) != only {
                return Err(bad(&format!("{key} must be {only} here")));
            }
        }
        let query = parse(text("query"))?;
        let plain = |item: &Item| matches!(item, Item::Field(path) if path.len() == 1);
        if !query.select.iter().all(plain) || query.offset > 0 {
            return Err(bad(
                "Aggregate, nested and offset queries are not supported in Bulk Query",
            ));
        }
        let run = Run { tables: &self.account.tables, deleted, base: &self.base };
        let rows = run.rows(&query)?;
        let number = u64::try_from(self.account.jobs.len()).unwrap_or(0) + 1;
        let id = ids::id("750", self.account.org.instance, number);
        self.account.jobs.insert(id.clone(), Some(Job { query, rows, looks: 0 }));
        Ok(Done::Json(200, Self::shown(&id, "UploadComplete")))
    }

    fn shown(id: &str, state: &str) -> Value {
        json!({
            "id": id, "operation": "query", "object": "Contact", "state": state,
            "contentType": "CSV", "apiVersion": 66.0, "lineEnding": "LF",
            "columnDelimiter": "COMMA", "concurrencyMode": "Parallel",
        })
    }

    fn job(&mut self, id: &str) -> Result<&mut Job, Refused> {
        let found = self.account.jobs.get_mut(id).and_then(Option::as_mut);
        found.ok_or_else(Refused::missing)
    }

    pub(super) fn look_at_job(&mut self, id: &str) -> Outcome {
        let fails = self.account.jobs_fail;
        let job = self.job(id)?;
        job.looks += 1;
        let state = match job.looks {
            1 => "InProgress",
            _ if fails => "Failed",
            _ => "JobComplete",
        };
        Ok(Done::Json(200, Self::shown(id, state)))
    }

    pub(super) fn delete_job(&mut self, id: &str) -> Outcome {
        self.job(id)?;
        // Its number is not given again.
        self.account.jobs.insert(id.to_owned(), None);
        Ok(Done::Empty)
    }

    pub(super) fn results(&mut self, id: &str) -> Outcome {
        let most = self.param("maxRecords").and_then(|text| text.parse().ok());
        let most: usize = most.unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
        let from = match self.param("locator") {
            None => Some(0),
            Some(place) => place.strip_prefix(PLACE).and_then(|at| at.parse().ok()),
        };
        let job = self.job(id)?.clone();
        let from: usize = from.filter(|from| *from <= job.rows.len()).ok_or_else(|| {
            Refused::new(400, "INVALID_LOCATOR", "The locator is not one of this job's")
        })?;
        if job.looks < 2 {
            return Err(Refused::new(400, "INVALIDJOBSTATE", "The job is not complete"));
        }
        let until = (from + most).min(job.rows.len());
        let run = Run { tables: &self.account.tables, deleted: true, base: &self.base };
        let table = csv(&run, &job.query, &job.rows[from..until]);
        let locator =
            if until == job.rows.len() { "null".to_owned() } else { format!("{PLACE}{until}") };
        self.account.answered(self.now);
        Ok(Done::Csv { table, locator, rows: until - from })
    }
}

/// All cells in quotes, what is null empty, times in UTC.
fn csv(run: &Run<'_>, query: &Query, rows: &[u64]) -> String {
    let names: Vec<String> = query
        .select
        .iter()
        .filter_map(|item| match item {
            Item::Field(path) => Some(path[0].as_str()),
            _ => None,
        })
        .map(|name| {
            let field = run.table(&query.from).ok().and_then(|table| table.object.field(name));
            field.map_or_else(|| canonical(name), |field| field.name.clone())
        })
        .collect();
    let mut table = String::new();
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let head: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let _ = writeln!(table, "{}", head.join(","));
    for number in rows {
        let record = run.shown(query, *number);
        let cells: Vec<String> = names.iter().map(|name| quoted(&cell(&record[name]))).collect();
        let _ = writeln!(table, "{}", cells.join(","));
    }
    table
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            match text.strip_suffix("+0000").filter(|_| time::parse(text).is_some()) {
                Some(instant) => format!("{instant}Z"),
                None => text.clone(),
            }
        }
        other => other.to_string(),
    }
}
