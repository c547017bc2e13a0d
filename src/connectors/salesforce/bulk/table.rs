//! From a table to people: cells are read as the description says of their columns. Pure.

use std::collections::HashMap;

use serde_json::{Map, Number, Value, json};

use crate::{
    connectors::{
        Page,
        lenient::Row,
        salesforce::{
            decode::{self, NO_ID},
            map, wire,
        },
    },
    domain::{Quarantined, RemotePerson, sheet},
};

/// How the cells of a column are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Number,
    Flag,
}

pub(super) struct Columns(HashMap<String, Holds>);

impl Columns {
    pub(super) fn of(described: wire::Description) -> Self {
        let columns = described.fields.0.into_iter().filter_map(|row| {
            let field = row.0?;
            let holds = match field.kind.0.as_deref() {
                Some("boolean") => Holds::Flag,
                Some("double" | "int" | "currency" | "percent" | "long") => Holds::Number,
                _ => Holds::Text,
            };
            Some((field.name.0?, holds))
        });
        Self(columns.collect())
    }

    pub(super) fn page(&self, body: &[u8]) -> Result<Page<RemotePerson>, &'static str> {
        let text = std::str::from_utf8(body).map_err(|_| "its table is no UTF-8")?;
        let (mut reader, mut rows) = (sheet::Reader::new(b','), Vec::new());
        reader.push(text, &mut rows);
        reader.finish(&mut rows);
        let mut rows = rows.into_iter();
        let head = rows.next().map(|row| row.cells).unwrap_or_default();
        if !head.iter().any(|name| name == "Id") {
            return Err("its table has no column of ids");
        }
        let mut page = Page::default();
        for row in rows {
            match self.person(&head, row) {
                Ok(person) => page.items.push(person),
                Err(quarantined) => page.quarantined.push(quarantined),
            }
        }
        Ok(page)
    }

    fn person(&self, head: &[String], row: sheet::Row) -> Result<RemotePerson, Quarantined> {
        let broken = row.too_long || row.cells.len() != head.len();
        let cells = head.iter().zip(row.cells);
        let record: Map<String, Value> =
            cells.map(|(name, cell)| (name.clone(), self.value(name, cell))).collect();
        let raw = Value::Object(record).to_string();
        let read = (!broken).then(|| serde_json::from_str::<Row<wire::Contact>>(&raw).ok());
        match read.flatten() {
            Some(Row(Some(contact))) => {
                map::person(contact).ok_or_else(|| decode::kept(None, NO_ID, &raw))
            }
            _ => Err(decode::kept(None, decode::BROKEN, &raw)),
        }
    }

    fn value(&self, name: &str, cell: String) -> Value {
        if cell.is_empty() {
            return Value::Null;
        }
        match self.0.get(name) {
            Some(Holds::Flag) => json!(cell == "true"),
            Some(Holds::Number) => {
                let number = serde_json::from_str::<Number>(&cell);
                number.map_or(Value::String(cell), Value::Number)
            }
            _ => Value::String(cell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let fields = [("Newsletter__c", "boolean"), ("Budget__c", "currency"), ("Email", "email")];
        let fields = fields.map(|(name, kind)| json!({ "name": name, "type": kind }));
        let text = json!({ "fields": fields }).to_string();
        Columns::of(serde_json::from_str::<Row<_>>(&text).unwrap().0.unwrap())
    }

    #[test]
    fn a_row_of_a_table_is_the_person_that_a_record_is() {
        let table = "\"Id\",\"Name\",\"Email\",\"IsDeleted\",\"SystemModstamp\",\"Budget__c\",\
                     \"Newsletter__c\",\"Remarks__c\"\n\
                     \"003Hn00000000AbIAC\",\"Ada \"\"L\"\"\",\"a@x.example\",\"false\",\
                     \"2026-03-04T05:06:07.000Z\",\"500.5\",\"true\",\"one\ntwo, three\"\n\
                     \"x\",\"No id\",\"\",\"false\",\"\",\"\",\"\",\"\"\n\
                     \"003Hn00000000AcIAC\",\"Short\"\n";
        let page = columns().page(table.as_bytes()).unwrap();
        let json = r#"{"Id":"003Hn00000000AbIAC","Name":"Ada \"L\"","Email":"a@x.example",
            "IsDeleted":false,"SystemModstamp":"2026-03-04T05:06:07.000+0000","Budget__c":500.5,
            "Newsletter__c":true,"Remarks__c":"one\ntwo, three"}"#;
        let record: wire::Contact = serde_json::from_str::<Row<_>>(json).unwrap().0.unwrap();
        assert_eq!(page.items, [map::person(record).unwrap()]);
        let why: Vec<&str> = page.quarantined.iter().map(|one| one.reason.as_str()).collect();
        assert_eq!(why, [NO_ID, decode::BROKEN]);
        for broken in ["", "\n", "<html>", "Name\nAda"] {
            assert!(columns().page(broken.as_bytes()).is_err(), "{broken:?}");
        }
        assert!(columns().page(b"\xff").is_err());
    }
}
