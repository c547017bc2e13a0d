//! Files as the API shows them.

use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    domain::sheet::{Charset, Column, Delimiter, Field, Layout, Settings},
    flows::{csv::Look, import::Started},
};

/// Defines a word of the API for each of the domain's, both ways.
macro_rules! word {
    ($name:ident, $of:ident, $rename:literal, [$($(#[$meta:meta])* $variant:ident),+ $(,)?]) => {
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        #[oai(rename = $rename, rename_all = "snake_case")]
        pub(super) enum $name { $($(#[$meta])* $variant),+ }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),+ }
            }
        }

        impl From<$of> for $name {
            fn from(own: $of) -> Self {
                match own { $($of::$variant => Self::$variant),+ }
            }
        }
    };
}

word!(
    CharsetWord,
    Charset,
    "CsvCharset",
    [
        #[oai(rename = "utf-8")]
        Utf8,
        #[oai(rename = "utf-16le")]
        Utf16Le,
        #[oai(rename = "utf-16be")]
        Utf16Be,
        #[oai(rename = "windows-1252")]
        Windows1252,
    ]
);
word!(DelimiterWord, Delimiter, "CsvDelimiter", [Comma, Semicolon, Tab, Pipe]);
word!(
    FieldWord,
    Field,
    "CsvField",
    [
        Ignore,
        FullName,
        FirstName,
        LastName,
        Email,
        Phone,
        Organization,
        Owner,
        Tags,
        ContactId,
        Custom,
    ]
);

/// What a column is. One that is kept (`custom`) is kept under its name.
#[derive(Object)]
#[oai(rename = "CsvColumn")]
pub(super) struct ColumnView {
    name: String,
    field: FieldWord,
}

/// How a file is read.
#[derive(Object)]
#[oai(rename = "CsvSettings")]
pub(super) struct SettingsForm {
    charset: CharsetWord,
    delimiter: DelimiterWord,
    /// Whether the first row names the columns.
    header: bool,
    /// In the order of the file. One of them is a name or an e-mail address.
    columns: Vec<ColumnView>,
}

impl From<SettingsForm> for Settings {
    fn from(form: SettingsForm) -> Self {
        let columns = form.columns.into_iter();
        Self {
            layout: Layout {
                charset: form.charset.into(),
                delimiter: form.delimiter.into(),
                header: form.header,
            },
            columns: columns
                .map(|column| Column { name: column.name, field: column.field.into() })
                .collect(),
        }
    }
}

/// A file that was brought, as it would be read.
#[derive(Object)]
pub(super) struct CsvFile {
    id: Uuid,
    bytes: i64,
    /// About; line breaks inside of cells count too.
    rows: i64,
    charset: CharsetWord,
    delimiter: DelimiterWord,
    header: bool,
    columns: Vec<ColumnView>,
    /// The cells of the first rows.
    first_rows: Vec<Vec<String>>,
}

/// Characters of a cell that are shown.
const SHOWN: usize = 120;

impl From<Look> for CsvFile {
    fn from(look: Look) -> Self {
        let Layout { charset, delimiter, header } = look.layout;
        let shown = |cell: String| {
            let end = cell.char_indices().nth(SHOWN).map(|(end, _)| end);
            end.map_or_else(|| cell.clone(), |end| format!("{}…", &cell[..end]))
        };
        Self {
            id: look.file.file_id.uuid(),
            bytes: look.file.bytes,
            rows: (look.file.lines.max(1) - i64::from(header)).max(0),
            charset: charset.into(),
            delimiter: delimiter.into(),
            header,
            columns: look
                .columns
                .into_iter()
                .map(|column| ColumnView { name: column.name, field: column.field.into() })
                .collect(),
            first_rows: look
                .rows
                .into_iter()
                .map(|row| row.cells.into_iter().map(shown).collect())
                .collect(),
        }
    }
}

#[derive(Object)]
pub(super) struct CsvStarted {
    run_id: Uuid,
    /// The file was started before.
    already_running: bool,
}

impl From<Started> for CsvStarted {
    fn from(started: Started) -> Self {
        Self { run_id: started.run_id.uuid(), already_running: started.already_running }
    }
}
