//! Organizations, deals, and what is gone: the parts of a run around its persons.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    connectors::{Cursor, Page},
    db::{self, Scope, TenantTx, intake::Kind, runs::Advance},
    domain::{
        OrganizationId, Quarantined, RemoteDeal, RemoteId, RemoteOrganization,
        intake::{OrganizationPlan, Outcome, name_of, plan_organizations},
    },
    failpoint::reach,
    flows::{
        account::Account,
        import::{
            halt::Halt,
            work::{Desk, carry},
        },
    },
};

/// How many records one request by id may name.
pub(super) const IDS_PER_REQUEST: usize = 100;

impl Desk {
    /// Pages through organizations: the next page is fetched while this one is written.
    pub(super) async fn organizations(
        &mut self,
        account: &Arc<Account>,
        stopping: &CancellationToken,
    ) -> Result<(), Halt> {
        let connector = account.provider.connector;
        self.look_back(Kind::Organization).await?;
        let mut page = connector.organizations(&account.api, &self.start()).await?;
        loop {
            reach("import.organizations_fetched");
            page.items.retain(|organization| !self.seen_before.contains(&organization.id));
            let next = page.next.clone();
            let after = self.then("organizations", next.as_ref(), !page.items.is_empty());
            let seen = page.items.len();
            tracing::debug!(run_id = %self.run.run_id, seen, "writing a page of organizations");
            let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
            let counts =
                write_organizations(&mut tx, account.connection.connection_id, &page.items).await?;
            let ids: Vec<&str> = page.items.iter().map(|one| one.id.as_str()).collect();
            self.note_seen(&mut tx, Kind::Organization, &ids).await?;
            reach("import.organizations_written");
            let by = Advance {
                phase: after.0,
                cursor: after.1.as_deref(),
                organizations: counts,
                ..Advance::default()
            };
            let Some(cursor) = next else { return self.advance(tx, by).await };
            let mut from = self.start();
            from.cursor = Some(cursor);
            page = self
                .while_writing(account, tx, by, async |api| {
                    connector.organizations(api, &from).await
                })
                .await?;
            go_on(stopping)?;
        }
    }

    pub(super) async fn deals(
        &mut self,
        account: &Arc<Account>,
        stopping: &CancellationToken,
    ) -> Result<(), Halt> {
        let connector = account.provider.connector;
        self.look_back(Kind::Deal).await?;
        let mut page = connector.deals(&account.api, &self.start()).await?;
        loop {
            reach("import.deals_fetched");
            page.items.retain(|deal| !self.seen_before.contains(&deal.id));
            self.skip_lost(&mut page.quarantined);
            let next = page.next.clone();
            let after = self.then("deals", next.as_ref(), !page.items.is_empty());
            let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
            let (counts, changed) = self.write_deals(&mut tx, account, &page).await?;
            let lost = page.quarantined.iter().filter_map(|lost| lost.id.as_ref());
            let ids = page.items.iter().map(|deal| &deal.id).chain(lost);
            let ids: Vec<&str> = ids.map(RemoteId::as_str).collect();
            self.note_seen(&mut tx, Kind::Deal, &ids).await?;
            reach("import.deals_written");
            let by = Advance {
                phase: after.0,
                cursor: after.1.as_deref(),
                deals: counts,
                more_ids: &changed,
                ..Advance::default()
            };
            let Some(cursor) = next else { return self.advance(tx, by).await };
            let mut from = self.start();
            from.cursor = Some(cursor);
            page = self
                .while_writing(account, tx, by, async |api| connector.deals(api, &from).await)
                .await?;
            go_on(stopping)?;
        }
    }

    /// Commits a page while the next one is on its way. A page that could not be committed is
    /// reported before one that could not be fetched: the cursor tells where to go on.
    pub(super) async fn while_writing<T>(
        &mut self,
        account: &Account,
        tx: TenantTx,
        by: Advance<'_>,
        fetch: impl AsyncFnOnce(&crate::connectors::Api) -> Result<T, crate::connectors::CrmError>,
    ) -> Result<T, Halt> {
        let (written, fetched) = tokio::join!(self.advance(tx, by), fetch(&account.api));
        written?;
        Ok(fetched?)
    }

    /// What could not be read and was counted before is not counted again.
    pub(super) fn skip_lost(&self, lost: &mut Vec<Quarantined>) {
        lost.retain(|lost| !lost.id.as_ref().is_some_and(|id| self.seen_before.contains(id)));
    }

    /// Phase and cursor after a page of `phase`, which `brought` something new or did not.
    fn then(
        &self,
        phase: &'static str,
        next: Option<&Cursor>,
        brought: bool,
    ) -> (&'static str, Option<String>) {
        match next {
            Some(cursor) => (phase, Some(carry(self.mark(), cursor.as_str(), brought))),
            None => (self.after(phase), None),
        }
    }

