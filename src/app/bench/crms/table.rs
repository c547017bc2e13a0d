//! What was measured of each CRM, as a table for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::Measured;

/// `(what is shown, where it is in the JSON)`, in the order in which they are read.
const LINES: &[(&str, &str)] = &[
    ("records", "/first/records"),
    ("first: seconds", "/first/seconds"),
    ("first: records/CPU-s", "/first/records_per_cpu_second"),
    ("first: CPU-s Tandem", "/first/cpu_seconds_tandem"),
    ("first: CPU-s PostgreSQL", "/first/cpu_seconds_postgres"),
    ("first: peak MiB", "/first/peak_rss_mb"),
    ("first: MB of answers", "/megabytes"),
    ("first: requests", "/first/requests"),
    ("first: the vendor's tokens", "/first/tokens"),
    ("unchanged: records/CPU-s", "/unchanged/records_per_cpu_second"),
    ("unchanged: requests", "/unchanged/requests"),
    ("requests per 10,000 records", "/requests_per_10000_records"),
    ("  persons", "/reading/persons/requests_per_10000_records"),
    ("  organizations", "/reading/organizations/requests_per_10000_records"),
    ("  deals", "/reading/deals/requests_per_10000_records"),
    ("vendor: requests/s", "/vendor/requests_per_second"),
    ("vendor: records of a page", "/vendor/page_size"),
    ("vendor: records/s, full pages alone", "/vendor/page_ceiling_records_per_second"),
    ("vendor: records/s of our import", "/vendor/ceiling_records_per_second"),
    ("vendor: people a day", "/vendor/people_a_day"),
    ("the limit", "/limit"),
];

pub(in crate::app::bench) fn text(all: &[Measured]) -> String {
    let columns: Vec<Value> = all.iter().map(Measured::json).collect();
    let persons = all.first().map_or(0, |one| one.persons);
    let mut text = format!("\n{:<38}", format!("{persons} people of each CRM, 0 ms"));
    for one in all {
        let _ = write!(text, "{:>16}", one.manifest.slug);
    }
    text.push('\n');
    for (what, place) in LINES {
        let _ = write!(text, "{what:<38}");
        for column in &columns {
            let value = column.pointer(place).filter(|value| !value.is_null());
            let shown = value.map_or("-".to_owned(), |value| {
                value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
            });
            let _ = write!(text, "{shown:>16}");
        }
        text.push('\n');
    }
    text.push('\n');
    for one in all {
        let _ = writeln!(text, "  {}", one.sentence());
    }
    text
}
