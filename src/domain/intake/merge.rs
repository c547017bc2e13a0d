//! What a remote person changes in a contact, and what it leaves alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    Email, MemberId, OrganizationId,
    intake::{
        Address, Incoming, Number, Source,
        normalize::{identifiers, one_primary},
    },
};

/// Fields that a member may edit; an edited one is left alone by every sync until the customer can
/// say who wins.
pub const MAY_EDIT: &[&str] =
    &["full_name", "first_name", "last_name", "emails", "phones", "organization", "owner", "tags"];

/// The part of a contact that an import reads and writes; also the shape of a before-image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ContactFields {
    pub full_name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<Address>,
    pub phones: Vec<Number>,
    pub organization_id: Option<OrganizationId>,
    pub organization_name: Option<String>,
    pub owner_member_id: Option<MemberId>,
    pub source: Option<String>,
    pub tags: Vec<String>,
    pub custom_fields: BTreeMap<String, Value>,
}

impl ContactFields {
    /// A contact that nobody has yet.
    pub fn new(incoming: &Incoming, source: &Source<'_>) -> Self {
        let mut fields = Self {
            source: Some(source.provider.to_owned()),
            owner_member_id: incoming.resolved.owner.or(source.default_owner),
            ..Self::default()
        };
        fields.take(incoming, source, &[], false);
        if fields.full_name.is_empty() {
            // Somebody without a name is called what reaches them.
            let first = incoming.emails.first().map(|address| &address.value);
            let first = first.or(incoming.phones.first().map(|number| &number.value));
            fields.full_name = first.cloned().unwrap_or_default();
        }
        fields
    }

    /// The CRM wins every field that no member edited. When several remote persons are this
    /// contact (`shared`), their addresses are united instead of replaced, and what this one does
    /// not say may be what another one said.
    pub fn take(
        &mut self,
        incoming: &Incoming,
        source: &Source<'_>,
        edited: &[String],
        shared: bool,
    ) {
        let free = |field: &str| !edited.iter().any(|name| name == field);
        let resolved = &incoming.resolved;
        if free("full_name")
            && let Some(name) = &incoming.full_name
        {
            self.full_name.clone_from(name);
        }
        if free("first_name") && (resolved.first_name.is_some() || !shared) {
            self.first_name.clone_from(&resolved.first_name);
        }
        if free("last_name") && (resolved.last_name.is_some() || !shared) {
            self.last_name.clone_from(&resolved.last_name);
        }
        if free("emails") {
            let before = std::mem::take(&mut self.emails);
            self.emails.clone_from(&incoming.emails);
            if shared {
                self.add_emails(&before);
            }
        }
        if free("phones") {
            let before = std::mem::take(&mut self.phones);
            self.phones.clone_from(&incoming.phones);
            if shared {
                self.add_phones(&before);
            }
        }
        if free("organization") && (resolved.organization.is_some() || !shared) {
            self.organization_id = resolved.organization.as_ref().map(|found| found.id);
            self.organization_name = resolved.organization.as_ref().map(|found| found.name.clone());
        }
        if free("owner") && resolved.owner.is_some() {
            self.owner_member_id = resolved.owner;
        }
        if free("tags") {
            self.tag(&source.tag);
            resolved.tags.iter().for_each(|tag| self.tag(tag));
        }
        // What the CRM no longer says about its own facts goes; what others wrote stays.
        self.custom_fields.retain(|name, _| !name.starts_with(source.prefix));
        for (name, value) in &resolved.custom_fields {
            self.custom_fields.insert(name.clone(), value.clone());
        }
    }

    /// A match fills what is empty and adds addresses; it overwrites nothing. The CRM's own facts
    /// are those of the primary person: half of one and half of another would be nobody.
    pub fn fill(
        &mut self,
        incoming: &Incoming,
        source: &Source<'_>,
        edited: &[String],
        is_primary: bool,
    ) {
        let free = |field: &str| !edited.iter().any(|name| name == field);
        let resolved = &incoming.resolved;
        if free("first_name") && self.first_name.is_none() && self.last_name.is_none() {
            self.first_name.clone_from(&resolved.first_name);
            self.last_name.clone_from(&resolved.last_name);
        }
        if free("emails") {
            self.add_emails(&incoming.emails);
        }
        if free("phones") {
            self.add_phones(&incoming.phones);
        }
        if free("organization")
            && self.organization_id.is_none()
            && self.organization_name.is_none()
        {
            self.organization_id = resolved.organization.as_ref().map(|found| found.id);
            self.organization_name = resolved.organization.as_ref().map(|found| found.name.clone());
        }
        if free("owner") && self.owner_member_id.is_none() {
            self.owner_member_id = resolved.owner;
        }
        if free("tags") {
            if source.follows {
                self.tag(&source.tag);
            }
            resolved.tags.iter().for_each(|tag| self.tag(tag));
        }
        let facts = resolved.custom_fields.iter();
        for (name, value) in
            facts.filter(|(name, _)| is_primary || !name.starts_with(source.prefix))
        {
            self.custom_fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    /// What the search looks in.
    pub fn search_text(&self) -> String {
        let mut text = self.full_name.to_lowercase();
        let mut add = |part: &str| {
            text.push('\n');
            text.push_str(&part.to_lowercase());
        };
        for address in &self.emails {
            add(&address.value);
        }
        for number in &self.phones {
            add(number.e164.as_deref().unwrap_or(&number.value));
        }
        if let Some(name) = &self.organization_name {
            add(name);
        }
        text
    }

    pub fn identifiers(&self) -> Vec<crate::domain::intake::Identifier> {
        identifiers(&self.emails, &self.phones)
    }

    pub fn has_email(&self) -> bool {
        self.emails.iter().any(|address| Email::parse(&address.value).is_some())
    }

    fn tag(&mut self, tag: &str) {
        if !self.tags.iter().any(|known| known == tag) {
            self.tags.push(tag.to_owned());
        }
    }

    fn add_emails(&mut self, more: &[Address]) {
        for address in more {
            let email = Email::parse(&address.value);
            let known = self.emails.iter().any(|mine| {
                mine.value == address.value
                    || (email.is_some() && Email::parse(&mine.value) == email)
            });
            if !known {
                self.emails.push(Address { primary: false, ..address.clone() });
            }
        }
        one_primary(&mut self.emails, |address| &mut address.primary);
    }

    fn add_phones(&mut self, more: &[Number]) {
        for number in more {
            let known = self.phones.iter().any(|mine| {
                mine.value == number.value || (number.e164.is_some() && mine.e164 == number.e164)
            });
            if !known {
                self.phones.push(Number { primary: false, ..number.clone() });
            }
        }
        one_primary(&mut self.phones, |number| &mut number.primary);
    }
}
