//! Zoho's JSON, spelled as they spell it.

use serde::{
    Deserialize,
    de::{IgnoredAny, MapAccess},
};
use serde_json::value::RawValue;

use crate::connectors::lenient::{Custom, Flag, Id, List, Number, Record, Row, Text, Time, record};

/// A list's answer. `data` must be there: an empty `{}` is not an empty list, which has no body at all.
#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
pub(super) struct Envelope<R> {
    #[serde(alias = "users", alias = "org", alias = "fields", alias = "tags", alias = "modules")]
    #[serde(alias = "layouts", alias = "pipeline", alias = "watch")]
    pub(super) data: Vec<R>,
    #[serde(default)]
    pub(super) info: Row<Info>,
}

/// The same again, when records have to be looked at one by one.
#[derive(Deserialize)]
pub(super) struct RawEnvelope<'a> {
    #[serde(borrow)]
    pub(super) data: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) info: Row<Info>,
}

record!(Info { "more_records" => more: Flag, "next_page_token" => token: Text, });

/// A contact. What is none of the fields that every account has is one of its own.
#[derive(Default)]
pub(super) struct Contact {
    pub(super) id: Id,
    pub(super) first_name: Text,
    pub(super) last_name: Text,
    pub(super) full_name: Text,
    pub(super) emails: [Text; 2],
    pub(super) phones: [Text; 5],
    pub(super) account: Id,
    pub(super) owner: Id,
    pub(super) tags: List<Row<Named>>,
    pub(super) modified: Time,
    pub(super) created: Time,
    pub(super) custom: Custom,
}

impl<'de> Record<'de> for Contact {
    fn set<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => self.id = map.next_value()?,
            "First_Name" => self.first_name = map.next_value()?,
            "Last_Name" => self.last_name = map.next_value()?,
            "Full_Name" => self.full_name = map.next_value()?,
            "Email" => self.emails[0] = map.next_value()?,
            "Secondary_Email" => self.emails[1] = map.next_value()?,
            "Phone" => self.phones[0] = map.next_value()?,
            "Mobile" => self.phones[1] = map.next_value()?,
            "Home_Phone" => self.phones[2] = map.next_value()?,
            "Other_Phone" => self.phones[3] = map.next_value()?,
            "Asst_Phone" => self.phones[4] = map.next_value()?,
            "Account_Name" => self.account = map.next_value()?,
            "Owner" => self.owner = map.next_value()?,
            "Tag" => self.tags = map.next_value()?,
            "Modified_Time" => self.modified = map.next_value()?,
            "Created_Time" => self.created = map.next_value()?,
            // About the record, not of it.
            key if key.starts_with('$') => {
                map.next_value::<IgnoredAny>()?;
            }
            key => self.custom.take(key, map)?,
        }
        Ok(())
    }
}

record!(Named { "name" => name: Text, });

record!(Account {
    "id" => id: Id,
    "Account_Name" => name: Text,
    "Owner" => owner: Id,
    "Website" => website: Text,
    "Billing_Street" => street: Text,
    "Billing_City" => city: Text,
    "Billing_Code" => code: Text,
    "Billing_Country" => country: Text,
    "Modified_Time" => modified: Time,
    "Created_Time" => created: Time,
});

record!(Deal {
    "id" => id: Id,
    "Deal_Name" => name: Text,
    "Stage" => stage: Text,
    "Pipeline" => pipeline: Text,
    "Amount" => amount: Number,
    "Currency" => currency: Text,
    "Contact_Name" => contact: Id,
    "Account_Name" => account: Id,
    "Owner" => owner: Id,
    "Modified_Time" => modified: Time,
    "Created_Time" => created: Time,
});

record!(User {
    "id" => id: Id,
    "full_name" => full_name: Text,
    "first_name" => first_name: Text,
    "last_name" => last_name: Text,
    "email" => email: Text,
    "status" => status: Text,
    "profile" => profile: Row<Named>,
});

record!(Org {
    "id" => id: Id,
    "company_name" => name: Text,
    "domain_name" => domain: Text,
    "country_code" => country: Text,
    "iso_code" => currency: Text,
});

record!(Field {
    "id" => id: Id,
    "api_name" => api_name: Text,
    "field_label" => label: Text,
    "data_type" => kind: Text,
    "custom_field" => custom: Flag,
    "pick_list_values" => options: List<Row<Choice>>,
});

record!(
    /// A value of a picklist.
    Choice { "actual_value" => actual: Text, "display_value" => display: Text, }
);

record!(
    /// A module, as its settings show it.
    Module {
        "api_name" => api_name: Text,
        "singular_label" => label: Text,
        "api_supported" => supported: Flag,
        "visible" => visible: Flag,
    }
);

record!(Layout { "id" => id: Id, });
record!(Pipeline {
    "actual_value" => name: Text,
    "display_value" => label: Text,
    "maps" => stages: List<Row<Stage>>,
});
record!(Stage {
    "actual_value" => name: Text,
    "display_value" => label: Text,
    "forecast_type" => forecast: Text,
});

record!(Note { "id" => id: Id, "Note_Content" => text: Text, "Created_Time" => created: Time, });

record!(
    /// A row of a query, and what is left to say of a record that cannot be read.
    Found { "id" => id: Id, "Modified_Time" => modified: Time, }
);

record!(
    /// A task, a call or a meeting: what is asked of one is missing in the others.
    Activity {
        "id" => id: Id,
        "Subject" => subject: Text,
        "Event_Title" => title: Text,
        "Description" => note: Text,
        "Due_Date" => due: Text,
        "Status" => status: Text,
        "Priority" => priority: Text,
        "Call_Start_Time" => call_start: Time,
        "Call_Duration" => duration: Text,
        "Outbound_Call_Status" => call_status: Text,
        "Start_DateTime" => start: Time,
        "End_DateTime" => end: Time,
        "Who_Id" => person: Id,
        "What_Id" => related: Id,
        "Owner" => owner: Id,
    }
);

record!(
    /// What came of one record that was sent.
    Outcome { "code" => code: Text, "details" => details: Row<Details>, }
);
record!(Details { "id" => id: Id, "duplicate_record" => duplicate: Id, });

record!(
    /// What came of a channel that was asked for.
    Watch {
        "code" => code: Text,
        "details" => details: Row<WatchDetails>,
    }
);
record!(WatchDetails { "events" => events: List<Row<Watched>>, });
record!(Watched { "channel_expiry" => expiry: Time, });

record!(
    /// A call, as far as it is looked at.
    Notice {
        "module" => module: Text,
        "ids" => ids: List<Id>,
        "operation" => operation: Text,
        "channel_id" => channel: Text,
        "server_time" => server_time: Text,
        "token" => token: Text,
    }
);
