//! One record: made, read, changed, deleted, and upserted by an external id.

use serde_json::{Map, Value, json};

use super::{
    super::soql::{Item, Query, run::Run},
    Call, Done, Outcome, Refused,
};

impl Call<'_> {
    /// The number of a living record, or why it cannot be touched.
    pub(super) fn number(&self, object: &str, id: &str) -> Result<u64, Refused> {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let number = table.number(id).ok_or_else(Refused::missing)?;
        match table.row(number) {
            None => Err(Refused::missing()),
            Some(row) if row.deleted => {
                Err(Refused::new(404, "ENTITY_IS_DELETED", "entity is deleted"))
            }
            Some(_) => Ok(number),
        }
    }

    /// The id behind the value of an external id.
    pub(super) fn id_by_key(
        &self,
        object: &str,
        key: &str,
        value: &str,
    ) -> Result<String, Refused> {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let found = self.number_by_key(object, key, value)?.ok_or_else(Refused::missing)?;
        Ok(table.id(found))
    }

    pub(super) fn number_by_key(
        &self,
        object: &str,
        key: &str,
        value: &str,
    ) -> Result<Option<u64>, Refused> {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        if key.eq_ignore_ascii_case("id") {
            return self.number(object, value).map(Some);
        }
        let external = table.object.field(key).is_some_and(|field| field.external);
        if !external {
            let words =
                format!("Provided external ID field does not exist or is not accessible: {key}");
            return Err(Refused::new(404, "NOT_FOUND", words));
        }
        let mut living = table.since_id(0).filter(|(_, row)| !row.deleted);
        let found = living.find(|(_, row)| table.value(row, key).as_str() == Some(value));
        Ok(found.map(|(number, _)| number))
    }

    pub(super) fn given(&self) -> Result<Map<String, Value>, Refused> {
        self.body.as_object().cloned().ok_or_else(|| {
            Refused::new(
                400,
                "JSON_PARSER_ERROR",
                "The HTTP entity body is required to be an object",
            )
        })
    }

    pub(super) fn create(&mut self, object: &str) -> Outcome {
        let given = self.given()?;
        let number = self.save(object, None, &given)?;
        let id = self.account.table(object).map(|table| table.id(number));
        Ok(Done::Json(201, json!({ "id": id, "success": true, "errors": [] })))
    }

    pub(super) fn update(&mut self, object: &str, id: &str) -> Outcome {
        let (number, given) = (self.number(object, id)?, self.given()?);
        self.save(object, Some(number), &given)?;
        Ok(Done::Empty)
    }

    pub(super) fn delete(&mut self, object: &str, id: &str) -> Outcome {
        let number = self.number(object, id)?;
        self.remove(object, number);
        Ok(Done::Empty)
    }

    pub(super) fn remove(&mut self, object: &str, number: u64) {
        let now = self.now;
        if let Some(table) = self.account.table_mut(object) {
            table.delete(number, None, now);
        }
    }

    pub(super) fn upsert(&mut self, object: &str, key: &str, value: &str) -> Outcome {
        let found = self.number_by_key(object, key, value)?;
        let mut given = self.given()?;
        if found.is_none() && self.param("updateOnly") == Some("true") {
            return Err(Refused::missing());
        }
        if given.keys().any(|name| name.eq_ignore_ascii_case(key)) {
            let words = "The external foreign key must not be in the body as well";
            return Err(Refused::bad("INVALID_FIELD", words, key));
        }
        if found.is_none() {
            given.insert(key.to_owned(), json!(value));
        }
        let number = self.save(object, found, &given)?;
        let id = self.account.table(object).map(|table| table.id(number));
        let created = found.is_none();
        let body = json!({ "id": id, "success": true, "errors": [], "created": created });
        Ok(Done::Json(if created { 201 } else { 200 }, body))
    }

    pub(super) fn retrieve(&self, object: &str, id: &str) -> Outcome {
        let number = self.number(object, id)?;
        let fields = self
            .param("fields")
            .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
        Ok(Done::Json(200, self.show(object, number, fields)?))
    }

    /// A record with the fields that are asked for, or with all.
    pub(super) fn show(
        &self,
        object: &str,
        number: u64,
        fields: Option<Vec<String>>,
    ) -> Result<Value, Refused> {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let fields = fields.unwrap_or_else(|| {
            let system = ["Id", "IsDeleted", "CreatedDate", "SystemModstamp"].map(str::to_owned);
            let own = table.object.fields.iter().filter(|field| field.visible);
            system.into_iter().chain(own.map(|field| field.name.clone())).collect()
        });
        let query = Query {
            select: fields.into_iter().map(|name| Item::Field(vec![name])).collect(),
            from: table.object.name.to_owned(),
            filter: None,
            order: vec![],
            limit: Some(0),
            offset: 0,
        };
        let run = Run { tables: &self.account.tables, deleted: false, base: &self.base };
        // Refuses fields that do not exist.
        run.rows(&query)?;
        Ok(run.shown(&query, number))
    }
}
