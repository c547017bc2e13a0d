//! Reports as rows of a table, for CSV; a head and a row each.

use super::view::{
    CampaignsReport, MeetingsReport, MembersReport, MethodsReport, SyncReport, WarmnessReport,
};
use crate::domain::csv;

/// The rows of a report as one text.
pub(super) trait Rows {
    fn head(&self) -> Vec<String>;
    fn rows(&self) -> Vec<Vec<String>>;

    fn csv(&self) -> String {
        let rows = std::iter::once(self.head()).chain(self.rows());
        rows.map(|row| csv::row(row.iter().map(String::as_str))).collect()
    }
}

/// Anything that can be said, as cells of a row.
macro_rules! cells {
    ($($cell:expr),+ $(,)?) => { vec![$($cell.to_string()),+] };
}

impl Rows for MeetingsReport {
    fn head(&self) -> Vec<String> {
        cells!["from", "to", "meetings_requested", "meetings_booked"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |one: &super::view::MeetingsItem| {
            cells![one.begins, one.ends, one.requested, one.booked]
        };
        self.items.iter().map(row).collect()
    }
}

impl Rows for MethodsReport {
    fn head(&self) -> Vec<String> {
        cells!["method", "done"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        self.items.iter().map(|one| cells![one.method, one.done]).collect()
    }
}

impl Rows for MembersReport {
    fn head(&self) -> Vec<String> {
        cells!["member", "done", "meetings_requested", "meetings_booked"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |one: &super::view::MemberItem| {
            let name = one.member.as_ref().map_or("Former members", |member| &member.name);
            cells![name, one.done, one.requested, one.booked]
        };
        self.items.iter().map(row).collect()
    }
}

impl Rows for CampaignsReport {
    fn head(&self) -> Vec<String> {
        cells!["campaign", "contacts", "contacted", "meetings_requested", "meetings_booked"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |one: &super::view::CampaignItem| {
            cells![one.campaign.name, one.contacts, one.contacted, one.requested, one.booked]
        };
        self.items.iter().map(row).collect()
    }
}

impl Rows for WarmnessReport {
    fn head(&self) -> Vec<String> {
        let levels = (0..=10).map(|level| format!("warmness_{level}"));
        cells!["from", "to"].into_iter().chain(levels).collect()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |one: &super::view::WarmnessItem| {
            let unknown = || vec![String::new(); 11];
            let levels = one.contacts.as_ref();
            let levels = levels
                .map_or_else(unknown, |levels| levels.iter().map(ToString::to_string).collect());
            cells![one.begins, one.ends].into_iter().chain(levels).collect()
        };
        self.items.iter().map(row).collect()
    }
}

impl Rows for SyncReport {
    fn head(&self) -> Vec<String> {
        cells!["what", "from", "to", "state", "count", "people"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for one in &self.runs {
            for (state, runs) in [
                ("completed", one.completed),
                ("failed", one.failed),
                ("cancelled", one.cancelled),
                ("under_way", one.under_way),
            ] {
                let seen = if state == "completed" { one.seen.to_string() } else { String::new() };
                rows.push(cells!["imports", one.begins, one.ends, state, runs, seen]);
            }
        }
        for one in &self.outcomes {
            rows.push(cells!["deliveries", "", "", one.state, one.deliveries, ""]);
        }
        let speed = &self.time_to_crm;
        for (within, deliveries) in [
            ("within_second", speed.within_second),
            ("within_five_seconds", speed.within_five_seconds),
            ("within_minute", speed.within_minute),
            ("within_hour", speed.within_hour),
            ("longer", speed.longer),
        ] {
            rows.push(cells!["time_to_crm", "", "", within, deliveries, ""]);
        }
        rows
    }
}
