//! A resolved person in the shape of the book, with the identifiers that tell who it is.

use serde::{Deserialize, Serialize};

use crate::domain::{Email, intake::Resolved, phone};

/// An e-mail address of a contact, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub value: String,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub primary: bool,
}

/// A phone number of a contact, as written and as dialled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    pub value: String,
    /// `None` when the text reaches nobody.
    #[serde(default)]
    pub e164: Option<String>,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub primary: bool,
}

/// What a contact is recognized by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    Email,
    Phone,
}

impl IdentifierKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// A normalized address or number; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    pub kind: IdentifierKind,
    pub value: String,
}

/// A person on the way into the book.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    pub resolved: Resolved,
    pub fingerprint: i64,
    pub full_name: Option<String>,
    pub emails: Vec<Address>,
    pub phones: Vec<Number>,
    /// Each once; e-mails first: the order in which they are asked.
    pub identifiers: Vec<Identifier>,
}

impl Incoming {
    pub fn has_email(&self) -> bool {
        self.identifiers.iter().any(|found| found.kind == IdentifierKind::Email)
    }
}

/// The identifiers of a contact with these addresses and numbers, each once, e-mails first.
pub fn identifiers(emails: &[Address], phones: &[Number]) -> Vec<Identifier> {
    let emails = emails.iter().filter_map(|address| Email::parse(&address.value));
    each_once(emails.map(Email::into_string), phones)
}

fn each_once(emails: impl Iterator<Item = String>, phones: &[Number]) -> Vec<Identifier> {
    let emails = emails.map(|value| Identifier { kind: IdentifierKind::Email, value });
    let phones = phones.iter().filter_map(|number| {
        Some(Identifier { kind: IdentifierKind::Phone, value: number.e164.clone()? })
    });
    let mut found: Vec<Identifier> = Vec::new();
    for identifier in emails.chain(phones) {
        if !found.contains(&identifier) {
            found.push(identifier);
        }
    }
    found
}

/// Brings a resolved person into the book's shape. Parsing phones costs the most of an import, so
/// callers do this only for records whose fingerprint changed.
pub fn normalize(resolved: Resolved, fingerprint: i64, country: &str) -> Incoming {
    let mut emails: Vec<Address> = Vec::new();
    let mut parsed: Vec<Option<Email>> = Vec::new();
    for entry in &resolved.emails {
        let email = Email::parse(&entry.value);
        let same = |(known, read): (&Address, &Option<Email>)| {
            known.value == entry.value || (email.is_some() && *read == email)
        };
        if !emails.iter().zip(&parsed).any(same) {
            parsed.push(email);
            emails.push(Address {
                value: entry.value.clone(),
                label: entry.label.clone(),
                primary: entry.primary,
            });
        }
    }
    let mut phones: Vec<Number> = Vec::new();
    for entry in &resolved.phones {
        let e164 = phone::e164(&entry.value, country);
        let same =
            |known: &Number| known.value == entry.value || (e164.is_some() && known.e164 == e164);
        if !phones.iter().any(same) {
            phones.push(Number {
                value: entry.value.clone(),
                e164,
                label: entry.label.clone(),
                primary: entry.primary,
            });
        }
    }
    one_primary(&mut emails, |address| &mut address.primary);
    one_primary(&mut phones, |number| &mut number.primary);
    let full_name = full_name(&resolved);
    let emails_read = parsed.into_iter().flatten().map(Email::into_string);
    let identifiers = each_once(emails_read, &phones);
    Incoming { resolved, fingerprint, full_name, emails, phones, identifiers }
}

/// At most one primary, and one if there is anything: the first that claims it, else the first.
pub fn one_primary<T>(entries: &mut [T], primary: impl Fn(&mut T) -> &mut bool) {
    let chosen = entries.iter_mut().position(|entry| *primary(entry)).unwrap_or(0);
    for (index, entry) in entries.iter_mut().enumerate() {
        *primary(entry) = index == chosen;
    }
}

fn full_name(resolved: &Resolved) -> Option<String> {
    resolved.name.clone().or_else(|| {
        let parts = [resolved.first_name.as_deref(), resolved.last_name.as_deref()];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!name.is_empty()).then_some(name)
    })
}
