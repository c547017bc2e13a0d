//! What the rows of an import cost by themselves: the base of the ratio.
//!
//! The rows that the import wrote are read first, column by column; then they are inserted into
//! another empty database, a page per transaction, four statements each, with the company's key
//! and as the role of production. Nothing is fetched, decoded, judged or counted.

use anyhow::Context as _;
use std::time::Instant;

use super::{
    cpu::{Meter, Spent},
    ground::Ground,
};
use crate::db::{Scope, bare, runs::NewRun};

/// Contacts per transaction: a page of an import has up to as many persons.
const PAGE: i64 = 500;

#[derive(Debug, Clone, Copy)]
pub(super) struct Bare {
    pub contacts: usize,
    pub mappings: usize,
    pub seconds: f64,
    /// `tandem` is this process: it sends the rows.
    pub spent: Spent,
}

/// Copies what `from` imported to `to`, measured.
pub(super) async fn insert(from: &Ground, to: &Ground, server: u32) -> anyhow::Result<Bare> {
    let mut tx = from.hub.db.tenant_reading(from.company_id, Scope::All).await?;
    let organizations = bare::organizations(&mut tx).await?;
    let pages = bare::pages(&mut tx, PAGE).await?;
    drop(tx);
    anyhow::ensure!(!pages.is_empty(), "the import wrote nothing");

    let mut tx = to.hub.db.tenant(to.company_id, Scope::All).await?;
    bare::insert_organizations(&mut tx, &organizations).await?;
    let run = NewRun {
        connection_id: to.connection_id,
        provider: to.provider()?.slug(),
        mode: "full",
        ids: None,
        updated_since: None,
        requested_by: None,
        estimate: None,
        dedup: "bare",
    };
    let (run_id, _) = crate::db::runs::start(&mut tx, &run).await?;
    tx.commit().await?;

    let meter = Meter { tandem: std::process::id(), postgres: server };
    let (begun, before) = (Instant::now(), meter.read()?);
    for page in &pages {
        let mut tx = to.hub.db.tenant(to.company_id, Scope::All).await?;
        bare::insert(&mut tx, to.connection_id, run_id, page).await?;
        tx.commit().await?;
    }
    let (seconds, spent) = (begun.elapsed().as_secs_f64(), meter.read()?.since(before));
    let contacts = pages.iter().map(bare::Page::contacts).sum();
    let mappings = pages.iter().map(bare::Page::mappings).sum();
    (contacts > 0).then_some(()).context("the import wrote nothing")?;
    Ok(Bare { contacts, mappings, seconds, spent })
}
