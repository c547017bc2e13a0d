//! A first look at a file: how it seems to be laid out, and what its columns seem to be.

use super::FileError;
use crate::{
    db::{self, TenantTx},
    domain::{
        FileId,
        sheet::{self, Charset, Column, Decoder, Delimiter, Layout, Row},
    },
};

/// Bytes from the beginning that everything is guessed from.
const SAMPLE: usize = 64 << 10;
/// Rows that are shown.
const SHOWN: usize = 8;

#[derive(Debug, Clone)]
pub struct Look {
    pub file: db::csv::File,
    pub layout: Layout,
    pub columns: Vec<Column>,
    /// The first ones, without a header.
    pub rows: Vec<Row>,
}

/// Looks at a file; what is not given is guessed.
pub async fn look(
    tx: &mut TenantTx,
    file_id: FileId,
    charset: Option<Charset>,
    delimiter: Option<Delimiter>,
    header: Option<bool>,
) -> Result<Look, FileError> {
    let file = db::csv::get(tx, file_id).await?.ok_or(FileError::NotFound)?;
    let bytes = db::csv::chunk(tx, file_id, 0).await?.ok_or(FileError::NotFound)?;
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let whole = i64::try_from(sample.len()) == Ok(file.bytes);
    let charset = charset.or_else(|| Charset::parse(&file.charset)).unwrap_or(Charset::Utf8);
    let text = Decoder::new(charset).decode(sample, whole);
    let (delimiter, header, mut rows) = sheet::guess(&text, whole, delimiter, header);
    let mut names = if header && !rows.is_empty() { rows.remove(0).cells } else { Vec::new() };
    rows.retain(|row| !row.is_empty());
    let width = if header {
        names.len()
    } else {
        rows.iter().map(|row| row.cells.len()).max().unwrap_or(0)
    };
    names.resize(width, String::new());
    let mut columns = sheet::guess_columns(&names);
    if !header {
        sheet::guess_by_values(&mut columns, &rows);
    }
    rows.truncate(SHOWN);
    Ok(Look { file, layout: Layout { charset, delimiter, header }, columns, rows })
}
