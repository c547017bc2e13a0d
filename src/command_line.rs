//! The words of the command line; `main` reads them, `app` does what they say.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "tandem", version, about, arg_required_else_help = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything in one process on this machine, with sandbox CRMs and demo companies
    Demo(DemoArgs),
    /// Answer the web: pages, API and callbacks
    Serve,
    /// Run jobs: imports, refreshes, schedules
    Work,
    /// Bring the database to this version; the only command that takes the owner's address
    Migrate,
    /// Print the `OpenAPI` document
    Openapi,
    /// Check configuration, database, roles, keys and Redis, and say what is wrong
    Doctor,
    /// Master and data keys of the token vault
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// The audit log of companies
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// A stand-in CRM on a port of its own, for development
    Sandbox(SandboxArgs),
    /// Measure imports from a sandbox CRM into a private PostgreSQL, and reads of what came in
    Bench(BenchArgs),
    /// Run a command beside a throw-away PostgreSQL, its address in `TANDEM_TEST_DATABASE_URL`
    Postgres {
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Print one line of JSON when ready, and nothing else, on standard output
    #[arg(long)]
    pub json: bool,
    /// Port of the web server; the sandbox chooses its own
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// People in the sandbox CRM
    #[arg(long, default_value_t = 20_000)]
    pub persons: u32,
    /// Seed of the sandbox's data: the same seed, the same people
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Pay at a stand-in of Stripe in place of the test biller; it forgets everything with this process
    #[arg(long)]
    pub stripe: bool,
    /// Erase what earlier runs kept, and stop
    #[arg(long)]
    pub reset: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Print a new master key, as a line for `TANDEM_MASTER_KEYS_FILE`
    New,
    /// Rotate keys while everything runs; without a switch, master keys
    Rotate(RotateArgs),
    /// Print how things stand with all keys, as one line of JSON
    Status,
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Compute every chain again, a line of JSON each; ends with 3 when one does not hold
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Only this company
    #[arg(long)]
    pub company: Option<uuid::Uuid>,
}

#[derive(Debug, Args)]
pub struct RotateArgs {
    /// Wrap every company's data key with the first master key of the file
    #[arg(long)]
    pub master: bool,
    /// Give every company a new data key and seal its tokens again
    #[arg(long)]
    pub data: bool,
}

#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Which CRM to stand in for
    pub provider: String,
    /// Port to answer on; a free one when left out
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// People in it
    #[arg(long, default_value_t = 20_000)]
    pub persons: u32,
    /// Seed of its data: the same seed, the same people
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one line of JSON when ready
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Sizes to import, one after the other, each into an empty company
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000])]
    pub persons: Vec<u32>,
    /// How long the sandbox takes to answer, in milliseconds; the first of several is measured in
    /// full, the others as far as the network matters
    #[arg(long, value_delimiter = ',', default_values_t = [0, 80])]
    pub latency_ms: Vec<u64>,
    /// Requests that members send in a second, whatever the answers do; 0 leaves reads out
    #[arg(long, default_value_t = 300)]
    pub reads_per_second: u32,
    /// How long they do
    #[arg(long, default_value_t = 20)]
    pub reads_seconds: u32,
    /// Reads with and without isolation, of each kind; 0 leaves them out
    #[arg(long, default_value_t = 3_000)]
    pub isolation_reads: u32,
    /// Measure only these parts
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [BenchPart::Imports, BenchPart::Crms, BenchPart::Deliveries, BenchPart::Reports])]
    pub only: Vec<BenchPart>,
    /// The CRMs to import from, by their slugs, rather than the first for `imports` and all for `crms`
    #[arg(long = "crm", value_delimiter = ',', value_name = "SLUG")]
    pub crms: Vec<String>,
    /// How long leads come at each rate, in seconds
    #[arg(long, default_value_t = 20)]
    pub delivery_seconds: u32,
    /// Leads that are queued at once to see how fast they go
    #[arg(long, default_value_t = 2_000)]
    pub delivery_queue: u32,
    /// Leads of one company that are queued while another has a single one
    #[arg(long, default_value_t = 10_000)]
    pub delivery_backlog: u32,
    /// Activities of the company whose reports are asked for
    #[arg(long, default_value_t = 1_000_000)]
    pub report_activities: u32,
    /// How often each report is asked for
    #[arg(long, default_value_t = 40)]
    pub report_rounds: u32,
    /// Where the figures go
    #[arg(long, default_value = "target/bench")]
    pub out: std::path::PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BenchPart {
    /// Imports and reads
    Imports,
    /// The smallest of the sizes from every CRM, beside what its vendor allows
    Crms,
    /// Leads and activities on their way to the CRM
    Deliveries,
    /// Reports, and the performance of campaigns, of a company with a long past
    Reports,
    /// Contacts from a file of rows
    Csv,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn postgres_takes_everything_after_the_dashes_as_the_command() {
        let line = ["tandem", "postgres", "--", "cargo", "test", "--json"];
        let Command::Postgres { command } = CommandLine::try_parse_from(line).unwrap().command
        else {
            panic!("another command");
        };
        assert_eq!(command, ["cargo", "test", "--json"]);
        assert!(CommandLine::try_parse_from(["tandem", "postgres"]).is_err());
    }
}
