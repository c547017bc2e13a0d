//! What the rows of an import cost by themselves: the base of the ratio.
//!
//! The rows that the first import wrote are read, some pages at a time; then they are inserted into
//! another empty database, a page per transaction, a statement per table, with the company's key
//! and as the role of production. Nothing is fetched, decoded, judged or counted, and the clock
//! stands while rows are read.

use std::time::Instant;

use uuid::Uuid;

use super::{
    cpu::{Meter, Spent},
    ground::Ground,
};
use crate::{
    db::{
        Scope,
        bare::{self, Given, Page, Shapes},
        runs::NewRun,
    },
    domain::RunId,
};

/// Records per transaction: a page of an import has up to as many.
const PAGE: i64 = 500;
/// Pages that are held at once.
const CHUNK: i32 = 20;

/// Rows of one kind, and what writing them took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    pub rows: i64,
    pub seconds: f64,
    /// `tandem` is this process: it sends the rows.
    pub spent: Spent,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bare {
    /// With their mappings.
    pub organizations: Part,
    pub deals: Part,
    /// Contacts, identifiers, mappings, the log and what a run has seen.
    pub persons: Part,
    pub contacts: i64,
    pub mappings: i64,
}

impl Bare {
    pub(super) fn parts(&self) -> [(&'static str, Part); 3] {
        [("organizations", self.organizations), ("deals", self.deals), ("persons", self.persons)]
    }

    pub(super) fn spent(&self) -> f64 {
        self.parts().iter().map(|(_, part)| part.spent.together()).sum()
    }
}

/// Copies what `run_id` imported in `from` to `to`, measured.
pub(super) async fn insert(
    from: &Ground,
    to: &Ground,
    run_id: RunId,
    server: u32,
) -> anyhow::Result<Bare> {
    let mut tx = from.hub.db.tenant_reading(from.company_id, Scope::All).await?;
    let shapes = bare::shapes(&mut tx).await?;
    let windows = bare::windows_of_deals(&mut tx, PAGE).await?;
    drop(tx);
    let mut copy = Copy {
        to,
        shapes: &shapes,
        given: given(to).await?,
        meter: Meter { tandem: std::process::id(), postgres: server },
        pages: 0,
    };
    let mut copied = Bare::default();

    let mut after = Uuid::nil();
    loop {
        let mut pages = Vec::new();
        let mut tx = from.hub.db.tenant_reading(from.company_id, Scope::All).await?;
        while pages.len() < usize::try_from(CHUNK)?
            && let Some((page, end)) = bare::organizations(&mut tx, &shapes, after, PAGE).await?
        {
            after = end;
            pages.push(page);
        }
        drop(tx);
        if pages.is_empty() {
            break;
        }
        copy.write(&pages, &mut copied.organizations).await?;
    }
    for windows in windows.chunks(usize::try_from(CHUNK)?) {
        let mut pages = Vec::new();
        let mut tx = from.hub.db.tenant_reading(from.company_id, Scope::All).await?;
        for window in windows {
            pages.push(bare::deals(&mut tx, &shapes, *window).await?);
        }
        drop(tx);
        copy.write(&pages, &mut copied.deals).await?;
    }
    let (mut after, mut number) = (Uuid::nil(), 0);
    loop {
        let mut tx = from.hub.db.tenant_reading(from.company_id, Scope::All).await?;
        let (mut pages, end) =
            bare::chunk(&mut tx, &shapes, run_id, (after, number), (CHUNK, PAGE)).await?;
        let got = i32::try_from(pages.len())?;
        (after, number) = (end, number + got);
        if got < CHUNK {
            pages.push(bare::entries_left(&mut tx, &shapes, run_id, number).await?);
        }
        drop(tx);
        copied.contacts += pages.iter().map(|page| page.count("contact")).sum::<i64>();
        copied.mappings += pages.iter().map(|page| page.count("mapping")).sum::<i64>();
        copy.write(&pages, &mut copied.persons).await?;
        if got < CHUNK {
            break;
        }
    }
    anyhow::ensure!(copied.contacts > 0, "the import wrote nothing");
    Ok(copied)
}

/// Whose the copies will be; the log needs a run that it belongs to.
async fn given(to: &Ground) -> anyhow::Result<Given> {
    let mut tx = to.hub.db.tenant(to.company_id, Scope::All).await?;
    let run = NewRun {
        connection_id: to.connection_id,
        provider: to.provider()?.slug(),
        mode: "full",
        ids: None,
        updated_since: None,
        requested_by: None,
        estimate: None,
        phase: "users",
        by_hook: false,
        by_clock: false,
        dedup: "bare",
    };
    let (run_id, _) = crate::db::runs::start(&mut tx, &run).await?;
    tx.commit().await?;
    Ok(Given {
        company_id: to.company_id,
        connection_id: to.connection_id,
        run_id,
        member_id: to.member_id,
    })
}

struct Copy<'a> {
    to: &'a Ground,
    shapes: &'a Shapes,
    given: Given,
    meter: Meter,
    /// Pages that were written.
    pages: i32,
}

impl Copy<'_> {
    async fn write(&mut self, pages: &[Page], part: &mut Part) -> anyhow::Result<()> {
        let (begun, before) = (Instant::now(), self.meter.read()?);
        for page in pages.iter().filter(|page| !page.is_empty()) {
            let mut tx = self.to.hub.db.tenant(self.to.company_id, Scope::All).await?;
            self.pages += 1;
            bare::insert(&mut tx, self.shapes, self.given, self.pages, page).await?;
            tx.commit().await?;
        }
        part.seconds += begun.elapsed().as_secs_f64();
        let spent = self.meter.read()?.since(before);
        part.spent.tandem += spent.tandem;
        part.spent.postgres += spent.postgres;
        part.rows += pages.iter().map(Page::rows).sum::<i64>();
        Ok(())
    }
}
