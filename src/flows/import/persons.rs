//! Persons: read what the book knows of a page, plan it in memory, write it at once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    db::{
        self, DbError, Scope, TenantTx,
        directory::LockedBook,
        entries::NewEntry,
        intake::{Held, Kind},
        runs::{Advance, CSV},
    },
    domain::{
        ConnectionId, ContactId, Quarantined, RemoteId,
        intake::{
            Counts, Incoming, Known, OrganizationRef, Outcome, PagePlan, PersonMapping, Resolved,
            Source, normalize, plan, resolve, unasked,
        },
    },
    failpoint::reach,
    flows::{
        account::Account,
        deliver,
        import::{
            batch::{Batch, Rows},
            halt::Halt,
            objects::{entries, go_on},
            ours::held,
            work::Desk,
        },
    },
    policy::{self, Plan, Thing},
};

/// How often a page is judged anew because somebody wrote the same rows meanwhile.
const RACES: u32 = 5;

/// Organizations that a run remembers between pages: persons name the same ones again and again.
const ORGANIZATIONS_KEPT: usize = 20_000;

/// A page in the book's words.
#[derive(Default)]
pub(super) struct Resolution {
    pub changed: Vec<Incoming>,
    pub unchanged: Vec<RemoteId>,
    /// How those that changed are mapped already.
    pub known: HashMap<RemoteId, PersonMapping>,
}

/// A page on its way into the book.
struct Writing<'a> {
    changed: &'a [Incoming],
    /// `None` when the book has to be asked again.
    known: Option<&'a HashMap<RemoteId, PersonMapping>>,
    unchanged: usize,
    seen: &'a [&'a str],
}

impl Desk {
    pub(super) async fn persons(
        &mut self,
        account: &Arc<Account>,
        stopping: &CancellationToken,
    ) -> Result<(), Halt> {
        let first = self.run.cursor.clone();
        let mut batch = self.fetch(account, first.as_deref()).await?;
        self.look_back(Kind::Person).await?;
        loop {
            reach("import.persons_fetched");
            self.skip_seen(&mut batch);
            let next = batch.next.clone();
            let resolved = self.resolve(account, &mut batch).await?;
            reach("import.persons_resolved");
            let phase = if next.is_some() { "persons" } else { self.after("persons") };
            match next {
                None => {
                    let by = Advance { phase, ..Advance::default() };
                    return self.write(&batch, &resolved, by).await;
                }
                Some(cursor) => {
                    let by = Advance { phase, cursor: Some(&cursor), ..Advance::default() };
                    let fetch = self.fetch_later(account, cursor.clone());
                    let (written, fetched) = tokio::join!(self.write(&batch, &resolved, by), fetch);
                    written?;
                    batch = fetched?;
                }
            }
            go_on(stopping)?;
        }
    }

    /// Ids to words, and what of it the book has already. Organizations that the book does not know
    /// yet are fetched first: nobody waits for a stranger while holding a transaction.
    async fn resolve(&mut self, account: &Account, batch: &mut Batch) -> Result<Resolution, Halt> {
        let connection_id = account.connection.connection_id;
        let persons = std::mem::take(&mut batch.page.items);
        if self.organizations.len() > ORGANIZATIONS_KEPT {
            self.organizations.clear();
        }
        let new: BTreeSet<&RemoteId> = persons
            .iter()
            .filter_map(|person| person.organization.as_ref())
            .filter(|id| !self.organizations.contains_key(*id) && !self.absent.contains(*id))
            .collect();
        if !new.is_empty() {
            let found = self.named(connection_id, new.iter().copied()).await?;
            let unknown: Vec<RemoteId> =
                new.iter().filter(|id| !found.contains_key(**id)).map(|&id| id.clone()).collect();
            self.organizations.extend(found);
            if !unknown.is_empty() {
                self.fetch_organizations(account, &unknown).await?;
                let found = self.named(connection_id, unknown.iter()).await?;
                self.organizations.extend(found);
            }
        }
        // What is in the making is asked for after the page was fetched and before what is mapped:
        // whatever is not in the making any more is mapped.
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        batch.held = self.hold_back(&mut tx, connection_id, &persons).await?;
        let source = self.source(&self.organizations);
        let resolved: Vec<(Resolved, i64)> = persons
            .into_iter()
            .filter(|person| !batch.held.ids.contains(&person.id))
            .map(|person| {
                let resolved = resolve(person, &source);
                let fingerprint = resolved.fingerprint();
                (resolved, fingerprint)
            })
            .collect();
        let stand = db::intake::compare_persons(&mut tx, connection_id, &resolved).await?;
        drop(tx);
        let mut resolution = Resolution { known: stand.known, ..Resolution::default() };
        for ((person, print), same) in resolved.into_iter().zip(stand.same) {
            if same {
                resolution.unchanged.push(person.remote_id);
            } else {
                resolution.changed.push(normalize(person, print, &self.country));
            }
        }
        Ok(resolution)
    }

