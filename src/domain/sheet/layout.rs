//! How a file is laid out, guessed from its beginning.

use serde::{Deserialize, Serialize};

use super::{Charset, Field, Reader, Row, columns::known};

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Pipe,
}

impl Delimiter {
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    pub charset: Charset,
    pub delimiter: Delimiter,
    /// The first row names the columns.
    pub header: bool,
}

/// Rows of the beginning of a file. `whole`: nothing comes after it.
pub(super) fn rows_of(sample: &str, delimiter: Delimiter, whole: bool) -> Vec<Row> {
    let (mut reader, mut rows) = (Reader::new(delimiter.byte()), Vec::new());
    reader.push(sample, &mut rows);
    if whole || rows.is_empty() {
        reader.finish(&mut rows);
    }
    rows
}

/// The delimiter that cuts most rows into the same number of cells, and whether the first row is a
/// header; with the rows it makes.
pub fn guess(
    sample: &str,
    whole: bool,
    delimiter: Option<Delimiter>,
    header: Option<bool>,
) -> (Delimiter, bool, Vec<Row>) {
    let delimiter = delimiter.or_else(|| hinted(sample)).unwrap_or_else(|| {
        let scored = Delimiter::ALL.map(|one| (score(&rows_of(sample, one, whole)), one));
        // Of equals the first: a file of one column has none.
        let best = scored.iter().map(|(score, _)| *score).fold(0.0, f64::max);
        scored.iter().find(|(score, _)| *score >= best).map_or(Delimiter::Comma, |(_, one)| *one)
    });
    let rows = rows_of(sample, delimiter, whole);
    let header = header.unwrap_or_else(|| rows.first().is_some_and(is_header));
    (delimiter, header, rows)
}

/// `sep=;` in the first line.
fn hinted(sample: &str) -> Option<Delimiter> {
    let line = sample.lines().next()?.trim_matches('"').to_lowercase();
    let byte = line.strip_prefix("sep=")?.bytes().next().unwrap_or(b'\t');
    Delimiter::ALL.into_iter().find(|delimiter| delimiter.byte() == byte)
}

/// Cells of a row, times the square of the share of rows that have as many.
fn score(rows: &[Row]) -> f64 {
    let mut widths: Vec<usize> =
        rows.iter().filter(|row| !row.is_empty()).map(|row| row.cells.len()).collect();
    widths.sort_unstable();
    let alike = |runs: &[usize]| (runs.len(), runs.first().copied().unwrap_or(0));
    let most = widths.chunk_by(|a, b| a == b).map(alike).max().unwrap_or((0, 0));
    #[expect(clippy::cast_precision_loss, reason = "a score")]
    let (rows, all, cells) = (most.0 as f64, widths.len().max(1) as f64, most.1.min(50) as f64);
    if cells < 2.0 { 0.0 } else { (rows / all).powi(2) * cells }
}

/// Whether a row names columns rather than somebody.
fn is_header(row: &Row) -> bool {
    let cells = || row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let is_value = |cell: &str| {
        cell.contains('@') || cell.chars().filter(char::is_ascii_digit).count() * 2 > cell.len()
    };
    !cells().any(is_value)
        && (cells().any(|cell| known(cell).is_some_and(|field| field != Field::Ignore))
            || cells().count() > 1)
}
