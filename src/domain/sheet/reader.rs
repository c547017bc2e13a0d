//! Text to rows, piece by piece: quotes, line breaks inside of them, and every kind of line end.

use csv_core::ReadRecordResult;

/// Bytes of a row. A quote that is never closed makes one row of the rest of a file.
pub const LONGEST_ROW: usize = 256 << 10;
/// Cells of a row.
const MOST_CELLS: usize = 2_000;
/// Of a row that is too long, this much is kept to be recognized by.
const KEPT: usize = 1_000;

/// One row. `number` counts all rows from 1, a header included; empty lines are no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: i64,
    pub cells: Vec<String>,
    /// Cut off: longer than [`LONGEST_ROW`], or of more than 2,000 cells.
    pub too_long: bool,
}

impl Row {
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

pub struct Reader {
    core: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How much of both is filled.
    at: (usize, usize),
    cut: Option<String>,
    number: i64,
}

impl Reader {
    pub fn new(delimiter: u8) -> Self {
        Self {
            core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 4 << 10],
            ends: vec![0; 64],
            at: (0, 0),
            cut: None,
            number: 0,
        }
    }

    /// Reads a piece; rows that ended in it are added to `rows`.
    pub fn push(&mut self, text: &str, rows: &mut Vec<Row>) {
        let mut input = text.as_bytes();
        // Without input the core would take the file to have ended.
        while !input.is_empty() {
            let (_, read) = self.step(input, rows);
            input = &input[read..];
        }
    }

    /// The file has ended: a last row without a line end is one all the same.
    pub fn finish(&mut self, rows: &mut Vec<Row>) {
        use ReadRecordResult::{OutputEndsFull, OutputFull};
        // Once more where there was no room for its end.
        while matches!(self.step(&[], rows).0, OutputFull | OutputEndsFull) {}
    }

    fn step(&mut self, input: &[u8], rows: &mut Vec<Row>) -> (ReadRecordResult, usize) {
        let (text, ends) = (&mut self.text[self.at.0..], &mut self.ends[self.at.1..]);
        let (result, read, written, ended) = self.core.read_record(input, text, ends);
        self.at = (self.at.0 + written, self.at.1 + ended);
        match &result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            ReadRecordResult::OutputFull if self.text.len() < LONGEST_ROW => {
                self.text.resize(self.text.len() * 2, 0);
            }
            ReadRecordResult::OutputEndsFull if self.ends.len() < MOST_CELLS => {
                self.ends.resize(self.ends.len() * 2, 0);
            }
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                let head = &self.text[..self.at.0.min(KEPT)];
                self.cut.get_or_insert_with(|| readable(head));
                self.at = (0, 0);
            }
            ReadRecordResult::Record => self.end(rows),
        }
        (result, read)
    }

    fn end(&mut self, rows: &mut Vec<Row>) {
        self.number += 1;
        let (_, fields) = std::mem::take(&mut self.at);
        let cut = self.cut.take();
        let too_long = cut.is_some();
        let cells = match cut {
            Some(head) => vec![head],
            None => {
                let mut from = 0;
                let ends = self.ends[..fields].iter();
                ends.map(|end| readable(&self.text[std::mem::replace(&mut from, *end)..*end]))
                    .collect()
            }
        };
        // A first line of `sep=;` tells a spreadsheet the delimiter; it is no row of the table.
        let is_hint = self.number == 1 && cells.first().is_some_and(|cell| is_hint(cell));
        if !is_hint {
            rows.push(Row { number: self.number, cells, too_long });
        }
    }
}

fn is_hint(cell: &str) -> bool {
    cell.len() <= 5 && cell.to_lowercase().starts_with("sep=")
}

/// Without characters that no text column holds (NUL) or nobody sees.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let unseen = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if text.contains(unseen) { text.replace(unseen, "") } else { text.into_owned() }
}
