//! What was measured of reports, as a table for people, with the plans behind it.

use std::fmt::Write as _;

use super::Reports;

pub(in crate::app::bench) fn text(figures: &Reports) -> String {
    let mut text = format!(
        "\nreports of a company with {} activities and as many deliveries, written in {:.0} s\n\n\
         {:<42}{:>8}{:>10}{:>10}{:>10}\n",
        figures.activities, figures.written_seconds, "over HTTP, ms", "count", "p50", "p95", "max",
    );
    for one in &figures.asked {
        let _ = writeln!(
            text,
            "{:<42}{:>8}{:>10.1}{:>10.1}{:>10.1}",
            one.what, one.took.count, one.took.p50, one.took.p95, one.took.max
        );
    }
    text.push('\n');
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
    for (whose, plan) in &figures.plans {
        let _ = writeln!(text, "\n  {} over a year, {whose}:", plan.report);
        for line in &plan.lines {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}
