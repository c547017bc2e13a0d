//! Who a row is, or why nobody can tell. Reasons name columns and never what is in them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Column, Field, Row, list};
use crate::domain::{ContactId, Email, RemoteValue, csv};

/// Characters of a value that the book keeps.
const LONGEST: usize = 1_000;
const LONGEST_CUSTOM: usize = 10_000;
/// Tags of a contact, as in its form.
const MOST_TAGS: usize = 50;
const LONGEST_TAG: usize = 60;

/// A row in our words.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SheetPerson {
    /// The contact that it says it is.
    #[serde(skip)]
    pub contact_id: Option<ContactId>,
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<RemoteValue>,
    pub phones: Vec<RemoteValue>,
    pub organization: Option<String>,
    /// Address of a member.
    pub owner: Option<String>,
    pub tags: Vec<String>,
    pub custom: BTreeMap<String, Value>,
}

/// Reads a row by what its columns mean.
pub fn read(row: &Row, columns: &[Column]) -> Result<SheetPerson, String> {
    if row.too_long {
        return Err("The row is too long. A quote may be opened in it and never closed.".to_owned());
    }
    if row.cells.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty()) {
        return Err("The row has more cells than there are columns.".to_owned());
    }
    let last = row.cells.last().filter(|_| row.cells.len() < columns.len());
    if last.is_some_and(|cell| cell.contains('\n')) {
        return Err("A quote is opened in this row and not closed in it.".to_owned());
    }
    let mut person = SheetPerson::default();
    let used = columns.iter().zip(&row.cells).filter(|(column, _)| column.field != Field::Ignore);
    // An id of ours comes from our own export: what the book keeps as text is no mistake there.
    let ours = columns.iter().zip(&row.cells).find(|(column, _)| column.field == Field::ContactId);
    person.contact_id =
        ours.and_then(|(_, cell)| Uuid::try_parse(cell.trim()).ok()).map(ContactId::from_uuid);
    for (column, cell) in used {
        let cell = csv::unescaped(cell);
        if cell.contains(char::REPLACEMENT_CHARACTER) {
            return Err(format!(
                "“{}” has characters that this encoding cannot read.",
                column.name
            ));
        }
        let most = if column.field == Field::Custom { LONGEST_CUSTOM } else { LONGEST };
        if cell.chars().count() > most {
            return Err(format!("“{}” is longer than {most} characters.", column.name));
        }
        person.take(column, cell)?;
    }
    let named = person.name.is_some() || person.first_name.is_some() || person.last_name.is_some();
    if !named && person.emails.is_empty() {
        return Err("It has neither a name nor an e-mail address.".to_owned());
    }
    Ok(person)
}

impl SheetPerson {
    fn take(&mut self, column: &Column, cell: &str) -> Result<(), String> {
        let text = cell.trim();
        if text.is_empty() || matches!(text, "-" | "–" | "n/a" | "N/A") {
            return Ok(());
        }
        let first = |field: &mut Option<String>| {
            field.get_or_insert_with(|| text.to_owned());
        };
        match column.field {
            Field::FullName => first(&mut self.name),
            Field::FirstName => first(&mut self.first_name),
            Field::LastName => first(&mut self.last_name),
            Field::Organization => first(&mut self.organization),
            Field::Owner => first(&mut self.owner),
            Field::Email => self.add_emails(column, cell)?,
            Field::Phone => {
                for number in list::split(cell) {
                    add(&mut self.phones, number);
                }
            }
            Field::Tags => {
                for tag in list::split(cell) {
                    if tag.chars().count() > LONGEST_TAG || self.tags.len() == MOST_TAGS {
                        return Err(format!(
                            "“{}” has more than 50 tags, or one longer than 60 characters.",
                            column.name
                        ));
                    }
                    if !self.tags.iter().any(|known| known == tag) {
                        self.tags.push(tag.to_owned());
                    }
                }
            }
            Field::Custom => {
                self.custom.insert(column.name.clone(), Value::from(text));
            }
            Field::ContactId | Field::Ignore => {}
        }
        Ok(())
    }

    fn add_emails(&mut self, column: &Column, cell: &str) -> Result<(), String> {
        let whole = Email::parse(cell).map(|_| cell.trim());
        let parts = cell.split(|letter: char| letter.is_whitespace() || ";,".contains(letter));
        let parts: Vec<&str> = match whole {
            Some(whole) => vec![whole],
            None => parts.filter(|part| !part.is_empty()).collect(),
        };
        for part in parts {
            if Email::parse(part).is_some() {
                add(&mut self.emails, part);
            } else if self.contact_id.is_none() {
                return Err(format!(
                    "“{}” holds something that is no e-mail address.",
                    column.name
                ));
            }
        }
        Ok(())
    }
}

fn add(values: &mut Vec<RemoteValue>, value: &str) {
    let primary = values.is_empty();
    values.push(RemoteValue { value: value.to_owned(), label: None, primary });
}
