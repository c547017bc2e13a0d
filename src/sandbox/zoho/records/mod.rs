//! What an organization keeps: records of every module, whoever made them.
//!
//! A record is what its module's fields say; the API is the same for all of them. Those that nobody has
//! touched yet are functions of the seed and their position ([`population`]), the others stand in a
//! [`book::Book`] above them.

pub(crate) mod book;
pub(crate) mod fields;
pub(crate) mod people;
pub(crate) mod phones;
pub(crate) mod population;
pub(crate) mod texts;

use serde_json::{Map, Value};

/// The modules that exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Module {
    Contacts,
    Accounts,
    Deals,
    Tasks,
    Calls,
    Events,
    Notes,
    Leads,
}

impl Module {
    pub(crate) const ALL: [Self; 8] = [
        Self::Contacts,
        Self::Accounts,
        Self::Deals,
        Self::Tasks,
        Self::Calls,
        Self::Events,
        Self::Notes,
        Self::Leads,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Accounts => "Accounts",
            Self::Deals => "Deals",
            Self::Tasks => "Tasks",
            Self::Calls => "Calls",
            Self::Events => "Events",
            Self::Notes => "Notes",
            Self::Leads => "Leads",
        }
    }

    /// As in scopes.
    pub(crate) fn area(self) -> String {
        format!("modules.{}", self.name().to_ascii_lowercase())
    }

    /// The field that names a record in lookups.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Contacts | Self::Leads => "Full_Name",
            Self::Accounts => "Account_Name",
            Self::Deals => "Deal_Name",
            Self::Tasks | Self::Calls => "Subject",
            Self::Events => "Event_Title",
            Self::Notes => "Note_Title",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.name() == name)
    }

    /// The ids of a module lie together, which the real ones do not; callers cannot tell.
    pub(crate) const fn first_id(self, base: u64) -> u64 {
        base + (self as u64 + 1) * 1_000_000_000
    }
}

/// One record. Lookups are kept as `{"id": "..."}`, multi-select picklists as lists.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) values: Map<String, Value>,
    pub(crate) owner: u64,
    pub(crate) tags: Vec<String>,
    pub(crate) created: u64,
    pub(crate) modified: u64,
    pub(crate) deleted: Option<u64>,
    /// The record that this one was merged into.
    pub(crate) merged_into: Option<u64>,
    /// Numbers as they are meant; only the control plane tells.
    pub(crate) e164: Vec<String>,
}

impl Record {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }

    pub(crate) fn lookup(&self, key: &str) -> Option<u64> {
        id_of(self.values.get(key)?)
    }

    /// Lists show converted leads only to those who ask for them.
    pub(crate) fn is_hidden(&self, converted: Option<&str>) -> bool {
        let was = self.values.get("$converted") == Some(&Value::Bool(true));
        match converted {
            Some("both") => false,
            Some("true") => !was,
            _ => was,
        }
    }

    /// What a record is called.
    pub(crate) fn title(&self, module: Module) -> Option<String> {
        if matches!(module, Module::Contacts | Module::Leads) {
            let parts = ["First_Name", "Last_Name"].map(|key| self.text(key));
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            return (!parts.is_empty()).then(|| parts.join(" "));
        }
        self.text(module.title()).map(ToOwned::to_owned)
    }
}

/// The id in a lookup: an object with one, or the id itself.
pub(crate) fn id_of(value: &Value) -> Option<u64> {
    let id = if value.is_object() { &value["id"] } else { value };
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}
