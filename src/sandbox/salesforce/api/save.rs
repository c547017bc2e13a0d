//! What is checked before a record is written, and what follows from it.

use serde_json::{Map, Value, json};

use super::{
    super::records::{
        ids,
        schema::{Field, Kind, STAGES, TASK_STATUSES},
        table::Row,
        time,
    },
    Call, Refused, leads,
};

impl Call<'_> {
    /// Writes a record, new or changed; its number.
    pub(super) fn save(
        &mut self,
        object: &str,
        number: Option<u64>,
        given: &Map<String, Value>,
    ) -> Result<u64, Refused> {
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let name = table.object.name;
        let mut row = number.and_then(|number| table.row(number)).cloned();
        let fresh = row.is_none();
        if row.as_ref().is_some_and(|row| leads::is_converted(table, row)) {
            return Err(leads::converted());
        }
        let mut row = row.take().unwrap_or_else(|| Row { made: self.now, ..Row::default() });
        for (key, value) in given {
            if key == "attributes" || (key.eq_ignore_ascii_case("id") && !fresh) {
                continue;
            }
            let Some(field) = table.object.field(key) else {
                let words = format!("No such column '{key}' on sobject of type {name}");
                return Err(Refused::new(400, "INVALID_FIELD", words));
            };
            let same = table.value(&row, key) == value;
            if !field.writable || (field.fixed && !fresh && !same) {
                let words = format!(
                    "Unable to create/update fields: {}. Please check the security settings of this \
                     field and verify that it is read/write for your profile or permission set.",
                    field.name
                );
                return Err(Refused::bad("INVALID_FIELD_FOR_INSERT_UPDATE", words, &field.name));
            }
            // What stands there already is let through, even if it would not be taken today.
            let value = if same { value.clone() } else { self.fitting(field, value)? };
            table.set(&mut row, key, value);
        }
        if fresh {
            self.defaults(name, &mut row);
        }
        let table = self.account.table(object).ok_or_else(Refused::missing)?;
        let lacking: Vec<String> = table
            .object
            .fields
            .iter()
            .filter(|field| field.required && table.value(&row, &field.name).is_null())
            .map(|field| field.name.clone())
            .collect();
        if !lacking.is_empty() {
            let words = format!("Required fields are missing: [{}]", lacking.join(", "));
            let refused = Refused::new(400, "REQUIRED_FIELD_MISSING", words);
            return Err(Refused { fields: lacking, ..refused });
        }
        self.unique(object, number, &row)?;
        self.rules(object, number, &row)?;
        leads::stand_alone(table, &row)?;
        self.derive(name, &mut row)?;
        row.stamp = self.now.max(row.stamp + 1);
        let number = number.unwrap_or_else(|| table.next());
        if name == "FieldPermissions" {
            self.permit(&row)?;
        }
        if let Some(table) = self.account.table_mut(object) {
            table.put(number, row);
        }
        if name == "Contact" {
            self.account.written.insert(number, std::time::Instant::now());
        }
        if fresh {
            self.account.made.push((name, number));
            self.first_role(name, number);
        }
        Ok(number)
    }

    /// The contact that a new opportunity names has the first role in it.
    fn first_role(&mut self, name: &str, number: u64) {
        let Some(table) = self.account.tables.get("Opportunity").filter(|_| name == "Opportunity")
        else {
            return;
        };
        let contact = table.row(number).map(|row| table.value(row, "ContactId").clone());
        let Some(contact) = contact.filter(|contact| !contact.is_null()) else { return };
        let deal = json!(table.id(number));
        let (made, stamp) = (self.now, self.now);
        if let Some(roles) = self.account.tables.get_mut("OpportunityContactRole") {
            let mut row = Row { made, stamp, ..Row::default() };
            roles.set(&mut row, "OpportunityId", deal);
            roles.set(&mut row, "ContactId", contact);
            roles.set(&mut row, "IsPrimary", json!(true));
            roles.put(roles.next(), row);
        }
    }

    fn defaults(&self, name: &str, row: &mut Row) {
        let Some(table) = self.account.table(name) else { return };
        let mut put = |key: &str, value: Value| {
            if table.object.place(key).is_some() && table.value(row, key).is_null() {
                table.set(row, key, value);
            }
        };
        put("OwnerId", json!(self.account.org.user_id(self.user)));
        if let Some(currency) = table.object.field("CurrencyIsoCode") {
            put(&currency.name, json!(self.account.org.currency));
        }
        for (key, of) in
            [("Status", "Not Started"), ("Priority", "Normal"), ("TaskSubtype", "Task")]
        {
            if name == "Task" {
                put(key, json!(of));
            }
        }
        if name == "Event" {
            put("IsAllDayEvent", json!(false));
        }
        if name == "Lead" {
            put("Status", json!("Open - Not Contacted"));
        }
        let flags = table.object.fields.iter().filter(|field| field.kind == Kind::Bool);
        for flag in flags.map(|field| field.name.clone()).collect::<Vec<_>>() {
            put(&flag, json!(false));
        }
    }

    /// A value as it is kept, or why it does not fit.
    fn fitting(&self, field: &Field, value: &Value) -> Result<Value, Refused> {
        let name = field.name.as_str();
        let label = &field.label;
        let mistyped = || {
            let words = format!("Cannot deserialize instance of a field from {value}");
            Refused::new(400, "JSON_PARSER_ERROR", words)
        };
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(Value::Null);
        }
        if let Kind::Whole | Kind::Currency = field.kind {
            return if value.is_number() { Ok(value.clone()) } else { Err(mistyped()) };
        }
        if field.kind == Kind::Bool {
            return if value.is_boolean() { Ok(value.clone()) } else { Err(mistyped()) };
        }
        let text = value.as_str().ok_or_else(mistyped)?.trim();
        let most = match field.kind {
            Kind::Text(most) | Kind::Area(most) => most,
            Kind::Email => 80,
            Kind::Phone => 40,
            Kind::MultiPick { .. } => 4_099,
            _ => 255,
        };
        if text.chars().count() > most {
            let shown: String = text.chars().take(255).collect();
            let words = format!("{label}: data value too large: {shown} (max length={most})");
            return Err(Refused::bad("STRING_TOO_LONG", words, name));
        }
        match field.kind {
            Kind::Email => {
                let fine = text.split_once('@').is_some_and(|(local, host)| {
                    !local.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
                });
                if !fine {
                    let words = format!("{label}: invalid email address: {text}");
                    return Err(Refused::bad("INVALID_EMAIL_ADDRESS", words, name));
                }
            }
            Kind::Date if !time::is_date(text) => return Err(mistyped()),
            Kind::DateTime => {
                return time::parse(text).map(|at| json!(time::written(at))).ok_or_else(mistyped);
            }
            Kind::Pick { restricted: true } | Kind::MultiPick { restricted: true } => {
                let known =
                    |word: &str| field.choices.iter().any(|one| one.active && one.value == word);
                if !text.split(';').all(known) {
                    let words = format!("{label}: bad value for restricted picklist field: {text}");
                    let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
                    return Err(Refused::bad(code, words, name));
                }
            }
            Kind::Reference(prefixes) => return self.referred(field, prefixes, text),
            _ => {}
        }
        Ok(json!(text))
    }

    fn referred(&self, field: &Field, prefixes: &[&str], id: &str) -> Result<Value, Refused> {
        let (name, label) = (field.name.as_str(), &field.label);
        let parts = ids::parse(id).filter(|parts| prefixes.contains(&parts.prefix));
        let Some(parts) = parts else {
            let words = format!("{label}: id value of incorrect type: {id}");
            return Err(Refused::bad("MALFORMED_ID", words, name));
        };
        let table = self.account.tables.values().find(|one| one.object.prefix == parts.prefix);
        let found = table.and_then(|table| Some((table, table.row(table.number(id)?)?)));
        let Some((table, row)) = found else {
            let words = format!("{label}: invalid cross reference id");
            return Err(Refused::bad("INVALID_CROSS_REFERENCE_KEY", words, name));
        };
        if row.deleted {
            return Err(Refused::bad("ENTITY_IS_DELETED", "entity is deleted", name));
        }
        if leads::is_converted(table, row) {
            return Err(leads::converted());
        }
        if name == "OwnerId" && table.value(row, "IsActive") == &json!(false) {
            let words = format!("operation performed with inactive user [{id}] as owner of record");
            return Err(Refused::bad("INACTIVE_OWNER_OR_USER", words, name));
        }
        Ok(json!(table.id(parts.number)))
    }

    fn unique(&self, object: &str, number: Option<u64>, row: &Row) -> Result<(), Refused> {
        let Some(table) = self.account.table(object) else { return Ok(()) };
        for field in table.object.fields.iter().filter(|field| field.external && field.visible) {
            let value = table.value(row, &field.name);
            let mut others = table.since_id(0).filter(|(other, row)| {
                !row.deleted
                    && Some(*other) != number
                    && !value.is_null()
                    && table.value(row, &field.name) == value
            });
            if let Some((other, _)) = others.next() {
                let words = format!(
                    "duplicate value found: {} duplicates value on record with id: {}",
                    field.name,
                    &table.id(other)[..15],
                );
                return Err(Refused::bad("DUPLICATE_VALUE", words, &field.name));
            }
        }
        Ok(())
    }

    /// The org's own rules: an address that nobody wants, and the same address twice.
    fn rules(&self, object: &str, number: Option<u64>, row: &Row) -> Result<(), Refused> {
        let Some(table) = self.account.table(object) else { return Ok(()) };
        let Some(email) = table.value(row, "Email").as_str() else { return Ok(()) };
        if email.to_lowercase().ends_with("@refused.example") {
            let words = format!("We do not take addresses like {email}.");
            return Err(Refused::bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", words, "Email"));
        }
        let Some(warns) = self.account.duplicates.filter(|_| table.object.name == "Contact") else {
            return Ok(());
        };
        if warns && self.allow_duplicates {
            return Ok(());
        }
        let same: Vec<Value> = table
            .since_id(0)
            .filter(|(other, row)| {
                let own = table.value(row, "Email").as_str();
                !row.deleted
                    && Some(*other) != number
                    && own.is_some_and(|own| own.eq_ignore_ascii_case(email))
            })
            .map(|(other, _)| {
                let url = format!("{}/sobjects/Contact/{}", self.base, table.id(other));
                let attributes = json!({ "type": "Contact", "url": url });
                json!({ "record": { "attributes": attributes, "Id": table.id(other) } })
            })
            .collect();
        if same.is_empty() {
            return Ok(());
        }
        let mut refused = Refused::new(400, "DUPLICATES_DETECTED", "Use one of these records?");
        let results = json!([{ "matchRecords": same, "matchEngine": "ExactMatchEngine" }]);
        let result = json!({ "matchResults": results, "allowSave": warns });
        refused.more.insert("duplicateResult".into(), result);
        Err(refused)
    }

    fn derive(&self, name: &str, row: &mut Row) -> Result<(), Refused> {
        let Some(table) = self.account.table(name) else { return Ok(()) };
        let text = |row: &Row, key: &str| table.value(row, key).as_str().map(ToOwned::to_owned);
        match name {
            "Contact" | "Lead" => {
                let parts = [text(row, "FirstName"), text(row, "LastName")];
                let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
                table.set(row, "Name", json!(whole));
            }
            "Opportunity" => {
                let stage = text(row, "StageName").unwrap_or_default();
                let known = STAGES.iter().find(|(name, ..)| *name == stage);
                table.set(row, "IsClosed", json!(known.is_some_and(|(_, closed, _)| *closed)));
                table.set(row, "IsWon", json!(known.is_some_and(|(.., won)| *won)));
            }
            "Task" => {
                let status = text(row, "Status").unwrap_or_default();
                let known = TASK_STATUSES.iter().find(|(name, ..)| *name == status);
                table.set(row, "IsClosed", json!(known.is_some_and(|(_, closed, _)| *closed)));
            }
            "Event" => event(table, row)?,
            _ => {}
        }
        Ok(())
    }

    /// Lets the users' profiles see a field.
    fn permit(&mut self, row: &Row) -> Result<(), Refused> {
        let permissions = self.account.tables.get("FieldPermissions");
        let field = permissions
            .map(|table| table.value(row, "Field").as_str().unwrap_or_default().to_owned());
        let field = field.unwrap_or_default();
        let (object, name) = field.split_once('.').unwrap_or(("", ""));
        let table = self.account.table_mut(object);
        let found = table.and_then(|table| {
            table.object.fields.iter_mut().find(|field| field.custom && field.name == name)
        });
        let Some(found) = found else {
            let words = "Field Name: bad value for restricted picklist field";
            return Err(Refused::bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, "Field"));
        };
        found.visible = true;
        Ok(())
    }
}

