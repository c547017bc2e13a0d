//! Runs rows again that somebody corrected: a run of their own, which follows that of their file.

use std::collections::BTreeSet;

use serde_json::json;

use super::FileError;
use crate::{
    db::{self, runs::Sheet},
    domain::{RunId, sheet::Settings},
    flows::{
        SharedHub,
        contacts::By,
        idempotency::Witness,
        import::{self, Started},
    },
};

/// Rows of one correction.
pub const MOST_CORRECTED: usize = 200;
const LONGEST_CELL: usize = 10_000;

/// Queues a run of these rows, with these cells instead of those of the file.
pub async fn correct(
    hub: &SharedHub,
    by: By,
    run_id: RunId,
    rows: &[(i64, Vec<String>)],
    witness: &mut dyn Witness<Started>,
) -> Result<(), FileError> {
    let numbers: BTreeSet<i64> = rows.iter().map(|(number, _)| *number).collect();
    if rows.is_empty() || rows.len() > MOST_CORRECTED || numbers.len() < rows.len() {
        let words = format!("Send 1 to {MOST_CORRECTED} rows, each once.");
        return Err(FileError::Columns(words));
    }
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let run = db::runs::get(&mut tx, run_id).await?.ok_or(FileError::NotFound)?;
    let file = match run.file_id {
        Some(file_id) => db::csv::get(&mut tx, file_id).await?,
        None => None,
    };
    let file = file.ok_or(FileError::NotFound)?;
    if !run.is_over() {
        return Err(FileError::Refused("Wait until the run has ended, then correct its rows."));
    }
    let settings: Option<Settings> =
        file.settings.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let width = settings.map_or(0, |settings| settings.columns.len());
    let fits = |cells: &[String]| {
        cells.len() <= width && cells.iter().all(|cell| cell.chars().count() <= LONGEST_CELL)
    };
    if !rows.iter().all(|(_, cells)| fits(cells)) {
        let words = format!("A row has {width} cells at most, of {LONGEST_CELL} characters each.");
        return Err(FileError::Columns(words));
    }
    let root = run.fixes.unwrap_or(run_id);
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let new = Sheet {
        file_id: file.file_id,
        fixes: Some(root),
        requested_by: by.member_id,
        estimate: count,
    };
    let fixing = db::runs::start_file(&mut tx, &new).await?;
    let given = db::csv::correct(&mut tx, file.file_id, fixing, rows).await?;
    if usize::try_from(given) != Ok(rows.len()) {
        return Err(FileError::Refused(
            "Some of these rows are no longer waiting to be corrected. Load the page again.",
        ));
    }
    import::enqueue(&mut tx, db::runs::CSV, fixing).await?;
    let (member, subject) = (Some(by.member_id), Some(fixing.uuid()));
    let told = json!({ "rows": count, "run": root });
    db::audit::append(&mut tx, member, "import.corrected", subject, &told).await?;
    witness.see(&mut tx, &Started { run_id: fixing, already_running: false }).await?;
    Ok(tx.commit().await?)
}
