//! What was measured of deliveries, as a table for people.

use std::fmt::Write as _;

use super::{COMPANIES, Deliveries, WORKERS};

pub(in crate::app::bench) fn text(figures: &Deliveries) -> String {
    let mut text = format!(
        "\ndeliveries: {COMPANIES} companies with a connection each to one account, {WORKERS} workers;\n\
         the stand-in's burst, search and daily limits are lifted, for no account allows these rates\n\n\
         {:<36}{:>9}{:>9}{:>10}{:>10}{:>10}{:>18}\n",
        "answer to receipt, ms", "provider", "count", "p50", "p99", "max", "p99 beyond it",
    );
    for rate in &figures.rates {
        let what = format!("{} at {} a second", rate.what, rate.per_second);
        let _ = writeln!(
            text,
            "{what:<36}{:>9}{:>9}{:>10.1}{:>10.1}{:>10.1}{:>18.1}",
            rate.latency_ms,
            rate.took.count,
            rate.took.p50,
            rate.took.p99,
            rate.took.max,
            rate.beyond_provider(),
        );
    }
    let (queued, fair) = (&figures.queued, &figures.fairness);
    let _ = writeln!(
        text,
        "\n{} leads queued at once, one worker: {:.1} s, {:.1} a second, {:.1} a CPU-second \
         (Tandem {:.1} s, PostgreSQL {:.1} s)",
        queued.leads,
        queued.seconds,
        queued.per_second(),
        queued.per_cpu_second(),
        queued.spent.tandem,
        queued.spent.postgres,
    );
    let _ = writeln!(
        text,
        "single leads of a company, {} of them: p50 {:.1} ms, p99 {:.1} ms when it is quiet; p50 \
         {:.1} ms, p99 {:.1} ms beside {} queued of another, of which {} were left",
        fair.quiet.count,
        fair.quiet.p50,
        fair.quiet.p99,
        fair.beside.p50,
        fair.beside.p99,
        fair.backlog,
        fair.left,
    );
    for target in figures.targets() {
        let _ = writeln!(
            text,
            "  {:<7} {:<52}{:>12.2}  (at most {})",
            if target.is_met() { "met" } else { "MISSED" },
            target.what,
            target.value,
            target.bound,
        );
    }
    text
}
