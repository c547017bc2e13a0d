//! Values for a schema: what it asks for, its edges, and what nobody should send.

use std::collections::HashMap;

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Map, Value, json};

/// Text that breaks things elsewhere.
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "ünïcödé",
    "日本語",
    "👩‍👩‍👧‍👦",
    "\u{202e}rtl",
    "\u{feff}bom",
    "a\u{0}b",
    "\u{1}\u{7f}",
    "\r\n",
    "'; drop table contact; --",
    "%",
    "_%\\",
    "\\",
    "\"",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "null",
    "true",
    "-1",
    "1e999",
    "none",
    "=cmd()",
    "İ",
    "ﬀ",
    "a@b.example",
    "+49 30 1234567",
    "\u{d7ff}\u{e000}\u{10ffff}",
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "10",
    "11",
    "200",
    "201",
    "255",
    "32768",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "0.1",
    "1.0",
    "1e2",
    "-1e308",
];

pub(super) struct Values<'a> {
    pub(super) document: &'a Value,
    pub(super) known: &'a Known,
    /// The part of the API that is asked, for instance `contacts`.
    pub(super) room: &'a str,
}

/// Ids and cursors that were told, by the part of the API that they belong to.
#[derive(Default)]
pub(super) struct Known(HashMap<String, Vec<String>>);

impl Known {
    pub(super) fn add(&mut self, room: &str, text: &str) {
        let all = self.0.entry(room.to_owned()).or_default();
        if !all.iter().any(|known| known == text) {
            all.push(text.to_owned());
        }
        // The newest are the ones that are still there.
        if all.len() > 40 {
            all.remove(0);
        }
    }

    fn one(&self, room: &str, rng: &mut StdRng) -> Option<&String> {
        self.0.get(room).and_then(|all| all.choose(rng))
    }
}