    async fn write_deals(
        &self,
        tx: &mut TenantTx,
        account: &Account,
        page: &Page<RemoteDeal>,
    ) -> Result<([i64; 4], Vec<String>), Halt> {
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let written = db::deals::write(tx, account.connection.connection_id, &page.items).await?;
        let seen = signed(page.items.len());
        let lost = signed(page.quarantined.len());
        let counts = [seen + lost, written.written, seen - written.written, lost];
        // A full run reads every person anyway; a change of a deal does not touch its person.
        let look_again = self.run.mode == "incremental" && self.run.updated_since.is_some();
        Ok((counts, if look_again { written.persons } else { Vec::new() }))
    }

    /// Finds what is mapped and was not seen in a whole full run, and asks the provider by id: what
    /// it does not show is gone. Contacts stay.
    pub(super) async fn reconcile(&mut self, account: &Account) -> Result<(), Halt> {
        if self.run.mode != "full" {
            return Ok(());
        }
        let connection_id = account.connection.connection_id;
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let unseen = db::intake::unseen(&mut tx, connection_id, self.run.run_id).await?;
        drop(tx);
        for ids in unseen.chunks(IDS_PER_REQUEST) {
            let found = account.provider.connector.persons_by_id(&account.api, ids).await?;
            reach("import.unseen_asked");
            if found.quarantined.iter().any(|lost| lost.id.is_none()) {
                // It may be any of these: leave them to the next run rather than guess.
                continue;
            }
            let unreadable = found.quarantined.iter().filter_map(|lost| lost.id.as_ref());
            let there: Vec<&RemoteId> = found
                .items
                .iter()
                .filter(|person| !person.deleted)
                .map(|person| &person.id)
                .chain(unreadable)
                .collect();
            let gone: Vec<&str> =
                ids.iter().filter(|id| !there.contains(id)).map(RemoteId::as_str).collect();
            let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
            db::intake::mark_gone(&mut tx, connection_id, &gone).await?;
            reach("import.gone_marked");
            tx.commit().await?;
            reach("import.gone_committed");
        }
        Ok(())
    }

    /// Writes organizations that persons name and the book does not know, and counts them in the
    /// same breath: a page that is never committed must not lose the count. What the provider does
    /// not show is remembered as absent, and not asked for again in this run.
    pub(super) async fn fetch_organizations(
        &mut self,
        account: &Account,
        ids: &[RemoteId],
    ) -> Result<(), Halt> {
        let found = account.provider.connector.organizations_by_id(&account.api, ids).await?;
        for id in ids {
            if !found.items.iter().any(|organization| organization.id == *id) {
                self.absent.insert(id.clone());
            }
        }
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let counts =
            write_organizations(&mut tx, account.connection.connection_id, &found.items).await?;
        db::runs::count_organizations(&mut tx, self.run.run_id, self.page, counts).await?;
        reach("import.strangers_written");
        tx.commit().await?;
        reach("import.strangers_committed");
        Ok(())
    }
}

/// Leaves the run to the next worker when this one is stopping.
pub(super) fn go_on(stopping: &CancellationToken) -> Result<(), Halt> {
    if stopping.is_cancelled() { Err(Halt::Stopping) } else { Ok(()) }
}

/// Plans and writes a page: `[seen, created, updated, unchanged]`.
async fn write_organizations(
    tx: &mut TenantTx,
    connection_id: crate::domain::ConnectionId,
    page: &[RemoteOrganization],
) -> Result<[i64; 4], Halt> {
    if page.is_empty() {
        return Ok([0; 4]);
    }
    // Two runs that meet the same new organization write one after the other: the second finds it.
    db::book::lock(tx).await?;
    let ids: Vec<&str> = page.iter().map(|organization| organization.id.as_str()).collect();
    let known = db::organizations::mappings(tx, connection_id, &ids).await?;
    let names: Vec<String> = page
        .iter()
        .filter(|organization| !known.contains_key(&organization.id))
        .map(|organization| name_of(organization).to_lowercase())
        .collect();
    let unmapped = if names.is_empty() {
        std::collections::HashMap::new()
    } else {
        db::organizations::unmapped(tx, connection_id, &names).await?
    };
    let plan: OrganizationPlan =
        plan_organizations(page, &known, unmapped, &mut OrganizationId::fresh);
    db::organizations::write(tx, connection_id, &plan).await?;
    let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let created = signed(plan.inserts.len());
    Ok([plan.seen, created, plan.seen - created - plan.unchanged, plan.unchanged])
}

/// The compact and the single rows of a page's log.
pub(super) fn entries(
    created: &[(RemoteId, crate::domain::ContactId)],
    outcome: Outcome,
) -> Option<db::entries::NewEntry> {
    if created.is_empty() {
        return None;
    }
    Some(db::entries::NewEntry {
        outcome,
        remote_ids: created.iter().map(|(remote, _)| remote.as_str().to_owned()).collect(),
        contact_ids: created.iter().map(|(_, contact)| *contact).collect(),
        remote_name: None,
        before: None,
        after: None,
        reason: None,
    })
}