    async fn named(
        &self,
        connection_id: ConnectionId,
        ids: impl Iterator<Item = &RemoteId>,
    ) -> Result<HashMap<RemoteId, OrganizationRef>, DbError> {
        let ids: Vec<&str> = ids.map(RemoteId::as_str).collect();
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        db::intake::organizations(&mut tx, connection_id, &ids).await
    }

    fn source<'a>(&'a self, organizations: &'a HashMap<RemoteId, OrganizationRef>) -> Source<'a> {
        // A file has no facts of its own that could go again.
        let (prefix, provider) = self.origin.account().map_or(("\0", CSV), |account| {
            let manifest = account.provider.connector.manifest();
            (manifest.custom_prefix, manifest.slug)
        });
        Source {
            follows: self.origin.account().is_some(),
            prefix,
            provider,
            tag: format!("{provider}-import"),
            country: &self.country,
            fields: &self.fields,
            owners: &self.owners,
            organizations,
            // Who picks people by hand gets those that belong to nobody here.
            default_owner: self.run.requested_by.filter(|_| self.run.mode == "selective"),
        }
    }

    /// Writes a page: only what changed is judged and written.
    pub(super) async fn write(
        &mut self,
        batch: &Batch,
        Resolution { changed, unchanged, known }: &Resolution,
        by: Advance<'_>,
    ) -> Result<(), Halt> {
        // One that could not be read is there all the same.
        let lost = batch.page.quarantined.iter().filter_map(|lost| lost.id.as_ref());
        let seen = changed.iter().map(|person| &person.resolved.remote_id).chain(unchanged);
        let seen = seen.chain(lost).chain(&batch.held.ids);
        let seen: Vec<&str> = seen.map(RemoteId::as_str).collect();
        let mut races = 0;
        loop {
            let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
            // What was in the way may have been this very page, written by another worker.
            if races > 0 {
                db::runs::is_at(&mut tx, self.run.run_id, self.page).await?;
            }
            // What was read before the book was locked is good for a first try: whatever was mapped,
            // unmapped or deleted since is refused by the database.
            let known = (races == 0).then_some(known);
            let page = Writing { changed, known, unchanged: unchanged.len(), seen: &seen };
            match self.write_once(&mut tx, batch, page, by.clone()).await {
                Ok(by) => return self.advance(tx, by).await,
                // Somebody else wrote one of these rows first: look again, it is there now.
                Err(Halt::Db(
                    DbError::Conflict { .. } | DbError::Dangling { .. } | DbError::Busy(_),
                )) if races < RACES => {
                    races += 1;
                    tracing::info!(run_id = %self.run.run_id, page = self.page, "a page is judged anew");
                }
                Err(halt) => return Err(halt),
            }
        }
    }

