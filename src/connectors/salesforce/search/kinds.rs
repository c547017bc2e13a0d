//! What can be searched: four kinds of records, and the fields of them that every org has.

/// What a field holds, by what it can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Id,
    Text,
    Number,
    Flag,
    Day,
    Instant,
    /// Text that is too long to be searched by, or several words: it is only shown.
    Long,
}

#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    fields: &'static [(&'static str, Holds)],
}

use Holds::{Day, Flag, Id, Instant, Number, Text};

/// Of all four.
const COMMON: &[(&str, Holds)] = &[
    ("Id", Id),
    ("Name", Text),
    ("OwnerId", Id),
    ("CreatedDate", Instant),
    ("LastModifiedDate", Instant),
    ("SystemModstamp", Instant),
];

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "Contact",
        fields: &[
            ("FirstName", Text),
            ("LastName", Text),
            ("Email", Text),
            ("Phone", Text),
            ("MobilePhone", Text),
            ("HomePhone", Text),
            ("OtherPhone", Text),
            ("Title", Text),
            ("LeadSource", Text),
            ("AccountId", Id),
        ],
    },
    Kind {
        name: "Lead",
        fields: &[
            ("FirstName", Text),
            ("LastName", Text),
            ("Company", Text),
            ("Email", Text),
            ("Phone", Text),
            ("MobilePhone", Text),
            ("Title", Text),
            ("LeadSource", Text),
            ("Status", Text),
            ("IsConverted", Flag),
        ],
    },
    Kind {
        name: "Account",
        fields: &[
            ("Industry", Text),
            ("Website", Text),
            ("BillingCity", Text),
            ("BillingPostalCode", Text),
            ("BillingCountry", Text),
        ],
    },
    Kind {
        name: "Opportunity",
        fields: &[
            ("AccountId", Id),
            ("Amount", Number),
            ("StageName", Text),
            ("CloseDate", Day),
            ("IsClosed", Flag),
            ("IsWon", Flag),
        ],
    },
];

impl Kind {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }

    /// A field that every org has, as it is spelled there.
    pub(super) fn field(&self, name: &str) -> Option<(&'static str, Holds)> {
        let all = COMMON.iter().chain(self.fields);
        all.copied().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    pub(super) fn names(&self) -> String {
        let all = COMMON.iter().chain(self.fields).map(|(name, _)| *name);
        all.collect::<Vec<_>>().join(", ")
    }
}

/// What a field of a described type holds; `None` for one that is no value.
pub(super) fn holds(described: &str) -> Option<Holds> {
    Some(match described {
        "string" | "email" | "phone" | "url" | "picklist" | "combobox" => Text,
        "double" | "int" | "currency" | "percent" | "long" => Number,
        "boolean" => Flag,
        "date" => Day,
        "datetime" => Instant,
        "id" | "reference" => Id,
        "textarea" | "multipicklist" => Holds::Long,
        _ => return None,
    })
}
