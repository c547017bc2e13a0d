//! What somebody does in the web application when a lead turns out to fit: the lead leaves every list that
//! does not ask for converted ones, and a contact of the same name and addresses is there.

use serde_json::json;

use super::super::{
    records::{Module, Record},
    world::Account,
};

impl Account {
    /// The new contact's id.
    pub(crate) fn convert(&mut self, id: u64, now: u64) -> Option<u64> {
        let mut lead = self.living(Module::Leads, id)?;
        let contact = self.next_id(Module::Contacts);
        let of_contacts =
            |name: &str| self.field(Module::Contacts, name).is_some_and(|one| !one.custom);
        let values = lead.values.iter().filter(|(name, _)| of_contacts(name));
        let values = values.map(|(name, value)| (name.clone(), value.clone())).collect();
        let made = Record { id: contact, values, created: now, modified: now, ..lead.clone() };
        self.put(Module::Contacts, made);
        lead.values.insert("$converted".into(), json!(true));
        lead.modified = now;
        self.put(Module::Leads, lead);
        Some(contact)
    }
}
