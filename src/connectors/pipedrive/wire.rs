//! Pipedrive's JSON, spelled as they spell it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::connectors::lenient::{Count, Custom, Flag, Id, List, Number, Row, Text, Time, record};

/// An answer. `R` is a [`Row`] or a list of them.
///
/// `success` and `data` must both be there: an empty `{}` is not an empty list.
#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
pub(super) struct Envelope<R> {
    #[serde(default)]
    pub(super) success: Flag,
    #[serde(default)]
    pub(super) data: Data<R>,
    #[serde(default)]
    pub(super) additional_data: Row<More>,
}

/// The same again, when records have to be looked at one by one.
#[derive(Deserialize)]
pub(super) struct RawEnvelope<'a> {
    #[serde(default)]
    pub(super) success: Flag,
    #[serde(borrow, default)]
    pub(super) data: Data<Vec<&'a RawValue>>,
    #[serde(default)]
    pub(super) additional_data: Row<More>,
}

/// Tells `null`, which is how some say "none", from nothing at all.
#[derive(Default)]
pub(super) enum Data<R> {
    #[default]
    Absent,
    Given(Option<R>),
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Data<R> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Given)
    }
}

record!(
    /// Absent on some last pages; then `next_cursor` is too.
    More { "next_cursor" => next_cursor: Text, }
);

record!(Person {
    "id" => id: Id,
    "name" => name: Text,
    "first_name" => first_name: Text,
    "last_name" => last_name: Text,
    "emails" => emails: List<Row<Entry>>,
    "phones" => phones: List<Row<Entry>>,
    "org_id" => org_id: Id,
    "owner_id" => owner_id: Id,
    "label_ids" => label_ids: List<Id>,
    "open_deals_count" => open_deals_count: Count,
    "closed_deals_count" => closed_deals_count: Count,
    "custom_fields" => custom_fields: Custom,
    "update_time" => update_time: Time,
    "add_time" => add_time: Time,
    "is_deleted" => is_deleted: Flag,
});

record!(Organization {
    "id" => id: Id,
    "name" => name: Text,
    "owner_id" => owner_id: Id,
    "website" => website: Text,
    "address" => address: Row<Address>,
    "update_time" => update_time: Time,
    "add_time" => add_time: Time,
    "is_deleted" => is_deleted: Flag,
});

record!(Deal {
    "id" => id: Id,
    "title" => title: Text,
    "person_id" => person_id: Id,
    "org_id" => org_id: Id,
    "owner_id" => owner_id: Id,
    "value" => value: Number,
    "currency" => currency: Text,
    "status" => status: Text,
    "stage_id" => stage_id: Id,
    "pipeline_id" => pipeline_id: Id,
    "expected_close_date" => expected_close_date: Text,
    "update_time" => update_time: Time,
    "add_time" => add_time: Time,
    "is_deleted" => is_deleted: Flag,
});

record!(Pipeline { "id" => id: Id, "name" => name: Text, });

record!(Stage {
    "id" => id: Id,
    "name" => name: Text,
    "pipeline_id" => pipeline_id: Id,
    "is_deleted" => is_deleted: Flag,
});

record!(
    /// As v1 has it.
    Note {
        "id" => id: Id,
        "content" => content: Text,
        "person_id" => person_id: Id,
        "add_time" => add_time: Time,
        "active_flag" => is_active: Flag,
    }
);

record!(User {
    "id" => id: Id,
    "name" => name: Text,
    "email" => email: Text,
    "active_flag" => active_flag: Flag,
    "is_deleted" => is_deleted: Flag,
    "is_admin" => is_admin: Flag,
    "access" => access: List<Row<Access>>,
});

record!(
    /// `users/me`: a user and its company.
    Me {
        "id" => id: Id,
        "name" => name: Text,
        "email" => email: Text,
        "company_id" => company_id: Id,
        "company_name" => company_name: Text,
        "company_domain" => company_domain: Text,
        "company_country" => company_country: Text,
        "is_admin" => is_admin: Flag,
        "access" => access: List<Row<Access>>,
    }
);

record!(Access { "app" => app: Text, "admin" => admin: Flag, });

record!(
    /// A field of persons.
    Field {
        "field_code" => code: Text,
        "field_name" => name: Text,
        "is_custom_field" => is_custom: Flag,
        "options" => options: List<Row<FieldOption>>,
    }
);

record!(
    /// Ids of options are numbers, for some built-in fields words.
    FieldOption { "id" => id: Text, "label" => label: Text, }
);

record!(Activity {
    "id" => id: Id,
    "type" => kind: Text,
    "subject" => subject: Text,
    "due_date" => due_date: Text,
    "due_time" => due_time: Text,
    "duration" => duration: Text,
    "owner_id" => owner_id: Id,
    "person_id" => person_id: Id,
    "org_id" => org_id: Id,
    "done" => done: Flag,
    "note" => note: Text,
    "add_time" => add_time: Time,
    "is_deleted" => is_deleted: Flag,
});

record!(
    /// A kind of activity, as v1 has it.
    ActivityType { "key_string" => key: Text, "name" => name: Text, "active_flag" => active: Flag, }
);

record!(Hits { "items" => items: List<Row<Hit>>, });
record!(Hit { "item" => item: Row<HitItem>, });
record!(HitItem { "id" => id: Id, });

record!(
    /// An address or number. Plain text in search results and old answers.
    Entry { "value" => value: Text, "label" => label: Text, "primary" => primary: Flag, }
    or text as value
);

record!(
    /// A place as the geocoder has it; plain text in search results.
    Address { "value" => value: Text, "country" => country: Text, }
    or text as value
);

record!(Webhook {
    "id" => id: Id,
    "name" => name: Text,
    "is_active" => is_active: Flag,
});

record!(
    /// An event, as far as it is looked at.
    Event { "meta" => meta: Row<Meta>, }
);

record!(Meta {
    "id" => id: Text,
    "action" => action: Text,
    "entity" => entity: Text,
    "entity_id" => entity_id: Id,
    "company_id" => company_id: Text,
    "timestamp" => timestamp: Time,
    "webhook_id" => webhook_id: Text,
});
