//! Many records at once: each has its own outcome, unless all or none are wanted.

use serde_json::{Map, Value, json};

use super::{super::records::table::Row, Call, Done, Outcome, Refused};

/// Records of a collection; of a retrieval 2,000.
const MOST: usize = 200;
/// Records of one kind in a row are a chunk.
const MOST_CHUNKS: usize = 10;
const MOST_READ: usize = 2_000;

/// What to put back: the kind, the number, and the row as it was.
type Undo = (String, u64, Option<Row>);

impl Call<'_> {
    fn records(&self) -> Result<Vec<Map<String, Value>>, Refused> {
        let records = self.body["records"].as_array().ok_or_else(|| {
            Refused::new(400, "JSON_PARSER_ERROR", "The property 'records' is missing")
        })?;
        limited(records.len(), MOST)?;
        let kinds: Vec<&Value> = records.iter().map(|one| &one["attributes"]["type"]).collect();
        if kinds.chunk_by(PartialEq::eq).count() > MOST_CHUNKS {
            let words = "Cannot have more than 10 chunks in a single operation. Please rearrange \
                         the data to reduce chunking.";
            return Err(Refused::new(400, "LIMIT_EXCEEDED", words));
        }
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
        // The address itself names the field: without it nothing is looked at.
        if !key.eq_ignore_ascii_case("id") {
            self.number_by_key(object, key, "")?;
        }
        let keys: Vec<String> = records.iter().filter_map(|one| key_in(one, key)).collect();
        self.each(records, |call, given, undo| {
            let other = kind(&given)?;
            if !other.eq_ignore_ascii_case(object) {
                let words = format!("The type {other} does not match the collection's {object}");
                return Err(Refused::new(400, "INVALID_TYPE", words));
            }
            let value = key_in(&given, key).ok_or_else(|| {
                Refused::bad("MISSING_ARGUMENT", format!("{key} not specified"), key)
            })?;
            let value = value.as_str();
            if keys.iter().filter(|one| *one == value).count() > 1 {
                let words = format!("Duplicate external id specified: {value}");
                return Err(Refused::bad("DUPLICATE_VALUE", words, key));
            }
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

/// The value of an external id in a record.
fn key_in(record: &Map<String, Value>, key: &str) -> Option<String> {
    let (_, value) = record.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    value.as_str().map(ToOwned::to_owned)
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
