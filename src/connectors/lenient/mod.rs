//! Reading other people's JSON: one odd value must not lose its record, nor one record its page.
//!
//! A field of the wrong type is as good as missing. Unknown keys are skipped, and of a key that
//! comes twice the last wins. Everything is read in one pass, straight from the bytes.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

mod custom;
mod scalar;

pub(super) use self::{
    custom::Custom,
    scalar::{Count, Flag, Id, Number, Text, Time},
};

/// What a visitor makes of the JSON kinds it has no use for.
macro_rules! shrug {
    ($value:expr; $($kind:ident)+) => { $(shrug!(@ $kind $value);)+ };
    (@ scalars $value:expr) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> { Ok($value) }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> { Ok($value) }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> { Ok($value) }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> { Ok($value) }
    };
    (@ text $value:expr) => {
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> { Ok($value) }
    };
    (@ null $value:expr) => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> { Ok($value) }
    };
    (@ seq $value:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
    (@ map $value:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}
use shrug;

/// A wire struct that is filled key by key; made by [`record!`].
pub(super) trait Record<'de>: Default {
    fn set<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// The record that plain text in its place stands for, if it can.
    fn of_text(_: &str) -> Option<Self> {
        None
    }
}

/// Defines a wire struct: their key => our field.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($key:literal => $field:ident: $kind:ty,)+ }
        $(or text as $text:ident)?) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name { $(pub(super) $field: $kind,)+ }

        impl<'de> $crate::connectors::lenient::Record<'de> for $name {
            fn set<A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &str,
                map: &mut A,
            ) -> Result<(), A::Error> {
                match key {
                    $($key => self.$field = map.next_value()?,)+
                    _ => { map.next_value::<serde::de::IgnoredAny>()?; }
                }
                Ok(())
            }

            $(fn of_text(text: &str) -> Option<Self> {
                let $text = $crate::connectors::lenient::Text::of(text);
                Some(Self { $text, ..Self::default() })
            })?
        }
    };
}
pub(super) use record;

/// A [`Record`], or `None` where something that is no object stood in its place.
pub(super) struct Row<T>(pub(super) Option<T>);

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A string, borrowed when it has no escapes: keys are many and short.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        from.deserialize_str(Read)
    }
}

impl<'de, T: Record<'de>> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Record<'de>> Visitor<'de> for Read<T> {
            type Value = Row<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<T>, A::Error> {
                let mut record = T::default();
                while let Some(Key(key)) = map.next_key()? {
                    record.set(&key, &mut map)?;
                }
                Ok(Row(Some(record)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Row<T>, E> {
                Ok(Row(T::of_text(text)))
            }
            shrug!(Row(None); scalars null seq);
        }
        from.deserialize_any(Read(PhantomData))
    }
}

/// A list; a single element may stand for a list of one, and anything else for an empty one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(List(items))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
                let one = T::deserialize(serde::de::value::StrDeserializer::<E>::new(text));
                Ok(List(one.ok().into_iter().collect()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<List<T>, E> {
                let one = T::deserialize(serde::de::value::U64Deserializer::<E>::new(number));
                Ok(List(one.ok().into_iter().collect()))
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<List<T>, E> {
                Ok(List::default())
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<List<T>, E> {
                Ok(List::default())
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<List<T>, E> {
                Ok(List::default())
            }
            shrug!(List::default(); null map);
        }
        from.deserialize_any(Read(PhantomData))
    }
}

/// At most `bytes` of a text, never through the middle of a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