impl Values<'_> {
    pub(super) fn resolve<'v>(&'v self, schema: &'v Value) -> &'v Value {
        let schema = schema["allOf"].get(0).unwrap_or(schema);
        match schema["$ref"].as_str() {
            Some(reference) => {
                let found = self.document.pointer(reference.trim_start_matches('#'));
                self.resolve(found.unwrap_or_else(|| panic!("{reference} is nowhere")))
            }
            None => schema,
        }
    }

    /// What the schema allows, and its handler mostly too.
    pub(super) fn valid(&self, name: &str, schema: &Value, rng: &mut StdRng) -> Value {
        let nullable = schema["nullable"] == true;
        if nullable && rng.random_bool(0.15) {
            return Value::Null;
        }
        let schema = self.resolve(schema);
        if let Some(words) = schema["enum"].as_array() {
            return words.choose(rng).unwrap().clone();
        }
        match schema["type"].as_str() {
            Some("object") => {
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                let mut object = Map::new();
                for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    if required.iter().any(|known| known == name) || rng.random_bool(0.5) {
                        object.insert(name.clone(), self.valid(name, property, rng));
                    }
                }
                object.into()
            }
            Some("array") => {
                let length = rng.random_range(0..4);
                (0..length).map(|_| self.valid(name, &schema["items"], rng)).collect()
            }
            // The only thing that this word can say.
            Some("boolean") if name == "create" => true.into(),
            Some("boolean") => rng.random_bool(0.5).into(),
            Some("integer") => rng.random_range(0..=10).into(),
            Some("number") => json!(rng.random::<f64>()),
            _ => self.text(name, schema, rng).into(),
        }
    }

    /// Text that means something under this name.
    pub(super) fn text(&self, name: &str, schema: &Value, rng: &mut StdRng) -> String {
        let number: u32 = rng.random_range(0..1_000_000);
        match (schema["format"].as_str(), name) {
            (Some("uuid"), "contact" | "contact_id" | "contact_ids") => {
                let known = self.known.one("contacts", rng).cloned();
                known.unwrap_or_else(|| self.id(rng))
            }
            (Some("uuid"), "company_id") => {
                let known = self.known.one("companies", rng).cloned();
                known.unwrap_or_else(|| self.id(rng))
            }
            (Some("uuid"), "campaign" | "campaign_id") => {
                let known = self.known.one("campaigns", rng).cloned();
                known.unwrap_or_else(|| self.id(rng))
            }
            (Some("uuid"), "member_ids" | "owner_member_id") => {
                let known = self.known.one("team", rng).cloned();
                known.unwrap_or_else(|| self.id(rng))
            }
            (Some("uuid"), "ids") => {
                let known = self.known.one("deliveries", rng).cloned();
                known.unwrap_or_else(|| self.id(rng))
            }
            (Some("uuid"), _) | (_, "owner") => self.id(rng),
            // Ahead, and not far.
            (Some("date-time"), "until") => "2027-06-01T10:00:00Z".to_owned(),
            (Some("date-time"), _) => format!("{}-06-01T10:00:00Z", rng.random_range(2020..2040)),
            (Some("date"), "ends_on") => format!("{}-06-01", rng.random_range(2030..2040)),
            (Some("date"), _) => format!("{}-06-01", rng.random_range(2020..2030)),
            (_, "email") => format!("x{number}@example.com"),
            (_, "value") if number.is_multiple_of(2) => format!("v{number}@example.com"),
            (_, "value") => format!("+4930{number:06}"),
            (_, "password") => format!("a long passphrase {number}"),
            (_, "country") => ["DE", "US", "zz"].choose(rng).unwrap().to_string(),
            (_, "cursor") => {
                let room = format!("cursor of {}", self.room);
                self.known.one(&room, rng).cloned().unwrap_or_else(|| hostile_text(rng))
            }
            (_, "sort") => {
                ["name", "-created", "updated", "-warmness"].choose(rng).unwrap().to_string()
            }
            (_, "provider") => crate::connections::slug().to_owned(),
            (_, "ids") => rng.random_range(1..80).to_string(),
            (_, "remote_id") => rng.random_range(1..3).to_string(),
            (_, "search") => ["a", "Nord", "@", "1"].choose(rng).unwrap().to_string(),
            _ => format!("{name} {number}"),
        }
    }

    pub(super) fn id(&self, rng: &mut StdRng) -> String {
        let room = if rng.random_bool(0.85) { self.room } else { "team" };
        match self.known.one(room, rng) {
            Some(id) if rng.random_bool(0.9) => id.clone(),
            _ => uuid::Uuid::from_u128(rng.random()).to_string(),
        }
    }

    /// What nobody should send: of any type, at the edge of any range.
    pub(super) fn hostile(&self, rng: &mut StdRng, depth: u32) -> Value {
        match rng.random_range(0..10) {
            0 => Value::Null,
            1 => rng.random_bool(0.5).into(),
            2 | 3 => serde_json::from_str(NUMBERS.choose(rng).unwrap()).unwrap(),
            4 if depth < 4 => {
                (0..rng.random_range(0..4)).map(|_| self.hostile(rng, depth + 1)).collect()
            }
            5 if depth < 4 => {
                let mut object = Map::new();
                for _ in 0..rng.random_range(0..4) {
                    object.insert(hostile_text(rng), self.hostile(rng, depth + 1));
                }
                object.into()
            }
            6 => self.id(rng).into(),
            _ => hostile_text(rng).into(),
        }
    }

    /// A valid value with something wrong somewhere in it.
    pub(super) fn spoilt(&self, name: &str, schema: &Value, rng: &mut StdRng) -> Value {
        let mut value = self.valid(name, schema, rng);
        for _ in 0..rng.random_range(1..4) {
            self.spoil(&mut value, rng);
        }
        value
    }

    fn spoil(&self, value: &mut Value, rng: &mut StdRng) {
        match value {
            Value::Object(object) if !object.is_empty() && rng.random_bool(0.9) => {
                let names: Vec<String> = object.keys().cloned().collect();
                let name = names.choose(rng).unwrap();
                match rng.random_range(0..5) {
                    0 => drop(object.remove(name)),
                    1 => drop(object.insert(hostile_text(rng), self.hostile(rng, 0))),
                    2 => drop(object.insert(name.to_uppercase(), self.hostile(rng, 0))),
                    _ => self.spoil(&mut object[name], rng),
                }
            }
            Value::Array(items) if rng.random_bool(0.8) => match rng.random_range(0..3) {
                0 => items.push(self.hostile(rng, 0)),
                1 => {
                    // A list of nothing but the same, longer than anybody allows.
                    let one = items.first().cloned().unwrap_or_else(|| self.hostile(rng, 0));
                    *items = vec![one; rng.random_range(1..700)];
                }
                _ => {
                    if let Some(item) = items.first_mut() {
                        self.spoil(item, rng);
                    }
                }
            },
            other => *other = self.hostile(rng, 0),
        }
    }
}

pub(super) fn hostile_text(rng: &mut StdRng) -> String {
    match rng.random_range(0..12) {
        0 => "x".repeat(rng.random_range(190..300)),
        1 => "ä".repeat(rng.random_range(1..3_000)),
        2 => (0..rng.random_range(1..20)).map(|_| rng.random::<char>()).collect(),
        3 => NUMBERS.choose(rng).unwrap().to_string(),
        _ => TEXTS.choose(rng).unwrap().to_string(),
    }
}
