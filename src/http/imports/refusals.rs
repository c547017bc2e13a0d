//! What the flows of files refuse, as problems.

use crate::{flows::csv::FileError, http::ApiError};

pub(in crate::http) const FILE_TOO_LARGE: &str =
    "A file has 200 MiB at most. Split it, or leave out columns that you do not need.";

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Self::not_found(),
            FileError::TooLarge => Self::too_large(FILE_TOO_LARGE),
            FileError::TooSlow => Self::timeout(),
            FileError::Broken => Self::invalid("The file broke off. Bring it again."),
            FileError::Empty => Self::invalid_as("empty_file", "The file is empty."),
            FileError::NotText => Self::invalid_as(
                "not_text",
                "This is a spreadsheet's own format. Save it as CSV in the spreadsheet, then bring that.",
            ),
            FileError::Wait(time) => {
                Self::too_many(time, "Too many files. Wait a little, then try again.")
            }
            FileError::Columns(words) => Self::invalid(&words),
            FileError::Refused(words) => Self::conflict("conflict", words),
            FileError::Seal(error) => error.into(),
            FileError::Db(error) => error.into(),
        }
    }
}
