//! One record: its properties are text or absent, whatever they mean.

use std::{borrow::Cow, time::Instant};

use chrono::{DateTime, SecondsFormat, Utc};

use super::kind::Kind;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    pub(crate) archived: Option<Millis>,
    /// Gone into another: not even archived lists show it.
    pub(crate) merged_into: Option<u64>,
    /// What was set; those that begin with `~` are for the control plane only.
    pub(crate) values: Vec<(Cow<'static, str>, String)>,
    /// When somebody touched it last while the stand-in was running.
    pub(crate) written: Option<Instant>,
}

/// What a contact's number is dialled as from anywhere; several are separated by spaces.
pub(crate) const DIALLED: &str = "~dialled";

impl Record {
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        let (_, value) = self.values.iter().find(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// The value as it is answered, computed ones included.
    pub(crate) fn value(&self, kind: Kind, name: &str) -> Option<String> {
        match name {
            "hs_object_id" => Some(self.id.to_string()),
            "createdate" if !kind.is_engagement() => Some(iso(self.created)),
            "hs_createdate" => Some(iso(self.created)),
            "lastmodifieddate" if kind == Kind::Contacts => Some(iso(self.modified)),
            "hs_lastmodifieddate" => Some(iso(self.modified)),
            _ if name.starts_with('~') => None,
            _ => self.own(name).map(ToOwned::to_owned),
        }
    }

    /// An empty value clears the property.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        match self.values.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((Cow::Owned(name.to_owned()), value)),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((Cow::Borrowed(name), value.into()));
        self
    }

    /// The first address and the others, as they were stored.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &str> {
        let more = self.own("hs_additional_emails").unwrap_or_default().split(';');
        self.own("email").into_iter().chain(more).filter(|address| !address.is_empty())
    }

    pub(crate) fn is_living(&self) -> bool {
        self.archived.is_none() && self.merged_into.is_none()
    }
}

pub(crate) fn iso(time: Millis) -> String {
    let time = DateTime::from_timestamp_millis(time).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time as callers may write it: milliseconds since 1970, or ISO 8601; a day is its midnight.
pub(crate) fn instant(text: &str) -> Option<Millis> {
    let day = || {
        let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
    };
    text.parse()
        .ok()
        .or_else(|| Some(text.parse::<DateTime<Utc>>().ok()?.timestamp_millis()))
        .or_else(day)
}