    async fn write_once<'a>(
        &self,
        tx: &mut TenantTx,
        batch: &Batch,
        Writing { changed, known, unchanged, seen }: Writing<'_>,
        by: Advance<'a>,
    ) -> Result<Advance<'a>, Halt> {
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let mut log: Vec<NewEntry> = Vec::new();
        let mut counts = Counts::default();
        let mut limit_reached = false;
        if !changed.is_empty() {
            let plan = self.plan_page(tx, batch, changed, known).await?;
            reach("import.persons_planned");
            // Who was judged under the lock from what was read under it meets nobody; whoever does is
            // judged anew, and then what others hold stays theirs.
            let held = if known.is_some() { Held::Refuses } else { Held::Stays };
            self.store(tx, &plan, held).await?;
            remember_rows(tx, &batch.rows, &plan).await?;
            reach("import.persons_stored");
            log.extend(entries(&plan.created, Outcome::Created));
            log.extend(entries(&plan.linked, Outcome::Linked));
            log.extend(plan.entries.into_iter().map(|entry| NewEntry {
                outcome: entry.outcome,
                remote_ids: vec![entry.remote_id.0],
                contact_ids: entry.contact_id.into_iter().collect(),
                remote_name: entry.remote_name,
                before: entry.before,
                after: entry.after,
                reason: entry.reason,
            }));
            counts = plan.counts;
            limit_reached = plan.limit_reached;
        }
        let left_out = batch.absent.len() + batch.held.ids.len();
        counts.seen += signed(unchanged + batch.page.quarantined.len() + left_out);
        counts.unchanged += signed(unchanged);
        counts.quarantined += signed(batch.page.quarantined.len());
        counts.skipped += signed(left_out);
        log.extend(batch.page.quarantined.iter().map(quarantined));
        if let Some(connection_id) =
            self.origin.connection_id().filter(|_| !batch.absent.is_empty())
        {
            let gone: Vec<&str> = batch.absent.iter().map(RemoteId::as_str).collect();
            db::intake::mark_gone(tx, connection_id, &gone).await?;
            log.extend(batch.absent.iter().map(absent));
        }
        log.extend(batch.held.ids.iter().map(held));
        self.read_again(tx, &batch.held).await?;
        if let Some(file_id) = self.origin.file_id() {
            db::csv::settle(tx, file_id, &batch.rows.fixed, &batch.rows.bad).await?;
        }
        db::entries::insert(tx, self.run.run_id, self.page, &log).await?;
        reach("import.persons_logged");
        self.note_seen(tx, Kind::Person, seen).await?;
        reach("import.persons_noted");
        Ok(Advance { counts, limit_reached, ..by })
    }

    /// Reads, under the book's lock, everything that the plan of this page depends on.
    async fn plan_page(
        &self,
        tx: &mut TenantTx,
        batch: &Batch,
        changed: &[Incoming],
        known: Option<&HashMap<RemoteId, PersonMapping>>,
    ) -> Result<PagePlan, Halt> {
        let connection_id = self.origin.connection_id();
        let book = db::directory::lock_book(tx, connection_id)
            .await?
            .ok_or(Halt::Closed("The CRM was disconnected."))?;
        let room = self.room(&book)?;
        let ids = || changed.iter().map(|person| &person.resolved.remote_id);
        let mappings = match (connection_id, known) {
            (None, _) => db::csv::known(tx, &batch.rows.keys).await?,
            (_, Some(known)) => {
                ids().filter_map(|id| Some((id.clone(), known.get(id)?.clone()))).collect()
            }
            (Some(connection_id), None) => {
                let ids: Vec<&str> = ids().map(RemoteId::as_str).collect();
                db::intake::person_mappings(tx, connection_id, &ids).await?
            }
        };
        let mut identifiers: Vec<_> =
            changed.iter().flat_map(|person| &person.identifiers).cloned().collect();
        identifiers.sort();
        identifiers.dedup();
        let mut holders = db::intake::holders(tx, &identifiers).await?;
        let mut touched: BTreeSet<ContactId> = holders.values().flatten().copied().collect();
        touched.extend(mappings.values().map(|mapping| mapping.contact_id));
        let touched: Vec<ContactId> = touched.into_iter().collect();
        db::intake::lock_contacts(tx, &touched).await?;
        let contacts = db::intake::candidates(tx, connection_id, &touched).await?;
        holders.extend(db::intake::holders(tx, &unasked(&contacts, &identifiers)).await?);
        let known = Known { mappings, holders, contacts, room };
        Ok(plan(changed, known, &self.source(&HashMap::new()), &mut ContactId::fresh))
    }

    /// How many contacts still fit; also the last gate before anything is written.
    fn room(&self, book: &LockedBook) -> Result<Option<u64>, Halt> {
        let plan = Plan::parse(&book.plan);
        let is_open = self.origin.account().is_none_or(|account| {
            let feature = account.provider.connector.manifest().plan_feature;
            book.connection_state.as_deref() == Some("active")
                && plan.is_some_and(|plan| policy::allows(plan, feature))
        });
        if !is_open {
            return Err(Halt::Closed(
                "The connection was paused or ended meanwhile. What was imported stays.",
            ));
        }
        let limit = plan.and_then(|plan| policy::limit(plan, Thing::Contacts));
        Ok(limit.map(|limit| limit.saturating_sub(book.contacts.unsigned_abs())))
    }

    async fn store(&self, tx: &mut TenantTx, plan: &PagePlan, held: Held) -> Result<(), Halt> {
        db::intake::insert_contacts(tx, &plan.inserts).await?;
        db::intake::update_contacts(tx, &plan.updates).await?;
        db::intake::move_identifiers(tx, &plan.releases, &plan.claims, held).await?;
        let Some(account) = self.origin.account() else { return Ok(()) };
        let connection_id = account.connection.connection_id;
        db::intake::upsert_mappings(tx, connection_id, &plan.mappings).await?;
        let new = plan.mappings.iter().filter(|mapping| mapping.is_new && !mapping.gone);
        let new: Vec<ContactId> = new.map(|mapping| mapping.contact_id).collect();
        let now = self.hub.clock.now();
        deliver::queue::push_earlier(tx, &account.connection, &new, now).await?;
        let gone = plan.mappings.iter().filter(|mapping| mapping.gone);
        let gone: Vec<&str> = gone.map(|mapping| mapping.remote_id.as_str()).collect();
        if !gone.is_empty() {
            db::intake::promote(tx, connection_id, &gone).await?;
        }
        Ok(())
    }
}