/// A day, or a beginning with an end or a length.
fn event(table: &super::super::records::table::Table, row: &mut Row) -> Result<(), Refused> {
    let all_day = table.value(row, "IsAllDayEvent") == &json!(true);
    if all_day {
        let day = table.value(row, "ActivityDate").as_str().map(ToOwned::to_owned);
        let Some(day) = day else {
            let words = "Required fields are missing: [ActivityDate]";
            return Err(Refused::bad("REQUIRED_FIELD_MISSING", words, "ActivityDate"));
        };
        table.set(row, "StartDateTime", json!(format!("{day}T00:00:00.000+0000")));
        return Ok(());
    }
    let at = |name: &str| table.value(row, name).as_str().and_then(time::parse);
    let Some(start) = at("StartDateTime") else {
        let words = "Required fields are missing: [StartDateTime]";
        return Err(Refused::bad("REQUIRED_FIELD_MISSING", words, "StartDateTime"));
    };
    let minutes = table.value(row, "DurationInMinutes").as_i64();
    let Some(minutes) = minutes.or_else(|| Some((at("EndDateTime")? - start) / 60_000)) else {
        let words = "Required fields are missing: [EndDateTime, DurationInMinutes]";
        return Err(Refused::bad("REQUIRED_FIELD_MISSING", words, "DurationInMinutes"));
    };
    if !(0..=20_160).contains(&minutes) {
        let words = "Duration: an event lasts at most 14 days";
        return Err(Refused::bad("NUMBER_OUTSIDE_VALID_RANGE", words, "DurationInMinutes"));
    }
    let day: String = time::written(start).chars().take(10).collect();
    table.set(row, "DurationInMinutes", json!(minutes));
    table.set(row, "EndDateTime", json!(time::written(start + minutes * 60_000)));
    table.set(row, "ActivityDate", json!(day));
    Ok(())
}
