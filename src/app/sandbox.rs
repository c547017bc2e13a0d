//! `tandem sandbox`: a stand-in CRM on a port of its own.

use crate::{
    app,
    command_line::SandboxArgs,
    sandbox::{SandboxConfig, run_until_stopped},
};

/// Runs a stand-in until it is told to stop.
pub async fn sandbox(args: SandboxArgs) -> anyhow::Result<()> {
    let config = SandboxConfig::of_size(args.persons, args.seed);
    let ready = |url: &str| {
        let line = if args.json {
            serde_json::json!({ "url": url }).to_string()
        } else {
            format!("{} stand-in with {} people: {url}", args.provider, args.persons)
        };
        // Whoever started us may have gone; the stand-in answers all the same.
        app::say(&line).ok();
    };
    run_until_stopped(&args.provider, args.port, config, ready).await
}