/// Rows that nothing but their own words tells from others are known by those the next time.
async fn remember_rows(tx: &mut TenantTx, rows: &Rows, plan: &PagePlan) -> Result<(), DbError> {
    let prints: HashMap<&RemoteId, Uuid> =
        rows.keys.iter().filter_map(|key| Some((&key.row, key.print?))).collect();
    let made = plan.created.iter();
    let made: Vec<(Uuid, ContactId)> =
        made.filter_map(|(row, contact)| Some((*prints.get(row)?, *contact))).collect();
    db::csv::remember(tx, &made).await
}

fn quarantined(lost: &Quarantined) -> NewEntry {
    NewEntry {
        outcome: Outcome::Quarantined,
        remote_ids: vec![lost.id.as_ref().map_or("unknown", RemoteId::as_str).to_owned()],
        contact_ids: Vec::new(),
        remote_name: None,
        // The record as it came, so that nothing is lost; NUL has no place in Postgres. Rows of a file
        // are kept where they are corrected.
        before: (!lost.raw.is_empty())
            .then(|| serde_json::json!({ "raw": lost.raw.replace('\0', "") })),
        after: None,
        reason: Some(lost.reason.clone()),
    }
}

fn absent(id: &RemoteId) -> NewEntry {
    skipped(id, "the CRM does not show this record: deleted, merged, or not visible")
}

/// The line of a record that is left out as it is.
pub(super) fn skipped(id: &RemoteId, reason: &str) -> NewEntry {
    NewEntry {
        outcome: Outcome::Skipped,
        remote_ids: vec![id.as_str().to_owned()],
        contact_ids: Vec::new(),
        remote_name: None,
        before: None,
        after: None,
        reason: Some(reason.to_owned()),
    }
}
