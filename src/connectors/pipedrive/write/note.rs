//! Notes that members write on a person. They exist in v1 only: pages by offset, times with a blank.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    super::{ask, decode, wire},
    CONTACTS,
    body::{number, objection},
    change, html, id_of,
};
use crate::{
    connectors::{Api, CrmError, Stale, api::Names},
    domain::{
        RemoteId,
        effect::{NoteToMake, Sent},
    },
};

const NOTES: &str = "/api/v1/notes";
/// Twice those of v2.
const WRITE_COST: u32 = 10;
const LIST_COST: u32 = 20;
const PAGE: usize = 500;
/// More notes than that on one person since the attempt: not having seen it would prove nothing.
const MOST_PAGES: usize = 4;

static NAMES: Names = &[
    ("content", "text", None),
    ("person_id", "person", Some(Stale::Person)),
    ("org_id", "organization", Some(Stale::Organization)),
];

fn body(make: &NoteToMake) -> Result<Value, CrmError> {
    let content = html::from_text(&make.text);
    if content.is_empty() {
        let said = objection("text", "Write something.");
        return Err(CrmError::unsent("a note needs a text", said));
    }
    let mut body = Map::new();
    body.insert("content".into(), json!(content));
    body.insert("person_id".into(), json!(number(&make.person, "person", Stale::Person)?));
    if let Some(organization) = &make.organization {
        let id = number(organization, "organization", Stale::Organization)?;
        body.insert("org_id".into(), json!(id));
    }
    Ok(Value::Object(body))
}

pub(super) async fn create(api: &Api, make: &NoteToMake) -> Result<Sent, CrmError> {
    let mut change = change(Method::POST, NOTES, Some(body(make)?), CONTACTS, NAMES);
    change.cost.tokens = WRITE_COST;
    Ok(Sent { id: api.write(&change, id_of).await?, person: None })
}

/// Notes on the person with this text, written since then.
pub(super) async fn find(
    api: &Api,
    make: &NoteToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let wanted = html::to_text(&html::from_text(&make.text));
    let day = since.format("%Y-%m-%d").to_string();
    let mut found = Vec::new();
    for page in 0..MOST_PAGES {
        let start = (page * PAGE).to_string();
        let query = [
            ("person_id", make.person.as_str()),
            ("start_date", day.as_str()),
            ("sort", "add_time DESC"),
            ("limit", "500"),
            ("start", start.as_str()),
        ];
        let asked = ask(NOTES, &query, LIST_COST, CONTACTS);
        let (notes, _) = api.read(&asked, decode::list::<wire::Note>).await?;
        let all = notes.len();
        let young = |note: &wire::Note| note.add_time.0.is_none_or(|at| at >= since);
        let mine = notes.into_iter().filter(|note| {
            young(note)
                && note.is_active.0 != Some(false)
                && note.person_id.0.as_ref() == Some(&make.person)
                && html::to_text(note.content.0.as_deref().unwrap_or_default()) == wanted
        });
        found.extend(mine.filter_map(|note| note.id.0));
        if all < PAGE {
            return Ok(found);
        }
    }
    Err(CrmError::Unreadable { what: "too much was made there meanwhile to look through" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_sent_as_safe_html_and_never_empty() {
        let mut make = NoteToMake {
            text: "Said <script>alert(1)</script>\nand \"more\"".into(),
            person: RemoteId("55".into()),
            organization: None,
        };
        let sent = body(&make).unwrap();
        let content = "<p>Said &lt;script&gt;alert(1)&lt;/script&gt;<br>and &quot;more&quot;</p>";
        assert_eq!(sent, json!({ "content": content, "person_id": 55 }));
        make.text = " \n\t".into();
        let CrmError::Refused { said, status: 0, .. } = body(&make).unwrap_err() else { panic!() };
        assert_eq!(said[0].field.as_deref(), Some("text"));
    }
}
