//! Salesforce's JSON, spelled as they spell it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::MapAccess};
use serde_json::{Value, value::RawValue};

use super::soql::is_id;
use crate::{
    connectors::lenient::{Count, Custom, Flag, List, Number, Record, Row, Text, record},
    domain::RemoteId,
};

/// An id: fifteen or eighteen characters whose case counts. Anything else is none.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Id(pub(super) Option<RemoteId>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(from)?;
        Ok(Self(text.filter(|text| is_id(text)).map(RemoteId)))
    }
}

/// `2026-11-20T08:00:00.000+0000`: the offset has no colon.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Moment(pub(super) Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(from)?;
        Ok(Self(text.and_then(|text| {
            let at = DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z")
                .or_else(|_| DateTime::parse_from_rfc3339(&text));
            at.ok().map(|at| at.to_utc())
        })))
    }
}

/// One page of a query. `done` and `records` must both be there: an empty `{}` is not an empty page.
#[derive(Deserialize)]
pub(super) struct Rows<'a> {
    pub(super) done: bool,
    #[serde(borrow)]
    pub(super) records: Vec<&'a RawValue>,
}

record!(
    /// The keys by which rows are walked.
    Keys { "Id" => id: Id, "SystemModstamp" => changed: Moment, }
);

/// A contact or a lead. Its custom fields come beside the others, by their own names.
#[derive(Default)]
pub(super) struct Contact {
    pub(super) id: Id,
    pub(super) name: Text,
    pub(super) first_name: Text,
    pub(super) last_name: Text,
    pub(super) email: Text,
    pub(super) phone: Text,
    pub(super) mobile: Text,
    pub(super) home: Text,
    pub(super) other: Text,
    pub(super) account: Id,
    pub(super) owner: Id,
    pub(super) created: Moment,
    pub(super) changed: Moment,
    pub(super) deleted: Flag,
    /// Of a lead: it has become a contact.
    pub(super) converted: Flag,
    pub(super) custom: BTreeMap<String, Value>,
}

impl<'de> Record<'de> for Contact {
    fn set<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "Id" => self.id = map.next_value()?,
            "Name" => self.name = map.next_value()?,
            "FirstName" => self.first_name = map.next_value()?,
            "LastName" => self.last_name = map.next_value()?,
            "Email" => self.email = map.next_value()?,
            "Phone" => self.phone = map.next_value()?,
            "MobilePhone" => self.mobile = map.next_value()?,
            "HomePhone" => self.home = map.next_value()?,
            "OtherPhone" => self.other = map.next_value()?,
            "AccountId" => self.account = map.next_value()?,
            "OwnerId" => self.owner = map.next_value()?,
            "CreatedDate" => self.created = map.next_value()?,
            "SystemModstamp" => self.changed = map.next_value()?,
            "IsDeleted" => self.deleted = map.next_value()?,
            "IsConverted" => self.converted = map.next_value()?,
            name if name.ends_with("__c") => {
                let raw: &RawValue = map.next_value()?;
                // Through the reader of custom fields, which keeps what it cannot read as text.
                let one = format!("{{{}:{}}}", Value::from(name), raw.get());
                let Custom(read) = serde_json::from_str(&one).unwrap_or_default();
                self.custom.extend(read);
            }
            _ => {
                map.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

record!(Account {
    "Id" => id: Id,
    "Name" => name: Text,
    "OwnerId" => owner: Id,
    "Website" => website: Text,
    "BillingStreet" => street: Text,
    "BillingPostalCode" => zip: Text,
    "BillingCity" => city: Text,
    "BillingCountry" => country: Text,
    "CreatedDate" => created: Moment,
    "SystemModstamp" => changed: Moment,
    "IsDeleted" => deleted: Flag,
});

record!(Opportunity {
    "Id" => id: Id,
    "Name" => name: Text,
    "AccountId" => account: Id,
    "OwnerId" => owner: Id,
    "Amount" => amount: Number,
    "CurrencyIsoCode" => currency: Text,
    "StageName" => stage: Text,
    "IsClosed" => closed: Flag,
    "IsWon" => won: Flag,
    "SystemModstamp" => changed: Moment,
    "IsDeleted" => deleted: Flag,
    "OpportunityContactRoles" => roles: Row<Roles>,
});

record!(Roles { "records" => records: List<Row<Role>>, });
record!(Role { "ContactId" => contact: Id, });

record!(User {
    "Id" => id: Id,
    "Name" => name: Text,
    "Email" => email: Text,
    "IsActive" => active: Flag,
});

record!(Organization { "Name" => name: Text, "Country" => country: Text, });

record!(
    /// What the identity service says of the user behind a token.
    Who {
        "user_id" => user: Id,
        "organization_id" => organization: Id,
        "name" => name: Text,
        "email" => email: Text,
        "urls" => urls: Row<Urls>,
    }
);
record!(Urls { "custom_domain" => custom: Text, "rest" => rest: Text, });

record!(
    /// A kind of records.
    Description { "createable" => creatable: Flag, "fields" => fields: List<Row<Field>>, }
);
record!(Field {
    "name" => name: Text,
    "label" => label: Text,
    "type" => kind: Text,
    "custom" => custom: Flag,
    "picklistValues" => values: List<Row<Choice>>,
});
record!(Choice { "value" => value: Text, "label" => label: Text, "active" => active: Flag, });

record!(Hits { "searchRecords" => records: List<Row<Hit>>, });
record!(Hit { "Id" => id: Id, });

record!(
    /// A task or an event.
    Activity {
        "Id" => id: Id,
        "Subject" => subject: Text,
        "Description" => text: Text,
        "ActivityDate" => day: Text,
        "TaskSubtype" => subtype: Text,
        "Priority" => priority: Text,
        "IsClosed" => closed: Flag,
        "CallDurationInSeconds" => seconds: Count,
        "StartDateTime" => start: Moment,
        "DurationInMinutes" => minutes: Count,
        "IsAllDayEvent" => all_day: Flag,
        "WhoId" => who: Id,
        "WhatId" => what: Id,
        "OwnerId" => owner: Id,
        "IsDeleted" => deleted: Flag,
    }
);

record!(Status { "ApiName" => name: Text, "IsClosed" => closed: Flag, "IsDefault" => default: Flag, });
record!(Stage {
    "ApiName" => name: Text,
    "MasterLabel" => label: Text,
    "IsActive" => active: Flag,
    "IsClosed" => closed: Flag,
    "IsWon" => won: Flag,
});
record!(
    /// How many a query would bring.
    Total { "totalSize" => size: Count, }
);
record!(
    /// A query that the org runs by itself.
    Job { "id" => id: Id, "state" => state: Text, }
);
record!(Assignment { "PermissionSetId" => set: Id, });

/// What became of one record of many.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) id: Id,
    pub(super) success: Flag,
    pub(super) errors: Option<Box<RawValue>>,
}

impl<'de> Record<'de> for Outcome {
    fn set<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => self.id = map.next_value()?,
            "success" => self.success = map.next_value()?,
            "errors" => self.errors = Some(map.next_value()?),
            _ => {
                map.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

record!(
    /// What was made, or why it was not: then the answer is a list of these.
    Made { "id" => id: Id, "success" => success: Flag, }
);
