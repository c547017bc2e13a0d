//! What was measured, as a table for people.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{
    figures::{Environment, Figures},
    imports::Import,
    reads::Reads,
    targets,
};

/// `(what is shown, where it is in the JSON)`, in the order in which they are read.
const LINES: &[(&str, &str)] = &[
    ("organizations", "/first/organizations"),
    ("deals", "/first/deals"),
    ("first: seconds", "/first/seconds"),
    ("first: records/s", "/first/records_per_second"),
    ("first: records/CPU-s", "/first/records_per_cpu_second"),
    ("first: persons alone/CPU-s of all", "/first/persons_per_cpu_second_of_all"),
    ("first: CPU-s Tandem", "/first/cpu_seconds_tandem"),
    ("first: CPU-s PostgreSQL", "/first/cpu_seconds_postgres"),
    ("first: requests", "/first/requests"),
    ("first: peak MiB", "/first/peak_rss_mb"),
    ("persons: records/s", "/first/persons_records_per_second"),
    ("persons: records/CPU-s", "/first/persons_records_per_cpu_second"),
    ("provider: ms per request", "/provider_ms_per_request"),
    ("bound by latency: records/s", "/bound_records_per_second"),
    ("share of the bound", "/share_of_bound"),
    ("bare UNNEST: records/CPU-s", "/bare_unnest/records_per_cpu_second"),
    ("first, share of bare UNNEST", "/bare_unnest/ratio"),
    ("bare UNNEST, persons: records/CPU-s", "/bare_unnest/persons_records_per_cpu_second"),
    ("persons, share of bare UNNEST", "/bare_unnest/persons_ratio"),
    ("growth: last records compared", "/growth/last_records"),
    ("growth: CPU us per record, first", "/growth/first_cpu_us"),
    ("growth: CPU us per record, last", "/growth/last_cpu_us"),
    ("growth: CPU, last to first", "/growth/cpu_ratio"),
    ("growth: time, last to first", "/growth/wall_ratio"),
    ("unchanged: seconds", "/unchanged/seconds"),
    ("unchanged: records/CPU-s", "/unchanged/records_per_cpu_second"),
    ("unchanged: persons alone/CPU-s of all", "/unchanged/persons_per_cpu_second_of_all"),
    ("unchanged: CPU-s Tandem", "/unchanged/cpu_seconds_tandem"),
    ("unchanged: CPU-s PostgreSQL", "/unchanged/cpu_seconds_postgres"),
    ("unchanged: requests", "/unchanged/requests"),
    ("unchanged: peak MiB", "/unchanged/peak_rss_mb"),
    ("1 % changed, full: seconds", "/changed/full/seconds"),
    ("1 % changed, full: records/CPU-s", "/changed/full/records_per_cpu_second"),
    ("1 % changed, full: updated", "/changed/full/counts/updated"),
    ("1 % changed, full: peak MiB", "/changed/full/peak_rss_mb"),
    ("1 % changed, incremental: seconds", "/changed/incremental/seconds"),
    ("1 % changed, incremental: seen", "/changed/incremental/persons"),
    ("1 % changed, incremental: updated", "/changed/incremental/counts/updated"),
    ("1 % changed, incremental: requests", "/changed/incremental/requests"),
    ("nothing new: seconds", "/incremental_nothing/import/seconds"),
    ("nothing new: requests", "/incremental_nothing/import/requests"),
    ("nothing new: rows of the book written", "/incremental_nothing/book_rows_written"),
];

pub(super) fn text(environment: &Environment, all: &[Figures]) -> String {
    let mut text = format!(
        "\nPostgreSQL {}, shared_buffers {}, {} cores of {}, Linux {}{}\n\n",
        environment.postgres,
        environment.shared_buffers,
        environment.cores,
        environment.processor,
        environment.kernel,
        if cfg!(debug_assertions) { ", DEBUG BUILD" } else { "" },
    );
    let _ = write!(text, "{:<38}", "persons, ms of latency");
    for figures in all {
        let head = format!("{}, {}", figures.persons, figures.latency_ms);
        let _ = write!(text, "{head:>16}");
    }
    text.push('\n');
    let columns: Vec<Value> =
        all.iter().map(|figures| Value::Object(Map::from_iter(figures.json()))).collect();
    for (what, place) in LINES {
        let values: Vec<Option<&Value>> = columns
            .iter()
            .map(|column| column.pointer(place).filter(|value| !value.is_null()))
            .collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let _ = write!(text, "{what:<38}");
        for value in values {
            let _ = write!(text, "{:>16}", value.map_or("-".to_owned(), Value::to_string));
        }
        text.push('\n');
    }
    for figures in all {
        let _ =
            writeln!(text, "\n{} persons, {} ms of latency", figures.persons, figures.latency_ms);
        details(&mut text, figures);
    }
    text
}

fn details(text: &mut String, figures: &Figures) {
    phases(text, "first import", &figures.first);
    phases(text, "unchanged import", &figures.unchanged);
    let asked: Vec<String> = figures.nothing.import.counted.requests.iter().map(asked).collect();
    let _ = writeln!(text, "  nothing new, requests: {}", asked.join(", "));
    if let Some((over_http, without)) = &figures.reads {
        reads(text, "reads over HTTP", over_http);
        reads(text, "the same statements", without);
    }
    for compared in &figures.isolation {
        let (with, plain, within) =
            (compared.isolated, compared.plain, compared.plain_in_transaction);
        let _ = writeln!(
            text,
            "  {:<14} CPU of PostgreSQL {:>7.0} us isolated, {:>7.0} us plain ({:.2} x), {:>7.0} us \
             plain in a transaction ({:.2} x); time {:>7.0}, {:>7.0}, {:>7.0} us",
            compared.read,
            with.cpu_us,
            plain.cpu_us,
            with.cpu_us / plain.cpu_us,
            within.cpu_us,
            with.cpu_us / within.cpu_us,
            with.wall_us,
            plain.wall_us,
            within.wall_us,
        );
    }
    for target in targets::of(figures) {
        let _ = writeln!(
            text,
            "  {:<7} {:<52}{:>12.2}  ({} {})",
            if target.is_met() { "met" } else { "MISSED" },
            target.what,
            target.value,
            if target.least { "at least" } else { "at most" },
            target.bound,
        );
    }
}

fn asked((route, count): (&String, &u64)) -> String {
    format!("{count} x {route}")
}

fn phases(text: &mut String, what: &str, import: &Import) {
    for phase in &import.phases {
        let _ = writeln!(
            text,
            "  {what:<18}{:<16}{:>8.2} s, CPU {:>7.2} s Tandem + {:>7.2} s PostgreSQL",
            phase.name, phase.seconds, phase.spent.tandem, phase.spent.postgres
        );
    }
}

fn reads(text: &mut String, what: &str, reads: &Reads) {
    let spent = reads.per_thousand();
    let _ = writeln!(
        text,
        "  {what}: {} asked and {:.0} answered a second, p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms, \
         {} errors; CPU per 1,000: {:.2} s Tandem + {:.2} s PostgreSQL",
        reads.pace.per_second,
        reads.per_second(),
        reads.all.p50,
        reads.all.p99,
        reads.all.max,
        reads.errors,
        spent.tandem,
        spent.postgres,
    );
    for (kind, took) in reads.kinds() {
        let _ = writeln!(
            text,
            "    {kind:<24} {:>6} requests, p50 {:>7.1} ms, p99 {:>7.1} ms, max {:>7.1} ms",
            took.count, took.p50, took.p99, took.max
        );
    }
}
