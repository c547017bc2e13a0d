//! What an import will cost before it starts, and whether the day has enough for it. Pure.

use super::{JOBS_LEAVE, Manifest};

/// What is to be imported, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything; counts of the last complete import, if there was one.
    Full { persons: Option<u32>, organizations: Option<u32>, deals: Option<u32> },
    /// So many persons by id, with their organizations.
    Selective { persons: u32 },
    /// What changed: nobody can know how much before asking.
    Incremental,
}

/// One kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub kind: &'static str,
    /// Unknown, or not a matter of counting.
    pub objects: Option<u32>,
    pub requests: Option<u32>,
    pub tokens: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    pub parts: Vec<Part>,
    /// All parts together; `None` when one of them is unknown.
    pub requests: Option<u32>,
    pub tokens: Option<u32>,
    /// It is a lower bound: more when there is more to read.
    pub at_least: bool,
}

/// How a cost goes into what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Today,
    /// It stops when the day is used up, and is done after so many more days have begun.
    Waits {
        days: u32,
    },
    Unknown,
}

/// Every list in whole pages; a list is asked once even when it is empty.
pub fn forecast(manifest: &Manifest, extent: Extent) -> Forecast {
    let costs = &manifest.costs;
    let list = |kind, objects: Option<u32>, size: u16| {
        let requests = objects.map(|count| count.div_ceil(u32::from(size.max(1))).max(1));
        let tokens = requests.map(|requests| requests.saturating_mul(costs.list));
        Part { kind, objects, requests, tokens }
    };
    let once = |kind, tokens| Part { kind, objects: None, requests: Some(1), tokens: Some(tokens) };
    let mut parts = vec![once("users", costs.users), once("fields", costs.fields)];
    match extent {
        Extent::Full { persons, organizations, deals } => parts.extend([
            list("organizations", organizations, manifest.page_size),
            list("deals", deals, manifest.page_size),
            list("persons", persons, manifest.page_size),
        ]),
        Extent::Selective { persons } => {
            parts.push(list("persons", Some(persons), manifest.ids_size));
            // At most one organization each; those that the book has are not asked for.
            let most = list("organizations", Some(persons), manifest.ids_size);
            parts.push(Part { objects: None, ..most });
        }
        Extent::Incremental => {
            for kind in ["organizations", "deals", "persons"] {
                parts.push(once(kind, costs.list));
            }
        }
    }
    let sum = |of: fn(&Part) -> Option<u32>| {
        parts.iter().try_fold(0_u32, |sum, part| Some(sum.saturating_add(of(part)?)))
    };
    Forecast {
        requests: sum(|part| part.requests),
        tokens: sum(|part| part.tokens),
        at_least: extent == Extent::Incremental,
        parts,
    }
}

/// Whether jobs may still spend so many tokens today, of a day with `daily` and `left` of them.
pub fn fit(forecast: &Forecast, left: u32, daily: u32) -> Fit {
    let Some(tokens) = forecast.tokens else { return Fit::Unknown };
    let kept = daily.div_ceil(JOBS_LEAVE);
    let missing = tokens.saturating_sub(left.saturating_sub(kept));
    if missing == 0 {
        return Fit::Today;
    }
    Fit::Waits { days: missing.div_ceil(daily.saturating_sub(kept).max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors;

    fn manifest() -> &'static Manifest {
        connectors::all()[0].manifest()
    }

    fn of(extent: Extent) -> Forecast {
        forecast(manifest(), extent)
    }

    fn full(persons: u32, organizations: u32, deals: u32) -> Extent {
        let [persons, organizations, deals] = [persons, organizations, deals].map(Some);
        Extent::Full { persons, organizations, deals }
    }

    #[test]
    fn a_full_import_costs_whole_pages_of_each_kind() {
        let Manifest { costs, page_size, .. } = manifest();
        let page = u32::from(*page_size);
        let it = of(full(page * 3 + 1, page, 0));
        assert_eq!(it.requests, Some(4 + 1 + 1 + 2));
        assert_eq!(it.tokens, Some(6 * costs.list + costs.users + costs.fields));
        assert!(!it.at_least);
        let persons = it.parts.iter().find(|part| part.kind == "persons").unwrap();
        assert_eq!((persons.objects, persons.requests), (Some(page * 3 + 1), Some(4)));
    }

    #[test]
    fn without_an_estimate_the_cost_is_unknown() {
        let it = of(Extent::Full { persons: None, organizations: Some(1), deals: Some(1) });
        assert_eq!((it.requests, it.tokens), (None, None));
        assert_eq!(fit(&it, 1_000_000, 1_000_000), Fit::Unknown);
    }

    #[test]
    fn a_selection_is_read_by_id_and_a_delta_costs_at_least_one_request_each() {
        let ids = u32::from(manifest().ids_size);
        assert_eq!(of(Extent::Selective { persons: ids + 1 }).requests, Some(2 + 2 + 2));
        let delta = of(Extent::Incremental);
        assert_eq!((delta.requests, delta.at_least), (Some(5), true));
    }

    #[test]
    fn it_fits_when_the_part_kept_for_people_stays() {
        let it = Forecast { parts: vec![], requests: Some(1), tokens: Some(100), at_least: false };
        assert_eq!(fit(&it, 140, 1_000), Fit::Today);
        assert_eq!(fit(&it, 139, 1_000), Fit::Waits { days: 1 });
        assert_eq!(fit(&it, 0, 1_000), Fit::Waits { days: 1 });
        // 1 + 96 x 2 tokens in two days, and one more.
        let it = Forecast { tokens: Some(194), ..it };
        assert_eq!(fit(&it, 5, 100), Fit::Waits { days: 3 });
        assert_eq!(fit(&it, 6, 100), Fit::Waits { days: 2 });
    }
}
