//! Single values, read from whatever stands in their place.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Key, shrug};
use crate::domain::RemoteId;

/// A single value of any kind. Of an object its `id` counts, otherwise its `value`: that is how
/// older answers wrap references.
enum Scalar<'de> {
    Nothing,
    Flag(bool),
    Signed(i64),
    Whole(u64),
    Number(f64),
    Text(Cow<'de, str>),
}

struct ReadScalar {
    unwrap: bool,
}

impl<'de> DeserializeSeed<'de> for ReadScalar {
    type Value = Scalar<'de>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Scalar<'de>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ReadScalar {
    type Value = Scalar<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Flag(flag))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Signed(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Whole(number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(number))
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        let (mut id, mut value) = (Scalar::Nothing, Scalar::Nothing);
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "id" if self.unwrap => id = map.next_value_seed(Self { unwrap: false })?,
                "value" if self.unwrap => value = map.next_value_seed(Self { unwrap: false })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(if matches!(id, Scalar::Nothing) { value } else { id })
    }
    shrug!(Scalar::Nothing; null seq);
}

/// Defines an optional value that is read from whatever [`Scalar`] stands there.
macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident($kind:ty) = $read:expr) => {
        $(#[$doc])*
        #[derive(Debug, Default, Clone, PartialEq)]
        pub(in crate::connectors) struct $name(pub(in crate::connectors) Option<$kind>);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let read: fn(Scalar<'_>) -> Option<$kind> = $read;
                ReadScalar { unwrap: true }.deserialize(from).map(|scalar| Self(read(scalar)))
            }
        }
    };
}

scalar!(
    /// A positive number, or one written as text.
    Id(RemoteId) = |scalar| match scalar {
        Scalar::Whole(id) => (id > 0).then(|| RemoteId(id.to_string())),
        Scalar::Number(id) => whole(id).filter(|id| *id > 0).map(|id| RemoteId(id.to_string())),
        Scalar::Text(text) => {
            let id: u64 = text.trim().parse().ok()?;
            (id > 0).then(|| RemoteId(id.to_string()))
        }
        Scalar::Nothing | Scalar::Flag(_) | Scalar::Signed(_) => None,
    }
);

scalar!(
    /// Text that says something. Without NUL, which no database here can hold.
    Text(String) = |scalar| match scalar {
        Scalar::Text(text) => said(text),
        Scalar::Whole(number) => Some(number.to_string()),
        Scalar::Signed(number) => Some(number.to_string()),
        Scalar::Number(number) => Some(number.to_string()),
        Scalar::Nothing | Scalar::Flag(_) => None,
    }
);

scalar!(
    /// Also 0, 1, "0", "1", "true" and "false", as older answers have it.
    Flag(bool) = |scalar| match scalar {
        Scalar::Flag(flag) => Some(flag),
        Scalar::Whole(number) => Some(number != 0),
        Scalar::Text(text) => match &*text {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        },
        Scalar::Nothing | Scalar::Signed(_) | Scalar::Number(_) => None,
    }
);

scalar!(
    Count(u32) = |scalar| match scalar {
        Scalar::Whole(number) => u32::try_from(number).ok(),
        Scalar::Number(number) => whole(number).and_then(|number| u32::try_from(number).ok()),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Nothing | Scalar::Flag(_) | Scalar::Signed(_) => None,
    }
);

scalar!(
    Number(f64) = |scalar| match scalar {
        Scalar::Whole(number) => Some(double(number)),
        Scalar::Signed(number) => Some(-double(number.unsigned_abs())),
        Scalar::Number(number) => Some(number),
        Scalar::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        Scalar::Nothing | Scalar::Flag(_) => None,
    }
);

scalar!(
    /// RFC 3339, or `2019-11-21 08:45:56` in UTC as older answers have it.
    Time(DateTime<Utc>) = |scalar| match scalar {
        Scalar::Text(text) => time(&text),
        _ => None,
    }
);

fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().map(|time| time.and_utc())
}

/// `visit_i64` brings negative numbers only.
#[expect(clippy::cast_precision_loss, reason = "money at a CRM is a double anyway")]
fn double(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the range is checked first; below 2^53 every whole double is exact"
)]
fn whole(number: f64) -> Option<u64> {
    ((0.0..(1_u64 << 53) as f64).contains(&number) && number.fract() == 0.0)
        .then_some(number as u64)
}

impl Text {
    pub(in crate::connectors) fn of(text: &str) -> Self {
        Self(said(Cow::Borrowed(text)))
    }
}

fn said(text: Cow<'_, str>) -> Option<String> {
    let text = if text.contains('\0') { text.replace('\0', "").into() } else { text };
    (!text.trim().is_empty()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ids_are_positive_numbers_however_written() {
        for json in ["7", "7.0", r#""7""#, r#"" 7 ""#, r#"{"id":7,"name":"x"}"#, r#"{"value":7}"#] {
            assert_eq!(read::<Id>(json).0, Some(RemoteId("7".into())), "{json}");
        }
        for json in ["0", "-7", "7.5", r#""seven""#, r#""""#, "null", "true", "[7]", "{}", "1e300"]
        {
            assert_eq!(read::<Id>(json).0, None, "{json}");
        }
    }

    #[test]
    fn text_says_something_and_holds_no_nul() {
        assert_eq!(read::<Text>(r#""Zoë \ud83d\ude80""#).0.unwrap(), "Zoë 🚀");
        assert_eq!(read::<Text>(r#""a\u0000b""#).0.unwrap(), "ab");
        assert_eq!(read::<Text>("12").0.unwrap(), "12");
        for json in [r#""""#, r#""  ""#, r#""\u0000""#, "null", "false", "[]", "{}"] {
            assert_eq!(read::<Text>(json).0, None, "{json}");
        }
    }

    #[test]
    fn flags_counts_numbers_and_times_have_old_spellings() {
        assert_eq!(read::<Flag>("1").0, Some(true));
        assert_eq!(read::<Flag>(r#""0""#).0, Some(false));
        assert_eq!(read::<Flag>(r#""maybe""#).0, None);
        assert_eq!(read::<Count>("3.0").0, Some(3));
        assert_eq!(read::<Count>("-3").0, None);
        assert_eq!(read::<Count>("4294967296").0, None);
        assert_eq!(read::<Number>(r#""2.5""#).0, Some(2.5));
        assert_eq!(read::<Number>(r#""NaN""#).0, None);
        let time = read::<Time>(r#""2026-01-02T03:04:05Z""#).0.unwrap();
        assert_eq!(read::<Time>(r#""2026-01-02 03:04:05""#).0, Some(time));
        assert_eq!(read::<Time>(r#""2026-01-02T05:04:05+02:00""#).0, Some(time));
        assert_eq!(read::<Time>(r#""0000-00-00""#).0, None);
    }
}
