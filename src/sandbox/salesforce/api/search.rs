//! Searching: an index that lags behind what was written. Limits are of a kind (`Contact.limit`).

use serde_json::{Value, json};

use super::{Call, Done, Outcome, Refused};

/// Fields of contacts that the index reads.
const READ: &[&str] = &["Name", "Email", "Phone", "MobilePhone", "HomePhone", "OtherPhone"];

impl Call<'_> {
    pub(super) fn search(&self) -> Outcome {
        let term = self.param("q").unwrap_or_default().trim().to_lowercase();
        if term.chars().count() < 2 {
            let words = "search term must be longer than one character";
            return Err(Refused::new(400, "MALFORMED_SEARCH", words));
        }
        let object = self.param("sobject").unwrap_or("Contact");
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let number = |name: &str| self.param(name).and_then(|text| text.parse::<usize>().ok());
        let own = number(&format!("{object}.limit")).or_else(|| number("defaultLimit"));
        let (limit, offset) = (own.unwrap_or(2_000).min(2_000), number("offset").unwrap_or(0));
        if offset > 2_000 {
            let words = "The offset is at most 2000";
            return Err(Refused::new(400, "NUMBER_OUTSIDE_VALID_RANGE", words));
        }
        let fields = self.param(&format!("{object}.fields")).or_else(|| self.param("fields"));
        let fields: Vec<String> =
            fields.unwrap_or("Id").split(',').map(|name| name.trim().to_owned()).collect();
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let number = digits(&term);
        let lag = self.account.search_lag;
        let mut hits: Vec<(bool, u64)> = table
            .since_id(0)
            .filter(|(_, row)| !row.deleted)
            .filter(|(at, _)| self.account.written.get(at).is_none_or(|at| at.elapsed() >= lag))
            .filter_map(|(at, row)| {
                let texts = READ.iter().filter_map(|name| table.value(row, name).as_str());
                let texts: Vec<String> = texts.map(str::to_lowercase).collect();
                let whole = texts.contains(&term);
                let numbers = number.len() > 5
                    && texts
                        .iter()
                        .any(|text| !text.contains('@') && digits(text).ends_with(&number));
                let within = texts.iter().any(|text| text.contains(&term));
                (whole || numbers || within).then_some((!whole, at))
            })
            .collect();
        hits.sort_unstable();
        let found: Result<Vec<Value>, Refused> = hits
            .into_iter()
            .skip(offset)
            .take(limit)
            .map(|(_, number)| self.show(object, number, Some(fields.clone())))
            .collect();
        Ok(Done::Json(200, json!({ "searchRecords": found? })))
    }
}
