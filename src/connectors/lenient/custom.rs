//! Any JSON, kept as it is.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{Key, cut, shrug};

/// A customer's own fields: any JSON by key, without those that are empty.
#[derive(Debug, Default, Clone, PartialEq)]
pub(in crate::connectors) struct Custom(pub(in crate::connectors) BTreeMap<String, Value>);

/// What of a value that cannot be read is kept as text.
const UNREAD: usize = 1024;

impl Custom {
    /// Takes the value that comes next as that of a field.
    pub(in crate::connectors) fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let raw: &RawValue = map.next_value()?;
        let raw = raw.get();
        if raw != "null" {
            // Too deep, or half a surrogate pair: kept as it came.
            let mut value = serde_json::from_str(raw)
                .unwrap_or_else(|_| Value::String(cut(raw, UNREAD).to_owned()));
            without_nul(&mut value);
            self.0.insert(key.replace('\0', ""), value);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Custom {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Custom;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Custom, A::Error> {
                let mut fields = Custom::default();
                while let Some(Key(key)) = map.next_key()? {
                    fields.take(&key, &mut map)?;
                }
                Ok(fields)
            }
            shrug!(Custom::default(); scalars text null seq);
        }
        from.deserialize_any(Read)
    }
}

fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', ""),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(map) => {
            if map.keys().any(|key| key.contains('\0')) {
                let old = std::mem::take(map);
                map.extend(old.into_iter().map(|(key, value)| (key.replace('\0', ""), value)));
            }
            map.values_mut().for_each(without_nul);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &str) -> BTreeMap<String, Value> {
        serde_json::from_str::<Custom>(json).unwrap().0
    }

    #[test]
    fn values_are_kept_and_empty_ones_are_not() {
        let fields = read(r#"{"a":null,"b":{"value":1.5,"currency":"EUR"},"c":[1,2],"d":""}"#);
        assert_eq!(fields["b"], json!({"value": 1.5, "currency": "EUR"}));
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["b", "c", "d"]);
        assert!(read("[]").is_empty() && read("null").is_empty());
    }

    #[test]
    fn what_no_database_can_hold_is_taken_out() {
        let fields = read(r#"{"a\u0000":["x\u0000y",{"k\u0000":"\u0000"}]}"#);
        assert_eq!(fields["a"], json!(["xy", {"k": ""}]));
    }

    #[test]
    fn a_value_too_deep_or_broken_is_kept_as_text() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let fields = read(&format!(r#"{{"deep":{deep},"half":"\ud800"}}"#));
        assert_eq!(fields["deep"], json!("[".repeat(1024)));
        assert_eq!(fields["half"], json!(r#""\ud800""#));
    }
}
