//! A file as a source of pages: read in pieces, from its beginning to its end, once per worker. A
//! worker that takes a run up reads over the rows that pages before have committed.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    db::{
        self, DbError, Scope, TenantTx,
        csv::{BadRow, RowKey},
        runs::{Advance, Run},
    },
    domain::{
        FileId, MemberId, Quarantined, RemoteId,
        intake::{OrganizationRef, Resolved, normalize},
        sheet::{self, Row, Settings, SheetPerson},
    },
    failpoint::reach,
    flows::{
        FlowError,
        import::{
            batch::Batch, halt::Halt, objects::go_on, origin::Origin, pages::Pages,
            persons::Resolution, work::Desk,
        },
    },
};

pub(super) const GONE: &str = "The file of this run is no longer kept. Bring it again.";

pub(super) struct File {
    pub id: FileId,
    pub settings: Settings,
    /// As many bytes must be read.
    pub bytes: i64,
    /// Only rows that were corrected.
    pub corrected: bool,
}

/// The file of a run; `None` when it is no longer kept.
pub(super) async fn open(tx: &mut TenantTx, run: &Run) -> Result<Option<File>, DbError> {
    let Some(file_id) = run.file_id else { return Ok(None) };
    let Some(file) = db::csv::get(tx, file_id).await? else { return Ok(None) };
    let settings = file.settings.and_then(|text| serde_json::from_str(&text).ok());
    let corrected = run.fixes.is_some();
    Ok(settings.map(|settings| File { id: file_id, settings, bytes: file.bytes, corrected }))
}

/// Whether a run that ended can go on.
pub(super) async fn may_go_on(tx: &mut TenantTx, run: &Run) -> Result<(), FlowError> {
    if run.fixes.is_some() {
        return Err(FlowError::Refused("Submit the corrected rows again instead."));
    }
    let Some(file_id) = run.file_id else { return Err(FlowError::Refused(GONE)) };
    match db::csv::chunk(tx, file_id, 0).await? {
        Some(_) => Ok(()),
        None => Err(FlowError::Refused(GONE)),
    }
}

impl Desk {
    /// The pages of a file: fetched, read, and then written as any page is.
    pub(super) async fn rows(&mut self, stopping: &CancellationToken) -> Result<(), Halt> {
        let Origin::File(file) = &self.origin else { return Ok(()) };
        let mut pages = Pages::of(self, file);
        let columns = file.settings.columns.clone();
        let corrected = file.corrected;
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let members = db::directory::members_by_email(&mut tx).await?;
        drop(tx);
        loop {
            let (rows, is_last) = pages.take().await?;
            reach("import.persons_fetched");
            let mut batch = Batch::default();
            if corrected {
                batch.rows.fixed = rows.iter().map(|row| row.number).collect();
            }
            let cursor = rows.last().map(|row| row.number.to_string());
            let mut people = Vec::with_capacity(rows.len());
            for row in rows {
                match sheet::read(&row, &columns) {
                    Ok(person) => people.push((RemoteId(row.number.to_string()), person)),
                    Err(reason) => refuse(&mut batch, row, reason),
                }
            }
            let resolution = self.read(&mut batch, people, &members).await?;
            reach("import.persons_resolved");
            let phase = if is_last { self.after("persons") } else { "persons" };
            let cursor = cursor.or_else(|| self.run.cursor.clone());
            let by = Advance { phase, cursor: cursor.as_deref(), ..Advance::default() };
            self.write(&batch, &resolution, by).await?;
            if is_last {
                return Ok(());
            }
            go_on(stopping)?;
        }
    }

    /// Words to what the book knows of them, and what each row may be known by.
    async fn read(
        &mut self,
        batch: &mut Batch,
        people: Vec<(RemoteId, SheetPerson)>,
        members: &HashMap<String, MemberId>,
    ) -> Result<Resolution, Halt> {
        let organizations = self.named_here(&people).await?;
        let mut resolution = Resolution::default();
        let mut prints = HashSet::new();
        for (row, person) in people {
            let contact_id = person.contact_id;
            let print = print(&person);
            let owner = person.owner.as_deref().map(|email| email.trim().to_lowercase());
            let resolved = Resolved {
                remote_id: row.clone(),
                deleted: false,
                remote_updated_at: None,
                name: person.name,
                first_name: person.first_name,
                last_name: person.last_name,
                emails: person.emails,
                phones: person.phones,
                organization: person
                    .organization
                    .and_then(|name| organizations.get(&name).cloned()),
                owner: owner.and_then(|email| members.get(&email).copied()),
                custom_fields: person.custom,
                tags: person.tags,
            };
            let incoming = normalize(resolved, 0, &self.country);
            let print = incoming.identifiers.is_empty().then_some(print);
            if print.is_some_and(|print| contact_id.is_none() && !prints.insert(print)) {
                // The very same row once more.
                resolution.unchanged.push(row);
                continue;
            }
            batch.rows.keys.push(RowKey { row, contact_id, print });
            resolution.changed.push(incoming);
        }
        Ok(resolution)
    }

    /// The organizations that these rows name, found or made.
    async fn named_here(
        &self,
        people: &[(RemoteId, SheetPerson)],
    ) -> Result<HashMap<String, OrganizationRef>, DbError> {
        let mut names: Vec<&str> =
            people.iter().filter_map(|(_, person)| person.organization.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let found = db::organizations::named_many(&mut tx, &names).await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// Keeps a row to be corrected. What is in it stands in one place only.
fn refuse(batch: &mut Batch, row: Row, reason: String) {
    batch.page.quarantined.push(Quarantined {
        id: Some(RemoteId(row.number.to_string())),
        reason: reason.clone(),
        raw: String::new(),
    });
    batch.rows.bad.push(BadRow { row_number: row.number, cells: row.cells.into(), reason });
}

/// Half of the hash of what a row says.
fn print(person: &SheetPerson) -> Uuid {
    let text = serde_json::to_vec(person).unwrap_or_default();
    let hash = Sha256::digest(&text);
    let (head, _) = hash.split_at(16);
    Uuid::from_slice(head).unwrap_or_default()
}
