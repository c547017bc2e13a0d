//! The one call of the Tooling API that clients of the data need: a custom field.
//!
//! Nobody sees a field that was made like this until a profile or permission set lets them
//! (`FieldPermissions`).

use serde_json::{Value, json};

use super::{
    super::records::schema::{Choice, Field, Kind},
    Call, Done, Outcome, Refused,
};

impl Call<'_> {
    pub(super) fn create_field(&mut self) -> Outcome {
        let user = self.account.org.user(self.user);
        if user.is_none_or(|user| !user.admin) {
            let words = "insufficient access rights on cross-reference id";
            return Err(Refused::new(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", words));
        }
        let full = self.body["FullName"].as_str().unwrap_or_default().to_owned();
        let (object, name) = full.split_once('.').ok_or_else(|| {
            Refused::bad("REQUIRED_FIELD_MISSING", "FullName is required", "FullName")
        })?;
        let named = name.strip_suffix("__c").is_some_and(|name| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.contains("__")
                && name.len() <= 40
        });
        if !named {
            let words = "Enter a valid name for the field.";
            return Err(Refused::bad("INVALID_FULLNAME", words, "FullName"));
        }
        let metadata = &self.body["Metadata"];
        let length = metadata["length"].as_u64().and_then(|length| usize::try_from(length).ok());
        let restricted = metadata["valueSet"]["restricted"] == json!(true);
        let kind = match metadata["type"].as_str() {
            Some("Text") => Kind::Text(length.unwrap_or(255)),
            Some("MultiselectPicklist") => Kind::MultiPick { restricted },
            Some("Picklist") => Kind::Pick { restricted },
            _ => {
                let words = "Must specify a valid field type";
                return Err(Refused::bad("FIELD_INTEGRITY_EXCEPTION", words, "type"));
            }
        };
        let label = metadata["label"].as_str().unwrap_or(name);
        let external = metadata["externalId"] == json!(true);
        let mut field = Field::added(name, label, kind, external);
        let values = metadata["valueSet"]["valueSetDefinition"]["value"].as_array();
        field.choices = values
            .into_iter()
            .flatten()
            .filter_map(|value| value["fullName"].as_str().map(Choice::new))
            .collect();
        let name = name.to_owned();
        let table = self.account.table_mut(object).ok_or_else(Refused::missing)?;
        if table.object.fields.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
            let words = format!(
                "There is already a field named {} on {object}.",
                name.trim_end_matches("__c")
            );
            return Err(Refused::bad("DUPLICATE_DEVELOPER_NAME", words, "DeveloperName"));
        }
        table.object.fields.push(field);
        self.account.made_fields.push(name);
        let id = format!("00NHn{:010}AAA", self.account.made_fields.len());
        Ok(Done::Json(201, json!({ "id": id, "success": true, "errors": Vec::<Value>::new() })))
    }
}
