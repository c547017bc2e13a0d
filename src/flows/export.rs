//! Contacts as a file for a spreadsheet: a page at a time, each in a transaction of its own, so that
//! a slow reader holds nothing. Our own import of it changes nothing.

use std::time::Duration;

use chrono::SecondsFormat;
use futures_util::{Stream, stream};
use serde_json::json;

use crate::{
    db::{
        self, DbError,
        contacts::{Chosen, Exported},
    },
    domain::{csv, sheet},
    flows::{SharedHub, contacts::By, throttle},
};

/// Contacts that are read at a time.
const PAGE: i64 = 500;
/// Exports of a member in an hour.
const EXPORTS: u32 = 30;
/// U+FEFF: some spreadsheets read UTF-8 only behind it.
const MARK: &str = "\u{feff}";

const HEAD: &[&str] = &[
    "Tandem ID",
    "Name",
    "First name",
    "Last name",
    "E-mail",
    "Other e-mails",
    "Phone",
    "Other phones",
    "Organization",
    "Owner",
    "Warmness",
    "Tags",
    "Source",
    "Last contacted (UTC)",
    "Created (UTC)",
    "Updated (UTC)",
    "Custom fields",
];

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("too many exports")]
    Wait(Duration),
    /// A search looks at so many matches only, and there are more.
    #[error("more contacts match than a search looks at")]
    TooManyMatch,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Notes who takes what out, and gives it page by page.
pub async fn contacts(
    hub: &SharedHub,
    by: By,
    chosen: Chosen,
    mark: bool,
) -> Result<impl Stream<Item = Result<String, DbError>> + use<>, ExportError> {
    note(hub, by, &chosen).await?;
    let head = format!("{}{}", if mark { MARK } else { "" }, csv::row(HEAD.iter().copied()));
    let hub = SharedHub::clone(hub);
    let begin = Some((Some(head), None));
    Ok(stream::try_unfold(begin, move |place| {
        let (hub, chosen) = (SharedHub::clone(&hub), chosen.clone());
        async move {
            let Some((head, after)) = place else { return Ok(None) };
            let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
            let page = db::contacts::export(&mut tx, &chosen, after, PAGE).await?;
            drop(tx);
            let whole = i64::try_from(page.len()) == Ok(PAGE);
            let next = page.last().filter(|_| whole).map(|last| (None, Some(last.contact_id)));
            let rows: String = page.iter().map(row).collect();
            Ok(Some((head.unwrap_or_default() + &rows, next)))
        }
    }))
}

async fn note(hub: &SharedHub, by: By, chosen: &Chosen) -> Result<(), ExportError> {
    throttle::hourly(hub, by, "export", EXPORTS).await.map_err(ExportError::Wait)?;
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    // Counts and words of ours: what somebody searched for may be a name.
    let told = match chosen {
        Chosen::Ids(ids) => json!({ "selected": ids.len() }),
        Chosen::Matching(filter) => {
            let count = db::contacts::count(&mut tx, filter).await?;
            if filter.search.is_some() && count.is_none() {
                return Err(ExportError::TooManyMatch);
            }
            json!({ "matching": count })
        }
    };
    db::audit::append(&mut tx, Some(by.member_id), "contacts.exported", None, &told).await?;
    Ok(tx.commit().await?)
}

fn row(contact: &Exported) -> String {
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut emails = contact.emails.0.clone();
    emails.sort_by_key(|address| !address.primary);
    let mut phones = contact.phones.0.clone();
    phones.sort_by_key(|number| !number.primary);
    let emails: Vec<&str> = emails.iter().map(|address| address.value.as_str()).collect();
    let phones: Vec<&str> = phones.iter().map(|number| number.value.as_str()).collect();
    let tags: Vec<&str> = contact.tags.iter().map(String::as_str).collect();
    let split = |values: &[&str]| {
        let (first, rest) = values.split_at(values.len().min(1));
        (sheet::join(first), sheet::join(rest))
    };
    let ((email, other_emails), (phone, other_phones)) = (split(&emails), split(&phones));
    let custom = if contact.custom_fields.0.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&contact.custom_fields.0).unwrap_or_default()
    };
    csv::row([
        contact.contact_id.to_string().as_str(),
        &contact.full_name,
        contact.first_name.as_deref().unwrap_or_default(),
        contact.last_name.as_deref().unwrap_or_default(),
        &email,
        &other_emails,
        &phone,
        &other_phones,
        contact.organization_name.as_deref().unwrap_or_default(),
        contact.owner_email.as_deref().unwrap_or_default(),
        &contact.warmness.to_string(),
        &sheet::join(&tags),
        contact.source.as_deref().unwrap_or_default(),
        &contact.last_contacted_at.map(time).unwrap_or_default(),
        &time(contact.created_at),
        &time(contact.updated_at),
        &custom,
    ])
}
