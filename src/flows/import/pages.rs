//! Rows of a file, a page at a time, in memory that does not grow with the file.

use std::collections::VecDeque;

use crate::{
    db::{self, Scope},
    domain::{
        CompanyId, FileId, RunId,
        sheet::{Decoder, Reader, Row},
    },
    flows::{
        SharedHub,
        import::{
            file::{File, GONE},
            halt::Halt,
            work::Desk,
        },
    },
};

/// Rows of a page: its statements are as many as of a page of a CRM, which has 100.
const PAGE: usize = 500;
/// Rows of a file, without a header.
pub const MOST_ROWS: i64 = 500_000;
const TOO_MANY: &str = "Stopped after 500,000 rows, the most that one file may have. What was imported stays; put the rest into another file.";

pub(super) struct Pages {
    hub: SharedHub,
    company_id: CompanyId,
    file_id: FileId,
    /// The run whose corrected rows these are, instead of a file's.
    corrected: Option<RunId>,
    decoder: Decoder,
    reader: Reader,
    waiting: VecDeque<Row>,
    next_chunk: i32,
    unread: i64,
    ended: bool,
    /// The first row, which names the columns, is still to come.
    header: bool,
    /// Rows up to this one were committed by pages before.
    past: i64,
    most: i64,
}

impl Pages {
    pub(super) fn of(desk: &Desk, file: &File) -> Self {
        let layout = file.settings.layout;
        let committed = desk.run.cursor.as_deref().and_then(|number| number.parse().ok());
        Self {
            hub: SharedHub::clone(&desk.hub),
            company_id: desk.company_id,
            file_id: file.id,
            corrected: file.corrected.then_some(desk.run.run_id),
            decoder: Decoder::new(layout.charset),
            reader: Reader::new(layout.delimiter.byte()),
            waiting: VecDeque::new(),
            next_chunk: 0,
            unread: file.bytes,
            ended: false,
            header: layout.header,
            past: committed.unwrap_or(0),
            most: MOST_ROWS + i64::from(layout.header),
        }
    }

    /// The next rows, and whether they are the last. Corrected rows go as they are committed, so the
    /// first ones are always the next.
    pub(super) async fn take(&mut self) -> Result<(Vec<Row>, bool), Halt> {
        if let Some(run_id) = self.corrected {
            return self.next_corrected(run_id).await;
        }
        while self.waiting.len() <= PAGE && !self.ended {
            self.load().await?;
        }
        let whole = self.waiting.len().min(PAGE);
        let mut page: Vec<Row> = self.waiting.drain(..whole).collect();
        let is_last = self.ended && self.waiting.is_empty();
        let within = page.partition_point(|row| row.number <= self.most);
        if within == 0 && !page.is_empty() {
            return Err(Halt::Closed(TOO_MANY));
        }
        let is_cut = within < page.len();
        page.truncate(within);
        Ok((page, is_last && !is_cut))
    }

    /// Reads the next piece of the file.
    async fn load(&mut self) -> Result<(), Halt> {
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let chunk = db::csv::chunk(&mut tx, self.file_id, self.next_chunk).await?;
        drop(tx);
        let mut rows = Vec::new();
        match chunk {
            Some(bytes) => {
                self.next_chunk += 1;
                self.unread -= i64::try_from(bytes.len()).unwrap_or(i64::MAX);
                self.reader.push(&self.decoder.decode(&bytes, false), &mut rows);
            }
            // A file whose end is missing is not one that ended here.
            None if self.unread > 0 => return Err(Halt::Closed(GONE)),
            None => {
                self.ended = true;
                self.reader.push(&self.decoder.decode(&[], true), &mut rows);
                self.reader.finish(&mut rows);
            }
        }
        for row in rows {
            if std::mem::take(&mut self.header) || row.number <= self.past || row.is_empty() {
                continue;
            }
            self.waiting.push_back(row);
        }
        Ok(())
    }

    async fn next_corrected(&self, run_id: RunId) -> Result<(Vec<Row>, bool), Halt> {
        let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let mut rows = db::csv::to_correct(&mut tx, self.file_id, run_id, most + 1).await?;
        let is_last = rows.len() <= PAGE;
        rows.truncate(PAGE);
        let rows = rows.into_iter().map(|row| Row {
            number: row.row_number,
            cells: row.cells.0,
            too_long: false,
        });
        Ok((rows.collect(), is_last))
    }
}
