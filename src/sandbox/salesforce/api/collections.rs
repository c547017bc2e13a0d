//! Many records at once: each has its own outcome, unless all or none are wanted.

use serde_json::{Map, Value, json};

use super::{super::records::table::Row, Call, Done, Outcome, Refused};

/// Records of a collection; of a retrieval 2,000.
const MOST: usize = 200;
const MOST_READ: usize = 2_000;

/// What to put back: the kind, the number, and the row as it was.
type Undo = (String, u64, Option<Row>);

impl Call<'_> {
    fn records(&self) -> Result<Vec<Map<String, Value>>, Refused> {
        let records = self.body["records"].as_array().ok_or_else(|| {
            Refused::new(400, "JSON_PARSER_ERROR", "The property 'records' is missing")
        })?;
        limited(records.len(), MOST)?;
        Ok(records.iter().map(|one| one.as_object().cloned().unwrap_or_default()).collect())
    }

    fn all_or_none(&self) -> bool {
        self.body["allOrNone"] == json!(true) || self.param("allOrNone") == Some("true")
    }

    /// Does each by itself; takes all back when one fails and all or none were wanted.
    #[expect(clippy::unnecessary_wraps, reason = "it ends an operation, and those may be refused")]
    fn each<T>(
        &mut self,
        of: Vec<T>,
        mut save: impl FnMut(&mut Self, T, &mut Vec<Undo>) -> Result<Value, Refused>,
    ) -> Outcome {
        let all_or_none = self.all_or_none();
        let (mut undo, mut failed) = (Vec::new(), false);
        let mut results: Vec<Value> = Vec::with_capacity(of.len());
        for one in of {
            results.push(match save(self, one, &mut undo) {
                Ok(mut saved) => {
                    saved["success"] = json!(true);
                    saved["errors"] = json!([]);
                    saved
                }
                Err(refused) => {
                    failed = true;
                    error(&refused)
                }
            });
        }
        if failed && all_or_none {
            for (object, number, row) in undo.into_iter().rev() {
                if row.is_none() {
                    self.account.made.retain(|made| !(made.0 == object && made.1 == number));
                }
                if let Some(table) = self.account.table_mut(&object) {
                    table.restore(number, row);
                }
            }
            let words = "Record rolled back because not all records were valid and the request was \
                         using AllOrNone header";
            let rolled = Refused::new(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", words);
            for result in &mut results {
                if result["success"] == json!(true) {
                    *result = error(&rolled);
                }
            }
        }
        Ok(Done::Json(200, json!(results)))
    }

    fn save_one(
        &mut self,
        object: &str,
        number: Option<u64>,
        given: &Map<String, Value>,
        undo: &mut Vec<Undo>,
    ) -> Result<Value, Refused> {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let before = number.and_then(|number| table.row(number)).cloned();
        let saved = self.save(object, number, given)?;
        undo.push((object.to_owned(), saved, before));
        let id = self.account.table(object).map(|table| table.id(saved));
        Ok(json!({ "id": id }))
    }

    pub(super) fn create_many(&mut self) -> Outcome {
        let records = self.records()?;
        self.each(records, |call, given, undo| {
            let object = kind(&given)?;
            call.save_one(&object, None, &given, undo)
        })
    }

    pub(super) fn update_many(&mut self) -> Outcome {
        let records = self.records()?;
        self.each(records, |call, given, undo| {
            let object = kind(&given)?;
            let id = given.iter().find(|(key, _)| key.eq_ignore_ascii_case("id"));
            let id = id.and_then(|(_, id)| id.as_str()).unwrap_or_default();
            let number = call.number(&object, id)?;
            call.save_one(&object, Some(number), &given, undo)
        })
    }

    pub(super) fn upsert_many(&mut self, object: &str, key: &str) -> Outcome {
        let records = self.records()?;
        self.each(records, |call, given, undo| {
            let value = given.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            let value = value.and_then(|(_, value)| value.as_str()).ok_or_else(|| {
                Refused::bad("MISSING_ARGUMENT", format!("{key} not specified"), key)
            })?;
            let number = call.number_by_key(object, key, value)?;
            let mut saved = call.save_one(object, number, &given, undo)?;
            saved["created"] = json!(number.is_none());
            Ok(saved)
        })
    }

    pub(super) fn delete_many(&mut self) -> Outcome {
        let ids = self.param("ids").unwrap_or_default();
        let ids: Vec<String> = ids.split(',').map(ToOwned::to_owned).collect();
        limited(ids.len(), MOST)?;
        self.each(ids, |call, id, undo| {
            let table = call.account.tables.values().find(|table| table.number(&id).is_some());
            let object = table.map(|table| table.object.name).ok_or_else(Refused::missing)?;
            let number = call.number(object, &id)?;
            let before = call.account.table(object).and_then(|table| table.row(number)).cloned();
            undo.push((object.to_owned(), number, before));
            call.remove(object, number);
            Ok(json!({ "id": id }))
        })
    }

    pub(super) fn retrieve_many(&self, object: &str) -> Outcome {
        let strings = |key: &str| {
            let list = self.body[key].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let (ids, fields) = (strings("ids"), strings("fields"));
        limited(ids.len(), MOST_READ)?;
        let found: Result<Vec<Value>, Refused> = ids
            .iter()
            .map(|id| match self.number(object, id) {
                Ok(number) => self.show(object, number, Some(fields.clone())),
                Err(_) => Ok(Value::Null),
            })
            .collect();
        Ok(Done::Json(200, json!(found?)))
    }
}

fn limited(count: usize, most: usize) -> Result<(), Refused> {
    if count <= most {
        return Ok(());
    }
    let words = format!("The request has {count} records, more than the limit of {most}");
    Err(Refused::new(400, "LIMIT_EXCEEDED", words))
}

fn kind(given: &Map<String, Value>) -> Result<String, Refused> {
    let kind = given.get("attributes").and_then(|attributes| attributes["type"].as_str());
    kind.map(ToOwned::to_owned)
        .ok_or_else(|| Refused::new(400, "INVALID_TYPE", "The record has no attributes.type"))
}

/// `statusCode` here, `errorCode` elsewhere.
fn error(refused: &Refused) -> Value {
    let mut error = json!({
        "statusCode": refused.code, "message": refused.words, "fields": refused.fields,
    });
    for (key, value) in &refused.more {
        error[key] = value.clone();
    }
    json!({ "success": false, "errors": [error] })
}
