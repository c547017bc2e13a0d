//! A file of rows that somebody brings (RFC 4180, and what spreadsheets make of it): what its bytes
//! say, which column means what, and who each row is. Pure: pieces of the file come in, rows go out.

mod charset;
mod columns;
mod layout;
mod list;
mod person;
mod reader;

use serde::{Deserialize, Serialize};

pub use charset::{Arrival, Charset, Decoder};
pub use columns::{Column, Field, guess_by_values, guess_columns};
pub use layout::{Delimiter, Layout, guess};
pub use list::{join, split};
pub use person::{SheetPerson, read};
pub use reader::{LONGEST_ROW, Reader, Row};

/// How a file is read, as it was chosen before the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub layout: Layout,
    pub columns: Vec<Column>,
}

#[cfg(test)]
mod tests;
