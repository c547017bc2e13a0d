//! `tandem audit verify`: whether the logs are what was written.

use serde_json::json;

use crate::{app, command_line::VerifyArgs, config::Config, flows};

/// A line of JSON for each company and one for all; `false` when a chain does not hold.
pub async fn verify_audit(config: Config, args: &VerifyArgs) -> anyhow::Result<bool> {
    config.check_service()?;
    let hub = app::hub(config, 2).await?;
    let mut said = Ok(());
    let (companies, broken) =
        flows::audit::verify_all(&hub, args.company, &mut |company_id, verdict| {
            let line = json!({
                "company": company_id.uuid(),
                "holds": verdict.broken_at.is_none(),
                "sealed": verdict.sealed,
                "unsealed": verdict.unsealed,
                "head": verdict.head,
                "broken_at": verdict.broken_at,
            });
            if said.is_ok() {
                said = app::say(&line.to_string());
            }
        })
        .await?;
    hub.db.close().await;
    said?;
    anyhow::ensure!(companies > 0 || args.company.is_none(), "There is no such company.");
    app::say(
        &json!({ "companies": companies, "broken": broken, "holds": broken == 0 }).to_string(),
    )?;
    Ok(broken == 0)
}
