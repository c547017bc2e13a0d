//! Starts the run of a file, once.

use std::collections::BTreeSet;

use serde_json::json;

use super::FileError;
use crate::{
    db::{self, Scope, runs::Sheet},
    domain::{
        FileId,
        sheet::{Column, Field, Settings},
    },
    failpoint::reach,
    flows::{
        SharedHub,
        contacts::By,
        idempotency::Witness,
        import::{self, Started},
    },
};

const MOST_COLUMNS: usize = 1_000;
/// Fields that one column alone can be.
const ONCE: &[(Field, &str)] = &[
    (Field::FullName, "the name"),
    (Field::FirstName, "the first name"),
    (Field::LastName, "the last name"),
    (Field::Organization, "the organization"),
    (Field::Owner, "the owner"),
    (Field::ContactId, "the Tandem ID"),
];

/// Queues a run of the file; run row, job and audit row commit together.
pub async fn start(
    hub: &SharedHub,
    by: By,
    file_id: FileId,
    mut settings: Settings,
    witness: &mut dyn Witness<Started>,
) -> Result<(), FileError> {
    check(&settings.columns).map_err(FileError::Columns)?;
    if by.scope != Scope::All {
        // Who sees only the own contacts gives nobody any.
        for column in settings.columns.iter_mut().filter(|column| column.field == Field::Owner) {
            column.field = Field::Ignore;
        }
    }
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let file = db::csv::get(&mut tx, file_id).await?.ok_or(FileError::NotFound)?;
    let text = serde_json::to_string(&settings).unwrap_or_default();
    let started = if db::csv::begin(&mut tx, file_id, &text).await? {
        let estimate = (file.lines - i64::from(settings.layout.header)).max(1);
        let new = Sheet { file_id, fixes: None, requested_by: by.member_id, estimate };
        let run_id = db::runs::start_file(&mut tx, &new).await?;
        import::enqueue(&mut tx, db::runs::CSV, run_id).await?;
        let told = json!({ "provider": db::runs::CSV, "mode": "file" });
        let (member, subject) = (Some(by.member_id), Some(run_id.uuid()));
        db::audit::append(&mut tx, member, "import.started", subject, &told).await?;
        Started { run_id, already_running: false }
    } else {
        let run_id = db::runs::of_file(&mut tx, file_id).await?.ok_or(FileError::NotFound)?;
        Started { run_id, already_running: true }
    };
    witness.see(&mut tx, &started).await?;
    reach("import.enqueued");
    tx.commit().await?;
    reach("import.started");
    Ok(())
}

fn check(columns: &[Column]) -> Result<(), String> {
    if columns.is_empty() || columns.len() > MOST_COLUMNS {
        return Err(format!("Use 1 to {MOST_COLUMNS} columns."));
    }
    let count = |field: Field| columns.iter().filter(|column| column.field == field).count();
    if let Some((_, words)) = ONCE.iter().find(|(field, _)| count(*field) > 1) {
        return Err(format!("Two columns are {words}. Choose one of them."));
    }
    let named = [Field::FullName, Field::FirstName, Field::LastName, Field::Email];
    if !named.into_iter().any(|field| count(field) > 0) {
        return Err("Say which column holds a name or an e-mail address.".to_owned());
    }
    let mut kept = BTreeSet::new();
    for column in columns {
        let name = column.name.as_str();
        let fits = (1..=120).contains(&name.chars().count())
            && name.trim() == name
            && !name.chars().any(char::is_control);
        if !fits {
            return Err("A column's name has 1 to 120 characters.".to_owned());
        }
        if column.field == Field::Custom && !kept.insert(name) {
            return Err("Two columns are kept under the same name. Rename one of them.".to_owned());
        }
    }
    Ok(())
}
